// Draws a term of a type: constants, variables, references, calls, comprehensions, infix operators, templates. Well-typed as far as OPA's
// checker can see; what comes from `input` and `data` may be anything at run time.

import { drawCall } from "./calls.ts";
import { type Draw, inScope, type Kind, keyKind, kindOf, nameOf, sameKind } from "./draw.ts";
import { literal, PATHS, stringLiteral } from "./literals.ts";

type Choice = readonly [number, () => string];

export function drawTerm(draw: Draw, kind: Kind, depth: number): string {
  const { random } = draw;
  draw.budget--;
  if (depth <= 0 || draw.budget < 0) return leaf(draw, kind);
  const choices: Choice[] = [
    [7, () => leaf(draw, kind)],
    [1.6, () => drawCall(draw, kind, depth - 1)],
    [0.8, () => element(draw, kind, depth - 1)],
    [0.5, () => callRule(draw, kind, depth - 1) ?? leaf(draw, kind)],
    ...composite(draw, kind, depth - 1),
  ];
  return random.weighted(choices)();
}

function leaf(draw: Draw, kind: Kind): string {
  const { random } = draw;
  const variables = draw.scope.filter((variable) => kind === "any" || sameKind(variable.kind, kind));
  const rules = draw.rules.filter((rule) => fits(rule, kind));
  return random.weighted<() => string>([
    [variables.length > 0 ? 8 : 0, () => random.pick(variables.slice(-6)).name],
    [rules.length > 0 ? 3 : 0, () => nameOf(draw, random.pick(rules.slice(-12)))],
    [3, () => documentRef(draw, kind)],
    [3, () => literal(draw, kind)],
  ])();
}

function fits(rule: Draw["rules"][number], kind: Kind): boolean {
  if (rule.form === "function") return false;
  if (kind === "any") return true;
  if (rule.form === "value") return sameKind(rule.kind, kind);
  if (rule.form === "set") return sameKind({ set: rule.kind }, kind);
  return typeof kind === "object" && "object" in kind && sameKind(kind.object[1], rule.kind);
}

export function documentRef(draw: Draw, kind: Kind): string {
  const { random } = draw;
  const root = random.chance(0.65) ? "input" : "data.base";
  const fitting = PATHS.filter(([, other]) => sameKind(kind, other));
  if (fitting.length > 0 && random.chance(0.9)) return `${root}.${random.pick(fitting)[0]}`;
  if (random.chance(0.2)) return `${root}[${draw.term("string", 0)}]`;
  if (random.chance(0.03)) return root;
  return `${root}.${random.pick(PATHS)[0]}`;
}

/** An element of a collection: by index, by key. */
function element(draw: Draw, kind: Kind, depth: number): string {
  const { random } = draw;
  return random.weighted<() => string>([
    [2, () => `${head(draw, { array: kind }, depth)}[${draw.term("number", 0)}]`],
    [2, () => `${head(draw, { object: ["string", kind] }, depth)}[${draw.term("string", depth)}]`],
    [1, () => `${head(draw, { object: ["string", kind] }, depth)}.${random.pick(["a", "b", "foo"])}`],
    [0.5, () => `${head(draw, { set: kind }, depth)}[${draw.term(kind, depth)}]`],
    [draw.finished.length > 0 ? 1 : 0, () => dynamicData(draw)],
  ])();
}

/** Something that a bracket may follow. */
function head(draw: Draw, kind: Kind, depth: number): string {
  const written = draw.term(kind, depth);
  return /^[\w.]+$/.test(written) ||
    (/^[[{]/.test(written) && draw.random.chance(0.03)) ||
    /^[\w.]+\(.*\)$/s.test(written)
    ? /^\d/.test(written) ||
      written === "null" ||
      written === "true" ||
      written === "false" ||
      /^\(/.test(written)
      ? documentRef(draw, kind)
      : written
    : documentRef(draw, kind);
}

/** A package's documents, base and virtual, reached by a computed name. */
export function dynamicData(draw: Draw, variable?: string): string {
  const { random } = draw;
  const name = random.pick(draw.finished);
  const steps = name.split(".");
  const last = steps[steps.length - 1]!;
  const up = ["data", ...steps.slice(0, -1)].join(".");
  const inner =
    variable ??
    (random.chance(0.6) ? stringLiteral(draw, random.pick(ruleNames(draw, name))) : draw.term("string", 0));
  if (random.chance(0.25)) return `${up}[${JSON.stringify(last)}][${inner}]`;
  return `data.${name}[${inner}]`;
}

function ruleNames(draw: Draw, name: string): string[] {
  const names = draw.rules.filter((rule) => rule.package === name).map((rule) => rule.name.split(".")[0]!);
  return [...names, "fixed", "list"];
}

export function callRule(draw: Draw, kind: Kind, depth: number): string | undefined {
  const functions = draw.rules.filter(
    (rule) => rule.form === "function" && (kind === "any" || sameKind(rule.kind, kind)),
  );
  if (functions.length === 0) return undefined;
  const chosen = draw.random.pick(functions);
  return `${nameOf(draw, chosen)}(${(chosen.args ?? []).map((arg) => draw.term(arg, depth)).join(", ")})`;
}

function composite(draw: Draw, kind: Kind, depth: number): Choice[] {
  const { random } = draw;
  const term = (inner: Kind): string => draw.term(inner, depth);
  if (typeof kind === "object") {
    if ("array" in kind) {
      return [
        [2, () => `[${random.times(0, 3, () => term(kind.array)).join(", ")}]`],
        [2, () => comprehension(draw, depth, "[", "]", () => term(kind.array))],
      ];
    }
    if ("set" in kind) {
      return [
        [
          2,
          () => (random.chance(0.1) ? "set()" : `{${random.times(1, 3, () => term(kind.set)).join(", ")}}`),
        ],
        [2, () => comprehension(draw, depth, "{", "}", () => term(kind.set))],
        [1.5, () => `(${term(kind)} ${random.pick(["|", "&", "-"])} ${term(kind)})`],
      ];
    }
    const [key, value] = kind.object;
    return [
      [
        2,
        () =>
          `{${random.times(0, 3, (index) => `${objectKey(draw, key, index)}: ${term(value)}`).join(", ")}}`,
      ],
      [2, () => comprehension(draw, depth, "{", "}", () => `${term(key)}: ${term(value)}`)],
    ];
  }
  switch (kind) {
    case "number":
      return [[3, () => `(${term("number")} ${random.pick(["+", "-", "*", "/", "%"])} ${term("number")})`]];
    case "string":
      return [
        [0.8, () => `$"${template(draw, depth)}"`],
        [
          0.8,
          () =>
            `sprintf(${stringLiteral(draw, format(draw))}, [${random.times(0, 3, () => term("any")).join(", ")}])`,
        ],
      ];
    case "boolean": {
      const operator = (): string => random.pick(["==", "!=", "<", "<=", ">", ">="]);
      return [
        [1, () => `(${term("number")} ${operator()} ${term("number")})`],
        [1, () => `(${term("string")} ${operator()} ${term("string")})`],
        [0.6, () => `(${term("any")} ${operator()} ${term("any")})`],
        [1, () => member(draw, depth)],
      ];
    }
    case "any":
      return [[3, () => term(kindOf(random, 1))]];
    default:
      return [];
  }
}

function objectKey(draw: Draw, kind: Kind, index: number): string {
  return kind === "string" && draw.random.chance(0.7)
    ? JSON.stringify(["a", "b", "c"][index] ?? "d")
    : kind === "number" && draw.random.chance(0.5)
      ? String(index)
      : draw.term(kind, 0);
}

export function member(draw: Draw, depth: number): string {
  const kind = kindOf(draw.random, 1);
  const collection = draw.term(
    draw.random.weighted<Kind>([
      [2, { array: kind }],
      [2, { set: kind }],
      [1, { object: [keyKind(draw.random), kind] }],
    ]),
    depth,
  );
  if (draw.random.chance(0.2)) return `(${draw.term("any", 0)}, ${draw.term(kind, depth)} in ${collection})`;
  return `(${draw.term(kind, depth)} in ${collection})`;
}

function comprehension(draw: Draw, depth: number, open: string, close: string, term: () => string): string {
  return inScope(draw, () => {
    const lines = draw.body(depth, 1, 2);
    return `${open}${term()} | ${lines.join("; ")}${close}`;
  });
}

function template(draw: Draw, depth: number): string {
  return draw.random
    .times(1, 3, () =>
      draw.random.chance(0.5)
        ? draw.random.pick(["a ", "é", "\\{", "\\n", "}", "%d"])
        : `{${draw.term(draw.random.pick<Kind>(["any", "string", "number"]), Math.min(depth, 1)).replaceAll("\n", " ")}}`,
    )
    .join("");
}

function format(draw: Draw): string {
  const verb = (): string =>
    draw.random.pick([
      "%v",
      "%s",
      "%d",
      "%v",
      "%q",
      "%x",
      "%t",
      "%f",
      "%.2f",
      "%5d",
      "%-5s|",
      "%05d",
      "%e",
      "%g",
      "%T",
      "%%",
      "%+v",
      "%c",
      "%U",
      "%8.3f",
      "%b",
      "%o",
    ]);
  return draw.random.times(0, 3, () => draw.random.pick(["", "a=", " ", "é"]) + verb()).join(" ");
}
