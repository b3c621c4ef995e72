// A build with what the last one left gives what a build from nothing gives, byte for byte, whatever changed in between: also after a build that
// failed, and the same findings where one fails.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BuildCache, type BuildOptions, build } from "../../src/build.ts";
import { PolicyError } from "../../src/error.ts";

/** What a file of the folder may hold: rules that use each other's modules, and mistakes of each kind. */
const TEXTS: readonly ((index: number) => string)[] = [
  (i) => `package m${i}\n\nallow if input.role == "admin"\n`,
  (i) => `package m${i}\n\nallow if input.role == "reader"\n\nallow if data.m${(i + 1) % 4}.allow\n`,
  (i) => `package m${i}\n\nallow if {\n\tsome grant in data.grants\n\tgrant.role == input.role\n}\n`,
  (i) => `package m${i}\n\nallow if helper(input.role)\n\nhelper(x) if count(x) > ${i}\n`,
  (i) => `package m${i}\n\nallow if {\n`,
  (i) => `package m${i}\n\nallow if unknown(input.role)\n`,
];

const change = fc.oneof(
  fc.record({
    kind: fc.constant("module" as const),
    file: fc.integer({ min: 0, max: 3 }),
    text: fc.nat(TEXTS.length - 1),
  }),
  fc.record({ kind: fc.constant("remove" as const), file: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant("data" as const), role: fc.constantFrom("admin", "reader") }),
  fc.record({ kind: fc.constant("nothing" as const) }),
);

async function outcome(options: BuildOptions): Promise<unknown> {
  try {
    return Buffer.from((await build(options)).bytes).toString("base64");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.message;
  }
}

test("a build with a cache is a build from nothing", { timeout: 240_000 }, async () => {
  let built = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 8 }), async (changes) => {
      const folder = mkdtempSync(join(tmpdir(), "reeve-cache-"));
      const place = (file: number): string => join(folder, "policy", `m${file}.rego`);
      const grants = (role: string): void =>
        writeFileSync(join(folder, "policy", "data.json"), JSON.stringify({ grants: [{ role }] }));
      try {
        mkdirSync(join(folder, "policy"));
        for (let file = 0; file < 4; file++) writeFileSync(place(file), TEXTS[0]!(file));
        grants("admin");
        const options: BuildOptions = {
          paths: [join(folder, "policy")],
          target: "wasm",
          entrypoints: ["m0/allow"],
        };
        const cache = new BuildCache();
        await outcome({ ...options, cache });
        for (const step of changes) {
          if (step.kind === "module") writeFileSync(place(step.file), TEXTS[step.text]!(step.file));
          else if (step.kind === "remove") rmSync(place(step.file), { force: true });
          else if (step.kind === "data") grants(step.role);
          const fresh = await outcome(options);
          expect(await outcome({ ...options, cache })).toBe(fresh);
          if (/^[A-Za-z0-9+/=]+$/.test(fresh as string)) built++;
          else refused++;
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 40, seed: 7 },
  );
  expect(built).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});

test("with other options, entrypoints and targets, and back", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-cache-"));
  try {
    // Without `if` it is v0, which v1 refuses.
    writeFileSync(join(folder, "a.rego"), 'package a\n\nallow { input.role == "admin" }\n');
    writeFileSync(join(folder, "b.rego"), 'package b\n\nallow := input.b\n\nother := "b"\n');
    const cache = new BuildCache();
    const wasm = { paths: [folder], target: "wasm" } as const;
    const old = { ...wasm, v0Compatible: true };
    const seen = new Set<unknown>();
    const step = async (options: BuildOptions): Promise<void> => {
      const fresh = await outcome(options);
      expect(await outcome({ ...options, cache })).toBe(fresh);
      seen.add(fresh);
    };
    await step({ ...wasm, entrypoints: ["b/allow"] });
    await step({ ...old, entrypoints: ["b/allow"] });
    await step({ ...old, entrypoints: ["b/other"] });
    await step({ ...old, entrypoints: ["a/allow"] });
    await step({ ...wasm, entrypoints: ["a/allow"] });
    writeFileSync(join(folder, "a.rego"), 'package a\n\nallow if input.longer == "a longer text"\n');
    await step({ ...wasm, entrypoints: ["a/allow", "b/allow"] });
    await step({ ...wasm, entrypoints: ["b/allow", "a/allow"] });
    writeFileSync(join(folder, "a.rego"), 'package a\n\nallow if input.longer == "a second text"\n');
    await step({ ...wasm, entrypoints: ["a/allow", "b/allow"] });
    await step({ ...wasm, target: "plan", entrypoints: ["a/allow", "b/allow"] });
    await step({ ...wasm, target: "rego" });
    await step({ ...wasm, entrypoints: ["b/allow"] });
    // Both refused builds say the same.
    expect(seen.size).toBe(10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("rules that use an entrypoint are none of those that were refused", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-cache-"));
  try {
    const cache = new BuildCache();
    const options: BuildOptions = { paths: [folder], target: "wasm", entrypoints: ["b/own"] };
    writeFileSync(join(folder, "b.rego"), "package b\n\nown := 1\n");
    writeFileSync(join(folder, "c.rego"), "package c\n\nuses := data.b.own\n");
    for (const rules of ["sum := 1", 'sum := data.b.own\n\nwrong := 1 + "a"', "sum := 2"]) {
      writeFileSync(join(folder, "a.rego"), `package a\n\n${rules}\n`);
      expect(await outcome({ ...options, cache })).toBe(await outcome(options));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
