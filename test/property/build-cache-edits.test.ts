// Drawn edits of drawn modules: whatever changes in whichever module, a build with what the last one left gives the bytes of a build from nothing, or
// its findings. Statements come from a list that has something of each kind that one module can notice of another: packages in parts, functions
// and their arguments, types, defaults, documents with parts of their own, replaced documents, metadata, dynamic references.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { builtins as allBuiltins } from "../../src/builtins/registry.ts";
import { FileCache } from "../../src/bundle/file-cache.ts";
import { BuildCache, type BuildOptions, build } from "../../src/build.ts";
import { PolicyError } from "../../src/error.ts";

const FILES = 5;
const PACKAGES = ["a", "b", "b.c", "system.x"];

/** `n` varies constants, `p` is a package that may be another one. */
const STATEMENTS: readonly ((n: number, p: string) => string)[] = [
  (n) => `allow if input.role == "r${n}"`,
  (n, p) => `allow if data.${p}.member[${n}]`,
  (_, p) => `allow if data.${p}.helper(input.x)`,
  (_, p) => `allow if data.${p}.value == input.y`,
  (n) => `default allow := ${n % 2 === 0}`,
  (n) => `helper(x) if x.n > ${n}`,
  (n) => `helper(x) := y if { y := count(x); y > ${n} }`,
  (n) => `helper(x, y) if x == y + ${n}`,
  (n) => `value := ${n}`,
  (n) => `value := "v${n}"`,
  (n) => `value := {"k${n}": [1, "two", ${n}]}`,
  (_, p) => `value := object.get(data.${p}, "value", null)`,
  (n) => `member contains ${n}`,
  (n) => `member contains x if some x in [input.a, input.b, ${n}]`,
  (n) => `part[x] := y if { some x, y in input.things; x != "k${n}" }`,
  (n) => `part.k${n} := input.z`,
  (n) => `part.deep[x].deeper contains ${n} if some x in data.grants`,
  (n, p) => `uses := data.${p}.value + ${n}`,
  (n, p) => `uses := x if x := data.${p}.part["k${n}"]`,
  (n, p) => `uses := data.${p}.part.k${n} + 1`,
  (n) => `part.k${n} := "text"`,
  (_, p) => `whole := data.${p}`,
  (n) => `dynamic contains x if data.b[x] == ${n}`,
  (n, p) => `mocked if data.${p}.allow with input as {"role": "r${n}"}`,
  (n, p) => `mocked if data.${p}.allow with data.${p}.value as ${n}`,
  (_, p) => `mocked if data.${p}.uses with data.${p}.helper as data.b.helper`,
  (n) => `mocked if count([${n}]) == 2 with count as 2`,
  (n) => `chosen := "one" if input.c == ${n}\n\nelse := "two" if input.c == "${n}"\n\nelse := input.c`,
  (n) => Array.from({ length: 8 }, (_, i) => `table := ${i} if input.t == "t${i + n}"`).join("\n\n"),
  (n) => `granted if { some g in data.grants; g.role == input.role; g.n == ${n} }`,
  (n) => `every_one if every x in input.xs { x > ${n}; not x == 3 }`,
  (n, p) => `text := $"{input.name} is {data.${p}.value} ${n}"`,
  (n, p) => `texts contains $"{data.${p}.part.k${n}} {data.${p}.member}"`,
  (n) => `value := ${n} if input.on`,
  (n) => `value := {"k": input.k${n}}`,
  (n) => `default value := ${n}`,
  (n) => `said if print("${n}", input.said)`,
  (n) => `listed := [x | some x in data.grants; x.role != "r${n}"]`,
  (n) => `odd if { {1, x} = {1, ${n}}; x == input.q }`,
  (n) => `asked := http.send({"method": "get", "url": "http://h${n}"})`,
  (n) => `same := imported.value if imported.value != ${n}`,
  (n) => `# METADATA\n# title: t${n}\nexplained := rego.metadata.rule().title`,
  (n) => `# METADATA\n# scope: document\n# title: d${n}\nchained := rego.metadata.chain()`,
  () => `# METADATA\n# entrypoint: true\nanswer := data.a.allow`,
  (n) => `matches if input.path in {"/a${n}", input.other, data.b.value}`,
  (n) => `walked contains x if { walk(input, [p, x]); count(p) == ${n} }`,
  (n) => `broken if unknown_function(${n})`,
  (n) => `unsafe if x == ${n}`,
  (n) => `wrong := 1 + "a${n}"`,
  () => `loops if data.a.loops`,
  (_, p) => `loops if data.${p}.loops`,
];
/** The last of them are mistakes on their own, and are drawn seldom. */
const MISTAKES = 5;

const statement = fc
  .record({
    kind: fc.oneof(
      { arbitrary: fc.nat(STATEMENTS.length - MISTAKES - 1), weight: 60 },
      { arbitrary: fc.integer({ min: STATEMENTS.length - MISTAKES, max: STATEMENTS.length - 1 }), weight: 1 },
    ),
    n: fc.nat(3),
    other: fc.constantFrom(...PACKAGES),
  })
  .map(({ kind, n, other }) => STATEMENTS[kind]!(n, other));

const header = fc
  .record({
    name: fc.constantFrom(...PACKAGES),
    of: fc.constantFrom(...PACKAGES),
    block: fc.nat(8),
  })
  .map(({ name, of, block }) => {
    const metadata = block === 0 ? "# METADATA\n# title: a package\n" : "";
    const scope = block === 1 ? "# METADATA\n# scope: subpackages\n# title: below\n" : "";
    return `${metadata}${scope}package ${name}\n\nimport data.${of} as imported\n`;
  });

interface Source {
  header: string;
  statements: string[];
}

const source = fc.record({ header, statements: fc.array(statement, { minLength: 1, maxLength: 5 }) });

/** What happens to one file: mostly small things, of which others see nothing or little. */
const edit = fc.record({
  file: fc.nat(FILES - 1),
  at: fc.nat(9),
  what: fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant("replace" as const), text: statement }), weight: 6 },
    { arbitrary: fc.record({ kind: fc.constant("add" as const), text: statement }), weight: 4 },
    { arbitrary: fc.record({ kind: fc.constant("drop" as const) }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant("number" as const), n: fc.nat(20) }), weight: 6 },
    { arbitrary: fc.record({ kind: fc.constant("shift" as const) }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant("header" as const), header }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant("remove" as const) }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant("data" as const), n: fc.nat(3) }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant("options" as const), n: fc.nat(7) }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant("undo" as const) }), weight: 2 },
  ),
});

function edited(
  files: readonly (Source | undefined)[],
  { file, at, what }: typeof edit extends fc.Arbitrary<infer E> ? E : never,
) {
  const old = files[file];
  const next = [...files];
  const { header: head, statements } = old ?? { header: "package a\n", statements: ["allow if input.new"] };
  const place = at % Math.max(1, statements.length);
  const put = (list: string[]): void => {
    next[file] = { header: head, statements: list };
  };
  const here = statements[place] ?? "allow if input.x";
  if (what.kind === "replace") put(statements.toSpliced(place, 1, what.text));
  else if (what.kind === "add") put(statements.toSpliced(place, 0, what.text));
  else if (what.kind === "drop") put(statements.toSpliced(place, 1));
  else if (what.kind === "number") put(statements.toSpliced(place, 1, here.replace(/\d+/, String(what.n))));
  else if (what.kind === "shift") put(statements.toSpliced(place, 1, `# moved\n\n${here}`));
  else if (what.kind === "header") next[file] = { header: what.header, statements };
  else if (what.kind === "remove") next[file] = undefined;
  return next;
}

async function outcome(options: BuildOptions): Promise<string> {
  try {
    return Buffer.from((await build(options)).bytes).toString("base64");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return `${error.message} ${JSON.stringify(error.diagnostics)}`;
  }
}

const isBundle = (text: string): boolean => /^[A-Za-z0-9+/=]+$/.test(text);

test("drawn edits of drawn modules", { timeout: 600_000 }, async () => {
  let built = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(source, { minLength: FILES, maxLength: FILES }),
      fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { minLength: 6, maxLength: 14 }),
      async (sources, edits) => {
        const folder = mkdtempSync(join(tmpdir(), "reeve-edits-"));
        try {
          mkdirSync(join(folder, "policy"));
          const place = (file: number): string => join(folder, "policy", `m${file}.rego`);
          const write = (files: readonly (Source | undefined)[]): void =>
            files.forEach((file, at) => {
              if (file === undefined) rmSync(place(at), { force: true });
              else writeFileSync(place(at), `${file.header}\n${file.statements.join("\n\n")}\n`);
            });
          const grants = (n: number): void =>
            writeFileSync(
              join(folder, "policy", "data.json"),
              JSON.stringify({ grants: [{ role: "r1", n }] }),
            );
          let options: BuildOptions = {
            paths: [join(folder, "policy")],
            target: "wasm",
            entrypoints: ["a/allow", "a", "b"],
          };
          const choose = (n: number): void => {
            const entrypoints = n % 2 === 0 ? ["a/allow", "a", "b"] : ["b", "a/allow"];
            const builtins = new Map([...allBuiltins].filter(([name]) => n !== 5 || name !== "object.get"));
            options = {
              ...options,
              entrypoints,
              print: n === 2,
              strict: n === 3,
              pruneUnused: n > 3,
              builtins: [],
            };
            options = { ...options, capabilities: { builtins } };
          };
          const cache = new BuildCache();
          // Files count as settled at the next build.
          let now = 0;
          Object.assign(cache, { files: new FileCache({ now: () => (now += 10_000) }) });
          let files: readonly (Source | undefined)[] = [
            { header: "package a\n", statements: ["allow if data.b.always"] },
            { header: "package b\n", statements: ["always if input.always"] },
            ...sources.map(() => undefined),
          ];
          let before = files;
          grants(0);
          write(files);
          await outcome({ ...options, cache });
          const step = async (next: readonly (Source | undefined)[]): Promise<void> => {
            write(next);
            const fresh = await outcome(options);
            expect(await outcome({ ...options, cache })).toBe(fresh);
            if (isBundle(fresh)) {
              built++;
              before = files;
              files = next;
            } else refused++;
          };
          // What cannot be built is taken back, as an author would.
          for (const [at, drawn] of sources.entries()) await step(files.with(at + 2, drawn));
          for (const drawn of edits) {
            let next = files;
            for (const one of drawn) {
              if (one.what.kind === "data") grants(one.what.n);
              if (one.what.kind === "options") choose(one.what.n);
              next = one.what.kind === "undo" ? before : edited(next, { ...one, file: one.file + 2 });
            }
            await step(next);
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    ),
    { numRuns: Number(process.env.REEVE_RUNS ?? 25), seed: Number(process.env.REEVE_SEED ?? 11) },
  );
  expect(built).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(20);
});
