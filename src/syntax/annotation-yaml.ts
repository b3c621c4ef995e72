// The YAML of a METADATA block, read as OPA's YAML library reads it into its struct of annotations: typed fields, unknown ones left out, line numbers in
// messages. Plain scalars are resolved here and not by the parser, whose notion of numbers and dates is another. Never throws.

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { yamlComplaint } from "./yaml-complaint.ts";

/** What stands in a block, before its values are looked into. Integers beyond 2^53 are bigint. */
export interface RawAnnotations {
  scope: string;
  title: string;
  entrypoint: boolean;
  description: string;
  organizations: string[];
  relatedResources: unknown[];
  authors: unknown[];
  schemas: (readonly [string, unknown] | undefined)[];
  compile: Map<string, unknown> | undefined;
  custom: Map<string, unknown> | undefined;
  labels: Map<string, unknown> | undefined;
}

interface Node {
  readonly kind: "map" | "seq" | "scalar";
  readonly line: number;
  readonly tag: string;
  readonly text: string;
  readonly plain: boolean;
  readonly items: readonly Node[];
  readonly entries: readonly (readonly [Node, Node])[];
}

export type YamlResult = { readonly raw: RawAnnotations } | { readonly error: string };

export function readAnnotationYaml(text: string): YamlResult {
  const lines = new LineCounter();
  // Only the first document counts.
  const [document] = parseAllDocuments(text, {
    schema: "failsafe",
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
  }) as readonly Document[];
  if (document === undefined) return { error: "yaml: empty document" };
  const [problem] = document.errors;
  // Go's library takes a comment right behind the sign of a block.
  const spaced = text.replace(/^(.*[:-][ \t]+[|>][-+\d]*)#/gm, "$1 #");
  if (problem !== undefined && spaced !== text) return readAnnotationYaml(spaced);
  if (problem !== undefined) return { error: yamlComplaint(problem, text) };
  const errors: string[] = [];
  const unknown = /^[^#\n]*?(?:^|[:,[{-]\s)\s*\*([^\s,\]}]+)/m.exec(text)?.[1];
  if (unknown !== undefined && !text.includes(`&${unknown}`)) {
    return { error: `yaml: unknown anchor '${unknown}' referenced` };
  }
  const root = toNode(
    document.contents,
    (offset) => lines.linePos(offset).line,
    (alias) => alias.resolve(document),
  );
  const raw = new Decoder(errors).annotations(root);
  return errors.length > 0
    ? { error: `yaml: unmarshal errors:\n${errors.map((e) => `  ${e}`).join("\n")}` }
    : { raw };
}

const EMPTY: Node = { kind: "scalar", line: 0, tag: "!!null", text: "", plain: true, items: [], entries: [] };

type YamlAlias = { resolve(document: unknown): unknown };

function toNode(
  node: unknown,
  lineAt: (offset: number) => number,
  follow: (alias: YamlAlias) => unknown,
): Node {
  const into = (child: unknown): Node => toNode(child, lineAt, follow);
  if (isAlias(node)) return into(follow(node as unknown as YamlAlias));
  const range = (node as { range?: readonly number[] } | null)?.range;
  const line = range?.[0] === undefined ? 0 : lineAt(range[0]);
  if (isMap(node)) {
    const entries = node.items.map((pair) => [into(pair.key), into(pair.value)] as const);
    return { ...EMPTY, kind: "map", tag: "!!map", line, entries };
  }
  if (isSeq(node)) return { ...EMPTY, kind: "seq", tag: "!!seq", line, items: node.items.map(into) };
  if (!isScalar(node)) return EMPTY;
  const text = String(node.value ?? "");
  const plain = node.type === "PLAIN" || node.type === undefined;
  const tag = node.tag?.replace("tag:yaml.org,2002:", "!!") ?? (plain ? resolve(text).tag : "!!str");
  return { ...EMPTY, line, text, plain, tag };
}

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** What a plain scalar means: tag and value. */
function resolve(text: string): { tag: string; value: unknown } {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return { tag: "!!null", value: null };
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return { tag: "!!bool", value: /^t/i.test(text) };
  if (!/^[-+.0-9]/.test(text)) return { tag: "!!str", value: text };
  const integer = toInteger(text.replaceAll("_", ""));
  if (integer !== undefined) return { tag: "!!int", value: integer };
  if (FLOAT.test(text.replaceAll("_", "")))
    return { tag: "!!float", value: Number(text.replaceAll("_", "")) };
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text))
    return { tag: "!!float", value: text.startsWith("-") ? -Infinity : Infinity };
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { tag: "!!float", value: Number.NaN };
  const time = toTime(text);
  if (time !== undefined) return { tag: "!!timestamp", value: time };
  return { tag: "!!str", value: text };
}

/** Decimal, 0x, 0o, 0b, and a leading zero for octal. Beyond 64 bits it is a float. */
function toInteger(text: string): number | bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.exec(text);
  if (match === null) return undefined;
  const digits = (match[2] ?? "").replace(/^0(?=[0-7])/, "0o");
  const value = match[1] === "-" ? -BigInt(digits) : BigInt(digits);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](?=.*(?:Z|:\d\d)$)| (?!.*(?:Z|[-+]\d\d:\d\d)$))(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?$/;

/** A date, a date and time with `T` and zone, or with a space and none; in the form in which Go writes times as JSON. */
function toTime(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const two = (part: string | undefined): string => (part ?? "0").padStart(2, "0");
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const time = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
  if (Number.isNaN(Date.parse(`${time}Z`)) || (text.includes("T") && zone === undefined)) return undefined;
  const rest = (fraction ?? "").replace(/0+$/, "").replace(/^\.$/, "");
  return `${time}${rest}${zone === undefined || zone === "+00:00" ? "Z" : zone}`;
}

class Decoder {
  readonly #errors: string[];

  constructor(errors: string[]) {
    this.#errors = errors;
  }

  annotations(root: Node): RawAnnotations {
    const fields = new Map<string, Node>();
    if (root.kind === "map") for (const [key, value] of this.#entries(root)) fields.set(key.text, value);
    else if (root.tag !== "!!null") this.#mismatch(root, "ast.rawAnnotation");
    const get = (name: string): Node => fields.get(name) ?? EMPTY;
    return {
      scope: this.#string(get("scope")),
      title: this.#string(get("title")),
      entrypoint: this.#boolean(get("entrypoint")),
      description: this.#string(get("description")),
      organizations: this.#list(get("organizations"), "[]string").map((node) => this.#string(node)),
      relatedResources: this.#list(get("related_resources"), "[]interface {}").map((node) => this.#any(node)),
      authors: this.#list(get("authors"), "[]interface {}").map((node) => this.#any(node)),
      schemas: this.#list(get("schemas"), "[]map[string]interface {}").map(
        (node) => [...(this.#map(node) ?? [])][0],
      ),
      compile: this.#map(get("compile")),
      custom: this.#map(get("custom")),
      labels: this.#map(get("labels")),
    };
  }

  /** Entries with merge keys worked in; a key that stands twice is an error. */
  #entries(map: Node): (readonly [Node, Node])[] {
    const own = map.entries.filter(([key]) => !(key.plain && key.text === "<<"));
    const merged = map.entries.filter(([key]) => key.plain && key.text === "<<").map(([, value]) => value);
    const seen = new Map<string, Node>();
    const doubled = this.#errors.length;
    for (const [i, [key]] of own.entries()) {
      seen.set(key.text, key);
      for (const [before] of own.slice(0, i)) {
        if (before.text !== key.text || before.kind !== "scalar" || key.kind !== "scalar") continue;
        const name = JSON.stringify(key.text);
        this.#errors.push(`line ${key.line}: mapping key ${name} already defined at line ${before.line}`);
      }
    }
    if (this.#errors.length > doubled) return [];
    for (const source of merged.flatMap((node) => (node.kind === "seq" ? node.items : [node]))) {
      for (const entry of this.#entries(source)) {
        if (seen.has(entry[0].text)) continue;
        seen.set(entry[0].text, entry[0]);
        own.push(entry);
      }
    }
    return own;
  }

  #mismatch(node: Node, type: string): void {
    const shown = node.text.length > 10 ? `${node.text.slice(0, 7)}...` : node.text;
    const value = node.kind === "scalar" ? ` \`${shown}\`` : "";
    this.#errors.push(`line ${node.line}: cannot unmarshal ${node.tag}${value} into ${type}`);
  }

  #string(node: Node): string {
    if (node.kind !== "scalar") this.#mismatch(node, "string");
    return node.tag === "!!null" ? "" : node.text;
  }

  /** The words of YAML 1.1 are allowed where a boolean must stand. */
  #boolean(node: Node): boolean {
    if (node.tag === "!!null") return false;
    if (node.tag === "!!bool") return /^t/i.test(node.text);
    if (node.plain && /^(?:y|Y|yes|Yes|YES|on|On|ON)$/.test(node.text)) return true;
    if (node.plain && /^(?:n|N|no|No|NO|off|Off|OFF)$/.test(node.text)) return false;
    this.#mismatch(node, "bool");
    return false;
  }

  #list(node: Node, type: string): readonly Node[] {
    if (node.kind !== "seq" && node.tag !== "!!null") this.#mismatch(node, type);
    return node.items;
  }

  #map(node: Node): Map<string, unknown> | undefined {
    if (node.tag === "!!null") return undefined;
    if (node.kind !== "map") {
      this.#mismatch(node, "map[string]interface {}");
      return undefined;
    }
    return new Map(this.#entries(node).map(([key, value]) => [this.#string(key), this.#any(value)]));
  }

  /** Maps become Maps; only those with string keys are good, and who uses them checks it. */
  #any(node: Node): unknown {
    if (node.kind === "seq") return node.items.map((item) => this.#any(item));
    if (node.kind === "map")
      return new Map(this.#entries(node).map(([key, value]) => [this.#any(key), this.#any(value)]));
    return node.plain && node.tag !== "!!str" ? resolve(node.text).value : node.text;
  }
}
