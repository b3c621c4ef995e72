// Draws calls of builtins from their own declarations: arguments by static type, from pools of texts that such builtins read, or from
// their examples with one argument exchanged. Leaves out what no two runs agree on (clock, randomness, network, environment).

import type { Builtin } from "../../src/builtins/builtin.ts";
import { builtins } from "../../src/builtins/registry.ts";
import { parseTerm } from "../../src/syntax/parser.ts";
import { printTerm } from "../../src/syntax/print.ts";
import type { Type } from "../../src/value/type.ts";
import type { Draw, Kind } from "./draw.ts";
import { stringLiteral } from "./literals.ts";

/** Arguments decide how much is built: only small constants. */
const SMALL_ONLY = new Set([
  "numbers.range",
  "numbers.range_step",
  "bits.lsh",
  "bits.rsh",
  "net.cidr_expand",
]);
/** Output depends on the Go runtime, or on things that are no part of the language. */
const LEFT_OUT =
  /^(opa\.|http\.|io\.jwt\.(encode|decode_verify)|rego\.|internal\.|print$|trace$|strings\.render_template|time\.now|rand\.|uuid\.rfc|net\.lookup|providers\.|crypto\.(x509|parse)|walk$)/;

const POOLS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^regex\.|^re_match/,
    [
      "a+",
      "[a-z]+",
      "(a)(b)?",
      "^foo$",
      "\\d+",
      "(?i)FOO",
      "[",
      ".",
      "",
      "(?P<n>a)|b",
      "a|b",
      "\\p{L}+",
      "x*",
      "(",
      "$1",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the templates of Go's regexp are written so.
      "${n}",
      "foo.*bar",
      "\\bfoo\\b",
      "{}",
      "urn:{a.*}",
    ],
  ],
  [/^glob\./, ["*", "**", "a/*", "*.y", "{a,b}", "[a-c]", "?", "a**b", "", "{a", "\\*"]],
  [
    /^time\./,
    [
      "2006-01-02T15:04:05Z",
      "2024-02-29T12:30:45.123456789Z",
      "2021-03-04T05:06:07+02:00",
      "1h30m",
      "-5s",
      "1.5h",
      "2006-01-02",
      "Jan 2 2006",
      "UTC",
      "3ns",
      "1d",
      "12:00",
      "RFC1123",
      "2006-01-02T15:04:05Z07:00",
    ],
  ],
  [
    /^semver\./,
    ["1.2.3", "1.0.0-alpha.1", "2.0.0+build", "1.2", "v1.2.3", "1.0.0-beta", "01.2.3", "10.20.30"],
  ],
  [/^units\./, ["10K", "1.5Gi", "100m", "5", "1e3Ki", "10KB", "2 M", "-3k", "0x10", "1.23E", "mi", "100MiB"]],
  [
    /^net\./,
    [
      "10.0.0.0/8",
      "10.1.2.3",
      "192.168.1.0/24",
      "::1/128",
      "2001:db8::/32",
      "10.0.0.0/33",
      "256.1.1.1",
      "10.1.2.3/16",
      "::ffff:10.0.0.1",
    ],
  ],
  [
    /^base64|^hex|^urlquery|^uri/,
    [
      "aGVsbG8=",
      "aGVsbG8",
      "_-8",
      "68656c6c6f",
      "6",
      "zz",
      "a=b&c=%20d",
      "%zz",
      "a+b c",
      "http://u@h:80/p?q=1#f",
      "a b/é",
      "YQ==\n",
    ],
  ],
  [
    /^json\.|^yaml\./,
    [
      '{"a": [1, 2.50, null]}',
      "[1",
      "1e400",
      '"\\u00e9"',
      "a: 1\nb: [x, y]",
      "- 1\n- a: b",
      "{}",
      "/a/b",
      "a",
      "a/0",
      "/l/0",
      "nul",
      "1.0",
      '{"a":1,"a":2}',
    ],
  ],
  [
    /^uuid\.parse/,
    ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479", "x"],
  ],
  [
    /^(to_number|format_int|strings\.|split|trim|replace|substring|index|concat|cast|sprintf|contains|lower|upper)/,
    [
      "a",
      "ab",
      "foo bar",
      "  x ",
      "日本",
      "1e5",
      "-0",
      "0x10",
      "1_000",
      "+1",
      ".5",
      "1.",
      "Infinity",
      "ǅ",
      "ß",
    ],
  ],
];

const GRAPHQL: readonly string[] = [
  "{ a }",
  "query { b(x: 1) { c } }",
  "type Query { a: Int b(x: Int): B } type B { c: String! }",
  "type Query { a: [Int!] }",
  "{",
  "",
  "{ nope }",
  "mutation { a }",
];

const usable: readonly Builtin[] = [...builtins.values()].filter(
  (builtin) =>
    builtin.result !== undefined &&
    builtin.nondeterministic !== true &&
    builtin.compiled !== true &&
    builtin.deprecated !== true &&
    builtin.relation !== true &&
    builtin.name !== "eq" &&
    !LEFT_OUT.test(builtin.name),
);

/** Which of our kinds a builtin's result is drawn for. */
function answers(type: Type, kind: Kind): boolean {
  if (kind === "any") return true;
  if (typeof kind === "string") return type.kind === kind;
  if ("array" in kind)
    return type.kind === "array" && elementFits(type.dynamic ?? type.static[0], kind.array);
  if ("set" in kind) return type.kind === "set" && elementFits(type.of, kind.set);
  return type.kind === "object" && elementFits(type.dynamic?.value, kind.object[1]);
}

function elementFits(type: Type | undefined, kind: Kind): boolean {
  return (
    kind === "any" ||
    type === undefined ||
    (type.kind === "any" && type.of.length === 0) ||
    type.kind === kind
  );
}

const byKind = new Map<string, readonly Builtin[]>();

function candidates(kind: Kind): readonly Builtin[] {
  const key = JSON.stringify(kind);
  let found = byKind.get(key);
  if (found === undefined) {
    found = usable.filter((builtin) => answers(builtin.result!.type, kind));
    byKind.set(key, found);
  }
  return found;
}

const exampleArgs = new Map<string, readonly (readonly string[])[]>();

function examplesOf(builtin: Builtin): readonly (readonly string[])[] {
  let found = exampleArgs.get(builtin.name);
  if (found === undefined) {
    found = builtin.examples.flatMap(([expression]) => {
      const { term } = parseTerm(expression);
      return term?.kind === "call" && term.args.length === builtin.args.length
        ? [term.args.map(printTerm)]
        : [];
    });
    exampleArgs.set(builtin.name, found);
  }
  return found;
}

export function drawCall(draw: Draw, kind: Kind, depth: number): string {
  const { random } = draw;
  const choice = candidates(kind);
  if (choice.length === 0) return draw.term(kind, 0);
  return callOf(draw, random.pick(choice), depth);
}

export function callOf(draw: Draw, builtin: Builtin, depth: number): string {
  const { random } = draw;
  const examples = examplesOf(builtin);
  let args: string[];
  if (SMALL_ONLY.has(builtin.name)) {
    args = builtin.args.map(({ type }) =>
      type.kind === "number"
        ? String(random.int(-3, 12))
        : examples.length > 0
          ? random.pick(examples)[0]!
          : `"10.0.0.0/30"`,
    );
  } else if (examples.length > 0 && random.chance(0.35)) {
    args = [...random.pick(examples)];
    if (random.chance(0.6) && args.length > 0) {
      const at = random.int(0, args.length - 1);
      args[at] = argument(draw, builtin, builtin.args[at]!.type, depth);
    }
  } else {
    args = builtin.args.map(({ type }) => argument(draw, builtin, type, depth));
  }
  return `${builtin.name}(${args.join(", ")})`;
}

function argument(draw: Draw, builtin: Builtin, type: Type, depth: number): string {
  const { random } = draw;
  // Objects that are no syntax trees: OPA reads them into its own structures and drops what does not fit.
  if (builtin.name.startsWith("graphql.") && type.kind === "any")
    return stringLiteral(draw, random.pick(GRAPHQL));
  if (type.kind === "string" && random.chance(0.5)) {
    const pool = POOLS.find(([name]) => name.test(builtin.name))?.[1];
    if (pool !== undefined) return stringLiteral(draw, random.pick(pool));
  }
  return byType(draw, type, depth);
}

function byType(draw: Draw, type: Type, depth: number): string {
  const { random } = draw;
  switch (type.kind) {
    case "number":
    case "string":
    case "boolean":
    case "null":
      return draw.term(type.kind, depth);
    case "array":
      if (type.static.length > 0)
        return `[${type.static.map((item) => byType(draw, item, depth - 1)).join(", ")}]`;
      return draw.term({ array: kindFor(draw, type.dynamic) }, depth);
    case "set":
      return draw.term({ set: kindFor(draw, type.of) }, depth);
    case "object":
      if (type.static.length > 0) {
        return `{${type.static.map(({ key, value }) => `${JSON.stringify(key)}: ${byType(draw, value, depth - 1)}`).join(", ")}}`;
      }
      return draw.term(
        { object: [keyFor(draw, type.dynamic?.key), kindFor(draw, type.dynamic?.value)] },
        depth,
      );
    case "any":
      return type.of.length > 0 ? byType(draw, random.pick(type.of), depth) : draw.term("any", depth);
    default:
      return draw.term("any", depth);
  }
}

function kindFor(draw: Draw, type: Type | undefined): Kind {
  switch (type?.kind) {
    case "number":
    case "string":
    case "boolean":
    case "null":
      return type.kind;
    case "array":
      return { array: kindFor(draw, type.dynamic) };
    case "set":
      return { set: kindFor(draw, type.of) };
    case "object":
      return { object: [keyFor(draw, type.dynamic?.key), kindFor(draw, type.dynamic?.value)] };
    case "any":
      if (type.of.length > 0) return kindFor(draw, draw.random.pick(type.of));
      return draw.random.pick<Kind>(["any", "number", "string"]);
    default:
      return draw.random.pick<Kind>(["any", "number", "string"]);
  }
}

function keyFor(draw: Draw, type: Type | undefined): Kind {
  return type?.kind === "string" ? "string" : draw.random.pick<Kind>(["string", "string", "number", "any"]);
}
