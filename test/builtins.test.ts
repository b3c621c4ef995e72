// Every builtin in one place, held together: each example through the whole pipeline and through the host body, and the lists that are
// derived from the declarations against each other and against the runtime's exports.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Builtin, BuiltinContext } from "../src/builtins/builtin.ts";
import { capabilities } from "../src/builtins/capabilities.ts";
import { hostBuiltins } from "../src/builtins/host.ts";
import { builtins, register } from "../src/builtins/registry.ts";
import { builtinReference } from "../src/builtins/reference.ts";
import { checkSources, compile } from "../src/compile/compile.ts";
import { PolicyError } from "../src/error.ts";
import { runQuery } from "../src/query.ts";
import { jsonText, moduleToJson } from "../src/syntax/ast-json.ts";
import { parseModule } from "../src/syntax/parser.ts";
import { decode, encode, fromPlain, toJsonValue } from "../src/value/json.ts";
import { emptyObject } from "../src/value/object.ts";
import type { Value } from "../src/value/value.ts";

const runtime = readFileSync(fileURLToPath(new URL("../dist/runtime.wasm", import.meta.url)));

const context: Partial<BuiltinContext> = {
  runtime: emptyObject,
  print: () => {},
  network: {
    fetch: () => Promise.reject(new PolicyError("eval_builtin_error", "no network in tests")),
    lookup: () => Promise.reject(new PolicyError("eval_builtin_error", "no network in tests")),
  },
  parseModule: (file, text) => {
    const { module } = parseModule(text, { file });
    if (module === undefined) throw new PolicyError("eval_builtin_error", "no module");
    return decode(jsonText(moduleToJson(module)));
  },
};

const examples = [...builtins.values()].flatMap((builtin) =>
  builtin.examples.map(([expression, want]) => [builtin, expression, want] as const),
);
// Deprecated builtins are an error in every module of Rego v1; their bodies answer in OPA-built modules.
const current = examples.filter(([builtin]) => builtin.deprecated !== true);

describe("examples", () => {
  const modules = checkSources([], { builtins });
  test.each(current.map(([, expression, want]) => [expression, want] as const))(
    "%s",
    async (expression, want) => {
      const solutions = await runQuery(modules, {
        text: `x = ${expression}`,
        strictBuiltinErrors: true,
        context,
      });
      const got = solutions[0]?.bindings.get("x");
      expect(got === undefined ? undefined : encode(toJsonValue(got))).toBe(encode(decode(want)));
    },
  );
});

describe("the lists agree", () => {
  const { Module } = WebAssembly as unknown as {
    Module: { new (bytes: Uint8Array): object; exports(module: object): { readonly name: string }[] };
  };
  const exports = Module.exports(new Module(runtime)).map(({ name }) => name);
  const bodyOf = (builtin: Builtin): string => `builtin_${builtin.name.replaceAll(".", "_")}`;

  test("every builtin that can be called has a host body", () => {
    const missing = [...builtins.values()].filter(
      (builtin) => builtin.host === undefined && builtin.compiled !== true,
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test("a runtime body belongs to a declared builtin, and `native` is true where it is said", () => {
    const known = new Set([...builtins.values()].map(bodyOf));
    expect(exports.filter((name) => name.startsWith("builtin_") && !known.has(name))).toEqual([]);
    const claimed = [...builtins.values()].filter((builtin) => builtin.native === true);
    const bodies = exports.filter((name) => name.startsWith("builtin_"));
    expect(claimed.map(bodyOf).sort()).toEqual(bodies.sort());
    // A body that may hand its call on to the host is not enough to do without one.
    const mixed = exports.filter((name) => name.startsWith("mixed_"));
    expect(
      mixed.map((name) => name.replace("mixed_", "builtin_")).filter((name) => !known.has(name)),
    ).toEqual([]);
    expect(mixed.filter((name) => bodies.includes(name.replace("mixed_", "builtin_")))).toEqual([]);
  });

  test("loading by name finds exactly what the registry has", async () => {
    const loaded = await hostBuiltins([...builtins.keys(), "no.such.builtin"]);
    expect([...loaded.keys()].sort()).toEqual([...builtins.keys()].sort());
    for (const [name, builtin] of loaded) expect(builtin).toBe(builtins.get(name));
  });

  test("capabilities list them sorted, with names for all that is documented", () => {
    const { builtins: listed } = capabilities();
    const names = listed.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names.length).toBe(builtins.size);
    for (const { name, description, decl } of listed) {
      expect(`${name} ${description ?? ""}`.length).toBeGreaterThan(name.length + 1);
      expect(decl.type).toBe("function");
    }
  });

  test("a builtin declared twice is refused", () => {
    const [first] = builtins.values();
    expect(() => register([[first as Builtin], [first as Builtin]])).toThrow("is declared twice");
  });
});

interface OpaWasm {
  loadPolicySync(wasm: Uint8Array): {
    setData(data: object): void;
    evaluate(input: object, entrypoint: number): { result: Record<string, unknown> }[];
  };
}

describe("in the unmodified opa-wasm, which supplies nothing", () => {
  const native = current.filter(([builtin]) => builtin.native === true);
  // One module with a rule for each; what needs more than its own body is not native.
  const rules = native.map(([, expression], at) => `e${at} := ${expression}`);
  const module = { file: "n.rego", text: ["package n", ...rules].join("\n\n") };
  const { emitted } = compile(checkSources([module]), { entrypoints: ["n"] }, { runtime });
  const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as OpaWasm;
  const answers = (() => {
    const policy = sdk.loadPolicySync(emitted.bytes);
    policy.setData({});
    return policy.evaluate({}, 0)[0]!.result;
  })();

  test("the module asks its host for nothing", () => expect(Object.keys(emitted.builtins)).toEqual([]));

  test.each(native.map(([, expression, want], at) => [expression, want, at] as const))(
    "%s",
    (_, want, at) => {
      // This host reads JSON with JavaScript's numbers, and so do we here.
      const plain = (text: string): string => encode(fromPlain(JSON.parse(text)));
      expect(encode(fromPlain(answers[`e${at}`]))).toBe(plain(want));
    },
  );
});

describe("what is not called costs no bytes", () => {
  const sizeOf = (body: string): number => {
    const sources = [{ file: "s.rego", text: `package s\n\nx := ${body}\n` }];
    return compile(checkSources(sources), { entrypoints: ["s/x"] }, { runtime }).emitted.bytes.length;
  };
  const base = sizeOf("input.a");

  test("a module without builtins is a fraction of the runtime", () => {
    expect(base).toBeLessThan(runtime.length / 2);
  });

  // Each of these brings its code, and some a table: Unicode classes, cases, calendars, hash constants.
  test.each([
    "count(input.a)",
    "upper(input.a)",
    'regex.match("a", input.a)',
    "crypto.sha256(input.a)",
    "sprintf(input.a, [])",
  ])("%s brings its own", (body) => {
    const size = sizeOf(body);
    expect(size).toBeGreaterThan(base);
    expect(size).toBeLessThan(runtime.length);
  });

  test("tables come only with those who read them", () => {
    const [upper, regex, sha] = ["upper(input.a)", 'regex.match("a", input.a)', "crypto.sha256(input.a)"].map(
      (body) => sizeOf(body) - base,
    ) as [number, number, number];
    const all = sizeOf('[upper(input.a), regex.match("a", input.a), crypto.sha256(input.a)]') - base;
    // Together they cost no less than the dearest of them, and more than it: none carries the others.
    expect(all).toBeGreaterThan(Math.max(upper, regex, sha));
  });
});

test("the reference page is up to date (make builtins-reference)", () => {
  const page = readFileSync(new URL("../docs/builtins-reference.md", import.meta.url), "utf8");
  expect(page).toBe(builtinReference());
});

test("every builtin that a policy can call has an example", () => {
  // These need a rule around them, or are written by the compiler only.
  const exempt = ["internal.print", "internal.test_case", "rego.metadata.chain", "rego.metadata.rule"];
  const without = [...builtins.values()].filter((builtin) => builtin.examples.length === 0);
  expect(without.map(({ name }) => name)).toEqual(exempt);
});

test("an example is an expression with a JSON answer", () => {
  for (const [builtin, expression, want] of examples) {
    expect([builtin.name, expression.length > 0]).toEqual([builtin.name, true]);
    expect(() => decode(want) satisfies Value).not.toThrow();
  }
});
