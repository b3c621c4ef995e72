// `with`. In: an expression with modifiers. Out: WithStmts that replace parts of input and data while the expression is planned in an
// environment that knows the hidden rules and replaced functions; what follows the expression sees everything as it was before.

import type { Expr, RefTerm, Term, With } from "../../syntax/ast.ts";
import type { Local, Operand } from "../ir/ir.ts";
import { type Context, local, type Then } from "./context.ts";
import { type Environment, environment, type Mock } from "./environment.ts";
import { pathText } from "./rule-trie.ts";

interface Replacement {
  /** 0 input, 1 data. */
  readonly document: Local;
  readonly path: readonly number[];
  readonly value: Operand;
}

interface Inner {
  readonly env: Environment;
  readonly mockValues: ReadonlyMap<string, Operand>;
}

export function planWiths(c: Context, expr: Expr, then: Then): void {
  const documents = expr.with.filter(
    (item) => !isFunction(c, target(c, item)) && !standsForFunction(c, item),
  );
  c.rooms.terms(
    c,
    documents.map((item) => item.value),
    (values) => {
      const replacements = documents.map((item, i) => replacement(c, target(c, item), values[i] as Operand));
      const inner = mockFunctions(c, expr, documents);
      const bare: Expr = { ...expr, with: [] };
      const enter = (go: Then) => within(c, inner, () => c.rooms.expr(c, bare, go));
      const outer = outside(c);
      if (replacements.length === 0) return enter(() => within(c, outer, then));
      planReplaced(c, replacements, enter, then);
    },
  );
}

function outside(c: Context): Inner {
  return { env: c.env, mockValues: c.mockValues };
}

/** Plans in another environment; `within` calls inside can go back to the one around. */
function within(c: Context, inner: Inner, plan: Then): void {
  const before = outside(c);
  c.env = inner.env;
  c.mockValues = inner.mockValues;
  plan();
  c.env = before.env;
  c.mockValues = before.mockValues;
}

/**
 * Most expressions have one solution at most: then the statements end before what follows is planned. Otherwise what follows stands
 * inside, with the documents put back.
 */
function planReplaced(
  c: Context,
  replacements: readonly Replacement[],
  enter: (go: Then) => void,
  then: Then,
): void {
  const outer = outside(c);
  const { block, next } = c;
  const { length } = block;
  const single = c.vars.attempt(() => {
    let straight = 0;
    nest(c, replacements, 0, () => {
      const innermost = c.block;
      enter(() => {
        straight += c.block === innermost ? 1 : 2;
      });
    });
    return straight === 1;
  });
  if (single) return then();
  block.length = length;
  c.next = next;
  const saved = new Map<Local, Local>();
  for (const { document } of replacements) {
    if (saved.has(document)) continue;
    const copy = c.local();
    saved.set(document, copy);
    c.emit({ kind: "AssignVarStmt", source: local(document), target: copy });
  }
  const restores = [...saved].map(
    ([document, copy]): Replacement => ({ document, path: [], value: local(copy) }),
  );
  nest(c, replacements, 0, () => enter(() => nest(c, restores, 0, () => within(c, outer, then))));
}

function nest(c: Context, replacements: readonly Replacement[], index: number, plan: Then): void {
  const item = replacements[index];
  if (item === undefined) return plan();
  const block = c.nested(() => nest(c, replacements, index + 1, plan));
  // `x := f() with …` also arrives as `x = result with …`, which looks at no document.
  if (block.stmts.length === 0) return;
  c.emit({ kind: "WithStmt", local: item.document, path: item.path, value: item.value, block });
}

function target(c: Context, item: With): RefTerm {
  if (item.target.kind === "ref") return item.target;
  if (item.target.kind === "var") return { kind: "ref", terms: [item.target], location: item.location };
  throw c.fail("the target of `with` is no ref");
}

function replacement(c: Context, ref: RefTerm, value: Operand): Replacement {
  const [head, ...path] = ref.terms;
  const steps = path.map((step) => {
    if (step.kind !== "string") throw c.fail(`\`${pathText(ref.terms)}\` is no target of \`with\``);
    return c.shared.string(step.value);
  });
  return { document: head.kind === "var" && head.name === "input" ? 0 : 1, path: steps, value };
}

function isFunction(c: Context, ref: RefTerm): boolean {
  const [head, ...path] = ref.terms;
  if (head.kind !== "var" || head.name === "input") return false;
  if (head.name === "data") return (c.shared.trie.find(path)?.group?.arity ?? 0) > 0;
  return true;
}

/** A function in the place of a document, `with data.a as data.f`: the document is undefined then, as in OPA. */
function standsForFunction(c: Context, { value }: With): boolean {
  if (value.kind !== "ref") return false;
  const [head] = value.terms;
  return head.kind === "var" && head.name === "data" && isFunction(c, value);
}

function mockFunctions(c: Context, expr: Expr, documents: readonly With[]): Inner {
  const masks = [...c.env.masks];
  const mocks = new Map<string, Mock>(c.env.mocks);
  const mockValues = new Map(c.mockValues);
  for (const item of expr.with) {
    const ref = target(c, item);
    if (documents.includes(item) || !isFunction(c, ref)) {
      const [head, ...path] = ref.terms;
      const hides = head.kind === "var" && head.name === "data" && c.shared.trie.find(path) !== undefined;
      if (hides) masks.push([head, ...path]);
      continue;
    }
    const name = pathText(ref.terms);
    const mock = functionMock(c, item.value);
    mocks.set(name, mock);
    if (mock.kind === "value") mockValues.set(name, c.rooms.value(c, item.value));
  }
  return { env: environment(masks, mocks), mockValues };
}

/** A function or builtin as replacement is called in place of the target; anything else is the value of every call. */
function functionMock(c: Context, value: Term): Mock {
  const ref: RefTerm | undefined =
    value.kind === "ref"
      ? value
      : value.kind === "var" && c.vars.get(value.name) === undefined
        ? { kind: "ref", terms: [value], location: value.location }
        : undefined;
  const head = ref?.terms[0];
  if (
    ref === undefined ||
    head?.kind !== "var" ||
    head.name === "input" ||
    c.vars.get(head.name) !== undefined
  )
    return { kind: "value" };
  if (!isFunction(c, ref)) return { kind: "value" };
  return { kind: "function", name: pathText(ref.terms), ref: ref.terms };
}
