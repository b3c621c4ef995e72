// JSON in and out of the runtime, against JSON.parse and JSON.stringify.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Runtime } from "./harness.ts";

const runtime = new Runtime();

function parse(text: string | Uint8Array, entry?: string): string | undefined {
  runtime.reset();
  const v = runtime.json(text, entry);
  return v === 0 ? undefined : runtime.dump(v);
}

for (const entry of ["opa_json_parse", "json_parse_in_place"]) {
  test(`${entry} keeps every JSON value`, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(4), (value, indent) => {
        const text = parse(JSON.stringify(value, null, indent), entry);
        expect(JSON.parse(text ?? "")).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 1000 },
    );
  });

  test(`${entry} accepts exactly what JSON.parse accepts`, () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\0123456789.eE+- \n\ttruefalsn/u'.split(""),
      "null",
      "true",
      '"a"',
      "\\u00e9",
      "\\ud83d\\ude00",
      "é",
      "1.5e3",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(parse(text, entry) !== undefined, text).toBe(valid);
      }),
      { numRuns: 5000 },
    );
  });
}

test("objects of any size keep the last of equal keys and print sorted by bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 3 }), fc.nat(9)), { maxLength: 60 }),
      (pairs) => {
        const text = `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
        const want = Object.fromEntries(pairs);
        const got = parse(text) ?? "";
        expect(JSON.parse(got)).toEqual(want);
        const keys = [...got.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map((match) =>
          Buffer.from(JSON.parse(`"${match[1]}"`), "utf8"),
        );
        expect(keys).toEqual([...keys].sort(Buffer.compare));
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ["1.0", "1.0"],
  ["-0", "-0"],
  ["1E+2", "1E+2"],
  ["9223372036854775807", "9223372036854775807"],
  ["9223372036854775808", "9223372036854775808"],
  ["-9223372036854775808", "-9223372036854775808"],
  ["123456789012345678901234567890.10", "123456789012345678901234567890.10"],
  ['"<&>\\u2028\\u0001\\u007f\\/\\n"', '"\\u003c\\u0026\\u003e\\u2028\\u0001\u007f/\\n"'],
  ['"\\ud800x"', '"\ufffdx"'],
  ['"\\ud800\\u0041"', '"\ufffdA"'],
  ["01", undefined],
  ["1.", undefined],
  ["-", undefined],
  ["", undefined],
  ["[1,]", undefined],
  ['{"a":1,}', undefined],
  ['"\u0001"', undefined],
  ["nul", undefined],
  ["fals", undefined],
])("%s is %s", (text, want) => {
  expect(parse(text)).toBe(want);
});

test("invalid UTF-8 becomes U+FFFD byte by byte", () => {
  expect(parse(Uint8Array.of(0x22, 0xff, 0xe2, 0x82, 0x41, 0x22))).toBe('"\ufffd\ufffd\ufffdA"');
});

test("nesting: deep enough for any document, refused beyond the limit instead of a crash", () => {
  const nest = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parse(nest(2500))).toBe(nest(2500));
  expect(parse(nest(2501))).toBeUndefined();
  expect(parse(nest(1_000_000))).toBeUndefined();
});

test("a text at the very end of memory is read to its end and no further", () => {
  const texts = [
    "1",
    "-",
    "false",
    "fals",
    "f",
    "true",
    "nul",
    '"abc"',
    '"abcdefgh"',
    '"abcdefg',
    '"\\u12',
    '"é"',
    '"\u00c3',
    "[1]",
    "[1",
    '{"a":1}',
    '{"a"',
    "set(",
  ];
  for (const text of texts) {
    runtime.reset();
    const bytes = new TextEncoder().encode(text);
    const memory = new Uint8Array(runtime.memory.buffer);
    memory.set(bytes, memory.length - bytes.length);
    for (const entry of ["opa_json_parse", "json_parse_in_place", "opa_value_parse"]) {
      const v = runtime.get(entry)(memory.length - bytes.length, bytes.length);
      expect(v !== 0, `${entry} ${text}`).toBe(parses(text));
    }
  }
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("a document made of colliding keys is refused in bounded time", () => {
  // The hash takes four bytes at a time: for any first word a second word exists that leads to the same state.
  const state = (word: number): number => {
    const mixed = Math.imul(0x9747b28c ^ 8 ^ word, 0x9e3779b1);
    return (mixed << 15) | (mixed >>> 17);
  };
  const keys: string[] = [];
  for (let i = 0; keys.length < 40_000; i++) {
    const first = [0, 7, 14, 21].map((shift) => 0x23 + (((i >>> (shift - (shift >> 3))) & 0x3f) % 0x39));
    const word = first[0]! | (first[1]! << 8) | (first[2]! << 16) | (first[3]! << 24);
    const second = state(word) ^ 0x41424344;
    const bytes = [...first, second & 255, (second >>> 8) & 255, (second >>> 16) & 255, second >>> 24];
    if (bytes.every((byte) => byte >= 0x23 && byte < 0x7f && byte !== 0x5c))
      keys.push(String.fromCharCode(...bytes));
    if (i > 30_000_000) break;
  }
  const distinct = [...new Set(keys)];
  expect(distinct.length).toBeGreaterThan(2000);
  runtime.reset();
  const hashes = new Set(
    distinct.slice(0, 50).map((key) => runtime.get("value_hash")(runtime.value(JSON.stringify(key)))),
  );
  expect(hashes.size).toBe(1);
  const start = Date.now();
  expect(parse(`{${distinct.map((key) => `${JSON.stringify(key)}:0`).join(",")}}`)).toBeUndefined();
  expect(Date.now() - start).toBeLessThan(1000);
});

test("Rego text: sets, any keys, back again", () => {
  runtime.reset();
  const text = '{"a": {1, "x", [2]}, 1: set(), {1}: {}, [1, 2]: null}';
  expect(runtime.rego(runtime.value(text))).toBe('{1: set(), "a": {1, "x", [2]}, [1, 2]: null, {1}: {}}');
  expect(runtime.dump(runtime.value('{"1": 1, 1: 2, {1}: 4, [1, 2.0]: 3, null: 5}'))).toBe(
    '{"1":1,"[1,2.0]":3,"[1]":4,"null":5}',
  );
});

/** A text above the heap, as the engine lays it: the values take its place while it is read. */
function parseMoving(text: string): string | undefined {
  runtime.reset();
  const bytes = new TextEncoder().encode(text);
  const at = (runtime.get("opa_heap_ptr_get")() + 16384) & ~7;
  const missing = at + bytes.length - runtime.memory.buffer.byteLength;
  if (missing > 0) runtime.memory.grow(Math.ceil(missing / 65536));
  new Uint8Array(runtime.memory.buffer).set(bytes, at);
  const v = runtime.get("json_parse_moving")(at, bytes.length);
  return v === 0 ? undefined : runtime.dump(v);
}

test("a text that gives its place to its values is read as one that stays", () => {
  // Lengths around what the reader keeps free, in every kind of part.
  const length = fc.oneof(fc.nat(20), fc.integer({ min: 3000, max: 12_000 }));
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.tuple(fc.constantFrom("a", "é", '"', "\\", "\n", "😀", "\ud800"), length).map(([c, n]) => c.repeat(n)),
  );
  const leaf = fc.oneof(
    text,
    fc.integer(),
    fc.double(),
    fc.bigInt().map(String),
    fc.boolean(),
    fc.constant(null),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 6 }),
      fc.dictionary(text, tie("value"), { maxKeys: 6 }),
      fc.tuple(leaf, length).map(([item, n]) => new Array(Math.min(n, 3000)).fill(item)),
      length.map((n) =>
        Object.fromEntries(Array.from({ length: Math.min(n, 3000) }, (_, at) => [`k${at}`, at])),
      ),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.nat(1), (values, indent) => {
      const document = JSON.stringify(values, null, indent);
      if (document.length > 400_000) return;
      const moved = parseMoving(document);
      expect(moved === parse(document)).toBe(true);
      expect(moved).toBeDefined();
      expect(parseMoving(document.slice(0, -1))).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});
