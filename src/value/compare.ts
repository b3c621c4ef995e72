// OPA's total order of values, equality, and the text under which a value is filed in maps. Reads collections only through the
// interfaces of value.ts. Order of types: null, boolean, number, string, array, object, set.

import { canonicalNumber } from "./decimal.ts";
import { compareNumbers } from "./number.ts";
import type { RegoNumber, RegoObject, RegoSet, TypeName, Value } from "./value.ts";
import { isArray, typeName } from "./value.ts";

const RANK: Readonly<Record<TypeName, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  array: 4,
  object: 5,
  set: 6,
};

/** Negative, zero or positive. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  const name = typeName(a);
  const ranks = RANK[name] - RANK[typeName(b)];
  if (ranks !== 0) return ranks;
  switch (name) {
    case "null":
      return 0;
    case "boolean":
      return a === false ? -1 : 1;
    case "number":
      return compareNumbers(a as RegoNumber, b as RegoNumber);
    case "string":
      return compareStrings(a as string, b as string);
    case "array":
      return compareArrays(a as readonly Value[], b as readonly Value[]);
    case "object":
      return compareObjects(a as RegoObject, b as RegoObject);
    case "set":
      return compareIterators((a as RegoSet).values(), (b as RegoSet).values());
  }
}

export function equal(a: Value, b: Value): boolean {
  return compare(a, b) === 0;
}

/** Order of UTF-8 bytes, which is order of code points, not of UTF-16 units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  let i = 0;
  while (i < shared && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === shared) return a.length - b.length;
  return unitRank(a.charCodeAt(i)) - unitRank(b.charCodeAt(i));
}

/** Surrogates stand for code points above all other units. */
function unitRank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compare(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: RegoObject, b: RegoObject): number {
  const others = b.entries();
  for (const [key, value] of a.entries()) {
    const other = others.next();
    if (other.done === true) return 1;
    const order = compare(key, other.value[0]) || compare(value, other.value[1]);
    if (order !== 0) return order;
  }
  return a.size - b.size;
}

function compareIterators(a: IterableIterator<Value>, b: IterableIterator<Value>): number {
  for (const value of a) {
    const other = b.next();
    if (other.done === true) return 1;
    const order = compare(value, other.value);
    if (order !== 0) return order;
  }
  return b.next().done === true ? 0 : -1;
}

/** A text that is the same exactly for equal values: the key of JavaScript maps. Plain strings are their own key. */
export function identity(value: Value): string {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\u0000s${value}` : value;
  return `\u0000${nestedIdentity(value)}`;
}

function nestedIdentity(value: Value): string {
  if (value === null) return "z";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "string") return `s${value.length}:${value}`;
  if (isArray(value)) return `[${value.map(nestedIdentity).join(",")}]`;
  switch (value.kind) {
    case "number":
      return `n${canonicalNumber(value.text)}`;
    case "object": {
      const parts: string[] = [];
      for (const [key, member] of value.entries())
        parts.push(`${nestedIdentity(key)}=${nestedIdentity(member)}`);
      return `{${parts.join(",")}}`;
    }
    case "set": {
      const parts: string[] = [];
      for (const member of value.values()) parts.push(nestedIdentity(member));
      return `<${parts.join(",")}>`;
    }
  }
}
