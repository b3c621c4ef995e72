// Inputs made to cost more than their size: keys that collide, deep nesting, patterns that backtracking engines drown in, long numbers. In: nothing.
// Out: rows of growing size, each four times the one before; an input that is refused for its cost counts as an answer.

import { hashBytes } from "../../src/compile/wasm/statics.ts";
import { measure, type Row } from "./measure.ts";
import { engine, ours } from "./modules.ts";

interface Attack {
  readonly name: string;
  readonly rego: string;
  /** Size of the first of three. */
  readonly from: number;
  readonly input: (size: number) => string;
}

/** Keys whose hashes end in the same bits, so that they meet in every table of that width. */
function colliding(count: number): string[] {
  const found: string[] = [];
  for (let at = 0; found.length < count; at++) {
    const key = `k${at.toString(36)}`;
    const hash = hashBytes(new TextEncoder().encode(key));
    if (((hash ^ (hash >>> 15)) & 0xff) === 0) found.push(key);
  }
  return found;
}

export const attacks: readonly Attack[] = [
  {
    name: "colliding keys",
    rego: "package p\nq if input.never\nr := count(input)",
    from: 64,
    input: (size) => JSON.stringify(Object.fromEntries(colliding(size).map((key) => [key, 1]))),
  },
  {
    name: "deep nesting",
    rego: "package p\nr := count(input)",
    from: 125,
    input: (size) => `{"a":${"[".repeat(size)}${"]".repeat(size)}}`,
  },
  {
    name: "a pattern with nested repetition",
    rego: 'package p\nr if regex.match("^(a+)+$", input.text)\ndefault r := false',
    from: 250,
    input: (size) => JSON.stringify({ text: `${"a".repeat(size)}!` }),
  },
  {
    name: "a glob with many stars",
    rego: 'package p\nr if glob.match("*a*a*a*a*b", [], input.text)\ndefault r := false',
    from: 250,
    input: (size) => JSON.stringify({ text: "a".repeat(size) }),
  },
  {
    name: "a long number, compared",
    rego: "package p\nr if input.n > 10\ndefault r := false",
    from: 1000,
    input: (size) => `{"n":${"9".repeat(size)}}`,
  },
];

export async function hostile(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, rego, from, input } of attacks) {
    const own = engine(ours([{ file: "policy.rego", text: rego }], ["p/r"]), "{}");
    for (const size of [from, from * 4, from * 16]) {
      const json = new TextEncoder().encode(input(size));
      const run = (): unknown => {
        try {
          return own.evaluate(0, { json }).value !== undefined;
        } catch (error) {
          return (error as { code?: unknown }).code;
        }
      };
      rows.push(...(await measure([{ name: `${name}, ${size}`, run }], { inputs: 1, rounds: 5 })));
    }
  }
  return rows;
}
