// The host suite on our engine (objects, bytes) and on OPA's unmodified JavaScript host, against our engine reading text.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { builtins } from "../../src/builtins/registry.ts";
import { checkSources, compile } from "../../src/compile/compile.ts";
import { type Document, prepare } from "../../src/engine/engine.ts";
import { fromPlain, toPlain } from "../../src/value/json.ts";
import type { Value } from "../../src/value/value.ts";
import { hostSuite, type Load } from "./hosts.ts";

const runtime = readFileSync(new URL("../../dist/runtime.wasm", import.meta.url));

function build(sources: Readonly<Record<string, string>>, entrypoints: readonly string[]) {
  const files = Object.entries(sources).map(([file, text]) => ({ file, text }));
  return compile(checkSources(files), { entrypoints }, { runtime, verify: true }).emitted;
}

const engine =
  (document: (input: unknown) => Document): Load =>
  (sources, entrypoints, data) => {
    const loaded = prepare({ wasm: build(sources, entrypoints).bytes, data: { value: data }, builtins });
    return {
      ask: (entrypoint, input) => {
        const [result] = loaded.evaluate(entrypoint, document(input)).results as { result: unknown }[];
        return result?.result;
      },
      setData: (value) => loaded.setData({ value }),
    };
  };

const opaWasm: Load = (sources, entrypoints, data) => {
  const { bytes, builtins: needed } = build(sources, entrypoints);
  const bodies = Object.keys(needed).map((name) => {
    const body = (...args: unknown[]): unknown =>
      toPlain(builtins.get(name)!.host!(args.map(fromPlain), {} as never) as Value);
    return [name, body];
  });
  const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm");
  const policy = sdk.loadPolicySync(bytes, {}, Object.fromEntries(bodies));
  policy.setData(data);
  return {
    ask: (entrypoint, input) => policy.evaluate(input, entrypoint)[0]?.result,
    setData: (value) => policy.setData(value),
  };
};

const text = engine((input) => ({ json: JSON.stringify(input) }));
hostSuite(
  "our engine, objects",
  engine((input) => ({ value: input })),
  text,
);
hostSuite(
  "our engine, bytes",
  engine((input) => ({ json: new TextEncoder().encode(JSON.stringify(input)) })),
  text,
);
hostSuite("OPA's JavaScript host", opaWasm, text);
