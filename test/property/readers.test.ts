// Readers of what comes from outside, fed with mutants of good samples: bundles, Wasm modules, plans, configurations, data files, JSON in the
// module. Whatever it is, they give a value or a PolicyError of one line; never another exception, never a hang.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { read } from "../../src/bundle/read.ts";
import { checkSources, compile } from "../../src/compile/compile.ts";
import { policyFromJson, policyToJson } from "../../src/compile/ir/json.ts";
import { validate } from "../../src/compile/ir/validate.ts";
import { decodeModule } from "../../src/compile/wasm/decode.ts";
import { parseConfig } from "../../src/decision/config.ts";
import { prepare } from "../../src/engine/engine.ts";
import { readRegoText, writeRegoText } from "../../src/engine/rego-text.ts";
import { PolicyError } from "../../src/error.ts";
import { decodeYaml } from "../../src/sources.ts";
import { decode, encode } from "../../src/value/json.ts";
import { packed, wasmOf } from "../unit/decision/harness.ts";

const REGO =
  "package a\n\nallow if { some r in input.roles; r == data.role }\n\nnames contains n if n := input.names[_]\n";
const runtime = readFileSync(new URL("../../dist/runtime.wasm", import.meta.url));

/** Bytes changed, put in, taken out, doubled, cut off. */
function mutants(sample: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    kind: fc.constantFrom("set", "insert", "remove", "double", "cut"),
    at: fc.nat(Math.max(0, sample.length - 1)),
    length: fc.nat(16),
    byte: fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) => {
    let bytes = sample;
    for (const { kind, at: wanted, length, byte } of edits) {
      const at = Math.min(wanted, bytes.length);
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
      if (kind === "set" && at < bytes.length) {
        bytes = bytes.slice();
        bytes[at] = byte;
      } else if (kind === "insert") bytes = Buffer.concat([before, Uint8Array.of(byte), after]);
      else if (kind === "remove") bytes = Buffer.concat([before, after.subarray(length)]);
      else if (kind === "double") bytes = Buffer.concat([before, after.subarray(0, length), after]);
      else if (kind === "cut") bytes = before;
    }
    return bytes;
  });
}

const textMutants = (sample: string): fc.Arbitrary<string> =>
  mutants(Buffer.from(sample)).map((bytes) => Buffer.from(bytes).toString("utf8"));

async function answers(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    expect(error.message).not.toBe("");
    expect(error.message).not.toMatch(/\n {4}at /);
  }
}

const property = <T>(values: fc.Arbitrary<T>, numRuns: number, work: (value: T) => unknown): Promise<void> =>
  fc.assert(
    fc.asyncProperty(values, (value) => answers(() => work(value))),
    { numRuns },
  );

describe("mutants are answered", () => {
  test("bundles", { timeout: 60_000 }, async () => {
    const bytes = await packed({
      rego: { "a.rego": REGO },
      asRego: true,
      data: '{"role":"x"}',
      revision: "r",
    });
    await property(mutants(bytes), 150, (mutant) => read(mutant));
  });

  test("Wasm modules, as the linker and as the engine read them", { timeout: 60_000 }, async () => {
    const bytes = wasmOf({ "a.rego": REGO }, ["a/allow"]);
    await property(mutants(bytes), 60, (mutant) =>
      prepare({ wasm: mutant }).evaluate("a/allow", { json: "{}" }),
    );
    await property(mutants(bytes.subarray(0, 4000)), 100, (mutant) => decodeModule(mutant));
  });

  test("plans", { timeout: 60_000 }, async () => {
    const { policy } = compile(
      checkSources([{ file: "a.rego", text: REGO }]),
      { entrypoints: ["a/allow"] },
      { runtime },
    );
    const text = JSON.stringify(policyToJson(policy));
    await property(textMutants(text), 150, (mutant) => {
      let json: unknown;
      try {
        json = JSON.parse(mutant);
      } catch {
        return;
      }
      validate(policyFromJson(json));
    });
  });

  test("configurations", { timeout: 60_000 }, async () => {
    const sample =
      "services:\n  acme: {url: https://a.test, credentials: {bearer: {token: t}}}\nbundles:\n  b: {service: acme, signing: {keyid: k}, polling: {min_delay_seconds: 1}}\n" +
      "keys: {k: {key: secret, algorithm: HS256}}\ndecision_logs: {console: true, reporting: {buffer_type: event}}\n";
    await property(textMutants(sample), 150, (mutant) => parseConfig(mutant));
  });

  test("data in YAML and JSON", { timeout: 60_000 }, async () => {
    const yaml = "a: &x [1, 2.5, true, ~]\nb: {c: *x, 'd': \"e\\u00e9\"}\nf: |\n  text\n? g\n: h\n";
    await property(textMutants(yaml), 200, (mutant) => decodeYaml("d.yaml", mutant));
    await property(textMutants('{"a":[1,-2.5e3,"\\u00e9\\n",null,true],"b":{"":{}}}'), 300, (mutant) =>
      decode(mutant),
    );
  });

  test("JSON in the module says what JSON here says", { timeout: 60_000 }, async () => {
    const engine = prepare({ wasm: wasmOf({ "i.rego": "package i\n\nx := input\n" }, ["i/x"]) });
    const sample = '{"a":[1,-2.5e3,"\\u00e9\\ud83d\\ude00\\n",null,true],"b":{"":{}},"é":"日本"}';
    await property(textMutants(sample), 400, (mutant) => {
      const attempt = (work: () => string): string | undefined => {
        try {
          return work();
        } catch (error) {
          if (error instanceof PolicyError) return undefined;
          throw error;
        }
      };
      const here = attempt(() => encode(decode(mutant), { escapeHtml: false }));
      const there = attempt(() =>
        encode(engine.evaluate("i/x", { json: mutant }).value!, { escapeHtml: false }),
      );
      expect(there).toBe(here);
    });
  });

  test("texts of values", { timeout: 60_000 }, async () => {
    const sample = writeRegoText(decode('{"a":[1,-2.5e3,"\\u00e9",null,true],"b":{"":{}}}'));
    await property(textMutants(`[${sample}, {1, "a"}, set(), {[1]: {2}}]`), 300, (mutant) =>
      readRegoText(mutant),
    );
  });
});
