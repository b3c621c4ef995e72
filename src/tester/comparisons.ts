// What a policy compares while it decides on one input: both operands, as they were at run time. In: checked modules and base data. Out: a
// function from an input to Comparisons. It runs a build of its own, made when it is first asked; the build that decides is left as it is.

import { loadRuntime } from "../build.ts";
import { builtins } from "../builtins/registry.ts";
import { type CompiledModules, compile, Marks } from "../compile/compile.ts";
import { type Engine, prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import type { Expr, Term } from "../syntax/ast.ts";
import { isCallTerms } from "../syntax/visit.ts";
import { encode, toPlain } from "../value/json.ts";
import { isArray, isNumber, isObject, isSet, type RegoObject, type Value } from "../value/value.ts";
import type { Json } from "./arbitrary.ts";
import { valueAt } from "./shrink.ts";

export interface Comparison {
  /** The builtin, as `startswith`. */
  readonly name: string;
  readonly left: Json;
  readonly right: Json;
}

export type Watch = (entrypoints: readonly string[], input: Json) => Comparison[];

const WATCHED: ReadonlySet<string> = new Set(
  "eq equal neq lt lte gt gte startswith endswith contains internal.member_2 net.cidr_contains glob.match".split(
    " ",
  ),
);
const MAX_COMPARISONS = 150;
/** Larger operands are not the author's words. */
const MAX_SIZE = 60;
const MAX_LENGTH = 400;

export function makeWatch(
  compiled: CompiledModules,
  entrypoints: readonly string[],
  data: RegoObject,
  context: NonNullable<Parameters<typeof prepare>[0]["context"]>,
): Watch {
  let watcher: Watcher | undefined;
  return (asked, input) => {
    watcher ??= new Watcher(compiled, entrypoints, data, context);
    return watcher.run(asked, input);
  };
}

/** For each mark of a comparison with a number, that number. */
export function limitsOf({ list }: Marks): readonly (number | undefined)[] {
  return list.map(({ kind, node, vars }) => {
    const terms = kind === "eval" ? (node as Expr).terms : undefined;
    if (terms === undefined || !isCallTerms(terms) || vars.length !== 1) return undefined;
    const [operator, ...args] = terms;
    if (!/^(eq|equal|neq|lte?|gte?)$/.test(operator.terms.map(nameOf).join("."))) return undefined;
    const limit = args.find((arg) => arg.kind === "number");
    return limit?.kind === "number" ? Number(limit.text) : undefined;
  });
}

class Watcher {
  readonly #engine: Engine;
  readonly #data: Json;
  readonly #marks: Marks;
  #input: Json = null;
  #found = new Map<string, Comparison>();

  constructor(
    compiled: CompiledModules,
    entrypoints: readonly string[],
    data: RegoObject,
    context: NonNullable<Parameters<typeof prepare>[0]["context"]>,
  ) {
    this.#marks = new Marks({ wants: () => true, operands: "all" });
    this.#data = toPlain(data) as Json;
    const { emitted } = compile(compiled, { entrypoints, marks: this.#marks }, { runtime: loadRuntime() });
    this.#engine = prepare({
      wasm: emitted.bytes,
      builtins,
      data: encode(data),
      context,
      onMark: (mark, values) => this.#mark(mark, values),
    });
  }

  run(entrypoints: readonly string[], input: Json): Comparison[] {
    this.#input = input;
    this.#found = new Map();
    for (const entrypoint of entrypoints) {
      try {
        this.#engine.evaluate(entrypoint, { value: input });
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
      }
    }
    return [...this.#found.values()];
  }

  #mark(index: number, values: readonly (Value | undefined)[]): void {
    if (this.#found.size >= MAX_COMPARISONS) return;
    const mark = this.#marks.list[index];
    const terms = mark === undefined ? undefined : (mark.node as Expr).terms;
    if (mark === undefined || terms === undefined || !isCallTerms(terms)) return;
    const [operator, a, b] = terms;
    const name = operator.terms.map(nameOf).join(".");
    if (a === undefined || b === undefined || !WATCHED.has(name)) return;
    // A pattern comes before what it is matched with.
    const second = name === "glob.match" ? terms[3] : b;
    const [left, right] = [a, second].map((term) => this.#operand(term, mark.vars, values));
    if (left === undefined || right === undefined) return;
    const comparison = { name, left, right };
    const key = JSON.stringify([name, left, right]);
    if (key.length <= 2 * MAX_LENGTH) this.#found.set(key, comparison);
  }

  #operand(
    term: Term | undefined,
    vars: readonly string[],
    values: readonly (Value | undefined)[],
  ): Json | undefined {
    switch (term?.kind) {
      case "null":
        return null;
      case "boolean":
      case "string":
        return term.value;
      case "number":
        return Number(term.text);
      case "var":
        return plain(values[vars.indexOf(term.name)]);
      case "ref":
        return this.#ref(term.terms, vars, values);
      case "array":
      case "set": {
        const items = term.items.map((item) => this.#operand(item, vars, values));
        return items.includes(undefined) ? undefined : (items as Json[]);
      }
      default:
        return undefined;
    }
  }

  #ref(
    [head, ...steps]: readonly Term[],
    vars: readonly string[],
    values: readonly (Value | undefined)[],
  ): Json | undefined {
    if (head?.kind !== "var") return undefined;
    const base =
      head.name === "input"
        ? this.#input
        : head.name === "data"
          ? this.#data
          : plain(values[vars.indexOf(head.name)]);
    const path = steps.map((step) => this.#operand(step, vars, values));
    if (base === undefined || !path.every((step) => typeof step === "string" || typeof step === "number"))
      return undefined;
    const found = valueAt(base, path as (string | number)[]);
    return found === undefined || JSON.stringify(found).length > MAX_LENGTH ? undefined : found;
  }
}

const nameOf = (term: Term): string =>
  term.kind === "var" ? term.name : term.kind === "string" ? term.value : "";

function plain(value: Value | undefined): Json | undefined {
  if (value === undefined || sizeOf(value) > MAX_SIZE) return undefined;
  return toPlain(value) as Json;
}

function sizeOf(value: Value): number {
  if (value === null || typeof value !== "object" || isNumber(value)) return 1;
  let size = 1;
  const parts = isArray(value)
    ? value
    : isSet(value)
      ? value.values()
      : isObject(value)
        ? value.entries()
        : [];
  for (const part of parts) {
    size += isObject(value) ? sizeOf((part as [Value, Value])[1]) : sizeOf(part as Value);
    if (size > MAX_SIZE) break;
  }
  return size;
}
