// A group of rules to a function. In: a group and the environment it is wanted in. Out: a Func in the shape of OPA's planner: blocks
// for the rules one after the other, then the default, then the return. The kinds of documents differ only in what a solution does.

import type { Body, Rule, Term } from "../../syntax/ast.ts";
import { isGround } from "../check/walk.ts";
import type { Block, Func, Local, Operand } from "../ir/ir.ts";
import { bool, Context, local, type Shared, type Then, type Wanted } from "./context.ts";
import { valueMocks } from "./environment.ts";
import { Scopes } from "./locals.ts";
import { RuleIndex } from "./rule-index.ts";
import { type Group, type GroupRule, isMultiValue, termKey } from "./rule-trie.ts";
import { hasUnseen } from "./term.ts";

export function planFunc(shared: Shared, wanted: Wanted): Func {
  const { name, group, env, keys } = wanted;
  const first = group.rules[0] as GroupRule;
  const mocks = valueMocks(env);
  const passed = group.arity + keys.filter((key) => key === undefined).length;
  const params = Array.from({ length: 2 + mocks.length + passed }, (_, i) => i);
  const c = new Context(shared, shared.position(first.rule.head.location), params.length);
  c.env = env;
  c.mockValues = new Map(mocks.map((mock, i) => [mock, local(2 + i)]));
  const blocks = new FuncBuilder(c, wanted, 2 + mocks.length).build();
  return { name, params, return: params.length, blocks, ...treePath(wanted), arity: group.arity };
}

/** Where the function hangs in the data tree; parts of documents and rules under keys that are no strings hang nowhere. */
function treePath({ generation, group, keys }: Wanted): { path?: string[] } {
  const steps = group.path.slice(1).flatMap((step) => (step.kind === "string" ? [step.value] : []));
  return keys.length === 0 && steps.length === group.path.length - 1 ? { path: [generation, ...steps] } : {};
}

/** A Wasm function may have 50,000 locals. */
const MANY_LOCALS = 10_000;

class FuncBuilder {
  readonly #c: Context;
  readonly #group: Group;
  readonly #keys: Wanted["keys"];
  readonly #firstArg: Local;
  readonly #result: Local;
  readonly #blocks: Block[] = [];
  readonly #index: RuleIndex;
  /** What the rules so far have put where, in groups in which refs of different lengths could clash. */
  readonly #shape: Local | undefined;
  readonly #start: Local;

  constructor(c: Context, { group, keys }: Wanted, firstArg: Local) {
    this.#c = c;
    this.#group = group;
    this.#index = new RuleIndex(
      group.rules.map(({ rule }) => rule),
      c.shared.trie,
    );
    this.#keys = keys;
    this.#firstArg = firstArg;
    this.#result = c.local();
    this.#shape = canClash(group) ? c.local() : undefined;
    this.#start = c.next;
  }

  build(): Block[] {
    const { rule } = this.#group.rules[0] as GroupRule;
    const c = this.#c;
    if (isObject(this.#group)) this.#block(rule, () => this.#makeObjects());
    else if (isMultiValue(rule))
      this.#block(rule, () => c.emit({ kind: "MakeSetStmt", target: this.#result }));
    const rules = this.#inOrder(this.#group.rules.filter((item) => !item.rule.default));
    const exit = haveOneValue(rules) && c.shared.earlyExit;
    if (exit) c.done = this.#result;
    rules.forEach((item, i) => {
      this.#block(item.rule, () => {
        if (exit && i > 0) c.emit({ kind: "IsUndefinedStmt", source: this.#result });
        if (item.rule.else === undefined)
          this.#body(item.rule, item.below, (value) => this.#once(item.rule, value, this.#result));
        else this.#chain(item);
      });
      this.#leave(item.rule);
    });
    const fallback = this.#group.rules.findLast((item) => item.rule.default)?.rule;
    // Like OPA, a default next to rules with variables in their refs is not asked.
    if (fallback !== undefined && !isObject(this.#group)) this.#default(fallback);
    this.#block(rule, () => c.emit({ kind: "ReturnLocalStmt", source: this.#result }));
    return this.#blocks;
  }

  /** As OPA tries them, where that can be told: by conflicts, or by which error comes first. */
  #inOrder(rules: readonly GroupRule[]): readonly GroupRule[] {
    if (rules.length < 2) return rules;
    const cannotClash = rules.every(({ rule, below }) => below.length === 0 && isMultiValue(rule));
    if ((cannotClash || haveOneValue(rules)) && !this.#index.someMayFail()) return rules;
    const places = new Map(rules.map((item) => [item, this.#index.position(item.rule)]));
    const place = (item: GroupRule): string => places.get(item) as string;
    return [...rules].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
  }

  /** One block of the function. The emitter knows more of locals that are assigned once; only long functions use theirs again. */
  #block(rule: Rule, fill: Then): void {
    const c = this.#c;
    if (c.next > MANY_LOCALS) c.next = this.#start;
    c.vars = new Scopes();
    const block = c.locate(rule.head.location, () => c.nested(fill));
    // A rule that can give nothing here, as its head has other keys.
    if (block.stmts[0]?.kind !== "BreakStmt") this.#blocks.push(block);
  }

  #makeObjects(): void {
    this.#c.emit({ kind: "MakeObjectStmt", target: this.#result });
    if (this.#shape !== undefined) this.#c.emit({ kind: "MakeObjectStmt", target: this.#shape });
  }

  /** A rule with `else`: each body is tried only if the ones before gave nothing. */
  #chain({ rule: first, below }: GroupRule): void {
    const c = this.#c;
    const found = c.local();
    const inObject = isObject(this.#group);
    const fills: Then[] = [];
    let before: Rule | undefined;
    for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else) {
      const [current, previous] = [rule, before];
      before = rule;
      fills.push(() =>
        c.locate(current.head.location, () => {
          if (previous !== undefined) c.mark("leave", previous, previous.location);
          if (current === first) c.emit({ kind: "ResetLocalStmt", target: found });
          else c.emit({ kind: "IsUndefinedStmt", source: found });
          this.#body(current, below, (value) => {
            if (!inObject) this.#once(current, value, this.#result);
            c.emit({ kind: "AssignVarStmt", source: bool(true), target: found });
          });
        }),
      );
    }
    c.blocks(...fills);
  }

  /** A second value that differs is a conflict, reported at the rule. */
  #once(rule: Rule, source: Operand, target: Local): void {
    this.#c.locate(rule.location, () => this.#c.emit({ kind: "AssignVarOnceStmt", source, target }));
  }

  /** Arguments, body and head; `give` gets the value of a rule whose value is the function's, or of an entry just inserted. */
  #body(rule: Rule, below: readonly Term[], give: (value: Operand) => void): void {
    const c = this.#c;
    this.#params(rule, below, () => {
      this.#lookAhead(rule);
      c.mark("enter", rule, rule.location);
      c.rooms.body(c, rule.body, () => {
        const term = isMultiValue(rule) ? rule.head.key : rule.head.value;
        if (term === undefined) throw c.fail("a rule without a value");
        c.rooms.term(c, term, (value) => {
          c.mark("exit", rule, rule.head.location);
          if (below.length === 0 && !isMultiValue(rule)) return give(value);
          if (below.length === 0) c.emit({ kind: "SetAddStmt", value, set: this.#result });
          else this.#insert(rule, below, value);
          if (rule.else !== undefined) give(value);
        });
      });
    });
  }

  /** Goes on only if an index of rules would not leave this rule out: in marked plans always, else where errors depend on it. */
  #lookAhead(rule: Rule): void {
    const c = this.#c;
    const { marks } = c.shared;
    if (marks?.request.index === false) return;
    const all = marks?.request.index === true && !marks.muted;
    const conditions = all ? this.#index.conditions(rule) : this.#index.lateConditions(rule);
    if (conditions.length === 0) return this.#ask(this.#index.textCondition(rule));
    const found = c.local();
    c.emit({ kind: "ResetLocalStmt", target: found });
    c.blocks(() =>
      this.#ask(conditions, () => c.emit({ kind: "AssignVarStmt", source: bool(true), target: found })),
    );
    c.emit({ kind: "IsDefinedStmt", source: found });
  }

  /** Conditions are no expressions of the rule: no trace tells of them. */
  #ask(conditions: Body, then: Then = () => undefined): void {
    if (conditions.length === 0) return;
    const c = this.#c;
    const { marks } = c.shared;
    const muted = marks?.muted ?? false;
    if (marks !== undefined) marks.muted = true;
    c.closure(() => c.rooms.body(c, conditions, then));
    if (marks !== undefined) marks.muted = muted;
  }

  /** In marked plans: the rule and its `else` branches are done. */
  #leave(first: Rule): void {
    const { marks } = this.#c.shared;
    if (marks?.request.events !== true && marks?.request.branches !== true) return;
    this.#block(first, () => {
      for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else)
        this.#c.mark("leave", rule, rule.location);
    });
  }

  /** Binds the arguments, or, of a rule of which only a part is wanted, the keys in its head. */
  #params(rule: Rule, below: readonly Term[], then: Then): void {
    const c = this.#c;
    let next = this.#firstArg;
    const pairs = (rule.head.args ?? []).map((arg) => [local(next++), arg] as const);
    const head = isMultiValue(rule) ? [...below, rule.head.key as Term] : below;
    this.#keys.forEach((key, i) => {
      const operand = key === undefined ? local(next++) : c.rooms.value(c, key);
      const pattern = head[i];
      if (pattern !== undefined) pairs.push([operand, pattern]);
    });
    const from = (index: number): void => {
      const [operand, pattern] = pairs[index] ?? [];
      if (operand === undefined || pattern === undefined) return then();
      // Like OPA: what cannot be matched before the body has run is not found.
      if (index >= (rule.head.args?.length ?? 0) && isOpaque(c, pattern))
        return c.emit({ kind: "BreakStmt", index: 0 });
      c.rooms.unifyOperand(c, operand, pattern, () => from(index + 1));
    };
    from(0);
  }

  /** Puts a value where the rest of the rule's ref says, making the objects on the way. */
  #insert(rule: Rule, below: readonly Term[], value: Operand): void {
    const c = this.#c;
    c.locate(rule.head.location, () =>
      c.rooms.terms(c, below, (keys) => {
        const last = keys.at(-1) as Operand;
        const path = keys.slice(0, -1);
        if (this.#shape !== undefined) this.#claim(path, last, isMultiValue(rule));
        const parent = path.reduce((object, key) => this.#entry(object, key, "MakeObjectStmt"), this.#result);
        if (isMultiValue(rule))
          c.emit({ kind: "SetAddStmt", value, set: this.#entry(parent, last, "MakeSetStmt") });
        else c.emit({ kind: "ObjectInsertOnceStmt", key: last, value, object: parent });
      }),
    );
  }

  /** The collection under a key, made if there is none. */
  #entry(object: Local, key: Operand, make: "MakeObjectStmt" | "MakeSetStmt"): Local {
    const c = this.#c;
    const target = c.local();
    c.blocks(() => {
      c.blocks(() => {
        c.emit({ kind: "DotStmt", source: local(object), key, target });
        c.emit({ kind: "BreakStmt", index: 1 });
      });
      c.emit({ kind: make, target });
      c.emit({ kind: "ObjectInsertStmt", key, value: local(target), object });
    });
    return target;
  }

  /** Notes that a value stands at a path, as `true` (a set as `false`). Values above or below it are a conflict. */
  #claim(path: readonly Operand[], last: Operand, set: boolean): void {
    const c = this.#c;
    let object = this.#shape as Local;
    for (const key of path) {
      const next = this.#entry(object, key, "MakeObjectStmt");
      const above = object;
      c.blocks(() => {
        c.emit({
          kind: "NotStmt",
          block: c.nested(() => c.emit({ kind: "IsObjectStmt", source: local(next) })),
        });
        const empty = c.local();
        c.emit({ kind: "MakeObjectStmt", target: empty });
        // There is a value already: this insertion fails.
        c.emit({ kind: "ObjectInsertOnceStmt", key, value: local(empty), object: above });
      });
      object = next;
    }
    c.emit({ kind: "ObjectInsertOnceStmt", key: last, value: bool(!set), object });
  }

  #default(rule: Rule): void {
    const c = this.#c;
    this.#block(rule, () => {
      c.emit({ kind: "IsUndefinedStmt", source: this.#result });
      c.mark("enter", rule, rule.location);
      c.rooms.body(c, rule.body, () => {
        if (rule.head.value === undefined) throw c.fail("a default without a value");
        c.rooms.term(c, rule.head.value, (value) => {
          c.mark("exit", rule, rule.head.location);
          this.#once(rule, value, this.#result);
        });
      });
    });
    this.#leave(rule);
  }
}

/** Sets and keys of objects cannot be matched while they hold unbound variables. */
function isOpaque(c: Context, term: Term): boolean {
  switch (term.kind) {
    case "set":
      return hasUnseen(c, term);
    case "array":
      return term.items.some((item) => isOpaque(c, item));
    case "object":
      return term.entries.some(([key, value]) => hasUnseen(c, key) || isOpaque(c, value));
    default:
      return false;
  }
}

/** Some rule has variables in its ref: together they make an object. */
function isObject(group: Group): boolean {
  return group.rules.some(({ below }) => below.length > 0);
}

function canClash(group: Group): boolean {
  const [first, ...others] = group.rules;
  if (first === undefined || !isObject(group)) return false;
  return others.some(
    ({ rule, below }) =>
      below.length !== first.below.length || isMultiValue(rule) !== isMultiValue(first.rule),
  );
}

/** All rules can give only one and the same value: after the first one that does, the others need not be asked. */
function haveOneValue(items: readonly GroupRule[]): boolean {
  const values = new Set<string>();
  for (const { rule: first, below } of items) {
    for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else) {
      const { value } = rule.head;
      if (below.length > 0 || value === undefined || !isGround(value) || value.kind === "ref") return false;
      values.add(termKey(value));
    }
  }
  return values.size === 1;
}
