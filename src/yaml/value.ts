// YAML text to Values, as OPA's library has it: the tree of the first document with its aliases and merges resolved, then everything that
// JSON cannot say turned into what it can (keys to text, dates stay text). Texts in, Values out; errors are that library's words.

import { decode } from "../value/json.ts";
import { numberFromFloat64 } from "../value/arithmetic.ts";
import { integer, NumberValue } from "../value/number.ts";
import { object } from "../value/object.ts";
import { goQuote } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { formatFloat64 } from "../value/go-float.ts";
import { failure } from "./failure.ts";
import type { Rest, YamlNode } from "./parse.ts";
import { MAX_YAML_DEPTH, parseYaml, tooDeep, YAML_TAG } from "./parse.ts";
import type { YamlScalar } from "./resolve.ts";
import { resolveScalar } from "./resolve.ts";

/** What a document says before it is made fit for JSON. */
export type YamlData = YamlScalar | readonly YamlData[] | ReadonlyMap<YamlScalar, YamlData>;

/** The first document of a text; null if it has none. Throws `invalid_input`. */
export function readYaml(text: string, rest: Rest): Value {
  return jsonValue(readYamlData(text, rest));
}

export function readYamlData(text: string, rest: Rest): YamlData {
  const root = parseYaml(text, rest);
  return root === undefined ? null : new Composer().compose(root);
}

const FEW_STEPS = 400_000;
const MANY_STEPS = 4_000_000;

class Composer {
  /** Aliases that are being resolved. */
  readonly #open = new Set<YamlNode>();
  #depth = 0;
  #steps = 0;
  #stepsInAliases = 0;

  compose(node: YamlNode): YamlData {
    this.#count();
    if (node.kind === "scalar")
      return node.tag === "" && !node.isImplicit ? node.value : resolveScalar(node.tag, node.value);
    this.#enter(node);
    let data: YamlData;
    if (node.kind === "alias") data = this.compose(node.target as YamlNode);
    else if (node.kind === "sequence") {
      const items: YamlData[] = [];
      for (const item of node.items) items.push(this.compose(item));
      data = items;
    } else {
      const members = new Map<YamlScalar, YamlData>();
      this.#fill(members, node.items);
      data = members;
    }
    this.#leave(node);
    return data;
  }

  #count(): void {
    this.#steps++;
    if (this.#open.size > 0) this.#stepsInAliases++;
    // From 99 % of a small document to 10 % of a large one may come from aliases.
    const share = Math.min(Math.max((this.#steps - FEW_STEPS) / (MANY_STEPS - FEW_STEPS), 0), 1);
    if (
      this.#stepsInAliases > 100 &&
      this.#steps > 1000 &&
      this.#stepsInAliases / this.#steps > 0.99 - 0.89 * share
    )
      throw failure("yaml: document contains excessive aliasing");
  }

  #enter(node: YamlNode): void {
    if (++this.#depth > MAX_YAML_DEPTH) throw tooDeep();
    if (node.kind !== "alias") return;
    if (this.#open.has(node)) throw failure(`yaml: anchor '${node.value}' value contains itself`);
    this.#open.add(node);
  }

  #leave(node: YamlNode): void {
    this.#depth--;
    this.#open.delete(node);
  }

  #fill(members: Map<YamlScalar, YamlData>, items: readonly YamlNode[]): void {
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as YamlNode;
      const value = items[i + 1] as YamlNode;
      if (isMerge(key)) {
        this.#merge(members, value);
        continue;
      }
      const name = this.compose(key);
      if (typeof name === "object" && name !== null)
        throw failure(`yaml: invalid map key: ${goSyntax(name)}`);
      members.set(name, this.compose(value));
    }
  }

  /** Members of other mappings take the place of those that stand before the merge key. */
  #merge(members: Map<YamlScalar, YamlData>, node: YamlNode): void {
    // Of a list, earlier ones count more.
    const sources = node.kind === "sequence" ? node.items.toReversed() : [node];
    for (const source of sources) {
      if ((source.target ?? source).kind !== "mapping")
        throw failure("yaml: map merge requires map or sequence of maps as the value");
      this.#count();
      this.#enter(source);
      if (source.target !== undefined) this.#count();
      this.#fill(members, (source.target ?? source).items);
      this.#leave(source);
    }
  }
}

function isMerge({ kind, value, isImplicit, tag }: YamlNode): boolean {
  return kind === "scalar" && value === "<<" && (isImplicit || tag === `${YAML_TAG}merge`);
}

function jsonValue(data: YamlData): Value {
  if (typeof data === "bigint") return integer(data);
  if (typeof data === "number") return jsonFloat(data);
  if (data === null || typeof data !== "object") return data;
  if (!(data instanceof Map)) return (data as readonly YamlData[]).map(jsonValue);
  return object(
    Array.from(data as ReadonlyMap<YamlScalar, YamlData>, ([key, value]): [Value, Value] => [
      keyText(key, value),
      jsonValue(value),
    ]),
  );
}

/** A key as JSON has it. Floats have the digits of 32 bits. */
function keyText(key: YamlScalar, value: YamlData): string {
  if (key === null || (typeof key === "bigint" && key >= 2n ** 63n)) {
    const type = key === null ? "%!s(<nil>)" : "uint64";
    const shown = value === null ? "<nil>" : goSyntax(value);
    throw failure(
      `unsupported map key of type: ${type}, key: ${key === null ? "<nil>" : goSyntax(key)}, value: ${shown}`,
    );
  }
  if (typeof key !== "number") return String(key);
  const single = Math.fround(key);
  if (Number.isNaN(key)) return ".nan";
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  let precision = 1;
  while (Math.fround(Number(single.toPrecision(precision))) !== single) precision++;
  return formatFloat64(Number(single.toPrecision(precision)), "g", undefined);
}

/** Go's `%#v`, which stands in some of the library's errors. */
function goSyntax(data: YamlData): string {
  if (data === null) return "interface {}(nil)";
  if (typeof data === "string") return goQuote(data);
  if (typeof data === "boolean") return String(data);
  if (typeof data === "bigint") return data >= 2n ** 63n ? `0x${data.toString(16)}` : String(data);
  if (typeof data === "number") {
    if (Number.isNaN(data)) return "NaN";
    return Number.isFinite(data) ? formatFloat64(data, "g", undefined) : data > 0 ? "+Inf" : "-Inf";
  }
  if (!(data instanceof Map))
    return `[]interface {}{${(data as readonly YamlData[]).map(goSyntax).join(", ")}}`;
  const members = Array.from(data as ReadonlyMap<YamlScalar, YamlData>, ([key, value]) => [
    goSyntax(key),
    goSyntax(value),
  ]);
  return `map[interface {}]interface {}{${members.map((member) => member.join(":")).join(", ")}}`;
}

/** Go's JSON form of a float64: exponents only far out, and without a padded digit. */
function jsonFloat(value: number): Value {
  if (!Number.isFinite(value))
    throw failure(`json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`);
  if (value === 0) return new NumberValue(Object.is(value, -0) ? "-0" : "0");
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 1e21) return decode(String(value));
  return new NumberValue(numberFromFloat64(value).text.replace(/e([-+])0(\d)$/, "e$1$2"));
}
