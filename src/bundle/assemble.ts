// The parts that a build made, laid out as files in the order `opa build` writes them: /data.json, modules, /policy.wasm, plan,
// /.manifest. Parts in, Bundle out, ready to sign and write. Checks nothing: verify.ts does.

import { encode } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import type { Bundle, BundleFile, Manifest, ModuleFile, PatchOperation } from "./bundle.ts";
import { encodeManifest, isDefault } from "./manifest.ts";
import { entrypointsOf, isStructured } from "./read.ts";
import { decode } from "../value/json.ts";

export interface BundleParts {
  readonly manifest: Manifest;
  readonly data?: RegoObject;
  readonly modules?: readonly ModuleFile[];
  /** Written as `/policy.wasm` unless a path is given. */
  readonly wasm?: readonly BundleFile[];
  readonly plans?: readonly BundleFile[];
}

/** JSON as OPA's writer has it: HTML escapes, one line end. */
function jsonFile(path: string, value: Value): BundleFile {
  return { path, bytes: encodeUtf8(`${encode(value)}\n`) };
}

function manifestFile(manifest: Manifest): BundleFile[] {
  return isDefault(manifest) ? [] : [{ path: ".manifest", bytes: encodeUtf8(encodeManifest(manifest)) }];
}

/** Files are made when they are first asked for: a build puts its sources together as a bundle of which only the parts count. */
function withFiles(bundle: Omit<Bundle, "files" | "documents">, make: () => readonly BundleFile[]): Bundle {
  let files: readonly BundleFile[] | undefined;
  let documents: Map<string, Value> | undefined;
  return {
    ...bundle,
    get files() {
      files ??= make();
      return files;
    },
    // Only who signs or verifies asks for them.
    get documents() {
      if (documents === undefined) {
        documents = new Map();
        for (const { path, bytes } of this.files) if (isStructured(path)) documents.set(path, decode(bytes));
      }
      return documents;
    },
  };
}

const encoded = new WeakMap<ModuleFile, Uint8Array>();

/** The bytes of a module; of one that a build has from the build before they are there already. */
function bytesOf(module: ModuleFile): Uint8Array {
  let bytes = encoded.get(module);
  if (bytes === undefined) encoded.set(module, (bytes = encodeUtf8(module.text)));
  return bytes;
}

export function assemble(parts: BundleParts): Bundle {
  const { manifest, data = emptyObject, modules = [], wasm = [], plans = [] } = parts;
  const bundle = {
    type: "snapshot" as const,
    manifest,
    data,
    modules,
    wasm: wasm.map((file) => ({ ...file, entrypoints: entrypointsOf(manifest, file.path) })),
    plans,
    patch: [],
    signatures: undefined,
  };
  return withFiles(bundle, () => [
    jsonFile("data.json", data),
    ...modules.map((module) => ({ path: module.path, bytes: bytesOf(module) })),
    ...wasm,
    ...plans,
    ...manifestFile(manifest),
  ]);
}

/** A delta bundle: changes and the manifest of the snapshot they change. */
export function assembleDelta(manifest: Manifest, patch: readonly PatchOperation[]): Bundle {
  const operations = patch.map(({ op, path, value }) =>
    object([["op", op], ["path", path], ...(value === undefined ? [] : [["value", value] as const])]),
  );
  const bundle = {
    type: "delta" as const,
    manifest,
    data: emptyObject,
    modules: [],
    wasm: [],
    plans: [],
    patch,
    signatures: undefined,
  };
  return withFiles(bundle, () => [
    jsonFile("patch.json", object([["data", operations]])),
    ...manifestFile(manifest),
  ]);
}
