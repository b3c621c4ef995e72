// Packed bytes to Bundle, as OPA reads them: which file means what is decided by its name. What comes out is well-formed, not trusted:
// verify.ts says whether it may be used. Files OPA knows nothing of are kept, since a signature covers them.

import { decode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { decodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import type { ArchiveLimits } from "./archive.ts";
import { unpack } from "./archive.ts";
import type {
  Bundle,
  BundleFile,
  Manifest,
  ModuleFile,
  PatchOperation,
  Signatures,
  WasmModule,
} from "./bundle.ts";
import { bundleError } from "./bundle.ts";
import { decodeManifest, defaultManifest } from "./manifest.ts";
import { merge, nest } from "./tree.ts";
import { decodeJsonOrYaml } from "./yaml.ts";

export interface ReadOptions {
  readonly limits?: ArchiveLimits;
}

/** A bundle out of a tar.gz. Throws `bundle_error` in OPA's words where OPA has them. */
export async function read(packed: Uint8Array, options: ReadOptions = {}): Promise<Bundle> {
  const bundle = await fromFiles(await unpack(packed, options.limits));
  return { ...bundle, size: packed.length };
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** OPA hashes these by what they say, all others by their bytes (OPA bundles: IsStructuredDoc). */
export function isStructured(path: string): boolean {
  return ["data.json", "data.yaml", "signatures.json", ".manifest"].includes(baseName(path));
}

/** What the files of one bundle add up to. */
/** How findings name a file: one that cannot be read, and one whose document does not fit. */
export interface Naming {
  readonly read: (path: string) => string;
  readonly held: (path: string) => string;
}

interface Gathering {
  readonly naming: Naming;
  data: RegoObject;
  manifest: { path: string; value: Manifest } | undefined;
  signatures: Signatures | undefined;
  patch: { path: string; value: readonly PatchOperation[] | undefined } | undefined;
  readonly modules: ModuleFile[];
  readonly wasm: BundleFile[];
  readonly plans: BundleFile[];
  readonly documents: Map<string, Value>;
  readonly others: string[];
}

/** One row per kind of file; the first that fits takes it. */
const KINDS: readonly {
  readonly fits: (path: string, base: string) => boolean;
  readonly take: (gathering: Gathering, file: BundleFile) => void | Promise<void>;
}[] = [
  { fits: (path) => path.endsWith("signatures.json"), take: takeSignatures },
  { fits: (_, base) => base === "patch.json", take: takePatch },
  {
    fits: (path) => path.endsWith(".rego"),
    take: (gathering, { path, bytes }) => {
      gathering.modules.push({ path, text: decodeUtf8(bytes) });
    },
  },
  { fits: (_, base) => base === "policy.wasm", take: (gathering, file) => void gathering.wasm.push(file) },
  {
    fits: (_, base) => base === "plan.json" || base === "plan.pb",
    take: (gathering, file) => void gathering.plans.push(file),
  },
  { fits: (_, base) => base === "data.json", take: takeData },
  { fits: (_, base) => base === "data.yaml" || base === "data.yml", take: takeData },
  {
    fits: (path) => path.endsWith(".manifest.pb"),
    take: (_, { path }) => {
      throw bundleError(`\`${path}\` is not supported: the manifest must be JSON (\`.manifest\`)`);
    },
  },
  { fits: (path) => path.endsWith(".manifest"), take: takeManifest },
  { fits: () => true, take: (gathering, { path }) => void gathering.others.push(path) },
];

/** The bundle that these files are, in their order. */
export async function fromFiles(
  all: readonly BundleFile[],
  naming: Naming = { read: (path) => path, held: (path) => path },
): Promise<Bundle> {
  const gathering: Gathering = {
    naming,
    data: emptyObject,
    manifest: undefined,
    signatures: undefined,
    patch: undefined,
    modules: [],
    wasm: [],
    plans: [],
    documents: new Map(),
    others: [],
  };
  for (const file of all) {
    const base = baseName(file.path);
    await KINDS.find((kind) => kind.fits(file.path, base))?.take(gathering, file);
  }
  const type = typeOf(gathering);
  const manifest = gathering.manifest?.value ?? defaultManifest;
  return {
    type,
    manifest,
    data: gathering.data,
    modules: gathering.modules,
    wasm: gathering.wasm.map(
      (file): WasmModule => ({ ...file, entrypoints: entrypointsOf(manifest, file.path) }),
    ),
    plans: gathering.plans,
    patch: type === "delta" ? (gathering.patch?.value ?? []) : [],
    signatures: gathering.signatures,
    files: all.filter((file) => !file.path.endsWith("signatures.json")),
    documents: gathering.documents,
  };
}

export function entrypointsOf(manifest: Manifest, wasmPath: string): string[] {
  return manifest.wasm
    .filter((resolver) => resolver.module.replace(/^\/+/, "") === wasmPath)
    .map((resolver) => resolver.entrypoint);
}

/**
 * A patch with changes makes a delta, which may hold nothing else (OPA bundles: delta bundles). OPA takes a patch without changes for an
 * empty snapshot, which would wipe all data under the roots: here it is a delta that changes nothing.
 */
function typeOf(gathering: Gathering): Bundle["type"] {
  const { patch, data, modules, wasm, plans } = gathering;
  if (patch === undefined) return "snapshot";
  const lone = data.size === 0 && modules.length === 0 && wasm.length === 0 && plans.length === 0;
  if ((patch.value?.length ?? 0) === 0) return lone && patch.value !== undefined ? "delta" : "snapshot";
  const only = (what: string) =>
    bundleError(`delta bundle expected to contain only patch file but ${what} files found`);
  if (data.size > 0) throw only("data");
  if (modules.length > 0) throw only("policy");
  if (wasm.length > 0) throw only("wasm");
  if (plans.length > 0) throw only("plan");
  return "delta";
}

async function takeData(gathering: Gathering, { path, bytes }: BundleFile): Promise<void> {
  let document: Value;
  try {
    document = baseName(path) === "data.json" ? decode(bytes) : await decodeJsonOrYaml(bytes);
  } catch (cause) {
    throw bundleError(
      `bundle load failed on ${gathering.naming.read(path)}: ${(cause as Error).message}`,
      cause,
    );
  }
  if (isStructured(path)) gathering.documents.set(path, document);
  // OPA takes dots at the beginning of the first folder's name away, too.
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/"))).replace(/^[/.]+/, "");
  const keys = folder === "" ? [] : folder.split("/");
  const nested = nest(keys, document);
  const name = gathering.naming.held(path);
  if (nested === undefined) throw bundleError(`bundle load failed on ${name}: root value must be object`);
  const merged = merge(gathering.data, nested);
  if (merged === undefined)
    throw bundleError(
      `bundle load failed on ${name}: failed to insert data file from path ${keys.join("/")}`,
    );
  gathering.data = merged;
}

function takeManifest(gathering: Gathering, { path, bytes }: BundleFile): void {
  if (gathering.manifest !== undefined)
    throw bundleError(`bundle contains multiple manifest files: "${gathering.manifest.path}" and "${path}"`);
  gathering.manifest = { path, value: decodeManifest(bytes) };
  if (isStructured(path)) gathering.documents.set(path, decode(bytes));
}

function takeSignatures(gathering: Gathering, { path, bytes }: BundleFile): void {
  const broken = (why: string, cause?: unknown) =>
    bundleError(`bundle load failed on signatures decode: ${why}`, cause);
  if (gathering.signatures !== undefined) throw broken(`a second signatures file \`${path}\``);
  let document: Value;
  try {
    document = decode(bytes);
  } catch (cause) {
    throw broken((cause as Error).message, cause);
  }
  if (!isObject(document)) throw broken("the document is not an object");
  const signatures = document.get("signatures") ?? [];
  const plugin = document.get("plugin") ?? "";
  if (!isArray(signatures) || !signatures.every((token): token is string => typeof token === "string"))
    throw broken("`signatures` is not a list of strings");
  if (typeof plugin !== "string") throw broken("`plugin` is not a string");
  gathering.signatures = { signatures, ...(plugin === "" ? {} : { plugin }) };
}

function takePatch(gathering: Gathering, { path, bytes }: BundleFile): void {
  const broken = (why: string, cause?: unknown) =>
    bundleError(`bundle load failed on patch decode: ${why}`, cause);
  if (gathering.patch !== undefined) throw broken(`a second patch file \`${path}\``);
  let document: Value;
  try {
    document = decode(bytes);
  } catch (cause) {
    throw broken((cause as Error).message, cause);
  }
  if (!isObject(document)) throw broken("the document is not an object");
  const data = document.get("data");
  if (data === undefined || data === null) {
    gathering.patch = { path, value: undefined };
    return;
  }
  if (!isArray(data)) throw broken("`data` is not a list");
  gathering.patch = { path, value: data.map((entry) => readOperation(entry, broken)) };
}

function readOperation(entry: Value, broken: (why: string) => Error): PatchOperation {
  if (!isObject(entry)) throw broken("a change is not an object");
  const [op, path, value] = [entry.get("op"), entry.get("path"), entry.get("value")];
  if (op !== "upsert" && op !== "replace" && op !== "remove")
    throw broken(`bad patch operation: ${typeof op === "string" ? op : "no text"}`);
  if (typeof path !== "string") throw broken("the path of a change is not a string");
  if (op === "remove") return { op, path };
  return { op, path, value: value ?? null };
}
