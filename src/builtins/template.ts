// Runs a template of Go's text/template language over an object. Template and variables in, text out. Values print as Go prints decoded
// JSON: numbers by their spelling, arrays as `[1 2]`, objects as `map[a:1]`, what is missing as `<no value>`.

import { encode } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject } from "../value/value.ts";
import type { GoArgument } from "./go-argument.ts";
import { formatFloat64 } from "../value/go-float.ts";
import { sprintf } from "./go-format.ts";
import { failure } from "./operand.ts";
import type { Expression, Literal, Node, Pipeline, Template } from "./template-parse.ts";
import { parseTemplate } from "./template-parse.ts";
import { toJsonValue } from "../value/json.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import { escapeUrl } from "./url.ts";

/** Undefined: no value. Integers and floats of the template itself are Go's; numbers of the data are texts, as JSON decoding left them. */
type Datum = Value | bigint | number | undefined;
type Scope = { name: string; value: Datum }[];

const STEP_LIMIT = 1_000_000;
const DEPTH_LIMIT = 1_000;

/** `{{break}}` and `{{continue}}` on their way out. */
class Leap {
  readonly kind: "break" | "continue";
  constructor(kind: "break" | "continue") {
    this.kind = kind;
  }
}

export function renderTemplate(text: string, variables: RegoObject): string {
  const template = parseTemplate(text);
  const data = toJsonValue(variables);
  const run = new Run(template);
  run.list(template.nodes, data, [{ name: "$", value: data }], 0);
  return run.output;
}

class Run {
  output = "";
  #steps = 0;
  readonly #template: Template;

  constructor(template: Template) {
    this.#template = template;
  }

  list(nodes: readonly Node[], dot: Datum, scope: Scope, depth: number): void {
    for (const node of nodes) {
      if (++this.#steps > STEP_LIMIT || depth > DEPTH_LIMIT)
        throw failure("template: exceeded maximum template depth");
      this.#node(node, dot, scope, depth);
    }
  }

  #node(node: Node, dot: Datum, scope: Scope, depth: number): void {
    switch (node.kind) {
      case "text":
        this.output += node.text;
        return;
      case "output": {
        const value = this.#pipeline(node.pipeline, dot, scope);
        if (node.pipeline.declares.length === 0) this.output += shown(value);
        return;
      }
      case "if":
      case "with": {
        const inner = [...scope];
        const value = this.#pipeline(node.pipeline, dot, inner);
        const isTrue = truth(value);
        const next = isTrue && node.kind === "with" ? value : dot;
        this.list(isTrue ? node.body : node.otherwise, next, inner, depth + 1);
        return;
      }
      case "range":
        this.#range(node, dot, [...scope], depth);
        return;
      case "template": {
        const named = this.#template.named.get(node.name);
        if (named === undefined) throw failure(`template: template ${JSON.stringify(node.name)} not defined`);
        const argument = node.pipeline === undefined ? undefined : this.#pipeline(node.pipeline, dot, scope);
        this.list(named, argument, [{ name: "$", value: argument }], depth + 1);
        return;
      }
      default:
        throw new Leap(node.kind);
    }
  }

  #range(
    node: Extract<Node, { kind: "if" | "with" | "range" }>,
    dot: Datum,
    scope: Scope,
    depth: number,
  ): void {
    const value = this.#evaluate(node.pipeline, dot, scope);
    const entries = members(value);
    if (entries.length === 0) {
      this.list(node.otherwise, dot, scope, depth + 1);
      return;
    }
    const { declares } = node.pipeline;
    for (const [key, member] of entries) {
      const inner = [...scope];
      if (declares.length === 1) inner.push({ name: declares[0] as string, value: member });
      if (declares.length === 2)
        inner.push(
          { name: declares[0] as string, value: key },
          { name: declares[1] as string, value: member },
        );
      try {
        this.list(node.body, member, inner, depth + 1);
      } catch (leap) {
        if (!(leap instanceof Leap)) throw leap;
        if (leap.kind === "break") return;
      }
    }
  }

  #pipeline(pipeline: Pipeline, dot: Datum, scope: Scope): Datum {
    const value = this.#evaluate(pipeline, dot, scope);
    for (const name of pipeline.declares) {
      const known = pipeline.assigns ? scope.findLast((variable) => variable.name === name) : undefined;
      if (known !== undefined) known.value = value;
      else scope.push({ name, value });
    }
    return value;
  }

  #evaluate(pipeline: Pipeline, dot: Datum, scope: Scope): Datum {
    let value: Datum;
    for (const [i, [first, ...rest]] of pipeline.commands.entries()) {
      const args = rest.map((argument) => (): Datum => this.#expression(argument, dot, scope));
      if (i > 0) {
        const previous = value;
        args.push(() => previous);
      }
      if (first?.kind === "function") value = call(first.name, args);
      else if (args.length > 0) throw failure("template: can't give argument to non-function");
      else value = this.#expression(first as Expression, dot, scope);
    }
    return value;
  }

  #expression(expression: Expression, dot: Datum, scope: Scope): Datum {
    switch (expression.kind) {
      case "dot":
        return dot;
      case "field":
        return fields(dot, expression.names);
      case "variable":
        return fields(scope.findLast(({ name }) => name === expression.name)?.value, expression.names);
      case "literal":
        return literal(expression.value);
      case "function":
        return call(expression.name, []);
      case "group":
        return fields(this.#pipeline(expression.pipeline, dot, [...scope]), expression.names);
    }
  }
}

function literal(value: Literal): Datum {
  if (value === null || typeof value !== "object") return value;
  const text = value.number.replace("+", "");
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return /^-?0[xX]/.test(text) ? BigInt(text) : Number(text);
}

function fields(value: Datum, names: readonly string[]): Datum {
  let at = value;
  for (const name of names) {
    if (at === undefined) return undefined;
    if (at === null) throw failure(`template: template: nil pointer evaluating interface {}.${name}`);
    if (typeof at !== "object" || !isObject(at)) {
      throw failure(`template: template: can't evaluate field ${name} in type interface {}`);
    }
    at = at.get(name);
  }
  return at;
}

function goType(value: Datum): string {
  if (value === undefined || value === null) return "nil";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float64";
  if (typeof value !== "object") return typeof value === "string" ? "string" : "bool";
  if (isArray(value)) return "[]interface {}";
  return isNumber(value) ? "json.Number" : "map[string]interface {}";
}

function members(value: Datum): (readonly [Datum, Datum])[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "bigint") {
    return Array.from({ length: Math.min(Number(value), STEP_LIMIT) }, (_, i) => [BigInt(i), BigInt(i)]);
  }
  if (typeof value === "object" && isArray(value))
    return value.map((member, i) => [BigInt(i), member] as const);
  if (typeof value === "object" && isObject(value)) return [...value.entries()];
  throw failure(`template: template: range can't iterate over ${shown(value)}`);
}

/** Empty values are false; a number of the data counts as text, so that 0 is true. */
function truth(value: Datum): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "object") return value !== "" && value !== false && value !== 0n && value !== 0;
  if (isArray(value)) return value.length > 0;
  return isObject(value) ? value.size > 0 : true;
}

function shown(value: Datum): string {
  return value === undefined || value === null ? "<no value>" : inner(value);
}

function inner(value: Datum): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return formatFloat64(value, "g", undefined);
  if (typeof value !== "object") return String(value);
  if (isArray(value)) return `[${value.map(inner).join(" ")}]`;
  if (isNumber(value)) return value.text;
  if (!isObject(value)) return encode(value);
  return `map[${Array.from(value.entries(), ([key, member]) => `${inner(key)}:${inner(member)}`).join(" ")}]`;
}

function printfArgument(value: Datum): GoArgument {
  if (typeof value === "bigint") return { kind: "int64", value };
  if (typeof value === "number") return { kind: "float64", value };
  if (typeof value === "string") return { kind: "string", value };
  if (typeof value === "boolean") return { kind: "bool", value };
  if (value === undefined || value === null) return { kind: "nil" };
  if (isArray(value)) return { kind: "list", items: value.map(printfArgument) };
  if (isObject(value)) {
    const entries = Array.from(
      value.entries(),
      ([key, member]) => [printfArgument(key), printfArgument(member)] as const,
    );
    return { kind: "map", entries };
  }
  return { kind: "string", value: shown(value), type: goType(value) };
}

type Argument = () => Datum;

function call(name: string, args: readonly Argument[]): Datum {
  const at = (i: number): Datum => args[i]?.();
  switch (name) {
    case "and":
    case "or": {
      let value: Datum;
      for (const arg of args) {
        value = arg();
        if (truth(value) === (name === "or")) break;
      }
      return value;
    }
    case "not":
      return !truth(at(0));
    case "len":
      return length(at(0));
    case "index":
      return args.slice(1).reduce<Datum>((value, key) => index(value, key()), at(0));
    case "slice":
      return slice(
        at(0),
        args.slice(1).map((bound) => bound()),
      );
    case "print":
    case "println":
      return printed(
        args.map((arg) => arg()),
        name === "println",
      );
    case "printf": {
      const values = args.slice(1).map((arg) => printfArgument(arg()));
      return sprintf(String(at(0) ?? ""), values);
    }
    case "html":
      return joined(args).replace(/[&<>"']/g, (c) => HTML[c] as string);
    case "js":
      return escapeScript(joined(args));
    case "urlquery":
      return escapeUrl(joined(args), "query");
    default:
      return comparison(
        name,
        args.map((arg) => arg()),
      );
  }
}

/** Go's JSEscapeString. */
function escapeScript(text: string): string {
  return text.replace(/[\\'"]|[<>&=]|\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/gu, (c) =>
    "\\'\"".includes(c)
      ? `\\${c}`
      : `\\u${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

function joined(args: readonly Argument[]): string {
  return args.map((arg) => shown(arg())).join("");
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/** The bytes of what is a string to Go: texts, and numbers of the data. */
function bytesOf(value: Datum): Uint8Array | undefined {
  if (typeof value === "string") return encodeUtf8(value);
  return typeof value === "object" && value !== null && isNumber(value) ? encodeUtf8(value.text) : undefined;
}

function length(value: Datum): Datum {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return BigInt(bytes.length);
  if (typeof value === "object" && value !== null && isArray(value)) return BigInt(value.length);
  if (typeof value === "object" && value !== null && isObject(value)) return BigInt(value.size);
  throw failure(`template: template: error calling len: len of type ${goType(value)}`);
}

/** A position from 0 to `end`. */
function position(name: string, value: Datum, end: number): number {
  const wrong = (reason: string): Error => failure(`template: template: error calling ${name}: ${reason}`);
  if (typeof value !== "bigint")
    throw wrong(`cannot index slice/array with ${value == null ? "nil" : `type ${goType(value)}`}`);
  if (value < 0n || value > BigInt(end)) throw wrong(`index out of range: ${value}`);
  return Number(value);
}

function index(value: Datum, key: Datum): Datum {
  const wrong = (reason: string): Error => failure(`template: template: error calling index: ${reason}`);
  if (value === undefined || value === null) throw wrong("index of untyped nil");
  if (typeof value === "object" && isObject(value) && typeof key === "string") return value.get(key);
  const bytes = bytesOf(value);
  const items = bytes ?? (typeof value === "object" && isArray(value) ? value : undefined);
  if (items === undefined) throw wrong("can't index item");
  const found = items[position("index", key, items.length)];
  if (found === undefined) throw wrong(`index out of range: ${key}`);
  return typeof found === "number" ? BigInt(found) : found;
}

function slice(value: Datum, bounds: readonly Datum[]): Datum {
  const wrong = (reason: string): Error => failure(`template: template: error calling slice: ${reason}`);
  if (value === undefined || value === null) throw wrong("slice of untyped nil");
  if (bounds.length > 3) throw wrong(`too many slice indexes: ${bounds.length}`);
  const bytes = bytesOf(value);
  const items = bytes ?? (typeof value === "object" && isArray(value) ? value : undefined);
  if (items === undefined) throw wrong("can't slice item");
  if (bytes !== undefined && bounds.length === 3) throw wrong("cannot 3-index slice a string");
  const [from = 0, to = items.length, most = items.length] = bounds.map((bound) =>
    position("slice", bound, items.length),
  );
  if (from > to) throw wrong(`invalid slice index: ${from} > ${to}`);
  if (to > most) throw wrong(`invalid slice index: ${to} > ${most}`);
  return bytes === undefined
    ? (value as readonly Value[]).slice(from, to)
    : decodeUtf8(bytes.subarray(from, to));
}

/** Go's Sprint puts blanks between operands when neither is a string; Sprintln always. */
function printed(values: readonly Datum[], isLine: boolean): string {
  let text = "";
  for (const [i, value] of values.entries()) {
    const areText = typeof value === "string" || typeof values[i - 1] === "string";
    text += (i > 0 && (isLine || !areText) ? " " : "") + inner(value);
  }
  return isLine ? `${text}\n` : text;
}

/** What may be compared with what: text (also numbers of the data), integers, floats, booleans. */
function basicKind(value: Datum): string {
  if (value === null || value === undefined) return "nil";
  return typeof value === "object" && isNumber(value) ? "string" : typeof value;
}

/** Nothing equals nothing, and nothing else. */
function equals(name: string, a: Datum, b: Datum): boolean {
  const nils = [a, b].filter((value) => basicKind(value) === "nil").length;
  return nils === 0 ? order(name, a, b) === 0 : nils === 2;
}

function order(name: string, a: Datum, b: Datum): number {
  const [x, y] = [basicKind(a), basicKind(b)];
  if (x !== y || x === "object") {
    const types = `${goType(a)} and ${goType(b)}`;
    throw failure(`template: template: error calling ${name}: incompatible types for comparison: ${types}`);
  }
  const [p, q] = x === "string" ? [inner(a), inner(b)] : [a as bigint, b as bigint];
  return p === q ? 0 : p < q ? -1 : 1;
}

function comparison(name: string, [first, ...others]: readonly Datum[]): Value {
  if (others.length === 0) {
    throw failure(`template: template: error calling ${name}: missing argument for comparison`);
  }
  const [other] = others;
  switch (name) {
    case "eq":
      return others.some((each) => equals(name, first, each));
    case "ne":
      return !equals(name, first, other);
    case "lt":
      return order(name, first, other) < 0;
    case "le":
      return order(name, first, other) <= 0;
    case "gt":
      return order(name, first, other) > 0;
    case "ge":
      return order(name, first, other) >= 0;
    default:
      throw failure(`template: template: function ${JSON.stringify(name)} is not supported`);
  }
}
