// What a configuration may look like, as data: shapes, and one walk that holds a value against them. The first thing that does not fit is
// one line naming the field. Plain data in, the same data out; nothing is converted.

import { PolicyError } from "../error.ts";

export type Shape =
  | { readonly kind: "text" | "boolean" | "integer" | "any" }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "list" | "map"; readonly of: Shape }
  | { readonly kind: "record"; readonly members: Readonly<Record<string, Shape>> }
  /** Known to OPA, not to Reeve. Refused: to pass over it in silence would change what the configuration means. */
  | { readonly kind: "unsupported" }
  /** Known to OPA and without meaning here (tuning, telemetry): a warning. */
  | { readonly kind: "ignored" };

export const text: Shape = { kind: "text" };
export const boolean: Shape = { kind: "boolean" };
export const integer: Shape = { kind: "integer" };
export const unsupported: Shape = { kind: "unsupported" };
export const ignored: Shape = { kind: "ignored" };
export const choice = (...of: string[]): Shape => ({ kind: "choice", of });
export const list = (of: Shape): Shape => ({ kind: "list", of });
export const map = (of: Shape): Shape => ({ kind: "map", of });
export const record = (members: Readonly<Record<string, Shape>>): Shape => ({ kind: "record", members });

export function configError(message: string): PolicyError {
  return new PolicyError("config_error", message);
}

const WANTED: Readonly<Record<string, string>> = {
  text: "a string",
  boolean: "true or false",
  integer: "an integer",
  list: "a list",
  map: "an object",
  record: "an object",
};

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return "a string";
  return `a ${typeof value}`;
}

/** Throws `config_error`; gives back the warnings. `path` names where `value` stands. */
export function check(shape: Shape, value: unknown, path: string, warnings: string[] = []): string[] {
  const wrong = (): PolicyError =>
    configError(
      `${path === "" ? "the configuration" : `\`${path}\``} must be ${WANTED[shape.kind]}, not ${typeOf(value)}`,
    );
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  switch (shape.kind) {
    case "any":
      break;
    case "unsupported":
      throw configError(`\`${path}\` is not supported`);
    case "ignored":
      warnings.push(`\`${path}\` has no effect here`);
      break;
    case "text":
      if (typeof value !== "string") throw wrong();
      break;
    case "boolean":
      if (typeof value !== "boolean") throw wrong();
      break;
    case "integer":
      if (!Number.isSafeInteger(value)) throw wrong();
      break;
    case "choice":
      if (!shape.of.includes(value as string))
        throw configError(`\`${path}\` must be one of ${shape.of.map((one) => `\`${one}\``).join(", ")}`);
      break;
    case "list":
      if (!Array.isArray(value)) throw wrong();
      for (const [i, member] of value.entries()) check(shape.of, member, `${path}[${i}]`, warnings);
      break;
    case "map":
      if (!isObject) throw wrong();
      for (const [key, member] of Object.entries(value))
        if (member !== null) check(shape.of, member, join(path, key), warnings);
      break;
    case "record":
      if (!isObject) throw wrong();
      for (const [key, member] of Object.entries(value))
        checkMember(shape.members, key, member, path, warnings);
      break;
  }
  return warnings;
}

function checkMember(
  members: Readonly<Record<string, Shape>>,
  key: string,
  value: unknown,
  path: string,
  warnings: string[],
): void {
  const shape = Object.hasOwn(members, key) ? members[key] : undefined;
  if (shape === undefined) {
    const [near] = Object.keys(members)
      .filter((known) => distance(known, key) <= 2)
      .sort((a, b) => distance(a, key) - distance(b, key));
    throw configError(
      `\`${join(path, key)}\` is no known key${near === undefined ? "" : `, did you mean \`${near}\`?`}`,
    );
  }
  // An absent member, null and undefined are the same, as in OPA.
  if (value !== null && value !== undefined) check(shape, value, join(path, key), warnings);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Edit distance of short words, an exchange of neighbours being one edit. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? at(i - 2, j - 2) + 1 : change;
      row.push(Math.min(change, swap, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
