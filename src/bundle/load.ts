// A folder or a packed bundle on disk to an unbuilt Bundle, as `opa build -b` takes them: .rego, data.json|yaml|yml by folder, .manifest.
// Node only. Reads; never follows a link out of the folder, since it follows none.

import { lstatSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { basename, join, relative } from "node:path";
import { PolicyError } from "../error.ts";
import type { ArchiveLimits } from "./archive.ts";
import type { Bundle, BundleFile, Manifest, ModuleFile } from "./bundle.ts";
import { bundleError } from "./bundle.ts";
import type { FileCache } from "./file-cache.ts";
import { matchesFile } from "./glob.ts";
import { checkManifest, moduleVersion, overlapOf } from "./manifest.ts";
import { fromFiles, read } from "./read.ts";
import { lookup, merge, nest } from "./tree.ts";
import { assemble } from "./assemble.ts";
import { emptyObject, object } from "../value/object.ts";
import { isNumber, type Value } from "../value/value.ts";

export interface LoadOptions {
  /** Patterns of names (of files and folders) to leave out: `--ignore`. */
  readonly ignore?: readonly string[];
  readonly limits?: ArchiveLimits;
  /** Files of folders that are the same as last time are not read again. */
  readonly files?: FileCache | undefined;
}

/** The bundle at a path: a folder, or a packed bundle. Its manifest is checked, its signature is not. */
export async function load(path: string, options: LoadOptions = {}): Promise<Bundle> {
  const stat = statOf(path);
  try {
    const bundle = stat.isFile()
      ? await read(new Uint8Array(readFileSync(path)), options)
      : renameModules(
          await fromFiles(readFolder(path, options), {
            read: (file) => join(path, file),
            held: (file) => `/${file}`,
          }),
          path,
        );
    checkManifest(bundle);
    return bundle;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(error.code, `bundle ${path}: ${error.message}`, { cause: error });
  }
}

function statOf(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "no such file or directory" : (cause as Error).message;
    throw new PolicyError("io_error", `error reading "${path}": stat ${path}: ${why}`, { cause });
  }
}

/** Every regular file below a folder, in the order of names. */
function readFolder(folder: string, { ignore = [], limits = {}, files: known }: LoadOptions): BundleFile[] {
  const files: BundleFile[] = [];
  const walk = (path: string): void => {
    for (const name of onDisk(path, () => readdirSync(path)).sort()) {
      if (ignore.some((pattern) => matchesFile(pattern, name))) continue;
      const inner = join(path, name);
      const stat = onDisk(inner, () => lstatSync(inner));
      if (stat.isDirectory()) walk(inner);
      if (!stat.isFile()) continue;
      if (limits.maxFileBytes !== undefined && stat.size > limits.maxFileBytes)
        throw bundleError(
          `bundle file ${inner} size (${stat.size} bytes) exceeds configured size_limit_bytes (${limits.maxFileBytes} bytes)`,
        );
      const read = (): Uint8Array => new Uint8Array(onDisk(inner, () => readFileSync(inner)));
      const bytes = known === undefined ? read() : known.of("bytes", inner, read);
      files.push({ path: relative(folder, inner).replaceAll("\\", "/"), bytes });
    }
  };
  walk(folder);
  return files;
}

/** What OPA puts before the names of a folder's files, in modules and in signatures: the folder's path without its dots; or nothing. */
export function folderPrefix(folder: string): string {
  const segments = folder.replaceAll("\\", "/").split("/");
  const prefix = segments
    .filter((segment) => segment !== "" && segment !== "." && segment !== "..")
    .join("/");
  return prefix === "" ? "" : `${prefix}/`;
}

/** A folder's bundle with its files named as OPA's signatures name them. */
export function underFolder(bundle: Bundle, folder: string): Bundle {
  const prefix = folderPrefix(folder);
  return {
    ...bundle,
    files: bundle.files.map(({ path, bytes }) => ({ path: prefix + path, bytes })),
    documents: new Map([...bundle.documents].map(([path, document]) => [prefix + path, document])),
  };
}

/** Each module with the version that the manifest gives it, so that it may be renamed. */
function withVersions({ manifest, modules }: Bundle): ModuleFile[] {
  return modules.map((module) => {
    const regoVersion = moduleVersion(manifest, module);
    return regoVersion === undefined ? module : { ...module, regoVersion };
  });
}

/** OPA names modules after the folder they were loaded from: `rego/ai/decision.rego`. */
function renameModules(bundle: Bundle, folder: string): Bundle {
  const prefix = folderPrefix(folder);
  if (prefix === "") return bundle;
  return {
    ...bundle,
    modules: withVersions(bundle).map((module) => ({ ...module, path: prefix + module.path })),
  };
}

/**
 * Several bundles in one (`-b a -b b`). With one, it stays what it is. Roots of different bundles must not overlap; a bundle that says
 * nothing about roots owns everything. Revisions and metadata of several bundles are dropped, as in OPA; only what bundles say about their use
 * is kept, the strictest of it. `doing` stands before OPA's words for roots that overlap.
 */
export function mergeBundles(bundles: readonly Bundle[], doing = "bundle merge failed: "): Bundle {
  const [first, ...others] = bundles;
  if (first === undefined) throw bundleError("expected at least one bundle");
  if (others.length === 0) return first;
  const roots = bundles.flatMap((bundle) => bundle.manifest.roots);
  const clash = overlapOf(roots);
  if (clash !== undefined)
    throw bundleError(`${doing}manifest has overlapped roots: '${clash[0]}' and '${clash[1]}'`);
  let data = emptyObject;
  for (const bundle of bundles) {
    for (const root of bundle.manifest.roots) {
      const path = root === "" ? [] : root.split("/");
      const value = lookup(bundle.data, path);
      const nested = value === undefined ? undefined : nest(path, value);
      const merged = nested === undefined ? data : merge(data, nested);
      if (merged === undefined) throw bundleError(`failed to insert data file from path ${root}`);
      data = merged;
    }
  }
  return assemble({
    manifest: {
      revision: "",
      roots,
      wasm: bundles.flatMap(({ manifest }) => manifest.wasm),
      ...termsOf(bundles),
    },
    data,
    modules: bundles.flatMap(withVersions),
    wasm: bundles.flatMap(({ wasm }) => wasm),
    plans: bundles.flatMap(({ plans }) => plans),
  });
}

/** `mode` and `max_age_s`: enforcing where any bundle says so, the shortest of the ages. Malformed ones stay and are refused on activation. */
function termsOf(bundles: readonly Bundle[]): Pick<Manifest, "metadata"> {
  const said = (key: string): Value[] =>
    bundles.flatMap(({ manifest }) => {
      const value = manifest.metadata?.get(key);
      return value === undefined ? [] : [value];
    });
  const seconds = (value: Value): number =>
    value !== null && typeof value === "object" && isNumber(value)
      ? Number(value.text)
      : Number.NEGATIVE_INFINITY;
  const [mode] = said("mode").sort((a, b) => Number(a === "observe") - Number(b === "observe"));
  const [age] = said("max_age_s").sort((a, b) => seconds(a) - seconds(b));
  if (mode === undefined && age === undefined) return {};
  const entries: [Value, Value][] = [];
  if (mode !== undefined) entries.push(["mode", mode]);
  if (age !== undefined) entries.push(["max_age_s", age]);
  return { metadata: object(entries) };
}

function onDisk<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "no such file or directory" : (cause as Error).message;
    throw new PolicyError("io_error", `open ${path}: ${why}`, { cause });
  }
}

/** The name a bundle on disk goes by. */
export function bundleNameOf(path: string): string {
  return basename(path).replace(/\.tar\.gz$/, "");
}
