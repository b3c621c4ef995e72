// Laws of drawn modules: what is emitted is valid Wasm, a plan survives its JSON, and OPA's unmodified host gives what our engine gives.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkSources, compile } from "../../src/compile/compile.ts";
import { policyFromJson, policyToJson } from "../../src/compile/ir/json.ts";
import { prepare } from "../../src/engine/engine.ts";
import { PolicyError } from "../../src/error.ts";
import { drawCase } from "../differential/modules.ts";

const runtime = readFileSync(new URL("../../dist/runtime.wasm", import.meta.url));
const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as {
  loadPolicySync(wasm: Uint8Array): {
    setData(data: unknown): void;
    evaluate(input: unknown, entrypoint: number): unknown;
  };
};

function compiled(seed: number) {
  const item = drawCase(seed, 3);
  try {
    return {
      item,
      ...compile(
        checkSources(item.modules),
        { entrypoints: [...item.entrypoints] },
        { runtime, verify: true },
      ),
    };
  } catch (error) {
    // Some drawn modules are refused, always with findings.
    expect(error).toBeInstanceOf(PolicyError);
    return undefined;
  }
}

test("drawn modules: valid Wasm, plans survive their JSON, both hosts agree", () => {
  let judged = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
      const built = compiled(seed);
      if (built === undefined) return;
      const { item, policy, emitted } = built;
      expect(WebAssembly.validate(emitted.bytes as Uint8Array<ArrayBuffer>)).toBe(true);
      const json = policyToJson(policy);
      expect(policyToJson(policyFromJson(json))).toEqual(json);
      if (Object.keys(emitted.builtins).length > 0) return;
      const engine = prepare({ wasm: emitted.bytes, data: { json: item.data } });
      const other = sdk.loadPolicySync(emitted.bytes);
      other.setData(JSON.parse(item.data));
      for (const input of item.inputs) {
        // That host drops inputs that are false, and sends numbers as JavaScript writes them: so it does here for both.
        const plain: unknown = input === undefined ? undefined : JSON.parse(input);
        if (plain !== undefined && (typeof plain !== "object" || plain === null)) continue;
        engine.setData({ json: JSON.stringify(JSON.parse(item.data)) });
        for (const [name, id] of engine.entrypoints) {
          const ours = outcome(
            () =>
              engine.evaluate(name, plain === undefined ? undefined : { json: JSON.stringify(plain) })
                .results,
          );
          expect(outcome(() => other.evaluate(plain, id))).toEqual(ours);
          judged++;
        }
      }
    }),
    { numRuns: 60, seed: 20_26 },
  );
  expect(judged).toBeGreaterThan(50);
}, 120_000);

/** Errors by being one: that host throws bare texts. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return "error";
  }
}
