// Native builtins against answers recorded from OPA 1.20.2: each line of fixtures/builtins.json is [name, operands…, answer], operands and
// answers as Rego text, `undefined`, or `!kind message` for a failure. And the laws that recorded answers cannot cover.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Runtime } from "./harness.ts";

const runtime = new Runtime();
const recorded = JSON.parse(readFileSync(new URL("fixtures/builtins.json", import.meta.url), "utf8")) as [
  string,
  ...string[],
][];
const byName = group(recorded);

function group(lines: [string, ...string[]][]): Map<string, [string, ...string[]][]> {
  const groups = new Map<string, [string, ...string[]][]>();
  for (const line of lines) groups.set(line[0], [...(groups.get(line[0]) ?? []), line]);
  return groups;
}

describe("answers recorded from OPA", () => {
  for (const [name, lines] of byName) {
    test(name, () => {
      for (const line of lines) {
        const operands = line.slice(1, -1);
        expect(runtime.builtin(name, ...operands), `${name}(${operands.join(", ")})`).toBe(line.at(-1));
      }
    });
  }
});

const integer = fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n });

test("integers of any size are computed exactly", () => {
  fc.assert(
    fc.property(integer, integer, fc.nat(200), (a, b, shift) => {
      const call = (name: string, ...operands: bigint[]): string =>
        runtime.builtin(name, ...operands.map(String));
      expect(call("plus", a, b)).toBe(String(a + b));
      expect(call("minus", a, b)).toBe(String(a - b));
      expect(call("mul", a, b)).toBe(String(a * b));
      if (b !== 0n) expect(call("rem", a, b)).toBe(String(a % b));
      expect(call("bits.and", a, b)).toBe(String(a & b));
      expect(call("bits.or", a, b)).toBe(String(a | b));
      expect(call("bits.xor", a, b)).toBe(String(a ^ b));
      expect(call("bits.negate", a)).toBe(String(~a));
      expect(call("bits.lsh", a, BigInt(shift))).toBe(String(a << BigInt(shift)));
      expect(call("bits.rsh", a, BigInt(shift))).toBe(String(a >> BigInt(shift)));
      expect(runtime.builtin("format_int", String(a), "16")).toBe(JSON.stringify(a.toString(16)));
    }),
    { numRuns: 1000 },
  );
});

/** m * 2^e to 64 bits of mantissa, half to even, as an exact fraction n / d. */
function round64(n: bigint, d: bigint): [bigint, bigint] {
  if (n === 0n) return [0n, 1n];
  const bits = (x: bigint): number => x.toString(2).length;
  let shift = 64 - (bits(n) - bits(d));
  for (;;) {
    const [up, down] = shift >= 0 ? [n << BigInt(shift), d] : [n, d << BigInt(-shift)];
    let q = up / down;
    const rest = (up % down) * 2n;
    if (bits(q) > 64) {
      shift--;
      continue;
    }
    if (rest > down || (rest === down && (q & 1n) === 1n)) q++;
    return shift >= 0 ? [q, 1n << BigInt(shift)] : [q << BigInt(-shift), 1n];
  }
}

test("quotients are the nearest float of 64 bits: the printed digits read back as it", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      (a, b) => {
        const text = runtime.builtin("div", String(a), String(b));
        const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text);
        expect(match, text).not.toBeNull();
        const [, whole = "", fraction = "", exponent = "0"] = match!;
        const scale = Number(exponent) - fraction.length;
        const digits = BigInt(whole + fraction);
        const printed: [bigint, bigint] =
          scale >= 0 ? [digits * 10n ** BigInt(scale), 1n] : [digits, 10n ** BigInt(-scale)];
        const [n, d] = round64(a, b);
        const [p, q] = round64(...printed);
        expect(p * d).toBe(n * q);
        expect((whole + fraction).replace(/^0+|0+$/g, "").length).toBeLessThanOrEqual(21);
      },
    ),
    { numRuns: 1000 },
  );
});

test("numbers beyond any use cost a bounded time", () => {
  const start = Date.now();
  for (const huge of ["1e999999999", "-1e-999999999", "1e99999999999999999999"]) {
    expect(runtime.builtin("plus", huge, "1.5")).toBe("!1 plus: number too big");
    expect(runtime.builtin("gt", huge, "0")).toBe(huge.startsWith("-") ? "false" : "true");
    expect(runtime.builtin("equal", huge, huge)).toBe("true");
  }
  expect(runtime.builtin("bits.lsh", "1", "99999999999999")).toBe("!1 bits.lsh: number too big");
  expect(Date.now() - start).toBeLessThan(2000);
});

test("strings that OPA cannot print as numbers become JSON numbers", () => {
  const cases = { "+5": "5", ".5": "0.5", "5.": "5", "007": "7", "-.5e1": "-0.5e1", "-00": "-0" };
  for (const [text, want] of Object.entries(cases))
    expect(runtime.builtin("to_number", JSON.stringify(text))).toBe(want);
});

test("lower and upper agree with the platform where one code point maps to one", () => {
  const check = (name: string, character: string, want: string): void => {
    // Newer versions of Unicode than Go's pair some letters with U+A7CB and its neighbours.
    if ([...want].length !== 1 || character === "\u0130" || (want >= "\ua7c0" && want < "\ua800")) return;
    expect(runtime.builtin(name, JSON.stringify(character)), character).toBe(JSON.stringify(want));
  };
  for (const [from, to] of [
    [0x41, 0x378],
    [0x388, 0x500],
    [0x1e00, 0x1f15],
    [0x10400, 0x10450],
  ] as const) {
    for (let point = from; point < to; point++) {
      const character = String.fromCodePoint(point);
      if (!/\p{L}/u.test(character)) continue;
      check("lower", character, character.toLowerCase());
      check("upper", character, character.toUpperCase());
    }
  }
});

test("base64 and hex go there and back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
      const value = JSON.stringify(text);
      for (const name of ["base64", "base64url", "hex"]) {
        const there = runtime.builtin(`${name}.encode`, value);
        runtime.reset();
        expect(runtime.dump(runtime.get(`builtin_${name}_decode`)(runtime.value(there)))).toBe(
          runtime.dump(runtime.value(value)),
        );
      }
    }),
  );
});

test("memory: float operations leave only their results", () => {
  runtime.reset();
  const div = runtime.get("builtin_div");
  const [one, three] = [runtime.value("1"), runtime.value("3")];
  const before = runtime.get("opa_heap_ptr_get")();
  for (let i = 0; i < 10_000; i++) div(one, three);
  expect((runtime.get("opa_heap_ptr_get")() - before) / 10_000).toBeLessThan(256);
});
