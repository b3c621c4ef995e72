// What must be in no log: arguments and results that a catalogue marks as secret. In: a catalogue. Out: pointers into the request document
// for the decision log, and results without what is secret. What is marked is taken out whole; nothing is shortened or hashed.

import { encode } from "../value/json.ts";
import { object } from "../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../value/value.ts";
import type { Catalogue } from "./catalogue.ts";
import { readRendering } from "./renderings.ts";
import { escapePointer } from "./schema.ts";

/**
 * JSON pointers into a log record (`/input/…`, `/result/…`) for one call: arguments that are marked, and those in which `holds` finds a
 * value that a result marked as secret gave.
 */
export function secretPointers(
  catalogue: Catalogue,
  tool: string,
  args: RegoObject,
  holds: (text: string) => boolean,
): string[] {
  const names = new Set<string>();
  for (const [name, entry] of catalogue.argumentsOf(tool)) if (entry.secret === true) names.add(name);
  for (const [name, value] of args.entries())
    if (typeof name === "string" && holds(encode(value, { escapeHtml: false }))) names.add(name);
  return [...names].flatMap((name) => {
    const step = escapePointer(name);
    return [
      `/input/action/arguments/${step}`,
      `/input/action/values/${step}`,
      `/input/action/parsed/${step}`,
      `/result/transform/${step}`,
      // A reason may quote what it is about.
      ...(args.has(name) ? ["/result/reasons"] : []),
    ];
  });
}

/**
 * The result as it may be kept. A text that cannot be read as a document has no paths: where any of it is secret, all of it is taken out.
 */
export function withoutSecretResults(catalogue: Catalogue, tool: string, result: Value): Value {
  const paths = catalogue.tool(tool)?.results?.secret ?? [];
  if (paths.length === 0) return result;
  const document = typeof result === "string" ? readRendering(result) : result;
  if (document === undefined) return REMOVED;
  return paths.reduce<Value>(
    (left, path) => without(left, path === "" ? [] : path.slice(1).split("/")),
    document,
  );
}

const REMOVED = "(secret)";

function without(value: Value, path: readonly string[]): Value {
  const [step, ...rest] = path;
  if (step === undefined) return REMOVED;
  if (value === null || typeof value !== "object") return value;
  const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
  const fits = (key: string): boolean => name === "*" || key === name;
  if (isArray(value)) return value.map((member, i) => (fits(String(i)) ? without(member, rest) : member));
  if (!isObject(value)) return value;
  return object(
    Array.from(value.entries(), ([key, member]) => [
      key,
      typeof key === "string" && fits(key) ? without(member, rest) : member,
    ]),
  );
}
