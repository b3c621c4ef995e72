// What one module can notice of a change in another: compiled with what was left from before the change, everything is as compiled from nothing.

import { expect, test } from "vitest";
import { builtins as allBuiltins } from "../../../src/builtins/registry.ts";
import { loadRuntime } from "../../../src/build.ts";
import { CompileCache, checkModules, compile, parse, type SourceText } from "../../../src/compile/compile.ts";
import type { CheckOptions } from "../../../src/compile/check/compilation.ts";
import { recheck } from "../../../src/compile/check/recheck.ts";
import { PolicyError } from "../../../src/error.ts";

const OTHERS = `package b

calls if data.a.helper(input.x)

looks if data.a.value == input.y

sums := data.a.number + 1

deep := data.a.part.other + 1

names contains x if data.a[x] == 1

found contains x if data[x].value == 1

mocked if looks with data.a.value as 3

all := data.a

described := rego.metadata.chain()

own := input.z

told := $"is {data.a.value}"

kept := {"k": input.k}
`;

/** Those that see only what they name. */
const NARROW = OTHERS.replace(/^(names|found|all|told) .*\n\n/gm, "");

/** Those that see nothing. */
const BLIND = "package b\n\nown := input.z\n\ncalls if input.calls\n";

const FIRST = `helper(x) if x == 1

value := 1

number := 2

part[x] := y if some x, y in input.things

here if input.here
`;

const PARTS = FIRST.replace("part[x] := y if some x, y in", 'part[x] := "text" if some x in');

/** The text of package a before and after: each is tried both ways. */
const CHANGES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "a constant": [FIRST, FIRST.replace("number := 2", "number := 3")],
  "a longer text": [`${FIRST}t := "a"\n`, `${FIRST}t := "a much longer text than before"\n`],
  "a moved line": [FIRST, `# moved\n\n${FIRST}`],
  "a rule that others look up": [FIRST.replace("value := 1\n", ""), FIRST],
  "a rule that nobody names": [FIRST, `${FIRST}\nnew if input.new\n`],
  "a function that becomes a rule": [FIRST, FIRST.replace("helper(x) if x == 1", "helper if input.x == 1")],
  "another number of arguments": [FIRST, FIRST.replace("helper(x) if x == 1", "helper(x, y) if x == y")],
  "a type that does not fit any more": [FIRST, FIRST.replace("number := 2", 'number := "two"')],
  "one more type": [FIRST, `${FIRST}\nnumber := "two" if input.two\n`],
  "a part of a document": [FIRST, `${FIRST}\npart.one := "text"\n`],
  "the type of a part": [`${FIRST}\npart.one := 1\n`, `${FIRST}\npart.one := "text"\n`],
  "the type of a part, which others see in the whole": [
    `${PARTS}\npart.one := 1\n`,
    `${PARTS}\npart.one := "text"\n`,
  ],
  "a default": [FIRST, `${FIRST}\ndefault value := 4\n`],
  "a second default": [
    `${FIRST}\ndefault value := 4\n`,
    `${FIRST}\ndefault value := 4\n\ndefault value := 5\n`,
  ],
  "an alternative": [FIRST, `${FIRST}\nhere if input.there\n`],
  "a set": [FIRST, FIRST.replace("here if input.here", "here contains input.here")],
  "a constant that becomes a condition": [FIRST, FIRST.replace("value := 1", "value := 1 if input.on")],
  "a constant with a default that goes": [
    `${FIRST.replace("value := 1", "value := 1 if input.on")}\ndefault value := 4\n`,
    FIRST.replace("value := 1", "value := 1 if input.on"),
  ],
  "a text with a document of a module that stays": [FIRST, `${FIRST}\ntold := $"is {data.b.kept}"\n`],
  "a loop through others": [FIRST, FIRST.replace("value := 1", "value := data.b.looks")],
  "a rule that another module refers to, made of that module": [
    FIRST,
    FIRST.replace("value := 1", "value := data.b.own"),
  ],
  "an import": [FIRST, `import data.b.own as number\n\n${FIRST.replace("number := 2\n", "")}`],
  "a rule in the place of a package": [FIRST, `${FIRST}\nc := 1\n`],
  "a mistake": [FIRST, `${FIRST}\nwrong := unknown(1)\n`],
  "metadata of a rule": [FIRST, `# METADATA\n# title: t\n${FIRST}`],
  "metadata of a package below which others stand": [
    `package a\n\n${FIRST}`,
    `# METADATA\n# scope: subpackages\n# title: t\npackage a\n\n${FIRST}`,
  ],
};

/** The same beside another file of package a, which stands before it or behind it. */
const BESIDE: Readonly<Record<string, readonly [before: string, after: string, beside: string]>> = {
  "another number of arguments than elsewhere": [
    FIRST,
    FIRST.replace("helper(x) if x == 1", "helper(x, y) if x == y"),
    "helper(x) if x == 2",
  ],
  "a function elsewhere": [
    FIRST.replace("helper(x) if x == 1", "helper(x) if x == 3"),
    FIRST.replace("helper(x) if x == 1", "helper if input.x == 1"),
    "helper(x) if x == 2",
  ],
  "a set here, none elsewhere": [
    FIRST,
    FIRST.replace("here if input.here", "here contains input.here"),
    "here if input.there",
  ],
  "two defaults": [FIRST, `${FIRST}\ndefault value := 4\n`, "default value := 5\n\nvalue := 6 if input.six"],
  "a name that is a variable elsewhere": [FIRST, `${FIRST}\nfresh := 1\n`, "finds if input.list[fresh] == 2"],
  "a rule of which there are others": [
    FIRST,
    FIRST.replace("here if input.here", "here if input.there == data.b.own"),
    "here if input.elsewhere\n\nhere if data.b.calls",
  ],
  "another condition, where no rule has parts": [
    "here if input.here",
    "here if input.there",
    "here if input.elsewhere",
  ],
  "one more of them": [
    FIRST,
    FIRST.replace("here if input.here", "here if input.here\n\nhere if input.there"),
    "here if input.elsewhere",
  ],
  "a type that others have, too": [
    FIRST,
    FIRST.replace("number := 2", "number := 3 if input.three"),
    'number := "two" if input.two',
  ],
};

/** The same under the eyes of one rule of another package. */
const WATCHED: Readonly<Record<string, readonly [before: string, after: string, watching: string]>> = {
  "what hangs on a replaced document, and no longer does": [
    'word := "x" if data.b.k',
    'word := "x" if input.k',
    "k := 2\n\nrelaxed if data.a.word == 1 with data.b.k as 1",
  ],
  "one type less": ['word := 1\n\nword := "x" if input.w', "word := 1", 'is if data.a.word == "x"'],
  "a part of a whole": [
    "part[x] := 1 if some x in input.xs\n\npart.one := 1",
    'part[x] := 1 if some x in input.xs\n\npart.one := "x"',
    'is if data.a.part.two == "x"',
  ],
  "a loop through all of a package": ["word := 1", "word := 1\n\nmore := data.b.all", "all := data.a"],
  "rules in conflict that nobody sees": ["word := 1", "word := 1\n\nword contains 2", "k := 2"],
  "a function that goes, and is named all the same": [
    "gone(x) := 2\n\nmocked if count([1]) == 2 with count as data.a.gone",
    "mocked if count([1]) == 2 with count as data.a.gone",
    "k := 2",
  ],
  "names as generated ones": [
    "word := 1",
    `word := 1\n\nodd if {\n\tz := input.z\n${Array.from({ length: 100 }, (_, n) => `\tinput.list[__local${n}__] == z\n`).join("")}}`,
    "k := [x | x := input.xs[_]; y := x; y > 2]",
  ],
  "a part of a whole that goes": [
    'part[x] := 1 if some x in input.xs\n\npart.one := "x"',
    "part[x] := 1 if some x in input.xs",
    'is if data.a.part.two == "x"',
  ],
  "the last rule of a package": ["word := 1", "", "names contains x if data[x].word == 1"],
};

const sourcesOf = (text: string, others: string, beside: readonly SourceText[] = []): SourceText[] => [
  ...beside,
  { file: "a.rego", text: text.includes("package a") ? text : `package a\n\n${text}` },
  { file: "a2.rego", text: "package a.c\n\nchained := rego.metadata.chain()\n\nvalue if data.a.here\n" },
  { file: "b.rego", text: others },
];

const REQUESTS = { entrypoints: ["a", "a/c/value", "b"] };
const RUNTIME = { runtime: loadRuntime() };

function outcome(make: () => Uint8Array): string {
  try {
    return Buffer.from(make()).toString("base64");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return JSON.stringify([error.message, error.diagnostics]);
  }
}

const fromNothing = (sources: readonly SourceText[]): string =>
  outcome(() => {
    const cache = new CompileCache();
    return compile(cache.check(cache.parse(sources).modules, {}), REQUESTS, RUNTIME).emitted.bytes;
  });

const again = (cache: CompileCache, sources: readonly SourceText[]): string =>
  outcome(() => {
    const compiled = cache.check(cache.parse(sources).modules, {});
    return cache.compile(compiled, REQUESTS, RUNTIME).emitted.bytes;
  });

for (const [name, [before, after]] of Object.entries(CHANGES)) {
  test(name, () => {
    for (const others of [OTHERS, NARROW]) {
      for (const [first, second] of [
        [before, after],
        [after, before],
      ] as const) {
        const cache = new CompileCache();
        for (const text of [first, second, first]) {
          const sources = sourcesOf(text, others);
          expect(again(cache, sources)).toBe(fromNothing(sources));
        }
      }
    }
  });
}

for (const [name, [before, after, beside]] of Object.entries(BESIDE)) {
  test(name, () => {
    for (const file of ["a.0.rego", "a1.rego"]) {
      for (const [first, second] of [
        [before, after],
        [after, before],
      ] as const) {
        const cache = new CompileCache();
        for (const text of [first, second, first]) {
          const sources = sourcesOf(text, BLIND, [{ file, text: `package a\n\n${beside}\n` }]);
          expect(again(cache, sources)).toBe(fromNothing(sources));
        }
      }
    }
  });
}

for (const [name, [before, after, watching]] of Object.entries(WATCHED)) {
  test(name, () => {
    const others = `package b\n\n${watching}\n\nown := input.z\n\ncalls if input.calls\n`;
    // Rules are typed in the order of files: what else is different then should not hide it.
    for (const file of ["0.rego", "b.rego"]) {
      for (const [first, second] of [
        [before, after],
        [after, before],
      ] as const) {
        const cache = new CompileCache();
        for (const text of [first, second, first]) {
          const [a, a2] = sourcesOf(`here if input.here\n\n${text}\n`, "");
          const sources = [a as SourceText, a2 as SourceText, { file, text: others }];
          expect(again(cache, sources)).toBe(fromNothing(sources));
        }
      }
    }
  });
}

test("files that come and go, and two that change at once", () => {
  const [a, a2, b] = sourcesOf(FIRST, BLIND) as [SourceText, SourceText, SourceText];
  const more = { file: "b2.rego", text: "package b\n\nmore if input.more\n" };
  const cache = new CompileCache();
  for (const sources of [
    [a, a2, b],
    [a, a2, b, more],
    [a, a2, b],
    // A rule in the place of the package of the other.
    [a, { ...a2, text: "package a.c\n" }, b],
    [{ ...a, text: `${a.text}\nc := 1\n` }, { ...a2, text: "package a.c\n\n# Changed.\n" }, b],
    [{ ...a, file: "b3.rego" }, a2, b],
    [a, a2, b],
  ])
    expect(again(cache, sources)).toBe(fromNothing(sources));
});

test("options under which more depends on more are checked with all of it", () => {
  const modules = parse(sourcesOf(FIRST, BLIND)).modules;
  const known = checkModules(modules);
  const changed = [parse(sourcesOf(`${FIRST}\n`, BLIND)).modules[0]!, ...modules.slice(1)];
  expect(recheck(known, changed, {})).not.toBe(undefined);
  const careful: readonly CheckOptions[] = [
    { captureTestTerms: true },
    { pathExists: () => false },
    { schemaAnnotations: true },
    { schemas: new Map() },
    { testCases: true },
  ];
  for (const options of careful) expect(recheck(known, changed, options)).toBe(undefined);
});

test("a package without rules that has another name", () => {
  const cache = new CompileCache();
  for (const name of ["b.x", "b.y", "b.x"]) {
    const sources = [...sourcesOf(FIRST, BLIND), { file: "x.rego", text: `package ${name}\n` }];
    expect(again(cache, sources)).toBe(fromNothing(sources));
  }
});

test("with other options all is done anew", () => {
  const sources = [
    ...sourcesOf(FIRST, OTHERS),
    {
      file: "c.rego",
      text: "package c\n\nimport data.b\n\nsaid if print(input.x)\n\ncounted := count(input.xs) + 1\n",
    },
  ];
  const builtins = new Map(allBuiltins);
  const fewer = new Map([...allBuiltins].filter(([name]) => name !== "print"));
  const other = new Map([...allBuiltins].map(([name, builtin]) => [name, { ...builtin }]));
  const uncounted = new Map([...allBuiltins].filter(([name]) => name !== "count"));
  const upper = allBuiltins.get("upper")!;
  const mistaken = new Map(
    [...allBuiltins].map((entry) => (entry[0] === "count" ? ["count", upper] : entry)),
  );
  const cache = new CompileCache();
  const made = (options: CheckOptions, entrypoints: readonly string[], cache_: CompileCache): string =>
    outcome(() => {
      const compiled = cache_.check(cache_.parse(sources).modules, options);
      return cache_.compile(compiled, { entrypoints }, RUNTIME).emitted.bytes;
    });
  const different = new Set<string>();
  for (const options of [
    {},
    { print: true },
    { print: false },
    { strict: true },
    { builtins },
    { builtins: fewer },
    { builtins: other },
    { features: new Set<string>() },
    { features: new Set(["rego_v1", "template_strings"]) },
    { features: new Set(["rego_v1"]) },
    { builtins },
    { builtins: uncounted },
    { builtins },
    { builtins: mistaken },
    { print: true },
    {},
  ]) {
    for (const entrypoints of [["c"], ["b"], ["c", "b"], ["b", "c"]]) {
      const fresh = made(options, entrypoints, new CompileCache());
      expect(made(options, entrypoints, cache)).toBe(fresh);
      different.add(fresh);
    }
  }
  expect(different.size).toBeGreaterThan(8);
});

test("a module is parsed again in another version of the language", () => {
  const cache = new CompileCache();
  const source = { file: "a.rego", text: "package a\n\nallow { input.x }\n" };
  const versions: readonly Partial<SourceText>[] = [
    { regoVersion: "v0" },
    { regoVersion: "v1" },
    { regoVersion: "v0" },
    { regoVersion: "v0", v1Compatible: true },
    { regoVersion: "v0" },
  ];
  for (const version of versions) {
    const found = cache.parse([{ ...source, ...version }]).diagnostics.map(({ message }) => message);
    expect(found).toEqual(parse([{ ...source, ...version }]).diagnostics.map(({ message }) => message));
  }
});

test("the same function where another builtin is replaced", () => {
  const cache = new CompileCache();
  const others = "package b\n\nsame if count(input.xs) == sum(input.xs)\n";
  for (const name of ["count", "sum", "count"]) {
    const texts = sourcesOf(`mocked if data.b.same with ${name} as 2\n\nhere if input.x\n`, others);
    expect(again(cache, texts)).toBe(fromNothing(texts));
  }
});

test("only what others cannot notice is checked alone", () => {
  const modulesOf = (text: string) => parse(sourcesOf(text, NARROW)).modules;
  const first = modulesOf(FIRST);
  const known = checkModules(first);
  const after = (text: string) => recheck(known, [modulesOf(text)[0]!, ...first.slice(1)], {});
  const changed = after(FIRST.replace("number := 2", "number := 3"));
  expect(changed?.modules[2]).toBe(known.modules[2]);
  expect(changed?.modules[0]).not.toBe(known.modules[0]);
  expect(after(`${FIRST}\nnew if input.new\n`)?.modules[2]).toBe(known.modules[2]);
  expect(after(FIRST.replace("value := 1\n", ""))).toBe(undefined);
  expect(after(FIRST.replace("number := 2", 'number := "two"'))).toBe(undefined);
});
