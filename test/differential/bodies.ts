// Draws bodies: one line per expression, variables bound before they are used (the caller may shuffle the lines afterwards).

import { BASIC, bind, type Draw, inScope, type Kind, keyKind, kindOf, nameOf } from "./draw.ts";
import { literal, PATHS } from "./literals.ts";
import { documentRef, dynamicData, member } from "./terms.ts";

export function drawBody(draw: Draw, depth: number, low = 1, high = 3): string[] {
  const lines = draw.random.times(low, high, () => drawLine(draw, depth)).flat();
  return draw.random.chance(0.04) ? draw.random.shuffle(lines) : lines;
}

function drawLine(draw: Draw, depth: number): string[] {
  const { random } = draw;
  const deep = depth > 0 && draw.budget > 0;
  return random.weighted<() => string[]>([
    [4, () => [assign(draw, depth)]],
    [3, () => [comparison(draw, depth)]],
    [3, () => [someIn(draw, depth)]],
    [2, () => [iterate(draw)]],
    [1.2, () => [destructure(draw, depth)]],
    [1, () => [unify(draw, depth)]],
    [1.5, () => [`${draw.term("boolean", depth)}`]],
    [1.2, () => [member(draw, depth).slice(1, -1)]],
    [deep ? 1.5 : 0, () => [negation(draw, depth)]],
    [deep ? 1 : 0, () => [every(draw, depth)]],
    [deep ? 1.2 : 0, () => [modified(draw, depth)]],
    [1.5, () => [indexed(draw)]],
    [deep && draw.logical ? 1.5 : 0, () => [logical(draw, depth)]],
    [0.4, () => someDeclaration(draw)],
    [0.3, () => [walk(draw)]],
    [0.3, () => [draw.term("any", depth)]],
  ])();
}

function assign(draw: Draw, depth: number): string {
  const kind = kindOf(draw.random);
  const term = draw.term(kind, depth);
  return `${bind(draw, kind)} := ${term}`;
}

function comparison(draw: Draw, depth: number): string {
  const { random } = draw;
  const kind = random.weighted<() => Kind>([
    [3, () => "number"],
    [3, () => "string"],
    [2, () => kindOf(random, 1)],
  ])();
  const operator = random.pick(["==", "==", "!=", "<", "<=", ">", ">=", "="]);
  return `${draw.term(kind, depth)} ${operator} ${draw.term(random.chance(0.05) ? "any" : kind, depth)}`;
}

function collection(draw: Draw, key: Kind, value: Kind): Kind {
  return draw.random.weighted<Kind>([
    [3, { array: value }],
    [2, { set: value }],
    [2, { object: [key, value] }],
  ]);
}

function someIn(draw: Draw, depth: number): string {
  const { random } = draw;
  const value = kindOf(random, 1);
  const key = keyKind(random);
  const over = collection(draw, key, value);
  const term = draw.term(over, depth);
  if (random.chance(0.25) && typeof value === "object" && "array" in value) {
    return `some [${bind(draw, value.array)}, ${random.chance(0.3) ? "_" : bind(draw, value.array)}] in ${term}`;
  }
  if (random.chance(0.6)) return `some ${bind(draw, value)} in ${term}`;
  const keyName = random.chance(0.2) ? "_" : bind(draw, "any", "k");
  const valueName = random.chance(0.15) ? draw.term(value, 0) : bind(draw, value);
  return `some ${keyName}, ${valueName} in ${term}`;
}

/** `ref[i] == x`, `x := ref[_]`, over documents, rules and packages. */
function iterate(draw: Draw): string {
  const { random } = draw;
  const over = random.weighted<() => readonly [string, Kind]>([
    [3, () => [documentRef(draw, { array: "number" }), "number"]],
    [2, () => [documentRef(draw, { object: ["string", "string"] }), "string"]],
    [1, () => [documentRef(draw, { object: ["string", { array: "string" }] }), { array: "string" }]],
    [1, () => [`${random.pick(["input", "data.base"])}.${random.pick(PATHS)[0]}`, "any"]],
    [2, () => ruleCollection(draw) ?? [documentRef(draw, { array: "string" }), "string"]],
    [draw.finished.length > 0 ? 1 : 0, () => [`data.${random.pick(draw.finished)}`, "any"]],
  ]);
  const [ref, kind] = over();
  if (random.chance(0.25)) return `${bind(draw, kind)} := ${ref}[_]`;
  if (random.chance(0.2)) return `${ref}[_] == ${draw.term(kind, 0)}`;
  if (random.chance(0.2)) return `${bind(draw, kind)} = ${ref}[${bind(draw, "any", "i")}]`;
  if (random.chance(0.2)) return `${ref}[${bind(draw, "any", "i")}][${bind(draw, "any", "i")}]`;
  if (draw.finished.length > 0 && random.chance(0.3)) {
    return `${bind(draw, "any")} = ${dynamicData(draw, bind(draw, "string", "i"))}`;
  }
  return `${ref}[${bind(draw, "any", "i")}]`;
}

function ruleCollection(draw: Draw): readonly [string, Kind] | undefined {
  const rules = draw.rules.filter(
    ({ form, kind }) =>
      form === "set" ||
      form === "object" ||
      (form === "value" && typeof kind === "object" && "array" in kind),
  );
  if (rules.length === 0) return undefined;
  const rule = draw.random.pick(rules);
  const kind = rule.form === "value" ? (rule.kind as { array: Kind }).array : rule.kind;
  return [nameOf(draw, rule), kind];
}

function destructure(draw: Draw, depth: number): string {
  const { random } = draw;
  const kinds = random.times(1, 3, () => kindOf(random, 1));
  const values = kinds.map((kind) => draw.term(kind, depth));
  const sources = random.chance(0.3) ? documentRef(draw, { array: "any" }) : `[${values.join(", ")}]`;
  const patterns = kinds.map((kind) =>
    random.chance(0.15) ? "_" : bind(draw, sources.startsWith("[") ? kind : "any"),
  );
  return `[${patterns.join(", ")}] := ${sources}`;
}

/** Unification with variables, constants and nested patterns on both sides. */
function unify(draw: Draw, depth: number): string {
  const { random } = draw;
  return random.weighted<() => string>([
    [
      2,
      () => {
        const kind = random.pick(BASIC);
        const right = random.chance(0.5)
          ? documentRef(draw, { array: kind })
          : `[${draw.term(kind, depth)}, ${draw.term(kind, depth)}]`;
        return `[${bind(draw, kind)}, ${random.chance(0.5) ? bind(draw, kind) : draw.term(kind, 0)}] = ${right}`;
      },
    ],
    [
      2,
      () => {
        const right = documentRef(draw, { object: ["string", "number"] });
        const value = random.chance(0.6) ? bind(draw, "any") : draw.term("number", 0);
        return `{${JSON.stringify(random.pick(["a", "b"]))}: ${value}} = ${right}`;
      },
    ],
    [
      1.5,
      () => {
        const kind = kindOf(random, 1);
        const [left, right] = [draw.term(kind, depth), draw.term("any", 0)];
        const [first, second] = [bind(draw, "any"), bind(draw, kind)];
        return `[${first}, ${left}, {"k": ${second}}] = [${right}, ${second}, {"k": ${draw.term(kind, 0).replaceAll(first, "1")}}]`;
      },
    ],
    [
      1,
      () => {
        const right = draw.term(kindOf(random, 1), depth);
        return `${right} = ${bind(draw, "any")}`;
      },
    ],
    [
      1,
      () => {
        const name = bind(draw, "any");
        return `input.items[${bind(draw, "any", "i")}] = {"id": ${name}, "kind": ${bind(draw, "any")}, "on": ${random.pick(["_", "true"])}}`;
      },
    ],
  ])();
}

function negation(draw: Draw, depth: number): string {
  const { random } = draw;
  return inScope(draw, () => {
    if (random.chance(0.35)) return `not {\n${indent(draw.body(depth - 1, 1, 2))}\n}`;
    const line = random.weighted<() => string>([
      [2, () => draw.term("boolean", depth - 1)],
      [1, () => comparison(draw, depth - 1)],
      [1, () => documentRef(draw, "any")],
      [1, () => member(draw, depth - 1).slice(1, -1)],
      [0.05, () => `${documentRef(draw, { array: "number" })}[_] == ${draw.term("number", 0)}`],
    ])();
    return line.startsWith("{") ? `not (${line})` : `not ${line}`;
  });
}

function every(draw: Draw, depth: number): string {
  const { random } = draw;
  const kind = kindOf(random, 1);
  const over = draw.term(collection(draw, "string", kind), depth - 1);
  return inScope(draw, () => {
    const names = random.chance(0.3) ? `${bind(draw, "any", "k")}, ${bind(draw, kind)}` : bind(draw, kind);
    return `every ${names} in ${over} {\n${indent(draw.body(depth - 1, 1, 2))}\n}`;
  });
}

/** An expression under `with`: input, data, rules, functions and builtins replaced. */
function modified(draw: Draw, depth: number): string {
  const { random } = draw;
  const modifiers = random.times(1, 2, () => modifier(draw, depth - 1));
  const rule = draw.rules.filter(({ form }) => form !== "function");
  const kind = kindOf(random, 1);
  const value =
    rule.length > 0 && random.chance(0.7) ? nameOf(draw, random.pick(rule)) : draw.term(kind, depth - 1);
  const negated = random.chance(0.2);
  const left = negated
    ? `not ${value.startsWith("{") ? `(${value})` : value}`
    : random.chance(0.3)
      ? value
      : `${bind(draw, "any")} := ${value}`;
  return `${left} ${modifiers.join(" ")}`;
}

function modifier(draw: Draw, depth: number): string {
  const { random } = draw;
  const [path, kind] = random.pick(PATHS.filter(([name]) => !name.includes("[")));
  const functions = draw.rules.filter(({ form }) => form === "function");
  const values = draw.rules.filter(({ form, name }) => form === "value" && !name.includes("["));
  return random.weighted<() => string>([
    [3, () => `with input.${path} as ${draw.term(kind, depth)}`],
    [1, () => `with input as ${draw.term({ object: ["string", "any"] }, depth)}`],
    [2, () => `with data.base.${path} as ${draw.term(kind, depth)}`],
    [0.5, () => `with data.base as {"n": 1, "l": [1, 2, 3]}`],
    [
      values.length > 0 ? 1.5 : 0,
      () => {
        const rule = random.pick(values);
        return `with data.${rule.package}.${rule.name} as ${draw.term(random.chance(0.8) ? rule.kind : "any", depth)}`;
      },
    ],
    [
      draw.finished.length > 0 ? 0.4 : 0,
      () => `with data.${random.pick(draw.finished)} as ${literal(draw, { object: ["string", "any"] })}`,
    ],
    [
      functions.length > 0 ? 1 : 0,
      () => {
        const rule = random.pick(functions);
        const others = functions.filter((other) => other.args?.length === rule.args?.length);
        const by = random.chance(0.5)
          ? literal(draw, rule.kind)
          : ((other) => `data.${other.package}.${other.name}`)(random.pick(others));
        return `with data.${rule.package}.${rule.name} as ${by}`;
      },
    ],
    [1.3, () => mockOfBuiltin(draw)],
  ])();
}

/** Builtins by how many arguments they take: what may stand for what. */
const BY_ARITY: readonly (readonly string[])[] = [
  ["time.now_ns"],
  [
    "count",
    "upper",
    "lower",
    "sum",
    "max",
    "min",
    "sort",
    "json.marshal",
    "to_number",
    "abs",
    "is_string",
    "type_name",
  ],
  ["concat", "startswith", "endswith", "split", "plus", "minus", "array.concat", "trim", "format_int"],
  ["object.get", "substring", "replace", "array.slice", "glob.match"],
];

function mockOfBuiltin(draw: Draw): string {
  const { random } = draw;
  const arity = random.weighted([
    [0.3, 0],
    [3, 1],
    [3, 2],
    [1, 3],
  ]);
  const names = BY_ARITY[arity]!;
  const functions = draw.rules
    .filter(({ form, args }) => form === "function" && args?.length === arity)
    .map((rule) => `data.${rule.package}.${rule.name}`);
  const value = random.pick([
    "1",
    '"a"',
    "true",
    "0",
    "[]",
    "false",
    "data.base.n",
    "input.x",
    '{"a": 1}',
    "null",
  ]);
  const by = random.weighted<() => string>([
    [3, () => value],
    [arity === 0 ? 0 : 1, () => random.pick(names)],
    [functions.length > 0 ? 2 : 0, () => random.pick(functions)],
    // Arities that do not fit.
    [0.03, () => random.pick(BY_ARITY[3 - arity]!)],
  ])();
  return `with ${random.pick(names)} as ${by}`;
}

/** What OPA's index of rules looks at: equality with a constant, membership, glob. */
function indexed(draw: Draw): string {
  const { random } = draw;
  const kind = random.pick(["string", "string", "number", "boolean"] as const);
  const path = documentRef(draw, kind);
  const constant = (): string => literal(draw, kind);
  return random.weighted<() => string>([
    [4, () => `${path} == ${constant()}`],
    [1, () => `${path} = ${constant()}`],
    [1, () => `${constant()} == ${path}`],
    [2, () => `${path} in {${constant()}, ${constant()}}`],
    [1, () => `${path} in [${constant()}, ${constant()}]`],
    [
      1,
      () =>
        `glob.match(${random.pick(['"a/*"', '"*"', '"{a,b}"', '"**"', '"x.?"'])}, ["/"], ${documentRef(draw, "string")})`,
    ],
    [1, () => `startswith(${documentRef(draw, "string")}, ${literal(draw, "string")})`],
    [1, () => `${documentRef(draw, { array: kind })}[_] == ${constant()}`],
    [1, () => `${constant()} in ${documentRef(draw, { array: kind })}`],
    [1, () => `not ${path} == ${constant()}`],
    [0.5, () => `some ${bind(draw, kind)} in {${constant()}, ${constant()}}`],
    [0.5, () => `[${path}, ${documentRef(draw, "string")}] == [${constant()}, ${literal(draw, "string")}]`],
  ])();
}

/** `and`, `or` between expressions and bodies; the module imports the words. */
function logical(draw: Draw, depth: number): string {
  const { random } = draw;
  const operand = (): string =>
    inScope(draw, () =>
      random.weighted<() => string>([
        [3, () => documentRef(draw, random.pick(["boolean", "any", "number"] as const))],
        [
          3,
          () =>
            indexed(draw)
              .replace(/^not (.*)$/, "not $1")
              .replace(/^some .*$/, "true"),
        ],
        [1, () => `not ${documentRef(draw, "any")}`],
        [1.5, () => `{\n${indent(draw.body(depth - 1, 1, 2))}\n}`],
        [
          0.7,
          () =>
            `(${documentRef(draw, "boolean")} ${random.pick(["and", "or"])} ${indexed(draw).replace(/^some .*$/, "true")})`,
        ],
      ])(),
    );
  const more = random.times(1, 2, () => ` ${random.pick(["and", "or"])} ${operand()}`);
  return `${operand()}${more.join("")}`;
}

function someDeclaration(draw: Draw): string[] {
  const index = bind(draw, "any", "i");
  const value = bind(draw, "any");
  const ref = documentRef(draw, { array: "number" });
  return [`some ${index}, ${value}\n${ref}[${index}] = ${value}`];
}

function walk(draw: Draw): string {
  const over = draw.random.chance(0.7)
    ? documentRef(draw, "any")
    : draw.term({ object: ["string", "any"] }, 1);
  return draw.random.chance(0.3)
    ? `walk(${over}, [["a"], ${bind(draw, "any")}])`
    : `walk(${over}, [${bind(draw, { array: "any" })}, ${bind(draw, "any")}])`;
}

export function indent(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/^/gm, "\t")).join("\n");
}
