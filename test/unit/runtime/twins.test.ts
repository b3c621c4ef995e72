// Native bodies against their twins in src/builtins: every recorded answer of `opa eval` that the host bodies are held to, and random
// operands for both. Texts of failures count.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BuiltinContext } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { readRegoText } from "../../../src/engine/rego-text.ts";
import { PolicyError } from "../../../src/error.ts";
import { compare } from "../../../src/value/compare.ts";
import { decode, encode, toJsonValue } from "../../../src/value/json.ts";
import type { Value } from "../../../src/value/value.ts";
import { Runtime } from "./harness.ts";

type Call = readonly [call: string, result: string | null, error: readonly [string, string] | null];

const calls = JSON.parse(
  readFileSync(new URL("../builtins/calls.json", import.meta.url), "utf8"),
) as readonly Call[];
const runtime = new Runtime();
const exportOf = (name: string): string => `builtin_${name.replaceAll(".", "_")}`;
const mixedOf = (name: string): string => `mixed_${name.replaceAll(".", "_")}`;
const isNative = (name: string): boolean =>
  runtime.call[exportOf(name)] !== undefined || runtime.call[mixedOf(name)] !== undefined;
/** What a body answers here that would ask the host. */
const HANDED_ON = ["", "handed on"] as const;
const KINDS = ["", "eval_builtin_error", "eval_type_error", "eval_conflict_error"];

const context: BuiltinContext = {
  nowNs: 0n,
  random: (length) => new Uint8Array(length),
  cache: new Map(),
  runtime: null,
};

type Answer = Value | undefined | readonly [code: string, message: string];

/** Operands as the text of a Rego array. */
function native(name: string, operands: string): Answer {
  runtime.reset();
  const list = runtime.value(operands);
  const args = Array.from({ length: runtime.get("scan_open")(list) }, (_, i) =>
    runtime.get("scan_value")(list, i),
  );
  const v = called(name, args);
  if (v === undefined) return HANDED_ON;
  const kind = runtime.get("failure_pending")();
  if (kind !== 0) return [KINDS[kind] ?? "", runtime.string(runtime.get("failure_message")())];
  return v === 0 ? undefined : decode(runtime.dump(v));
}

function called(name: string, args: readonly number[]): number | undefined {
  const body = runtime.call[exportOf(name)];
  if (body !== undefined) return body(...args);
  try {
    return runtime.get(mixedOf(name))(0, 0, ...args);
  } catch (error) {
    if ((error as Error).message === "no host builtins here") return undefined;
    throw error;
  }
}

function host(name: string, operands: string): Answer {
  try {
    return builtins.get(name)?.host?.(readRegoText(operands) as readonly Value[], context) as Answer;
  } catch (error) {
    if (error instanceof PolicyError) return [error.code, error.message];
    throw error;
  }
}

function shown(answer: Answer): string {
  return answer === undefined ? "undefined" : encode(toJsonValue(answer as Value));
}

const nativeCalls = calls.filter(([call]) => isNative(/^[\w.]+/.exec(call)?.[0] ?? ""));

describe("answers recorded from OPA", () => {
  test.each(nativeCalls)("%s", (call, result, error) => {
    const [, name = "", operands = ""] = /^([\w.]+)\((.*)\)$/s.exec(call) ?? [];
    const got = native(name, `[${operands}]`);
    if (got === HANDED_ON) return expect(operands).toMatch(/"[A-Za-z]+(\/\w+)?"/);
    if (error !== null) expect(got).toEqual(error);
    else if (result === null) expect(got).toBeUndefined();
    else {
      const want = readRegoText(result);
      const plain = toJsonValue(got as Value);
      expect(compare(plain, want) === 0 ? result : encode(plain)).toBe(result);
    }
  });
});

/** Both twins give the same answer to the same operands. */
function agree(name: string, operands: fc.Arbitrary<readonly unknown[]>, numRuns = 500): void {
  test(name, () => {
    fc.assert(
      fc.property(operands, (list) => {
        const text = JSON.stringify(list);
        expect(shown(native(name, text)), `${name}${text}`).toBe(shown(host(name, text)));
      }),
      { numRuns },
    );
  });
}

const anyText = fc.string({ unit: "grapheme", maxLength: 200 });
const pieces = (list: readonly string[], maxLength = 10): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...list), { maxLength }).map((parts) => parts.join(""));

describe("hashes", () => {
  for (const name of ["crypto.md5", "crypto.sha1", "crypto.sha256"]) agree(name, fc.tuple(anyText), 200);
  for (const name of ["md5", "sha1", "sha256", "sha512"])
    agree(`crypto.hmac.${name}`, fc.tuple(anyText, anyText), 200);
});

describe("uuid", () => {
  const digits = fc.string({
    unit: fc.constantFrom(..."0123456789abcdefABCDEF"),
    minLength: 32,
    maxLength: 32,
  });
  const hyphens = (d: string): string =>
    [d.slice(0, 8), d.slice(8, 12), d.slice(12, 16), d.slice(16, 20), d.slice(20)].join("-");
  const shapes = fc.constantFrom<(d: string) => string>(
    (d) => d,
    hyphens,
    (d) => `urn:uuid:${hyphens(d)}`,
    (d) => `URN:uuid:${d}`,
    (d) => `{${hyphens(d)}}`,
    (d) => hyphens(d).replace("-", "x"),
    (d) => `${hyphens(d)}0`,
    (d) => hyphens(`${d.slice(0, 12)}2${d.slice(13)}`),
    (d) => hyphens(`${d.slice(0, 12)}1${d.slice(13)}`),
  );
  agree("uuid.parse", fc.tuple(fc.tuple(digits, shapes).map(([d, shape]) => shape(d))), 1000);
});

const pattern = fc.letrec<{ atom: string; tree: string }>((tie) => ({
  atom: fc.constantFrom(
    ..."abcé日^$.",
    "\\d",
    "\\W",
    "\\b",
    "[a-c]",
    "[^a]",
    "[[:alpha:]]",
    "\\pL",
    "\\P{Greek}",
    "(?i)",
    "(?s)",
    "\\Qa.\\E",
    "\\z",
  ),
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("atom"),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => a + b),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `${a}|${b}`),
    tie("tree").map((a) => `(${a})`),
    tie("tree").map((a) => `(?:${a})`),
    fc
      .tuple(tie("tree"), fc.constantFrom("*", "+", "?", "*?", "{2}", "{0,2}"))
      .map(([a, b]) => `(?:${a})${b}`),
  ),
})).tree;
const subject = pieces(["a", "b", "c", "A", "é", "日", "α", "1", " ", "\n", "_", "."], 8);

describe("regular expressions", () => {
  agree("regex.match", fc.tuple(pattern, subject), 2000);
  agree("regex.find_n", fc.tuple(pattern, subject, fc.integer({ min: -1, max: 3 })), 2000);
  agree("regex.find_all_string_submatch_n", fc.tuple(pattern, subject, fc.constant(-1)), 2000);
  agree("regex.split", fc.tuple(pattern, subject), 1000);
  agree(
    "regex.replace",
    fc.tuple(subject, pattern, pieces(["$1", "$\u007b1}", "$$", "$a", "x", "$", "{"], 4)),
    1000,
  );
  agree(
    "regex.is_valid",
    fc.tuple(pieces(["(", ")", "[", "]", "{2}", "*", "\\", "?", "a", "-", "(?i", "^", "{1001}", ":"], 8)),
    1000,
  );
  const template = pieces(["a", "<", ">", "[ab]+", "b", ".", "<b>"], 6);
  agree("regex.template_match", fc.tuple(template, subject, fc.constant("<"), fc.constant(">")), 1000);
  const glob = pieces(["a", "b", ".", "[a-c]", "*", "+", "\\", "é", "[", "]", "-", "[bc]"], 7);
  agree("regex.globs_match", fc.tuple(glob, glob), 3000);
});

describe("globs", () => {
  const glob = pieces(
    ["a", "b", "*", "**", "?", ".", "/", "[a-c]", "[!a]", "{a,b*}", "{", "}", ",", "\\", "é", "[", "]"],
    7,
  );
  const delimiters = fc.constantFrom<unknown>(null, [], ["."], ["/", "."], ["é"], ["ab"], [1], "x");
  const text = pieces(["a", "b", "c", ".", "/", "é", "\n", "x", "{", ","], 7);
  agree("glob.match", fc.tuple(glob, delimiters, text), 3000);
  agree("glob.quote_meta", fc.tuple(glob));
});

describe("times", () => {
  const ns = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(Number);
  const recent = fc.integer({ min: -4e9, max: 8e9 }).map((s) => s * 1_000_000_000 + 123_000_000);
  const instant = fc.oneof(ns.filter(Number.isSafeInteger), recent, fc.constantFrom(0, 1e3, 1.5, 1e30, "x"));
  const zone = fc.constantFrom("", "UTC", "GMT", "Etc/UTC", "Etc/GMT+5", "Etc/GMT-14", "Etc/GMT");
  const x = fc.oneof(instant, fc.tuple(instant, zone), fc.constantFrom([], {}, [1, 2], ["a"]));
  for (const name of ["time.date", "time.clock", "time.weekday"]) agree(name, fc.tuple(x));
  const elements =
    "2006 06 Jan January 01 1 Mon Monday 2 _2 02 002 __2 15 3 03 4 04 5 05 PM pm MST -07 -0700 -07:00 Z0700 Z07:00 -07:00:00 Z070000 .000 ,000000000 .999 .999999999999 .0000000000000";
  const layout = pieces([...elements.split(" "), "-", " ", "  ", ":", "T", "_2006", "x", "é"], 8);
  const named = fc.constantFrom(
    "ANSIC",
    "UnixDate",
    "RubyDate",
    "RFC822",
    "RFC822Z",
    "RFC850",
    "RFC1123",
    "RFC1123Z",
    "RFC3339",
    "RFC3339Nano",
  );
  agree("time.format", fc.tuple(fc.tuple(instant, zone, fc.oneof(layout, named))), 2000);
  agree("time.format", fc.tuple(x));
  const number = fc.oneof(fc.integer({ min: -500, max: 500 }), fc.constantFrom(1e15, 1.5, -1e9));
  agree("time.add_date", fc.tuple(x, number, number, number), 2000);
  agree("time.diff", fc.tuple(x, x), 2000);

  test("what is written by a layout is read by it as by the host's twin", () => {
    const change = fc.tuple(
      fc.nat(30),
      fc.constantFrom("", "0", "9", "-", " ", "Z", "x", "+03", ".5", "PM"),
      fc.nat(2),
    );
    fc.assert(
      fc.property(recent, zone, fc.oneof(layout, named), fc.option(change), (at, where, form, edit) => {
        const text = host("time.format", JSON.stringify([[at, where, form]]));
        if (typeof text !== "string") return;
        const [from, piece, gone] = edit ?? [0, "", 0];
        const edited = text.slice(0, from) + piece + text.slice(from + gone);
        for (const given of [
          ["time.parse_ns", [form, edited]],
          ["time.parse_rfc3339_ns", [edited]],
        ] as const) {
          const operands = JSON.stringify(given[1]);
          expect(shown(native(given[0], operands)), operands).toBe(shown(host(given[0], operands)));
        }
      }),
      { numRuns: 4000 },
    );
  });

  const units = ["ns", "us", "ms", "s", "m", "h", "d", "w", "y", "x"];
  const amounts = [
    "1",
    "0",
    "1.5",
    ".25",
    "3.",
    ".",
    "-",
    "+",
    "9223372036854775807",
    "0.000000001",
    "1000000000000",
  ];
  agree("time.parse_duration_ns", fc.tuple(pieces([...units, ...amounts], 6)), 4000);
  agree(
    "time.parse_duration_ns",
    fc.tuple(
      fc
        .array(fc.tuple(fc.constantFrom(...amounts), fc.constantFrom(...units)), { maxLength: 3 })
        .map((l) => l.flat().join("")),
    ),
    4000,
  );

  test("zones with a history are the host's", () => {
    expect(native("time.date", '[[0, "Europe/Berlin"]]')).toBe(HANDED_ON);
    expect(native("time.diff", '[0, [0, "Local"]]')).toBe(HANDED_ON);
  });
});

describe("uri", () => {
  const list =
    'http https: // / : ? # @ user pass host example.com [::1] [fe80::1%25en0] [ ] 10 :80 %20 %2F %zz % %41 a=b & . ~ ! * ; , + [1.2.3.4] %25 HTTP: foo: \u0001 < > " mailto:a@b ///'.split(
      " ",
    );
  const uri = pieces(list, 7);
  const shaped = fc
    .tuple(fc.constantFrom("http://", "foo://", "//", "https://u:p@"), pieces(list, 3), pieces(list, 4))
    .map((parts) => parts.join(""));
  agree("uri.parse", fc.tuple(fc.oneof(uri, shaped)), 6000);
  agree("uri.is_valid", fc.tuple(fc.oneof(uri, shaped, fc.constantFrom(1, null, ""))), 1000);
});

describe("tokens", () => {
  const encoded = (text: string): string => Buffer.from(text).toString("base64url");
  const header = fc.constantFrom(
    '{"alg":"HS256","typ":"JWT"}',
    '{"cty":"JWT"}',
    '{"enc":"A128GCM"}',
    "{}",
    "[]",
    "{",
    "null",
    "",
  );
  const claims = fc.constantFrom(
    '{"sub":"é","n":1.50}',
    "{}",
    "1",
    '{"a":',
    "{} x",
    '"e30.e30."',
    "'e30.e30.YQ'",
    "a.b",
  );
  const token = fc
    .tuple(header, claims, fc.constantFrom("", "YQ", "YQ==", "Y", "!!", "\u00e9"))
    .map(([a, b, c]) => `${encoded(a)}.${encoded(b)}.${c}`);
  agree("io.jwt.decode", fc.tuple(fc.oneof(token, pieces(["e30", ".", "=", " "], 6), fc.constant(1))), 2000);
  for (const bits of [256, 384, 512]) {
    const name = `io.jwt.verify_hs${bits}`;
    agree(name, fc.tuple(token, anyText));
    test(`${name} accepts what was signed`, () => {
      fc.assert(
        fc.property(claims, anyText, (body, secret) => {
          const signed = `${encoded('{"alg":"HS"}')}.${encoded(body)}`;
          const code = host(`crypto.hmac.sha${bits}`, JSON.stringify([signed, secret]));
          // There is no crypto.hmac.sha384 to make one with.
          if (typeof code !== "string") return;
          const whole = `${signed}.${Buffer.from(code, "hex").toString("base64url")}`;
          expect(native(name, JSON.stringify([whole, secret]))).toBe(true);
          expect(native(name, JSON.stringify([whole, `${secret}x`]))).toBe(false);
        }),
      );
    });
  }
});

describe("hostile patterns end, and soon", () => {
  const long = "a".repeat(20000);
  test.each([
    ["(a+)+$", `${long}b`],
    ["(a*)*b", long],
    ["(a|aa)+$", `${long}b`],
    ["(x+x+)+y", "x".repeat(20000)],
    [`${"a?".repeat(100)}${"a{100}"}`, "a".repeat(100)],
  ])("%s", (source, text) => {
    const start = Date.now();
    expect(native("regex.match", JSON.stringify([source, text]))).toBeTypeOf("boolean");
    expect(Date.now() - start).toBeLessThan(2000);
  });

  test("programs and nesting have bounds", () => {
    const is = (source: string): Answer => native("regex.match", JSON.stringify([source, "a"]));
    expect(is("(?:[a-z]{1000}){2}")).toEqual([
      "eval_builtin_error",
      "regex.match: error parsing regexp: invalid repeat count: `{2}`",
    ]);
    const large = "[a-z]{1000}".repeat(200);
    expect(is(large)).toEqual([
      "eval_builtin_error",
      `regex.match: error parsing regexp: expression too large: \`${large}\``,
    ]);
    const deep = `${"(".repeat(5000)}a${")".repeat(5000)}`;
    expect(is(deep)).toEqual([
      "eval_builtin_error",
      `regex.match: error parsing regexp: expression nests too deeply: \`${deep}\``,
    ]);
  });
});
