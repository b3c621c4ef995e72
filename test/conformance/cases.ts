// Evaluation cases: OPA's YAML files and the JSON form of them, one shape for both. In: a folder. Out: cases by category, numbers with
// every digit. Judges nothing.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { readRegoText } from "../../src/engine/rego-text.ts";
import { decode } from "../../src/value/json.ts";
import { number } from "../../src/value/number.ts";
import { object } from "../../src/value/object.ts";
import type { Value } from "../../src/value/value.ts";
import { isArray, isObject } from "../../src/value/value.ts";

export interface Case {
  readonly category: string;
  readonly note: string;
  readonly query: string;
  readonly modules: readonly string[];
  readonly data: Value | undefined;
  /** Undefined: the policy sees no input. */
  readonly input: Value | undefined;
  readonly wantResult: readonly Value[] | undefined;
  readonly wantErrorCode: string | undefined;
  readonly wantError: string | undefined;
  readonly sortBindings: boolean;
  readonly strict: boolean;
}

/** All cases below a folder, or of one file. */
export function readCases(path: string): Case[] {
  if (statSync(path).isDirectory()) {
    return readdirSync(path)
      .sort()
      .flatMap((name) => (name.startsWith(".") ? [] : readCases(join(path, name))));
  }
  const category = basename(path).replace(/^test-|\.(json|ya?ml)$/g, "");
  if (path.endsWith(".json")) return casesOf(decode(readFileSync(path)), category);
  if (/\.ya?ml$/.test(path)) return casesOf(readYaml(readFileSync(path, "utf8")), category);
  return [];
}

/** A list of cases, or OPA's `{cases: [...]}`. */
function casesOf(document: Value, category: string): Case[] {
  const list = isObject(document) ? document.get("cases") : document;
  if (list === undefined || !isArray(list)) return [];
  return list.map((item) => caseOf(item, category));
}

function caseOf(item: Value, category: string): Case {
  const field = (name: string): Value | undefined =>
    isObject(item) ? (item.get(name) ?? undefined) : undefined;
  const text = (name: string): string | undefined => field(name) as string | undefined;
  const term = text("input_term");
  const want = field("want_result");
  const has = (name: string): boolean => isObject(item) && item.has(name);
  return {
    category,
    note: text("note") ?? "",
    query: text("query") ?? "",
    modules: (field("modules") as readonly string[] | undefined) ?? [],
    data: field("data"),
    input:
      term !== undefined
        ? readRegoText(term)
        : has("input")
          ? isObject(item)
            ? item.get("input")
            : undefined
          : undefined,
    wantResult: want !== undefined && isArray(want) ? want : has("want_result") ? [] : undefined,
    wantErrorCode: text("want_error_code"),
    wantError: text("want_error"),
    sortBindings: field("sort_bindings") === true,
    strict: field("strict_error") === true,
  };
}

/** YAML to a Value; numbers keep the text that stands in the file. */
export function readYaml(text: string): Value {
  const read = (node: unknown): Value => {
    if (isMap(node)) return object(node.items.map(({ key, value }) => [keyOf(key), read(value)] as const));
    if (isSeq(node)) return node.items.map(read);
    if (!isScalar(node)) return null;
    if (typeof node.value === "number" || typeof node.value === "bigint") {
      const source = node.source ?? String(node.value);
      return number(/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(source) ? source : String(node.value));
    }
    return (node.value ?? null) as Value;
  };
  const keyOf = (node: unknown): Value =>
    isScalar(node) ? (node.source ?? String(node.value)) : String(node);
  return read(parseDocument(text, { intAsBigInt: true }).contents);
}
