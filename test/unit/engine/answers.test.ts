// What one call into a module comes to, for every way in: a value or none, and what failed on the way; texts that are no JSON.

import { describe, expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { type Document, type Engine, prepare } from "../../../src/engine/engine.ts";
import { runtime } from "../wasm/build.ts";

const TEXT = `package p
none if to_number(input.n) == 1
some_value if not none
plain := concat("-", [input.n, "x"])
whole := object.get(input, "n", "") if not none`;

const ENTRYPOINTS = ["p/none", "p/some_value", "p/plain", "p/whole"];

function engine(): Engine {
  const { bytes } = compile(
    checkSources([{ file: "p.rego", text: TEXT }]),
    { entrypoints: ENTRYPOINTS },
    { runtime },
  ).emitted;
  return prepare({ wasm: bytes });
}

const ways: Record<string, (value: unknown) => Document> = {
  object: (value) => ({ value }),
  text: (value) => ({ json: JSON.stringify(value) }),
  bytes: (value) => ({ json: new TextEncoder().encode(JSON.stringify(value)) }),
};

describe.each(Object.entries(ways))("an input as %s", (_, way) => {
  const asked = engine();
  const ask = (entrypoint: string, n: unknown): unknown => {
    const { value, errors } = asked.evaluate(entrypoint, way({ n, more: [n] }));
    return [value, errors.map(({ name, location }) => [name, location?.row])];
  };

  test("gives what failed on the way beside the value, and beside none", () => {
    expect(ask("p/none", "one")).toEqual([undefined, [["to_number", 2]]]);
    expect(ask("p/some_value", "one")).toEqual([true, [["to_number", 2]]]);
    expect(ask("p/whole", "one")).toEqual(["one", [["to_number", 2]]]);
  });

  test("gives no failure of the evaluation before", () => {
    expect(ask("p/none", "1")).toEqual([true, []]);
    expect(ask("p/none", "2")).toEqual([undefined, []]);
    expect(ask("p/some_value", "1")).toEqual([undefined, []]);
    expect(ask("p/plain", "a")).toEqual(["a-x", []]);
  });

  test("fails in strict mode", () => {
    expect(() => asked.evaluate("p/none", way({ n: "one" }), { strict: true })).toThrow(/to_number/);
    expect(asked.evaluate("p/none", way({ n: "1" }), { strict: true }).value).toBe(true);
  });
});

test("a module that is none of OPA's ABI is refused", () => {
  const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  expect(() => prepare({ wasm })).toThrow("it exports no function `eval`");
});

test("a module that tells of its input what cannot be read is refused", () => {
  const { bytes } = compile(
    checkSources([{ file: "p.rego", text: TEXT }]),
    { entrypoints: ENTRYPOINTS },
    { runtime },
  ).emitted;
  const at = Buffer.from(bytes).indexOf("reeve.cells") + "reeve.cells".length;
  for (const text of ["[", "[]", "{}"]) {
    const wasm = bytes.slice();
    wasm.set(new TextEncoder().encode(text.padEnd(3)), at);
    expect(() => prepare({ wasm })).toThrow("what the module says of its input cannot be read");
  }
});

test("a text that is no JSON is refused, and the next one is read", () => {
  const asked = engine();
  for (const json of ["", "{", '{"n": "1"} x', '{"n": 01}', "nul"])
    for (const entrypoint of ENTRYPOINTS)
      expect(() => asked.evaluate(entrypoint, { json })).toThrow("input is not a JSON document");
  expect(asked.evaluate("p/none", { json: '{"n": "1"}' }).value).toBe(true);
  expect(asked.evaluate("p/none", { json: "[]" }).value).toBeUndefined();
  expect(asked.evaluate("p/none").value).toBeUndefined();
});
