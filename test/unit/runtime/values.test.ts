// Order, equality, lookup, scan, merge and patches of the runtime's values.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Runtime } from "./harness.ts";

const runtime = new Runtime();
const compare = runtime.get("value_compare");
const equal = runtime.get("value_equal");
const hash = runtime.get("value_hash");

/** Rego text of small values, with many near-equal ones. */
const text: fc.Arbitrary<string> = fc.letrec<{ value: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(
    fc.constantFrom(
      "null",
      "true",
      "false",
      "0",
      "-0",
      "0.0",
      "1",
      "1.0",
      "1e0",
      "10e-1",
      "-1",
      "2",
      "1.5",
      "15e-1",
      "1e30",
      "1000000000000000000000000000000",
      "9223372036854775807",
      "9223372036854775808",
    ),
    fc.string({ unit: "grapheme", maxLength: 2 }).map((s) => JSON.stringify(s)),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  ),
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("scalar"),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc.array(tie("value"), { minLength: 1, maxLength: 14 }).map((items) => `{${items.join(",")}}`),
    fc
      .array(fc.tuple(tie("value"), tie("value")), { maxLength: 12 })
      .map((items) => `{${items.map((pair) => pair.join(":")).join(",")}}`),
  ),
})).value;

test("texts of every length are equal until one byte of them differs", () => {
  runtime.reset();
  for (let length = 0; length < 30; length++) {
    const same = "abcdefghijklmnopqrstuvwxyz0123".slice(0, length);
    expect(equal(runtime.value(JSON.stringify(same)), runtime.value(JSON.stringify(same)))).toBe(1);
    for (let at = 0; at < length; at++) {
      const other = `${same.slice(0, at)}_${same.slice(at + 1)}`;
      expect(equal(runtime.value(JSON.stringify(same)), runtime.value(JSON.stringify(other)))).toBe(0);
    }
  }
});

test("a text is found under the same keys by both lookups", () => {
  const { value_get, value_member } = runtime.call;
  const keys = ["", "a", "b", "key", "keys", "another key", "é"];
  fc.assert(
    fc.property(
      text,
      fc.uniqueArray(fc.constantFrom(...keys, ...Array.from({ length: 12 }, (_, at) => `k${at}`))),
      (other, own) => {
        runtime.reset();
        const object = `{${own.map((key, at) => `${JSON.stringify(key)}:${at}`).join()}}`;
        for (const v of [0, runtime.value(other), runtime.value(object), runtime.value(`{1, "a", ${other}}`)])
          for (const key of keys) {
            const asked = runtime.value(JSON.stringify(key));
            expect(value_member!(v, asked)).toBe(value_get!(v, asked));
          }
        for (const [at, key] of own.entries())
          expect(runtime.rego(value_member!(runtime.value(object), runtime.value(JSON.stringify(key))))).toBe(
            String(at),
          );
      },
    ),
    { numRuns: 500 },
  );
});

test("the builtins that compare follow the order", () => {
  const builtins = (["lt", "lte", "gt", "gte"] as const).map((name) => runtime.get(`builtin_${name}`));
  fc.assert(
    fc.property(text, text, (x, y) => {
      runtime.reset();
      const [a, b] = [runtime.value(x), runtime.value(y)];
      const order = compare(a, b);
      const wanted = [order < 0, order <= 0, order > 0, order >= 0].map((holds) => (holds ? 48 : 32));
      expect(builtins.map((builtin) => builtin(a, b))).toEqual(wanted);
    }),
    { numRuns: 2000 },
  );
});

test("the order is total, and equality and hash agree with it", () => {
  fc.assert(
    fc.property(text, text, text, (x, y, z) => {
      runtime.reset();
      const [a, b, c] = [runtime.value(x), runtime.value(y), runtime.value(z)];
      expect(compare(a, runtime.value(x))).toBe(0);
      expect(hash(a)).toBe(hash(runtime.value(x)));
      expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      expect(equal(a, b)).toBe(compare(a, b) === 0 ? 1 : 0);
      if (equal(a, b)) expect(hash(a)).toBe(hash(b));
    }),
    { numRuns: 3000 },
  );
});

test("numbers are ordered by exact value", () => {
  const scale = 40n;
  const number = fc.tuple(
    fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
    fc.integer({ min: -30, max: 12 }),
  );
  fc.assert(
    fc.property(number, number, ([m, e], [n, f]) => {
      runtime.reset();
      const exact = (mantissa: bigint, exponent: number): bigint =>
        mantissa * 10n ** (scale + BigInt(exponent));
      const want = exact(m, e) < exact(n, f) ? -1 : exact(m, e) > exact(n, f) ? 1 : 0;
      expect(Math.sign(compare(runtime.value(`${m}e${e}`), runtime.value(`${n}e${f}`)))).toBe(want);
    }),
    { numRuns: 2000 },
  );
});

test("types are ordered as OPA orders them", () => {
  runtime.reset();
  const values = [
    "null",
    "false",
    "true",
    "-1",
    "0",
    "1.5",
    '"A"',
    '"a"',
    "[]",
    "[1]",
    "{}",
    '{"a":1}',
    "set()",
    "{1}",
  ].map((v) => runtime.value(v));
  for (let i = 1; i < values.length; i++) expect(compare(values[i - 1]!, values[i]!)).toBeLessThan(0);
});

test("lookup and scan see every entry, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 400 }), { maxLength: 200 }), (numbers) => {
      runtime.reset();
      const set = runtime.call.set_new!();
      const object = runtime.call.object_new!();
      for (const n of numbers) {
        runtime.call.set_add!(set, runtime.call.number_int!(BigInt(n)));
        runtime.call.object_insert!(
          object,
          runtime.call.number_int!(BigInt(n)),
          runtime.call.number_int!(BigInt(n * 2)),
        );
      }
      const want = [...new Set(numbers)].sort((a, b) => a - b);
      const check = (): void => {
        for (const n of want) {
          expect(runtime.rego(runtime.call.value_get!(set, runtime.value(`${n}.0`)))).toBe(String(n));
          expect(runtime.rego(runtime.call.value_get!(object, runtime.value(String(n))))).toBe(String(n * 2));
        }
        expect(runtime.call.value_get!(set, runtime.value("1000"))).toBe(0);
        expect(runtime.call.value_get!(object, runtime.value('"1"'))).toBe(0);
      };
      check();
      for (const [collection, factor] of [
        [set, 1],
        [object, 2],
      ] as const) {
        expect(runtime.call.scan_open!(collection)).toBe(want.length);
        const keys = want.map((_, i) => Number(runtime.rego(runtime.call.scan_key!(collection, i))));
        const values = want.map((_, i) => Number(runtime.rego(runtime.call.scan_value!(collection, i))));
        expect(keys).toEqual(want);
        expect(values).toEqual(want.map((n) => n * factor));
      }
      check();
    }),
    { numRuns: 150 },
  );
});

test("arrays take integer-valued numbers as OPA's Int does", () => {
  runtime.reset();
  const array = runtime.value("[10,20,30]");
  const at = (key: string): string => {
    const v = runtime.call.value_get!(array, runtime.value(key));
    return v === 0 ? "undefined" : runtime.rego(v);
  };
  expect(["0", "1.0", "2.00", "3", "-1", "1e0", "0.5", '"1"', "99999999999999999999"].map(at)).toEqual([
    "10",
    "20",
    "30",
    ...Array(6).fill("undefined"),
  ]);
});

test("merge is deep and the first wins", () => {
  runtime.reset();
  const merged = runtime.call.object_merge!(
    runtime.value('{"a":{"b":1,"c":[1]},"d":1}'),
    runtime.value('{"a":{"b":2,"e":3},"d":{"x":1},"f":4}'),
  );
  expect(runtime.rego(merged)).toBe('{"a": {"b": 1, "c": [1], "e": 3}, "d": 1, "f": 4}');
});

test("with_put copies along the path only", () => {
  runtime.reset();
  const root = runtime.value('{"a":{"b":1},"z":0}');
  const put = (v: number, path: string, value: string): string =>
    runtime.rego(runtime.call.with_put!(v, runtime.value(path), runtime.value(value)));
  expect(put(root, '["a","c","d"]', "2")).toBe('{"a": {"b": 1, "c": {"d": 2}}, "z": 0}');
  expect(put(root, '["a","b","d"]', "2")).toBe('{"a": {"b": {"d": 2}}, "z": 0}');
  expect(put(0, '["a"]', "2")).toBe('{"a": 2}');
  expect(put(root, "[]", "2")).toBe("2");
  expect(runtime.rego(root)).toBe('{"a": {"b": 1}, "z": 0}');
});

test("failures are noted with their place", () => {
  runtime.reset();
  const note = runtime.get("failure_note");
  note(1, 2, 3);
  expect(runtime.call.failure_count!()).toBe(0);
  runtime.call.fail!(1, runtime.value('"first"'));
  runtime.call.fail!(2, runtime.value('"second"'));
  note(4, 5, 6);
  expect(runtime.call.failure_count!()).toBe(1);
  const record = [...new Int32Array(runtime.memory.buffer, runtime.call.failure_at!(0), 5)];
  expect(record.slice(0, 4)).toEqual([1, 4, 5, 6]);
  expect(runtime.string(record[4]!)).toBe("first");
});
