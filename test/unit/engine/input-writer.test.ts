// Objects go in by a writer generated for the policy as they do by the generic one, as JSON bytes, and in OPA's own host: drawn policies and inputs, odd
// objects. A writer that belongs to another policy is refused.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { type Engine, type GeneratedWriter, prepare } from "../../../src/engine/engine.ts";
import { inputWriterModule } from "../../../src/engine/input-writer.ts";
import { runtime } from "../wasm/build.ts";
import { grants, input, policy } from "../wasm/drawn.ts";

const { loadPolicySync } = createRequire(import.meta.url)("@open-policy-agent/opa-wasm");

const folder = mkdtempSync(join(tmpdir(), "input-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compiled(text: string, entrypoints: readonly string[]): Uint8Array {
  return compile(checkSources([{ file: "p.rego", text }]), { entrypoints }, { runtime, verify: true }).emitted
    .bytes;
}

let written = 0;
async function writerFor(wasm: Uint8Array): Promise<GeneratedWriter> {
  const file = join(folder, `writer-${written++}.mjs`);
  writeFileSync(file, inputWriterModule(wasm));
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)).default;
}

async function both(
  text: string,
  entrypoints: readonly string[],
  data: unknown = {},
): Promise<[Engine, Engine]> {
  const wasm = compiled(text, entrypoints);
  const writer = await writerFor(wasm);
  return [prepare({ wasm, data: { value: data } }), prepare({ wasm, data: { value: data }, writer })];
}

describe("a generated writer", () => {
  test("gives the answers that every other way in gives", async () => {
    const entrypoints = ["p/allow", "p/kinds", "p/level"];
    await fc.assert(
      fc.asyncProperty(
        policy,
        grants,
        fc.array(input, { minLength: 4, maxLength: 12 }),
        async (text, all, inputs) => {
          const wasm = compiled(text, entrypoints);
          const data = { grants: all };
          const generic = prepare({ wasm, data: { value: data } });
          const generated = prepare({ wasm, data: { value: data }, writer: await writerFor(wasm) });
          const stock = loadPolicySync(wasm);
          stock.setData(data);
          for (const value of [...inputs, ...inputs.toReversed()]) {
            for (const entrypoint of entrypoints) {
              const bytes = new TextEncoder().encode(JSON.stringify(value));
              const wanted = generic.evaluate(entrypoint, { json: bytes }).results;
              expect(generic.evaluate(entrypoint, { value }).results).toEqual(wanted);
              expect(generated.evaluate(entrypoint, { value }).results).toEqual(wanted);
              expect(stock.evaluate(JSON.parse(JSON.stringify(value)), entrypoint)).toEqual(wanted);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  test("and the generic one see of odd objects what JSON says of them", async () => {
    const text = `package p
default name := "none"
name := input.user.name
default proto := "none"
proto := input["__proto__"].name
default make := "none"
make := input.user.constructor
default list := "none"
list := input.list`;
    const entrypoints = ["p/name", "p/proto", "p/make", "p/list"];
    const engines = await both(text, entrypoints);
    class Person {
      name = "of a class";
      get list() {
        return "of the class, not of the object";
      }
    }
    function Old(this: { own: string }) {
      this.own = "own";
    }
    Old.prototype = { name: "of the prototype", user: { name: "of the prototype, too" }, list: 1 };
    const odd: unknown[] = [
      { user: new Person() },
      { user: { name: "n", toJSON: () => ({ name: "from toJSON" }) } },
      { user: Object.create({ name: "inherited" }) },
      { user: Object.create({ name: "inherited" }, { name: { value: "hidden" } }) },
      Object.create({ user: { name: "inherited" }, list: 1 }),
      Object.assign(Object.create({ user: { name: "inherited" } }), { list: "own" }),
      Object.create(Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`k${at}`, at]))),
      new Person(),
      // @ts-expect-error: a class as it was written once
      new Old(),
      // @ts-expect-error: the same
      { user: new Old() },
      { user: Object.setPrototypeOf({ name: "with the prototype of arrays" }, Array.prototype) },
      { user: new Number(5) },
      { user: { constructor: Object, name: "n" } },
      { user: Object.assign(Object.create(null), { name: "without prototype" }) },
      {
        user: {
          get name() {
            return "from a getter";
          },
        },
      },
      { user: { name: undefined } },
      { user: { name: Number.NaN } },
      { user: { name: new Date(0) } },
      { user: [{ name: "in an array" }] },
      { user: null },
      { user: { constructor: "own", name: "x".repeat(40) } },
      { user: { name: "é" } },
      { user: { name: -0 } },
      { user: { name: 2 ** 53 } },
      { user: { name: 1e21 } },
      JSON.parse('{"__proto__": {"name": "own"}, "user": {"__proto__": 1, "name": "n"}}'),
      { list: Object.assign([1], { 2: "behind a hole" }) },
      { list: [undefined, () => 1, new Date(0), { toJSON: () => 7 }] },
      { list: Object.assign([1], { toJSON: () => ["from toJSON"] }) },
      Object.fromEntries([
        ...Array.from({ length: 90 }, (_, at) => [`k${at}`, at]),
        ["user", { name: "last" }],
      ]),
      { 1: "a", user: { 0: "b", name: "after an index" } },
      [],
      "text",
      null,
    ];
    for (const value of [...odd, ...odd.toReversed()]) {
      for (const entrypoint of entrypoints) {
        const wanted = engines[0].evaluate(entrypoint, { json: JSON.stringify(value) }).results;
        for (const engine of engines) expect(engine.evaluate(entrypoint, { value }).results).toEqual(wanted);
      }
    }
  });

  test("and the generic one see nothing that Object.prototype was given", async () => {
    const engines = await both("package p\ndefault admin := false\nadmin if input.user.admin == true", [
      "p/admin",
    ]);
    const value = { user: { name: "n" } };
    const pollute = Object.prototype as { admin?: boolean };
    for (const engine of engines) expect(engine.evaluate(0, { value }).value).toBe(false);
    try {
      pollute.admin = true;
      for (const engine of engines) expect(engine.evaluate(0, { value }).value).toBe(false);
    } finally {
      delete pollute.admin;
    }
    for (const engine of engines)
      expect(engine.evaluate(0, { value: { user: { admin: true } } }).value).toBe(true);
  });

  test("and the generic one leave nothing of an earlier input below what is no object", async () => {
    const engines = await both(
      'package p\ndefault found := "none"\nfound := input.a.b.c.d\ndefault other := "none"\nother := input.a.b.e',
      ["p/found", "p/other"],
    );
    const whole = { a: { b: { c: { d: "deep" }, e: "less" } } };
    const cut: unknown[] = [
      { a: 1 },
      { a: { b: [] } },
      { a: { b: { c: "text", e: "less" } } },
      { a: { b: { c: { d: undefined } } } },
      { a: {} },
      {},
      { a: { b: { c: {} } } },
    ];
    for (const value of cut)
      for (const each of [whole, value])
        for (const engine of engines)
          for (const entrypoint of [0, 1])
            expect(engine.evaluate(entrypoint, { value: each }).results).toEqual(
              engine.evaluate(entrypoint, { json: JSON.stringify(each) }).results,
            );
  });

  test("and the generic one write texts of every length, kept or not", async () => {
    const engines = await both("package p\nname := input.name\nnames := input.names", ["p/name", "p/names"]);
    for (let turn = 0; turn < 3; turn++)
      for (let length = 0; length < 40; length++)
        for (const last of ["a", "\u007f", "\u0080", "\u00ff", "\u0100", "\u8000", "\ud800"]) {
          const name = `${"x".repeat(length)}${last}`;
          const value = { name, names: [name, length, `${name}${turn}`, null] };
          for (const engine of engines)
            for (const entrypoint of [0, 1])
              expect(engine.evaluate(entrypoint, { value }).results).toEqual(
                engine.evaluate(entrypoint, { json: JSON.stringify(value) }).results,
              );
        }
  });

  test("of another policy is refused", async () => {
    const allow = (condition: string): Uint8Array =>
      compiled(`package p\nallow if ${condition}`, ["p/allow"]);
    const writer = await writerFor(allow('input.user.name == "a"'));
    expect(() => prepare({ wasm: allow('input.user.role == "a"'), writer })).toThrow(
      /the input writer was generated for another policy/,
    );
    expect(() => prepare({ wasm: allow("input == 1"), writer })).toThrow(/another policy/);
  });

  test("is text without surprises, whatever the keys are called", async () => {
    const keys = ['a"b', "a\\nb", "</script>", "\u2028", "$" + "{x}", "`", "*/", "constructor", "__proto__"];
    const conditions = keys.map((key) => `input[${JSON.stringify(key)}].x == "yes"`).join("\n\t");
    const wasm = compiled(`package p\ndefault allow := false\nallow if {\n\t${conditions}\n}`, ["p/allow"]);
    expect(inputWriterModule(wasm)).not.toMatch(/\beval\b|Function\(|<\/script|\u2028/);
    const engine = prepare({ wasm, writer: await writerFor(wasm) });
    const members = keys.map((key) => `${JSON.stringify(key)}: {"x": "yes"}`).join();
    expect(engine.evaluate(0, { value: JSON.parse(`{${members}}`) }).value).toBe(true);
    expect(engine.evaluate(0, { value: {} }).value).toBe(false);
  });

  test("needs something to write", () => {
    expect(() => inputWriterModule(compiled("package p\nwhole := input", ["p/whole"]))).toThrow(
      /no entrypoint reads a part of the input/,
    );
  });

  test("is written by `reeve build --input-writer`", async () => {
    const source = join(folder, "policy.rego");
    writeFileSync(source, 'package p\nallow if input.user.name == "a"\n');
    const file = join(folder, "built.mjs");
    const bundle = join(folder, "bundle.tar.gz");
    const reeve = (...args: string[]) =>
      spawnSync(
        process.execPath,
        ["dist/cli/main.js", "build", ...args, source, "-e", "p/allow", "-o", bundle],
        {
          encoding: "utf8",
        },
      );
    expect(reeve("-t", "wasm", "--input-writer", file)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const writer = (await import(/* @vite-ignore */ pathToFileURL(file).href)).default;
    const tar = gunzipSync(readFileSync(bundle));
    const start = tar.indexOf(Buffer.from([0, 0x61, 0x73, 0x6d]));
    const wasm = compiled(readFileSync(source, "utf8"), ["p/allow"]);
    expect(tar.subarray(start, start + 8)).toEqual(Buffer.from(wasm.subarray(0, 8)));
    const engine = prepare({ wasm, writer });
    expect(engine.evaluate(0, { value: { user: { name: "a" } } }).value).toBe(true);
    const refused = reeve("--input-writer", file);
    expect(refused.status).toBe(1);
    expect(refused.stdout).toMatch(/error: .*--target=wasm/);
  }, 60_000);
});
