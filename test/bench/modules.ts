// Compiled policies and the hosts that run them. In: Rego texts. Out: modules of our compiler and, where `opa` is on the PATH, of OPA's; a
// module that does nothing; the unmodified JavaScript host of OPA. Nothing here is timed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { builtins } from "../../src/builtins/registry.ts";
import { checkSources, compile, type SourceText } from "../../src/compile/compile.ts";
import { ByteWriter, constantExpression, vector } from "../../src/compile/wasm/encode.ts";
import { type DataSource, type Engine, type GeneratedWriter, prepare } from "../../src/engine/engine.ts";
import { inputWriterModule } from "../../src/engine/input-writer.ts";
import { fromPlain, toPlain } from "../../src/value/json.ts";
import type { Value } from "../../src/value/value.ts";

export const runtime: Uint8Array = readFileSync("dist/runtime.wasm");

export function ours(sources: readonly SourceText[], entrypoints: readonly string[]): Uint8Array {
  return compile(checkSources(sources), { entrypoints }, { runtime }).emitted.bytes;
}

export function engine(wasm: Uint8Array, data: DataSource): Engine {
  return prepare({ wasm, data, builtins });
}

/** The same with the input writer that `reeve build --input-writer` makes of the module. */
export async function withWriter(wasm: Uint8Array, data: DataSource): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const file = join(folder, "writer.mjs");
    writeFileSync(file, inputWriterModule(wasm));
    const { default: writer } = (await import(pathToFileURL(file).href)) as { default: GeneratedWriter };
    return prepare({ wasm, data, builtins, writer });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const opaVersion: string | undefined = /Version: (\S+)/.exec(
  spawnSync("opa", ["version"], { encoding: "utf8" }).stdout ?? "",
)?.[1];

/** The module that `opa build -t wasm` makes of the same texts; undefined without `opa`. */
export function opas(sources: readonly SourceText[], entrypoints: readonly string[]): Uint8Array | undefined {
  if (opaVersion === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const files = sources.map(({ text }, index) => {
      const file = `policy-${index}.rego`;
      writeFileSync(join(folder, file), text);
      return file;
    });
    const asked = entrypoints.flatMap((path) => ["-e", path]);
    const built = spawnSync("opa", ["build", "-t", "wasm", ...asked, ...files, "-o", "bundle.tar.gz"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 120_000,
    });
    if (built.status !== 0) throw new Error(`opa build: ${built.stderr}`);
    return tarMember(gunzipSync(readFileSync(join(folder, "bundle.tar.gz"))), "/policy.wasm");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tarMember(tar: Uint8Array, wanted: string): Uint8Array {
  const text = (at: number, length: number): string =>
    Buffer.from(tar.subarray(at, at + length))
      .toString("latin1")
      .replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    if (text(at, 100) === wanted) return tar.slice(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`no member ${wanted}`);
}

export interface StockPolicy {
  readonly mem: WebAssembly.Memory;
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
  readonly wasmInstance: { readonly exports: Readonly<Record<string, (...args: number[]) => number>> };
  setData(data: unknown): void;
  evaluate(input: unknown, entrypoint?: string | number): { result: unknown }[];
}

/** A module in OPA's own, unmodified JavaScript host. */
export function stock(wasm: Uint8Array, data: unknown): StockPolicy {
  const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm");
  const bodies = [...builtins].map(([name, { host }]) => {
    const body = (...args: unknown[]): unknown => toPlain(host!(args.map(fromPlain), {} as never) as Value);
    return [name, body];
  });
  const policy = sdk.loadPolicySync(wasm, {}, Object.fromEntries(bodies));
  policy.setData(data);
  return policy;
}

/** A module with OPA's ABI that answers `[{"result":true}]` to everything without a look at it: what is left is the host. */
export function nullModule(entrypoint: string): Uint8Array {
  const [result, names, none] = [1024, 1088, 1152];
  const i32 = 0x7f;
  const type = (params: number, results: number): Uint8Array =>
    new ByteWriter()
      .byte(0x60)
      .sized(new Uint8Array(params).fill(i32))
      .sized(new Uint8Array(results).fill(i32))
      .finish();
  const types = [type(0, 1), type(1, 1), type(2, 1), type(7, 1), type(1, 0)];
  const constant = (value: number): Uint8Array =>
    new ByteWriter().byte(0).raw(constantExpression(value)).finish();
  const same = new Uint8Array([0, 0x20, 0, 0x0b]);
  const functions: [name: string, type: number, body: Uint8Array][] = [
    ["builtins", 0, constant(none)],
    ["entrypoints", 0, constant(names)],
    ["opa_heap_ptr_get", 0, constant(4096)],
    ["opa_malloc", 1, constant(4096)],
    ["opa_json_dump", 1, same],
    ["opa_json_parse", 2, constant(none)],
    ["opa_eval", 3, constant(result)],
    ["opa_heap_ptr_set", 4, new Uint8Array([0, 0x0b])],
  ];
  const abi = [1, 3].map((value) =>
    new ByteWriter().byte(i32).byte(0).raw(constantExpression(value)).finish(),
  );
  const text = (at: number, value: string): Uint8Array =>
    new ByteWriter()
      .u32(0)
      .raw(constantExpression(at))
      .sized(new TextEncoder().encode(`${value}\0`))
      .finish();
  const writer = new ByteWriter().raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  const section = (id: number, items: readonly Uint8Array[]): void => {
    writer.byte(id).sized(vector(items));
  };
  section(1, types);
  section(2, [new ByteWriter().name("env").name("memory").byte(2).byte(0).u32(2).finish()]);
  section(
    3,
    functions.map(([, index]) => new Uint8Array([index])),
  );
  section(6, abi);
  section(7, [
    ...functions.map(([name], index) => new ByteWriter().name(name).byte(0).u32(index).finish()),
    new ByteWriter().name("opa_wasm_abi_version").byte(3).u32(0).finish(),
    new ByteWriter().name("opa_wasm_abi_minor_version").byte(3).u32(1).finish(),
  ]);
  section(
    10,
    functions.map(([, , body]) => new ByteWriter().sized(body).finish()),
  );
  section(11, [text(result, '[{"result":true}]'), text(names, `{"${entrypoint}":0}`), text(none, "{}")]);
  return writer.finish();
}
