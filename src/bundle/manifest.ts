// `.manifest` (OPA bundles: manifest.schema.json): JSON to Manifest and back, roots and what they permit. Unknown members are passed
// over as OPA does; a member of the wrong type is refused in Go's words.

import type { PolicyError } from "../error.ts";
import { decode, encode, encodeString } from "../value/json.ts";
import { integer } from "../value/number.ts";
import { toInt64 } from "../value/arithmetic.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isNumber, isObject, typeName } from "../value/value.ts";
import type { Bundle, Manifest, ModuleFile, WasmResolver } from "./bundle.ts";
import { bundleError } from "./bundle.ts";
import { matchesGlob } from "./glob.ts";
import { packagePath } from "./package-path.ts";

export const defaultManifest: Manifest = { revision: "", roots: [""], wasm: [] };

/** The manifest in a decoded `.manifest`. */
export function readManifest(document: Value): Manifest {
  if (!isObject(document)) throw mismatch(document, "value", "bundle.Manifest");
  const revision = member(document, "revision", "string");
  const roots = member(document, "roots", "array");
  const wasm = member(document, "wasm", "array");
  const regoVersion = member(document, "rego_version", "number");
  const versions = member(document, "file_rego_versions", "object");
  const metadata = member(document, "metadata", "object");
  return {
    revision: (revision as string | undefined) ?? "",
    roots: (roots as Value[] | undefined)?.map((root) => trimSlashes(text(root, "roots"))) ?? [""],
    wasm: (wasm as Value[] | undefined)?.map(readResolver) ?? [],
    ...(regoVersion === undefined ? {} : { regoVersion: versionOf(regoVersion, "rego_version") }),
    ...(versions === undefined
      ? {}
      : {
          fileRegoVersions: new Map(
            Array.from((versions as RegoObject).entries(), ([key, value]) => [
              key as string,
              versionOf(value, "file_rego_versions"),
            ]),
          ),
        }),
    ...(metadata === undefined ? {} : { metadata: metadata as RegoObject }),
  };
}

/** Bytes of a `.manifest`. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  try {
    return readManifest(decode(bytes));
  } catch (cause) {
    throw bundleError(`bundle load failed on manifest decode: ${(cause as PolicyError).message}`, cause);
  }
}

function readResolver(value: Value): WasmResolver {
  if (!isObject(value)) throw mismatch(value, "wasm", "bundle.WasmResolver");
  const annotations = value.get("annotations");
  return {
    entrypoint: text(value.get("entrypoint") ?? "", "wasm.entrypoint"),
    module: text(value.get("module") ?? "", "wasm.module"),
    ...(annotations === undefined || annotations === null ? {} : { annotations }),
  };
}

/** Null counts as absent, as in Go. */
function member(object: RegoObject, name: string, type: string): Value | undefined {
  const value = object.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeName(value) !== type) throw mismatch(value, name, GO_TYPES[name] ?? type);
  return value;
}

const GO_TYPES: Readonly<Record<string, string>> = {
  revision: "string",
  roots: "[]string",
  wasm: "[]bundle.WasmResolver",
  rego_version: "int",
  file_rego_versions: "map[string]int",
  metadata: "map[string]interface {}",
};

function text(value: Value, name: string): string {
  if (typeof value !== "string") throw mismatch(value, name, "string");
  return value;
}

function versionOf(value: Value, name: string): number {
  const version = isNumber(value) ? toInt64(value) : undefined;
  if (version === undefined) throw mismatch(value, name, "int");
  return Number(version);
}

function mismatch(value: Value, name: string, goType: string): PolicyError {
  const type = typeof value === "boolean" ? "bool" : value === null ? "null" : typeName(value);
  return bundleError(
    `json: cannot unmarshal ${type} into Go struct field Manifest.${name} of type ${goType}`,
  );
}

/** True when OPA would not write the manifest at all. */
export function isDefault(manifest: Manifest): boolean {
  return (
    manifest.revision === "" &&
    manifest.roots.length === 1 &&
    manifest.roots[0] === "" &&
    manifest.wasm.length === 0 &&
    manifest.regoVersion === undefined &&
    (manifest.fileRegoVersions?.size ?? 0) === 0 &&
    manifest.metadata === undefined
  );
}

/** The text of `.manifest`, members in OPA's order, with its line end. */
export function encodeManifest(manifest: Manifest): string {
  const list = (items: readonly string[]): string => `[${items.join(",")}]`;
  const members: string[] = [`"revision":${encodeString(manifest.revision)}`];
  members.push(`"roots":${list(manifest.roots.map((root) => encodeString(root)))}`);
  if (manifest.wasm.length > 0) members.push(`"wasm":${list(manifest.wasm.map(encodeResolver))}`);
  if (manifest.regoVersion !== undefined)
    members.push(`"rego_version":${encode(integer(manifest.regoVersion))}`);
  if (manifest.fileRegoVersions !== undefined && manifest.fileRegoVersions.size > 0) {
    const versions = [...manifest.fileRegoVersions].sort(([a], [b]) => (a < b ? -1 : 1));
    members.push(
      `"file_rego_versions":{${versions.map(([glob, v]) => `${encodeString(glob)}:${v}`).join(",")}}`,
    );
  }
  if (manifest.metadata !== undefined) members.push(`"metadata":${encode(manifest.metadata)}`);
  return `{${members.join(",")}}\n`;
}

function encodeResolver(resolver: WasmResolver): string {
  const members = [
    `"entrypoint":${encodeString(resolver.entrypoint)}`,
    `"module":${encodeString(resolver.module)}`,
  ];
  if (resolver.annotations !== undefined) members.push(`"annotations":${encode(resolver.annotations)}`);
  return `{${members.join(",")}}`;
}

/** Rego version of a module: the first matching glob, then the bundle's, then undefined. */
export function regoVersionOf(manifest: Manifest, modulePath: string): number | undefined {
  if ((manifest.fileRegoVersions?.size ?? 0) === 0) return manifest.regoVersion;
  const globs = [...(manifest.fileRegoVersions ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const path = `/${trimSlashes(modulePath)}`;
  return globs.find(([glob]) => matchesGlob(glob, path))?.[1] ?? manifest.regoVersion;
}

/** The same of a module that may have got another name since. */
export function moduleVersion(manifest: Manifest, module: ModuleFile): number | undefined {
  return module.regoVersion ?? regoVersionOf(manifest, module.path);
}

/** For the manifest of a bundle whose modules were renamed or come from several: the versions of those that differ from the rest. */
export function versionsByFile(
  manifest: Manifest,
  modules: readonly ModuleFile[],
  whole: number,
): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const module of modules) {
    const version = moduleVersion(manifest, module);
    if (version !== undefined && version !== whole) versions.set(`/${trimSlashes(module.path)}`, version);
  }
  return versions;
}

// --- roots ---------------------------------------------------------------------------------------------------------------------

export function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

/** Whether `root` owns the path. Segments are compared, so `a` does not own `ab`. */
export function rootContains(root: string, path: readonly string[]): boolean {
  return isAbove(segmentsOf(root), path);
}

export function rootsContain(roots: readonly string[], path: readonly string[]): boolean {
  return segmentsOfAll(roots).some((root) => isAbove(root, path));
}

export function rootsOverlap(a: string, b: string): boolean {
  return overlap(segmentsOf(a), segmentsOf(b));
}

/** The first two of the roots that overlap. */
export function overlapOf(roots: readonly string[]): readonly [string, string] | undefined {
  const all = segmentsOfAll(roots);
  for (let i = 0; i < all.length; i++)
    for (let j = i + 1; j < all.length; j++) if (overlap(all[i]!, all[j]!)) return [roots[i]!, roots[j]!];
  return undefined;
}

type Segments = readonly string[];

const segmentsOf = (root: string): Segments => (root === "" ? [] : root.split("/"));

/** A daemon that is given a thousand files has a thousand roots, and asks each of them for each file. */
const split = new WeakMap<readonly string[], readonly Segments[]>();

function segmentsOfAll(roots: readonly string[]): readonly Segments[] {
  let all = split.get(roots);
  if (all === undefined) split.set(roots, (all = roots.map(segmentsOf)));
  return all;
}

function isAbove(root: Segments, path: readonly string[]): boolean {
  if (root.length > path.length) return false;
  for (let i = 0; i < root.length; i++) if (root[i] !== path[i]) return false;
  return true;
}

const overlap = (a: Segments, b: Segments): boolean => isAbove(a, b) || isAbove(b, a);

const goList = (items: readonly string[]): string => `[${items.join(" ")}]`;

/** Everything a manifest promises about its bundle (OPA bundles: roots, wasm resolvers). Throws `bundle_error` in OPA's words. */
export function checkManifest(bundle: Bundle): void {
  const { roots } = bundle.manifest;
  const clash = overlapOf(roots);
  if (clash !== undefined)
    throw bundleError(`manifest has overlapped roots: '${clash[0]}' and '${clash[1]}'`);
  for (const module of bundle.modules) {
    const path = packagePath(module.text);
    if (path !== undefined && !rootsContain(roots, path))
      throw bundleError(
        `manifest roots ${goList(roots)} do not permit 'package ${path.join(".")}' in module '${module.path}'`,
      );
  }
  checkResolvers(bundle);
  for (const { path } of bundle.patch) {
    const trimmed = trimSlashes(path);
    if (!rootsContain(roots, trimmed.split("/")))
      throw bundleError(`manifest roots ${goList(roots)} do not permit data patch at path '${trimmed}'`);
  }
  checkData(bundle.data, [], roots);
}

function checkResolvers(bundle: Bundle): void {
  // A delta repeats the resolvers of its snapshot without bringing the module.
  if (bundle.type === "delta") return;
  const { roots, wasm } = bundle.manifest;
  const modules = new Set(bundle.wasm.map(({ path }) => path));
  const seen = new Set<string>();
  for (const { entrypoint, module } of wasm) {
    if (!modules.has(module.replace(/^\/+/, "")))
      throw bundleError(`manifest references wasm module '${module}' but the module file does not exist`);
    if (!rootsContain(roots, entrypoint.split("/")))
      throw bundleError(
        `manifest roots ${goList(roots)} do not permit '${entrypoint}' entrypoint for wasm module '${module}'`,
      );
    if (seen.has(entrypoint))
      throw bundleError(`entrypoint '${entrypoint}' cannot be used by more than one wasm module`);
    seen.add(entrypoint);
  }
}

function checkData(node: Value, path: readonly string[], roots: readonly string[]): void {
  if (rootsContain(roots, path.length === 0 ? [""] : path)) return;
  const above = roots.some((root) => {
    const segments = root.split("/");
    return path.length <= segments.length && path.every((key, i) => key === segments[i]);
  });
  if (!isObject(node) || !above)
    throw bundleError(
      `manifest roots ${goList(roots)} do not permit data at path '/${path.join("/")}' (hint: check bundle directory structure)`,
    );
  for (const [key, value] of node.entries())
    checkData(value, [...path, typeof key === "string" ? key : encode(key)], roots);
}

/** Two bundles may be active at once only if no root of one overlaps a root of the other. The clash in OPA's words, if there is one. */
export function findOverlap(
  bundles: readonly { readonly name: string; readonly roots: readonly string[] }[],
): string | undefined {
  const clashes = new Set<string>();
  const colliding = new Set<string>();
  for (const [i, a] of bundles.entries())
    for (const b of bundles.slice(i + 1))
      for (const x of a.roots)
        for (const y of b.roots) {
          if (!rootsOverlap(x, y)) continue;
          colliding.add(a.name).add(b.name);
          const [low, high] = x < y ? [x, y] : [y, x];
          clashes.add(x === y ? `root ${x} is in multiple bundles` : `${low} overlaps ${high}`);
        }
  if (colliding.size === 0) return undefined;
  const names = [...colliding].sort().join(", ");
  const greedy = bundles.filter(({ roots }) => roots.includes("")).map(({ name }) => name);
  return greedy.length > 0
    ? `bundles [${names}] have overlapping roots and cannot be activated simultaneously because bundle(s) [${greedy.sort().join(", ")}] specify empty root paths ('') which overlap with any other bundle root`
    : `detected overlapping roots in manifests for these bundles: [${names}] (${[...clashes].sort().join(", ")})`;
}

/** Equal in what a delta must not change. */
export function sameScope(a: Manifest, b: Manifest): boolean {
  const resolver = (r: WasmResolver): string => encodeResolver(r);
  const key = (m: Manifest): string => JSON.stringify([[...m.roots].sort(), m.wasm.map(resolver)]);
  return key(a) === key(b);
}
