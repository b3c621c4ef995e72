// What a module holds of the runtime: what its policy needs and no more, under names that are right.

import { describe, expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { ByteReader, decodeModule, type Module, usesOf } from "../../../src/compile/wasm/decode.ts";
import { KIND_FUNCTION, KIND_GLOBAL } from "../../../src/compile/wasm/encode.ts";
import { rewritten } from "../../../src/compile/wasm/instruction.ts";
import { reachable } from "../../../src/compile/wasm/prune.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { runtime } from "./build.ts";

const POLICIES = {
  plain: 'allow if input.role == "admin"',
  builtins:
    "allow if { count(split(lower(input.name), `.`)) > 1; regex.match(`^a+$`, input.role); input.n % 2 == 0 }",
  loops: "allow if { some grant in data.grants; grant.role == input.role; every x in input.list { x > 0 } }",
  texts: 'allow := sprintf("%d %v", [input.n, {x | some x in input.list}])',
};

const compiled = (rule: string, names = false): Uint8Array =>
  compile(
    checkSources([{ file: "p.rego", text: `package p\n\n${rule}\n` }]),
    { entrypoints: ["p/allow"] },
    { runtime, names },
  ).emitted.bytes;

const exported = (module: Module, kind: number): number[] =>
  module.exports.filter((item) => item.kind === kind).map(({ index }) => index);

/** A body without the numbers that differ from module to module. */
const anonymous = (body: Uint8Array): string =>
  Buffer.from(rewritten(body, usesOf(body).links, (out) => out.byte(0))).toString("hex");

function namesOf(bytes: Uint8Array): Map<number, string> {
  const [section] = WebAssembly.Module.customSections(
    new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
    "name",
  );
  const reader = new ByteReader(new Uint8Array(section!));
  expect(reader.byte()).toBe(1);
  reader.u32();
  return new Map(reader.list((): [number, string] => [reader.u32(), reader.name()]));
}

describe.each(Object.entries(POLICIES))("%s", (_, rule) => {
  test("holds no function, global or type that nothing uses", () => {
    const module = decodeModule(compiled(rule));
    const reached = reachable(module, exported(module, KIND_FUNCTION));
    const idle = module.bodies
      .map((_, index) => index + module.importedFunctions)
      .filter((index) => !reached.functions.has(index));
    // The function that charges steps is in every module, with the globals of the budget.
    expect(idle.length).toBeLessThanOrEqual(1);
    const globals = reachable(module, [...exported(module, KIND_FUNCTION), ...idle]).globals;
    for (const index of exported(module, KIND_GLOBAL)) globals.add(index);
    expect([...module.globals.keys()].filter((index) => !globals.has(index))).toEqual([]);
    const types = new Set([...module.functions, ...module.imports.map(({ type }) => type)]);
    expect([...types].sort((a, b) => a - b)).toEqual([...module.types.keys()]);
  });

  test("calls functions of the runtime what they are called there", () => {
    const bytes = compiled(rule, true);
    const [module, whole] = [decodeModule(bytes), decodeModule(runtime)];
    const names = namesOf(bytes);
    expect(names.size).toBeGreaterThan(20);
    const origin = (name: string): number | undefined =>
      whole.exports.find((item) => item.kind === KIND_FUNCTION && item.name === name)?.index;
    let compared = 0;
    for (const [index, name] of names) {
      const found = origin(name);
      if (found === undefined) continue;
      expect(anonymous(module.bodies[index - module.importedFunctions]!)).toBe(
        anonymous(whole.bodies[found - whole.importedFunctions]!),
      );
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
    expect([...names.values()]).toContain("g0.data.p.allow");
  });
});

test("imports of the functions that call builtins those that are called", () => {
  const importsOf = (rule: string): string[] =>
    decodeModule(compiled(rule))
      .imports.map(({ name }) => name)
      .filter((name) => name !== "memory" && name !== "opa_abort");
  expect(importsOf(POLICIES.builtins)).toEqual([]);
  expect(importsOf('allow if http.send({"method": "get", "url": input.url})')).toEqual(["opa_builtin1"]);
  expect(importsOf("allow if opa.runtime().env.x")).toEqual(["opa_builtin0"]);
  // A body of the runtime that may hand the call on.
  expect(importsOf("allow if time.weekday(input.t) == `Monday`")).toEqual(["opa_builtin1"]);
});

test("static data that does not fit into the first pages is put in place by a start function", () => {
  const texts = Array.from(
    { length: 4000 },
    (_, index) => `"a text with the number ${index} and more of it"`,
  );
  const bytes = compiled(`allow if input.text in {${texts.join(", ")}}`);
  const engine = prepare({ wasm: bytes });
  const ask = (text: string): unknown => engine.evaluate(0, { value: { text } }).value;
  expect(ask("a text with the number 3999 and more of it")).toBe(true);
  expect(ask("a text with the number 4000 and more of it")).toBe(undefined);
});
