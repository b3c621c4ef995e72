// What must be in no log: arguments and results that a catalogue marks as secret. In: a catalogue. Out: pointers into the request document
// for the decision log, and results without what is secret. What is marked is taken out whole; nothing is shortened or hashed.

import { object } from "../value/object.ts";
import { isArray, isObject, type Value } from "../value/value.ts";
import type { Catalogue } from "./catalogue.ts";
import { escapePointer } from "./schema.ts";

/** JSON pointers into a log record (`/input/…`, `/result/…`) for calls of this tool. */
export function secretPointers(catalogue: Catalogue, tool: string): string[] {
  return [...catalogue.argumentsOf(tool)]
    .filter(([, entry]) => entry.secret === true)
    .flatMap(([name]) => {
      const step = escapePointer(name);
      return [
        `/input/action/arguments/${step}`,
        `/input/action/values/${step}`,
        `/input/action/parsed/${step}`,
        `/result/transform/${step}`,
      ];
    });
}

/** The arguments as a log may show them. */
export function withoutSecretArguments(catalogue: Catalogue, tool: string, args: Value): Value {
  if (!isObject(args)) return args;
  const secret = (name: Value): boolean =>
    typeof name === "string" && catalogue.argument(tool, name)?.secret === true;
  return object(Array.from(args.entries(), ([name, value]) => [name, secret(name) ? REMOVED : value]));
}

/** The result as a log may show it. */
export function withoutSecretResults(catalogue: Catalogue, tool: string, result: Value): Value {
  const paths = catalogue.tool(tool)?.results?.secret ?? [];
  return paths.reduce<Value>(
    (left, path) => without(left, path === "" ? [] : path.slice(1).split("/")),
    result,
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
