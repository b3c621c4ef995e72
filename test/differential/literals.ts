// Constants and documents: numbers of every size, texts beyond ASCII, and the fixed shape of `input` and `data.base` that drawn modules
// read. Documents are JSON text, so that numbers keep their digits.

import type { Draw, Kind } from "./draw.ts";
import type { Random } from "./random.ts";

const SMALL = ["0", "1", "2", "3", "4", "5", "7", "10", "-1", "-2", "-3", "100"];
const FRACTIONS = [
  "0.5",
  "1.5",
  "2.50",
  "0.1",
  "0.2",
  "0.3",
  "-0.5",
  "3.14159",
  "1.0",
  "2.0",
  "1e3",
  "1E2",
  "1.5e-3",
  "-2.5e10",
  "0.0",
];
const LARGE = [
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "-9223372036854775809",
  "18446744073709551616",
  "123456789012345678901234567890",
  "-123456789012345678901234567890",
  "4294967296",
  "2147483648",
  "1e19",
  "1e21",
  "1e100",
  "123456789.123456789123456789",
  "0.000001",
  "0.0000001",
  "1e-10",
  "0.30000000000000004",
  "100000000000000000000",
  "99999999999999999999.5",
];
const WORDS = ["a", "b", "c", "foo", "bar", "a/b", "x.y", "", "admin", "read"];
const TEXTS = [
  "A",
  "Foo Bar",
  " pad ",
  "1",
  "-12",
  "1.5",
  "0x1f",
  "true",
  "null",
  "日本語",
  "é",
  "e\u0301",
  "ß",
  "İ",
  "ﬁ",
  "😀x",
  "\u{10ffff}",
  "a\nb\tc",
  'q"q',
  "back\\slash",
  "<&>",
  "\u2028",
  "\u0000",
  "%d",
  "{x}",
  "a,b,,c",
  "ABC",
  "aXbXc",
  "10.0.0.1",
  "1.2.3",
];

export function numberText(random: Random): string {
  return random.weighted<() => string>([
    [14, () => random.pick(SMALL)],
    [4, () => random.pick(FRACTIONS)],
    [2, () => random.pick(LARGE)],
    [1, () => String(random.int(-1000, 100_000))],
    [0.5, () => `${random.int(-999, 999)}.${random.int(0, 9999)}`],
    [0.3, () => `${random.int(1, 99)}e${random.int(-25, 25)}`],
  ])();
}

export function text(random: Random): string {
  return random.weighted<() => string>([
    [8, () => random.pick(WORDS)],
    [3, () => random.pick(TEXTS)],
    [0.5, () => random.pick(TEXTS) + random.pick(WORDS) + random.pick(TEXTS)],
  ])();
}

/** A string as Rego spells it, in one of its forms. */
export function stringLiteral(draw: Draw, value = text(draw.random)): string {
  draw.constants.push(JSON.stringify(value));
  if (draw.random.chance(0.08) && !/[`\r\0]/.test(value)) return `\`${value}\``;
  return JSON.stringify(value);
}

export function literal(draw: Draw, kind: Kind, depth = 2): string {
  const { random } = draw;
  if (typeof kind === "object") {
    const length = random.weighted([
      [1, 0],
      [3, 1],
      [4, 2],
      [2, 3],
      [0.5, 6],
    ]);
    if ("array" in kind)
      return `[${Array.from({ length }, () => literal(draw, kind.array, depth - 1)).join(", ")}]`;
    if ("set" in kind) {
      if (length === 0) return "set()";
      return `{${Array.from({ length }, () => literal(draw, kind.set, depth - 1)).join(", ")}}`;
    }
    const [key, value] = kind.object;
    const entries = new Map<string, string>();
    for (let i = 0; i < length; i++) {
      const name = key === "number" ? String(random.int(-3, 12)) : literal(draw, key, depth - 1);
      entries.set(name, literal(draw, value, depth - 1));
    }
    return `{${[...entries].map(([k, v]) => `${k}: ${v}`).join(", ")}}`;
  }
  switch (kind) {
    case "number": {
      const value = numberText(random);
      draw.constants.push(value);
      return value;
    }
    case "string":
      return stringLiteral(draw);
    case "boolean":
      return random.chance(0.6) ? "true" : "false";
    case "null":
      return "null";
    case "any":
      return literal(
        draw,
        random.weighted<Kind>([
          [3, "number"],
          [3, "string"],
          [1, "boolean"],
          [1, "null"],
          [depth > 0 ? 1 : 0, { array: "any" }],
          [depth > 0 ? 0.7 : 0, { set: "number" }],
          [depth > 0 ? 1 : 0, { object: ["string", "any"] }],
        ]),
        depth - 1,
      );
  }
}

/** What stands where in `input` and in `data.base`. */
export const PATHS: readonly (readonly [string, Kind])[] = [
  ["n", "number"],
  ["m", "number"],
  ["s", "string"],
  ["t", "string"],
  ["b", "boolean"],
  ["z", "null"],
  ["x", "any"],
  ["l", { array: "number" }],
  ["ls", { array: "string" }],
  ["lx", { array: "any" }],
  ["ll", { array: { array: "number" } }],
  ["o", { object: ["string", "number"] }],
  ["os", { object: ["string", "string"] }],
  ["ol", { object: ["string", { array: "string" }] }],
  ["user.name", "string"],
  ["user.age", "number"],
  ["user.roles", { array: "string" }],
  ["user.tags", { object: ["string", "string"] }],
  ["else", "number"],
  ["in", { array: "string" }],
  ["items", { array: { object: ["string", "any"] } }],
  ["items[0].id", "number"],
  ["items[1].kind", "string"],
  ["l[0]", "number"],
  ["ls[1]", "string"],
  ["o.a", "number"],
  ["os.b", "string"],
];

type Tree = { [name: string]: string | Tree };

function jsonOf(draw: Draw, kind: Kind, depth = 2): string {
  const { random } = draw;
  if (typeof kind === "object") {
    if ("array" in kind)
      return `[${random.times(0, 3, () => jsonOf(draw, kind.array, depth - 1)).join(",")}]`;
    if ("set" in kind) return "[]";
    const names = random
      .shuffle(["a", "b", "c", "foo", "é", "1", "x.y", "id", "kind"])
      .slice(0, random.int(0, 4));
    return `{${names.map((name) => `${JSON.stringify(name)}:${jsonOf(draw, kind.object[1], depth - 1)}`).join(",")}}`;
  }
  switch (kind) {
    case "number":
    case "string": {
      const fitting = draw.constants.filter((constant) => constant.startsWith('"') === (kind === "string"));
      if (fitting.length > 0 && random.chance(0.5)) return random.pick(fitting);
      return kind === "number" ? numberText(random) : JSON.stringify(text(random));
    }
    case "boolean":
      return random.chance(0.6) ? "true" : "false";
    case "null":
      return "null";
    case "any": {
      const inner = random.weighted<Kind>([
        [3, "number"],
        [3, "string"],
        [1, "boolean"],
        [1, "null"],
        [depth > 0 ? 1 : 0, { array: "any" }],
        [depth > 0 ? 1 : 0, { object: ["string", "any"] }],
      ]);
      return jsonOf(draw, inner, depth - 1);
    }
  }
}

/** A document of the shape, with near misses: parts left out, or of another type. */
export function document(draw: Draw): string {
  const { random } = draw;
  const missing = random.weighted([
    [3, 0],
    [2, 0.1],
    [1, 0.4],
  ]);
  const wrong = random.weighted([
    [4, 0],
    [2, 0.08],
    [1, 0.3],
  ]);
  const tree: Tree = {};
  for (const [path, kind] of PATHS) {
    const steps = path.split(".");
    if (path.includes("[") || (steps.length > 1 && steps[0] !== "user")) continue;
    if (random.chance(missing)) continue;
    const value = jsonOf(draw, random.chance(wrong) ? "any" : kind);
    if (steps.length === 1) tree[path] = value;
    else {
      const user = (tree.user ??= {}) as Tree;
      user[steps[1]!] = value;
    }
  }
  tree.items = `[${random
    .times(0, 3, () => {
      const fields = [
        `"id":${jsonOf(draw, "number")}`,
        `"kind":${jsonOf(draw, "string")}`,
        `"on":${jsonOf(draw, "boolean")}`,
      ];
      return `{${fields.filter(() => !random.chance(missing / 2)).join(",")}}`;
    })
    .join(",")}]`;
  return writeTree(tree);
}

function writeTree(tree: Tree | string): string {
  if (typeof tree === "string") return tree;
  return `{${Object.entries(tree)
    .map(([name, value]) => `${JSON.stringify(name)}:${writeTree(value)}`)
    .join(",")}}`;
}

/** Inputs for one module: documents, and now and then something that is none; not null, which the server takes for no input. */
export function inputs(draw: Draw, count: number): (string | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    if (index === count - 1 && draw.random.chance(0.3)) return undefined;
    if (draw.random.chance(0.04)) return draw.random.pick(["[]", "{}", '"a"', "5", "false"]);
    return document(draw);
  });
}
