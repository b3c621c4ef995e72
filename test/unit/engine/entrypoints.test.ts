// What an engine knows of a module without asking it is what the module itself says.

import { expect, test } from "vitest";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { ByteReader } from "../../../src/compile/wasm/decode.ts";
import { ByteWriter } from "../../../src/compile/wasm/encode.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { runtime } from "../wasm/build.ts";

const MODULE = `package p

allow if input.role == "admin"

n10 := input.a

n2 := input.b

whole := input

asked := http.send({"method": "get", "url": input.url}).status_code
`;

function wasmOf(entrypoints: readonly string[]): Uint8Array {
  return compile(checkSources([{ file: "p.rego", text: MODULE }]), { entrypoints }, { runtime }).emitted
    .bytes;
}

/** The module without what only our engine reads. */
function bare(wasm: Uint8Array): Uint8Array {
  const reader = new ByteReader(wasm);
  const writer = new ByteWriter(wasm.length).raw(reader.take(8));
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.sized();
    if (id !== 0) writer.byte(id).sized(content);
  }
  return writer.finish();
}

test.each([
  [["p/allow"]],
  [["p/n10", "p/n2", "p/allow"]],
  [["p/allow", "p/n2", "p"]],
  [["p/whole", "p/allow"]],
  [["p/asked", "p/allow", "p/n2"]],
])("%j", (entrypoints) => {
  const wasm = wasmOf(entrypoints);
  const [known, told] = [wasm, bare(wasm)].map((bytes) => prepare({ wasm: bytes, builtins }));
  expect(new Map(known!.entrypoints)).toEqual(new Map(told!.entrypoints));
  expect(known!.entrypoints.size).toBe(told!.entrypoints.size);
  expect(known!.requiredBuiltins).toEqual(told!.requiredBuiltins);
  for (const name of entrypoints.filter((each) => !/^p$|asked/.test(each))) {
    const input = { value: { role: "admin", a: 1, b: "two" } };
    expect(known!.evaluate(name, input).results).toEqual(told!.evaluate(name, input).results);
  }
});
