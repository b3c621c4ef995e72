// Draws a whole case: modules of several packages, the base document, inputs, and the paths to ask for. In: a seed. Out: the same case each
// time. A rule names only rules drawn before it, and modules are in that order, so there is no recursion and each loads after those before.

import { drawBody, indent } from "./bodies.ts";
import { bind, type Draw, inScope, type Kind, keyKind, kindOf } from "./draw.ts";
import { document, inputs, literal } from "./literals.ts";
import { Random } from "./random.ts";
import { drawTerm } from "./terms.ts";

export interface DrawnCase {
  readonly seed: number;
  readonly modules: readonly {
    readonly file: string;
    readonly text: string;
    readonly regoVersion?: "v0";
  }[];
  /** JSON text. */
  readonly data: string;
  /** JSON texts; undefined: no input. */
  readonly inputs: readonly (string | undefined)[];
  /** `p/q`. */
  readonly entrypoints: readonly string[];
  /** Those of them that are whole packages. */
  readonly packages: readonly string[];
  /** Texts of queries over the modules. */
  queries(count: number): string[];
}

const PACKAGES = ["p", "q", "p.sub", "r.s", "t"];
const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

export function drawCase(seed: number, inputCount = 8): DrawnCase {
  const draw = newDraw(new Random(seed));
  const { random } = draw;
  const packages = random.shuffle(PACKAGES).slice(0, random.int(1, 3));
  const modules: { file: string; text: string }[] = [];
  const entrypoints = new Set<string>();
  for (const name of packages) {
    draw.package = name;
    const parts = random.chance(0.3) ? 2 : 1;
    const before = draw.rules.length;
    for (let part = 0; part < parts; part++) {
      const rules = random.times(2, 5, () => drawRule(draw));
      const imports = drawImports(draw, rules.join("\n"), before);
      modules.push({ file: `test-${modules.length}.rego`, text: moduleText(name, rules, imports) });
    }
    for (const rule of draw.rules) {
      if (rule.package === name && rule.form !== "function") {
        entrypoints.add(`${name.replaceAll(".", "/")}/${rule.name.replaceAll(".", "/")}`);
      }
    }
    entrypoints.add(name.replaceAll(".", "/"));
    // A package below another is reached by a dynamic reference over that one.
    if (!packages.some((other) => other !== name && other.startsWith(`${name}.`))) draw.finished.push(name);
  }
  const fixed = packages.map((name) =>
    nest(name.split("."), `{"fixed":${random.int(0, 9)},"list":[1,"a",{"b":2}]}`),
  );
  const data = mergeTexts([`{"base":${document(draw)}}`, ...(random.chance(0.4) ? fixed : [])]);
  return {
    seed,
    // v0 has no template strings.
    modules:
      random.chance(0.12) && !modules.some(({ text }) => /\$["`]/.test(text)) ? modules.map(asV0) : modules,
    data,
    inputs: inputs(draw, inputCount),
    entrypoints: [...entrypoints],
    packages: packages.map((name) => name.replaceAll(".", "/")),
    queries: (count) => Array.from({ length: count }, () => drawQuery(draw)),
  };
}

/** A body of its own, outside of any package and without imports. OPA prepares `with` only outside of the query's closures. */
function drawQuery(draw: Draw): string {
  Object.assign(draw, { package: "", budget: 24, scope: [], logical: false });
  for (;;) {
    const text = draw.body(2, 1, 3).join("; ");
    if (!/\bnot \{|[|{][^}]* with /s.test(text)) return withoutUnread(text);
  }
}

function newDraw(random: Random): Draw {
  let count = 0;
  const draw: Draw = {
    random,
    logical: random.chance(0.25),
    constants: [],
    rules: [],
    finished: [],
    package: "",
    budget: 0,
    scope: [],
    fresh: (prefix = "x") => `${prefix}${++count}`,
    term: (kind, depth) => drawTerm(draw, kind, depth),
    body: (depth, low, high) => drawBody(draw, depth, low, high),
  };
  return draw;
}

/** The same module as v0: bodies without `if`, and the other words imported. */
function asV0({ file, text }: { file: string; text: string }) {
  const words = ["contains", "every", "in"].map((word) => `import future.keywords.${word}\n`).join("");
  return {
    file,
    text: text.replaceAll(" if {", " {").replace("\n\n", `\n\n${words}\n`),
    regoVersion: "v0" as const,
  };
}

function moduleText(name: string, rules: readonly string[], imports: readonly [string, string][]): string {
  let all = rules.join("\n\n");
  const lines: string[] = [];
  if (/\bnot \{/.test(all)) lines.push("import future.keywords.not");
  for (const word of ["and", "or"])
    if (all.includes(` ${word} `)) lines.push(`import future.keywords.${word}`);
  for (const [path, alias] of imports) {
    lines.push(path.endsWith(`.${alias}`) ? `import ${path}` : `import ${path} as ${alias}`);
    all = all.replaceAll(
      new RegExp(`(?<![\\w."]|some .*|every .*)${path.replaceAll(".", "\\.")}(?=\\.)`, "g"),
      alias,
    );
  }
  return `package ${name}\n\n${lines.map((line) => `${line}\n`).join("")}${lines.length > 0 ? "\n" : ""}${all}\n`;
}

/** What a module may import of what it names: packages before it, parts of the documents. */
function drawImports(draw: Draw, text: string, known: number): [path: string, alias: string][] {
  const { random } = draw;
  const packages = [...new Set(draw.rules.slice(0, known).map((rule) => `data.${rule.package}`))];
  return [...packages, "data.base", "input.user", "input.o", "data.base.user"]
    .filter((path) => text.includes(`${path}.`) && random.chance(0.25))
    .map((path, i): [string, string] => [path, random.chance(0.5) ? `im${i}` : path.split(".").at(-1)!])
    .filter(([, alias], i, all) => all.findIndex(([, other]) => other === alias) === i);
}

function nest(path: readonly string[], inner: string): string {
  return path.reduceRight((text, step) => `{${JSON.stringify(step)}:${text}}`, inner);
}

/** Objects as texts, merged at their first level by JSON.parse only where both have a key (the fixed parts hold plain integers). */
function mergeTexts(texts: readonly string[]): string {
  const [base, ...rest] = texts;
  const merged: Record<string, unknown> = {};
  const merge = (into: Record<string, unknown>, from: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(from)) {
      const there = into[key];
      if (isPlain(there) && isPlain(value)) merge(there, value);
      else into[key] = value;
    }
  };
  for (const text of rest) merge(merged, JSON.parse(text) as Record<string, unknown>);
  const extra = JSON.stringify(merged).slice(1, -1);
  return extra === "" ? base! : `${base!.slice(0, -1)},${extra}}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One rule, with all its definitions. */
function drawRule(draw: Draw): string {
  const { random } = draw;
  draw.budget = 40;
  draw.scope = [];
  const name = `${random.pick(NAMES)}${draw.rules.length}`;
  const written = random.weighted<() => string>([
    [4, () => complete(draw, name)],
    [1.5, () => boolean(draw, name)],
    [2.5, () => partialSet(draw, name)],
    [2.5, () => partialObject(draw, name)],
    [2.5, () => functionRule(draw, name)],
    [1.2, () => refHead(draw, name)],
  ])();
  return withoutUnread(written);
}

/** OPA refuses what `some … in` declares and nobody reads. */
function withoutUnread(written: string): string {
  return written.replace(/\b(?:some|every) ([^\n;|]*?) in /g, (all, names: string) =>
    all.replace(
      names,
      names.replace(/\b[xki]\d+\b/g, (one) =>
        written.split(new RegExp(`\\b${one}\\b`)).length > 2 ? one : "_",
      ),
    ),
  );
}

function bodyText(draw: Draw, low = 1, high = 3): string {
  return `{\n${indent(draw.body(2, low, high))}\n}`;
}

function complete(draw: Draw, name: string): string {
  const { random } = draw;
  const kind = kindOf(random);
  const lines: string[] = [];
  if (random.chance(0.3)) lines.push(`default ${name} := ${literal(draw, kind)}`);
  // Several definitions mostly of one value: others conflict.
  const shared = random.chance(0.6) ? literal(draw, kind) : undefined;
  for (
    let i = random.weighted([
      [6, 1],
      [2, 2],
      [1, 3],
    ]);
    i > 0;
    i--
  ) {
    lines.push(
      inScope(draw, () => {
        if (random.chance(0.25) && i === 1) return `${name} := ${draw.term(kind, 3)}`;
        const body = bodyText(draw);
        let text = `${name} := ${lines.length > 0 && shared !== undefined ? shared : draw.term(kind, 2)} if ${body}`;
        if (random.chance(0.25)) text += elseChain(draw, kind);
        return text;
      }),
    );
  }
  draw.rules.push({ package: draw.package, name, form: "value", kind });
  return lines.join("\n\n");
}

function elseChain(draw: Draw, kind: Kind): string {
  return draw.random
    .times(1, 2, (index) =>
      inScope(draw, () => {
        draw.scope = draw.scope.filter((variable) => variable.name.startsWith("arg"));
        if (index === 1 && draw.random.chance(0.5)) return ` else := ${draw.term(kind, 1)}`;
        const body = bodyText(draw, 1, 2);
        return ` else := ${draw.term(kind, 1)} if ${body}`;
      }),
    )
    .filter((text, index, all) => index === 0 || !/^ else := [^{]*$/s.test(all[index - 1]!) || text === "")
    .join("");
}

function boolean(draw: Draw, name: string): string {
  const lines = draw.random.chance(0.4) ? [`default ${name} := false`] : [];
  lines.push(...draw.random.times(1, 3, () => inScope(draw, () => `${name} if ${bodyText(draw)}`)));
  draw.rules.push({ package: draw.package, name, form: "value", kind: "boolean" });
  return lines.join("\n\n");
}

function partialSet(draw: Draw, name: string): string {
  const kind = kindOf(draw.random, 1);
  const lines = draw.random.times(1, 3, () =>
    inScope(draw, () => {
      if (draw.random.chance(0.15)) return `${name} contains ${draw.term(kind, 2)}`;
      const body = bodyText(draw);
      return `${name} contains ${draw.term(kind, 2)} if ${body}`;
    }),
  );
  draw.rules.push({ package: draw.package, name, form: "set", kind });
  return lines.join("\n\n");
}

function partialObject(draw: Draw, name: string): string {
  const { random } = draw;
  const key = random.chance(0.7) ? "string" : keyKind(random);
  const kind = kindOf(random, 1);
  const lines = random.times(1, 3, () =>
    inScope(draw, () => {
      if (random.chance(0.12)) return `${name}[${literal(draw, key, 1)}] := ${draw.term(kind, 2)}`;
      const body = bodyText(draw);
      return `${name}[${draw.term(key, random.chance(0.2) ? 1 : 0)}] := ${draw.term(kind, 2)} if ${body}`;
    }),
  );
  draw.rules.push({ package: draw.package, name, form: "object", kind });
  return lines.join("\n\n");
}

function functionRule(draw: Draw, name: string): string {
  const { random } = draw;
  const kind = kindOf(random);
  const args = random.times(1, 3, () => kindOf(random, 1));
  const lines: string[] = [];
  if (random.chance(0.2))
    lines.push(`default ${name}(${args.map((_, i) => `d${i}`).join(", ")}) := ${literal(draw, kind)}`);
  const shared = random.chance(0.6) ? literal(draw, kind) : undefined;
  for (let i = random.int(1, 3); i > 0; i--) {
    lines.push(
      inScope(draw, () => {
        const patterns = args.map((arg) => pattern(draw, arg));
        const head = `${name}(${patterns.join(", ")})`;
        if (random.chance(0.2)) return `${head} := ${shared ?? draw.term(kind, 2)}`;
        const body = bodyText(draw, 1, 2);
        let text = `${head} := ${lines.length > 0 && shared !== undefined ? shared : draw.term(kind, 2)} if ${body}`;
        if (random.chance(0.2)) text += elseChain(draw, kind);
        return text;
      }),
    );
  }
  draw.rules.push({ package: draw.package, name, form: "function", kind, args });
  return lines.join("\n\n");
}

/** An argument of a function: a variable, a constant, or a pattern. */
function pattern(draw: Draw, kind: Kind): string {
  const { random } = draw;
  if (random.chance(0.2)) return literal(draw, kind, 1);
  if (random.chance(0.1)) return "_";
  if (typeof kind === "object" && "array" in kind && random.chance(0.4)) {
    return `[${bind(draw, kind.array, "arg")}, ${bind(draw, kind.array, "arg")}]`;
  }
  if (typeof kind === "object" && "object" in kind && kind.object[0] === "string" && random.chance(0.4)) {
    return `{"a": ${bind(draw, kind.object[1], "arg")}}`;
  }
  return bind(draw, kind, "arg");
}

/** `a.b.c := …`, `a[x].b := …`, `a[x] contains …`: rules below one name, all of them in one document. */
function refHead(draw: Draw, name: string): string {
  const { random } = draw;
  const kind = kindOf(random, 1);
  // OPA forgets `else` where another rule of the name has a variable in its head.
  const ground = random.chance(0.2);
  const lines = random.times(2, 4, (index) =>
    inScope(draw, () => {
      const body = bodyText(draw);
      const key = draw.term("string", 0);
      if (ground)
        return `${name}.els${index} := ${draw.term(kind, 1)} if ${body} else := ${literal(draw, kind)}`;
      return random.weighted<() => string>([
        [2, () => `${name}.${["x", "y", "z", "w"][index]}.v := ${draw.term(kind, 2)} if ${body}`],
        [1, () => `${name}["k${index}"].n := ${draw.term(kind, 1)}`],
        [1, () => `${name}.dyn[${key}] := ${draw.term(kind, 2)} if ${body}`],
        [1, () => `${name}.deep[${key}].end := ${draw.term(kind, 2)} if ${body}`],
        [1, () => `${name}.sets[${key}] contains ${draw.term(kind, 2)} if ${body}`],
        [0.7, () => `${name}.one contains ${draw.term(kind, 2)} if ${body}`],
        [0.5, () => `${name}.yes${index} if ${body}`],
        [0.4, () => `${name}.if.k${index} := ${draw.term(kind, 1)} if ${body}`],
        [0.4, () => `${name}.with[${key}].in := ${draw.term(kind, 1)} if ${body}`],
        [0.3, () => `default ${name}.def${index} := ${literal(draw, kind)}`],
        [0.3, () => `${name}[${key}][${draw.term("string", 0)}] := ${draw.term(kind, 1)} if ${body}`],
      ])();
    }),
  );
  draw.rules.push({ package: draw.package, name, form: "object", kind: "any" });
  return lines.join("\n\n");
}
