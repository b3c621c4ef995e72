import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Stmt } from "../../../src/compile/ir/ir.ts";
import { PolicyError } from "../../../src/error.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { readRegoText, writeRegoText } from "../../../src/engine/rego-text.ts";
import { equal } from "../../../src/value/compare.ts";
import { number } from "../../../src/value/number.ts";
import { object } from "../../../src/value/object.ts";
import { set } from "../../../src/value/set.ts";
import type { Value } from "../../../src/value/value.ts";
import { block, emitted, engineOf, local, type Parts, s, string } from "../wasm/build.ts";

const add = (from: number): Stmt => s({ kind: "ResultSetAddStmt", value: from });
const input: Parts = { plan: [s({ kind: "IsDefinedStmt", source: 0 }), add(0)] };
const data: Parts = { plan: [add(1)] };
const call = (name: string, target: number): Stmt =>
  s({ kind: "CallStmt", func: name, args: [local(0)], result: target });
const host: Parts = { plan: [call("host.f", 3), add(3)], builtins: [{ name: "host.f", args: 1 }] };

const values = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Value>(
      null,
      true,
      false,
      number("1.0"),
      number("-12345678901234567890123"),
      number("0.1e-7"),
    ),
    fc.integer().map((n) => number(String(n))),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 12 }).map((members) => set(members)),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 12 }).map((entries) => object(entries)),
  ),
})).value;

describe("values", () => {
  const echo = engineOf(input);

  test("go in and come out unchanged, sets and keys of any kind included", () => {
    fc.assert(
      fc.property(values, (value) => {
        const [got] = echo.evaluate(0, { value }).values;
        expect(got !== undefined && equal(got, value), writeRegoText(value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("have a text that reads back", () => {
    fc.assert(fc.property(values, (value) => equal(readRegoText(writeRegoText(value)), value)));
  });

  test("plain data goes in as JSON.stringify sees it", () => {
    const plain = { a: [1, undefined, new Date(0)], b: undefined, n: 1e21, z: -0 };
    expect(echo.evaluate(0, { value: plain }).results).toEqual([JSON.parse(JSON.stringify(plain))]);
  });

  test("an absent input is undefined, a null or false one is not", () => {
    expect(echo.evaluate(0).results).toEqual([]);
    for (const value of [null, false, 0, ""]) expect(echo.evaluate(0, { value }).results).toEqual([value]);
  });

  test("what is no JSON is refused and leaves the engine working", () => {
    for (const json of ["", "{", '{"a":1}x', "\u0000", "[1,]"]) {
      expect(() => echo.evaluate(0, { json })).toThrow(PolicyError);
    }
    expect(echo.evaluate(0, { json: new TextEncoder().encode('"ü"') }).results).toEqual(["ü"]);
  });
});

describe("data", () => {
  test("a list of patches is applied as a whole or not at all", () => {
    const engine = engineOf(data, { data: '{"a":{"b":1},"l":[1,2]}' });
    engine.patchData([
      { op: "upsert", path: ["a", "c", "d"], value: { value: "new" } },
      { op: "upsert", path: ["l", "1"], value: { json: "9" } },
      { op: "remove", path: ["a", "b"] },
    ]);
    const changed = [{ a: { c: { d: "new" } }, l: [1, 9, 2] }];
    expect(engine.evaluate(0).results).toEqual(changed);
    const broken = [
      { op: "remove", path: ["l"] },
      { op: "replace", path: ["missing"], value: { value: 1 } },
    ] as const;
    expect(() => engine.patchData(broken)).toThrow(/missing/);
    expect(engine.evaluate(0).results).toEqual(changed);
  });

  test("data that is no document leaves the old data in place", () => {
    const engine = engineOf(data, { data: '{"a":1}' });
    expect(() => engine.setData('{"a":')).toThrow(PolicyError);
    expect(engine.evaluate(0).results).toEqual([{ a: 1 }]);
    engine.setData({ value: { a: 2 } });
    expect(engine.evaluate(0).results).toEqual([{ a: 2 }]);
  });

  test("many patches give what loading the result gives, and memory stays bounded", () => {
    const engine = engineOf(data, { data: "{}" });
    const text = "x".repeat(10_000);
    for (let round = 0; round < 500; round++) {
      engine.patchData([
        { op: "upsert", path: ["k", String(round % 3)], value: { value: `${round}${text}` } },
      ]);
    }
    const [result] = engine.evaluate(0).results as [{ k: Record<string, string> }];
    expect(Object.values(result.k).map((value) => value.slice(0, 3))).toEqual(["498", "499", "497"]);
  });
});

describe("host builtins", () => {
  test("get Values and give Values", () => {
    const engine = engineOf(host, { hosts: { "host.f": ([value]) => set([value!, number("2")]) } });
    expect(engine.evaluate(0, { json: "12345678901234567890" }).json).toBe("[[2,12345678901234567890]]");
  });

  test("that fail are undefined, reported with their place, and in strict mode an error", () => {
    const fail = (): never => {
      throw new PolicyError("eval_type_error", "host.f: operand 1 must be string but got number");
    };
    const engine = engineOf(host, { hosts: { "host.f": fail } });
    const { results, errors } = engine.evaluate(0, { value: 1 });
    expect(results).toEqual([]);
    expect(errors).toEqual([
      {
        name: "host.f",
        code: "eval_type_error",
        message: "host.f: operand 1 must be string but got number",
        location: { file: "p.rego", row: 3, col: 5, offset: 0, text: "" },
      },
    ]);
    expect(() => engine.evaluate(0, { value: 1 }, { strict: true })).toThrow(
      "host.f: operand 1 must be string but got number",
    );
    expect(engine.evaluate(0, { value: 2 }).errors).toHaveLength(1);
  });

  test("that are wrong end the evaluation, not the engine", () => {
    let wrong = true;
    const engine = engineOf(host, {
      hosts: {
        "host.f": () => {
          if (wrong) throw new TypeError("bug");
          return "fine";
        },
      },
    });
    expect(() => engine.evaluate(0, { value: 1 })).toThrow(PolicyError);
    wrong = false;
    expect(engine.evaluate(0, { value: 1 }).results).toEqual(["fine"]);
  });

  test("that wait are asked once for each call and replayed", async () => {
    const asked: Value[] = [];
    const parts: Parts = {
      strings: ["a", "b"],
      plan: [
        s({ kind: "CallStmt", func: "host.f", args: [string(0)], result: 3 }),
        s({ kind: "CallStmt", func: "host.f", args: [string(1)], result: 4 }),
        s({ kind: "CallStmt", func: "host.f", args: [string(0)], result: 5 }),
        add(3),
        add(4),
        add(5),
      ],
      builtins: [{ name: "host.f", args: 1 }],
    };
    const engine = engineOf(parts, {
      hosts: {
        "host.f": async ([key]) => {
          asked.push(key!);
          return `${key}!`;
        },
      },
    });
    expect((await engine.evaluateAsync(0)).results).toEqual(["a!", "b!", "a!"]);
    expect(asked).toEqual(["a", "b"]);
    expect(() => engine.evaluate(0)).toThrow(/asynchronous/);
  });

  test("may evaluate on the same engine", () => {
    const engine = engineOf(host, {
      hosts: {
        "host.f": ([n]) => (equal(n!, number("0")) ? "end" : engine.evaluate(0, { value: 0 }).values[0]),
      },
    });
    expect(engine.evaluate(0, { value: 1 }).results).toEqual(["end"]);
  });
});

describe("limits", () => {
  test("of input and memory fail the evaluation with a code", () => {
    const wasm = emitted(input).bytes;
    const small = prepare({ wasm, limits: { inputBytes: 10 } });
    expect(() => small.evaluate(0, { json: '"0123456789"' })).toThrow(/limit of 10/);
    const tight = prepare({ wasm, limits: { memoryBytes: 4 * 65536 } });
    let error: unknown;
    try {
      tight.evaluate(0, { json: JSON.stringify(new Array(100_000).fill("x")) });
    } catch (caught) {
      error = caught;
    }
    expect((error as PolicyError).code).toBe("eval_limit_error");
    expect(tight.evaluate(0, { value: "still works" }).results).toEqual(["still works"]);
    expect(() => prepare({ wasm, limits: { inputBytes: -1 } })).toThrow(PolicyError);
  });

  test("of steps end what would run too long, and only that", () => {
    const loop = (level: number): Stmt =>
      s({
        kind: "ScanStmt",
        source: 0,
        key: 10 + level,
        value: 20 + level,
        block: block(level === 0 ? add(20) : loop(level - 1)),
      });
    const wasm = emitted({ plan: [loop(3)] }).bytes;
    const limited = prepare({ wasm, limits: { steps: 100_000 } });
    const members = (count: number): { value: unknown } => ({
      value: Array.from({ length: count }, (_, n) => n),
    });
    expect(() => limited.evaluate(0, members(100))).toThrow("step limit reached");
    expect(limited.evaluate(0, members(10)).results).toHaveLength(10_000);
    expect(prepare({ wasm }).evaluate(0, members(20)).results).toHaveLength(160_000);
  });

  test("memory does not grow over many evaluations", () => {
    const engine = engineOf({
      plan: [s({ kind: "ScanStmt", source: 0, key: 3, value: 4, block: block(add(4)) })],
    });
    const documents = Array.from({ length: 50 }, (_, n) => ({
      json: JSON.stringify(Array.from({ length: 50 + n }, (_, k) => ({ k }))),
    }));
    for (let round = 0; round < 2000; round++) engine.evaluate(0, documents[round % 50]!);
    expect(engine.memoryBytes).toBeLessThan(1 << 20);
  });
});

test("bytes that are no module are refused", () => {
  expect(() => prepare({ wasm: new Uint8Array([1, 2, 3]) })).toThrow(PolicyError);
});
