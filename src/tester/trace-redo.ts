// What a full trace tells beyond what was tried: where OPA's evaluator goes back, which rules its index chose, which rules it leaves early. In: the events
// of a run, in order. Out: the same with `Redo` and `Index` events where OPA has them. What cannot be known from the events is left out.

import type { Rule } from "../syntax/ast.ts";
import { isConstant } from "../syntax/order.ts";
import { printTerm } from "../syntax/print.ts";
import { isCallTerms } from "../syntax/visit.ts";
import type { Owners } from "./owners.ts";
import { isBody, type TraceEvent } from "./trace.ts";
import { ruleText } from "./trace-text.ts";

/** What waits to be told when evaluation goes back over it, newest last. */
interface Pending {
  readonly kind: "eval" | "pass" | "exit" | "later";
  readonly event: TraceEvent;
  /** Gone back over without a word. */
  silent?: boolean;
  /** Of an expression: the rules of the set that it asked for last. */
  group?: readonly Rule[];
  /** Events of rules that OPA tries only when what comes after their first value has been seen. */
  readonly later?: readonly TraceEvent[];
}

interface Frame {
  readonly parent: number;
  readonly node: TraceEvent["node"];
  /** One value at most: OPA goes on with it before it goes back; of all else it gathers everything first. */
  readonly single: boolean;
  exited: boolean;
}

export function withRedos(events: readonly TraceEvent[], owners: Owners): TraceEvent[] {
  return new Redos(owners).run(events);
}

class Redos {
  readonly #heads: ReadonlyMap<string, number>;
  readonly #result: TraceEvent[] = [];
  readonly #pending: Pending[] = [];
  readonly #frames = new Map<number, Frame>();
  /** Queries that came to an `every`, and for each of its elements' bodies the one that it is in. */
  readonly #everies: number[] = [];
  readonly #callers = new Map<number, number>();

  constructor(owners: Owners) {
    this.#heads = headsOf(owners);
  }

  run(events: readonly TraceEvent[]): TraceEvent[] {
    this.#tell(events.map((event) => this.#placed(event)));
    this.#backTo(0);
    return this.#result;
  }

  /** What an `every` says of its elements is told below it. */
  #placed(event: TraceEvent): TraceEvent {
    const { node, op, parent, query } = event;
    if (op === "Eval" && isEvery(node)) this.#everies.push(query);
    if (parent >= 0) return event;
    const caller = this.#callers.get(query) ?? this.#everies.at(-1) ?? 0;
    this.#callers.set(query, caller);
    return { ...event, parent: caller };
  }

  #tell(events: readonly TraceEvent[]): void {
    for (let at = 0; at < events.length; at++) {
      const event = events[at] as TraceEvent;
      if (event.op === "Enter") at = this.#enter(event, events, at);
      else if (event.op === "Eval") this.#eval(event);
      else if (event.op === "Exit") this.#exit(event);
      else if (event.op === "Fail") this.#fail(event);
      else if (event.op === "Note") this.#result.push(event);
    }
  }

  /** The place of the last event that is dealt with. */
  #enter(event: TraceEvent, events: readonly TraceEvent[], at: number): number {
    const { node, parent, query } = event;
    const base = this.#lastEval(parent);
    const caller = this.#pending[base];
    if (caller !== undefined) {
      const again = sameSet(caller.group?.[0], node);
      const sibling = this.#childOver(base);
      if (again && sibling !== undefined && keeps(sibling)) {
        // The set has its value: the other rules can but say the same.
        const end = events.findIndex(({ query: asked }, i) => i > at && asked === parent);
        const later = events.slice(at, end < 0 ? undefined : end);
        this.#pending.splice(base + 1, 0, { kind: "later", event: caller.event, later });
        return at + later.length - 1;
      }
      // What the one before it left is over.
      if (sibling !== undefined && !keeps(sibling)) this.#backTo(base + 1);
      const rule = ruleOf(node);
      if (!again && rule !== undefined) this.#index(caller, rule, chosenRules(events.slice(at), event));
    }
    this.#frames.set(query, { parent, node, single: isSingle(node), exited: false });
    this.#result.push(event);
    return at;
  }

  #eval(event: TraceEvent): void {
    const again = this.#placeOf(event);
    if (again >= 0) this.#backTo(again);
    this.#passed(event.query);
    this.#result.push(event);
    this.#pending.push({ kind: "eval", event });
  }

  #exit(event: TraceEvent): void {
    this.#passed(event.query);
    const frame = this.#frames.get(event.query);
    const early = this.#isEarly(event);
    this.#result.push(early ? { ...event, suffix: "early" } : event);
    const first = this.#pending.findIndex((item) => item.event.query === event.query);
    // Rules that it leaves early are not gone back to.
    if (early && first >= 0)
      for (const item of this.#pending.slice(first)) if (item.kind === "exit") item.silent = true;
    this.#pending.push({ kind: "exit", event });
    if (frame !== undefined) frame.exited = true;
  }

  #fail(event: TraceEvent): void {
    const at = this.#placeOf(event);
    if (at >= 0) {
      if (isNegated(event.node)) this.#operandHeld(at);
      this.#backTo(at);
    }
    this.#result.push(event);
  }

  /** A `not` that fails is one whose operand holds: OPA tells that this is left, and gone back over. */
  #operandHeld(at: number): void {
    const frame = this.#childOver(at);
    if (frame?.node === undefined || !isBody(frame.node)) return;
    const operand = this.#pending[at + 1];
    if (operand?.kind !== "eval") return;
    this.#passed(operand.event.query);
    const exit: TraceEvent = { ...operand.event, op: "Exit", node: frame.node };
    this.#result.push(exit);
    this.#pending.push({ kind: "exit", event: exit });
  }

  /** The last expression that was tried in a frame holds, perhaps once more. */
  #passed(query: number): void {
    const last = this.#lastEval(query);
    if (last < 0) return;
    const { event } = this.#pending[last] as Pending;
    const before = this.#pending.findLastIndex((item) => item.kind === "pass" && item.event === event);
    if (before >= 0) this.#backTo(before);
    else
      for (let child = this.#childOver(last); child !== undefined; child = this.#childOver(last)) {
        if (keeps(child)) break;
        this.#backTo(this.#pending.length - 1);
      }
    this.#pending.push({ kind: "pass", event, silent: isNegated(event.node) });
  }

  #placeOf({ node, query }: TraceEvent): number {
    return this.#pending.findLastIndex(
      ({ kind, event }) => kind === "eval" && event.query === query && event.node === node,
    );
  }

  #lastEval(query: number): number {
    return this.#pending.findLastIndex(({ kind, event }) => kind === "eval" && event.query === query);
  }

  /** The frame that the newest of what waits above an expression belongs to, or is called from: one that the expression called. */
  #childOver(at: number): Frame | undefined {
    const newest = this.#pending.at(-1);
    if (newest === undefined || this.#pending.length - 1 <= at) return undefined;
    const caller = (this.#pending[at] as Pending).event.query;
    let frame = this.#frames.get(newest.event.query);
    while (frame !== undefined && frame.parent !== caller) frame = this.#frames.get(frame.parent);
    return frame;
  }

  /** Goes back until so many wait. */
  #backTo(length: number): void {
    while (this.#pending.length > length) {
      const { event, kind, silent, later } = this.#pending.pop() as Pending;
      if (later !== undefined) {
        const waiting = this.#pending.length;
        this.#tell(later);
        this.#backTo(waiting);
      }
      if (kind === "eval" || kind === "later") continue;
      const frame = this.#frames.get(event.query);
      if (kind === "exit" && frame !== undefined) frame.exited = false;
      if (silent !== true) this.#result.push({ ...event, op: "Redo" });
    }
  }

  /** How many rules the index of the set chose; unless rules that were left early keep that open. */
  #index(caller: Pending, rule: Rule, chosen: readonly Rule[]): void {
    // The default rule is there although none was chosen.
    caller.group = chosen.length === 0 ? [rule] : chosen;
    const early = isEarlySet(chosen);
    if (early && chosen.length > 0 && (this.#heads.get(ruleText(rule)) ?? 0) > 1) return;
    const count = `matched ${chosen.length} rule${chosen.length === 1 ? "" : "s"}`;
    const suffix = `(${count}${early ? ", early exit" : ""})`;
    this.#result.push({ ...caller.event, op: "Index", rule, suffix });
  }

  #isEarly({ node, parent }: TraceEvent): boolean {
    const caller = this.#pending[this.#lastEval(parent)];
    // What an `every` says of an element holds once or not.
    if (ruleOf(node) === undefined) return isEvery(caller?.event.node);
    const group = caller?.group;
    return group !== undefined && sameSet(group[0], node) && isEarlySet(group);
  }
}

/** Its value stands, and what called it goes on with it. */
function keeps({ exited, single }: Frame): boolean {
  return single && exited;
}

/** The rules of one set that are entered for one expression, from the event of the first on; of a chain of `else` the last. */
function chosenRules(events: readonly TraceEvent[], first: TraceEvent): Rule[] {
  const rules: Rule[] = [];
  for (const { node, op, parent, query } of events) {
    if (query === first.parent) break;
    const rule = op === "Enter" && parent === first.parent ? ruleOf(node) : undefined;
    if (rule === undefined) continue;
    if (!sameSet(rule, first.node)) break;
    if (rule.default) continue;
    const last = rules.at(-1);
    if (last !== undefined && elses(last).includes(rule)) rules[rules.length - 1] = rule;
    else rules.push(rule);
  }
  return rules;
}

/** Whether the first that holds decides. */
function isEarlySet(rules: readonly Rule[]): boolean {
  return rules.every(isSingle) && sameConstant(rules);
}

/** Whether they all have one value that is known before they are evaluated. */
function sameConstant(rules: readonly Rule[]): boolean {
  const values = rules
    .flatMap((rule) => [rule, ...elses(rule)])
    .map(({ head: { value } }) => (value !== undefined && isConstant(value) ? printTerm(value) : undefined));
  return values.every((value) => value !== undefined && value === values[0]);
}

function ruleOf(node: TraceEvent["node"]): Rule | undefined {
  return node !== undefined && !isBody(node) && node.kind === "rule" ? node : undefined;
}

function isNegated(node: TraceEvent["node"]): boolean {
  return node !== undefined && !isBody(node) && node.kind === "expr" && node.negated;
}

function isEvery(node: TraceEvent["node"]): boolean {
  if (node === undefined || isBody(node) || node.kind === "rule") return false;
  return !isCallTerms(node.terms) && node.terms.kind === "every";
}

function isSingle(node: TraceEvent["node"]): boolean {
  const rule = ruleOf(node);
  if (rule === undefined) return false;
  const { key, reference } = rule.head;
  return key === undefined && reference.terms.slice(1).every(isConstant);
}

function elses(rule: Rule): Rule[] {
  return rule.else === undefined ? [] : [rule.else, ...elses(rule.else)];
}

/** Rules of one document: OPA's index chooses among them at once. */
function sameSet(a: TraceEvent["node"], b: TraceEvent["node"]): boolean {
  const [one, other] = [ruleOf(a), ruleOf(b)];
  return one !== undefined && other !== undefined && ruleText(one) === ruleText(other);
}

/** How many rules there are of each document, default rules and all but the first of a chain of `else` not counted. */
function headsOf(owners: Owners): Map<string, number> {
  const rules = new Set<Rule>();
  for (const { node } of owners.values()) {
    const rule = ruleOf(node);
    if (rule !== undefined && !rule.default) rules.add(rule);
  }
  for (const rule of [...rules]) for (const other of elses(rule)) rules.delete(other);
  const counts = new Map<string, number>();
  for (const rule of rules) counts.set(ruleText(rule), (counts.get(ruleText(rule)) ?? 0) + 1);
  return counts;
}
