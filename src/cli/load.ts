// What `-d` and `-b` name, read and parsed: modules, data and bundles for every command that takes policies. In: paths and flags. Out: parsed
// modules and one base document, or one PolicyError with every finding of every file. Checks and evaluates nothing.

import { resolve } from "node:path";
import type { Bundle } from "../bundle/bundle.ts";
import { load as loadBundle } from "../bundle/load.ts";
import { findOverlap, moduleVersion } from "../bundle/manifest.ts";
import { parse } from "../compile/compile.ts";
import { type Diagnostic, type ErrorCode, PolicyError } from "../error.ts";
import { loadSources, mergeDocuments } from "../sources.ts";
import type { Module, RegoVersion } from "../syntax/ast.ts";
import type { RegoObject } from "../value/value.ts";
import { Timers } from "./metrics.ts";
import * as output from "./output.ts";

export interface LoadFlags {
  readonly data?: readonly string[];
  readonly bundle?: readonly string[];
  readonly ignore?: readonly string[];
  readonly v0Compatible?: boolean;
}

export interface Loaded {
  readonly modules: readonly Module[];
  readonly data: RegoObject;
  readonly bundles: readonly Bundle[];
}

export function regoVersionFor(flags: Pick<LoadFlags, "v0Compatible">): RegoVersion {
  return flags.v0Compatible === true ? "v0" : "v1";
}

/** All findings in the order of the files they are about, unlike `failWith`, which sorts by place. */
export function failInOrder(diagnostics: readonly Diagnostic[]): PolicyError {
  const message = diagnostics.map((finding) => finding.message).join("; ");
  return new PolicyError(diagnostics[0]?.code ?? "internal_error", message, { diagnostics });
}

export interface FileOptions {
  readonly ignore?: readonly string[];
  readonly regoVersion?: RegoVersion;
  /** Data files are passed over. */
  readonly onlyRego?: boolean;
  /** A file that is passed over, too. */
  readonly except?: string | undefined;
  /** Modules must be v1 as well as v0. */
  readonly v1Compatible?: boolean;
  /** Hear how long parsing takes. */
  readonly timers?: Timers;
}

/** Files and folders, parsed; packed bundles among them are named only. */
export function loadFiles(
  paths: readonly string[],
  {
    ignore = [],
    regoVersion = "v1",
    onlyRego = false,
    except,
    v1Compatible = false,
    timers = new Timers(),
  }: FileOptions = {},
): { modules: Module[]; data: RegoObject; packed: readonly string[] } {
  const modules: Module[] = [];
  const findings: Diagnostic[] = [];
  const { data, bundles } = loadSources(paths, {
    ignore,
    onlyRego,
    timeData: (read) => timers.time("rego_data_parse", read),
    onFailure: (failure) => findings.push(...output.findingsOf(failure)),
    onModule: (source) => {
      if (except !== undefined && resolve(source.file) === resolve(except)) return;
      const parsed = timers.time("rego_module_parse", () =>
        parse([{ ...source, regoVersion, v1Compatible }]),
      );
      modules.push(...parsed.modules);
      findings.push(...parsed.diagnostics);
    },
  });
  if (findings.length > 0) throw failInOrder(findings);
  return { modules, data, packed: bundles };
}

/** The modules of a bundle, each in the version that the manifest gives it; findings of the first file that has any. */
function bundleModules(bundle: Bundle, fallback: RegoVersion, timers: Timers): Module[] {
  return bundle.modules.flatMap((module) => {
    const { path, text } = module;
    const version = moduleVersion(bundle.manifest, module);
    const regoVersion = version === undefined ? fallback : version === 0 ? "v0" : "v1";
    const { modules, diagnostics } = timers.time("rego_module_parse", () =>
      parse([{ file: path, text, regoVersion }]),
    );
    if (diagnostics.length > 0) throw failInOrder(diagnostics);
    return modules;
  });
}

/** What `-b` names, with its modules. Failures read `bundle PATH: …`, whatever is wrong with it. */
export async function loadBundleModules(
  path: string,
  { ignore = [], regoVersion = "v1", timers = new Timers() }: FileOptions = {},
): Promise<{ bundle: Bundle; modules: Module[] }> {
  const bundle = await loadBundle(path, { ignore });
  try {
    return { bundle, modules: bundleModules(bundle, regoVersion, timers) };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const message = `bundle ${path}: ${output.prettyErrors(error)}`;
    throw new PolicyError("bundle_error", message, { cause: error });
  }
}

/** Bundles that are active together must own different roots; `doing` stands before OPA's words. */
export function refuseOverlap(
  paths: readonly string[],
  bundles: readonly Bundle[],
  doing: string,
  code: ErrorCode = "bundle_error",
): void {
  const named = bundles.map(({ manifest }, i) => ({ name: paths[i] ?? "", roots: manifest.roots }));
  const overlap = findOverlap(named);
  if (overlap !== undefined) throw new PolicyError(code, `${doing}${overlap}`);
}

/** `-d` and `-b` in one: modules side by side, data merged. */
export async function loadPolicies(flags: LoadFlags, timers = new Timers()): Promise<Loaded> {
  const { data: named = [], bundle: bundles = [] } = flags;
  const options = { ignore: flags.ignore ?? [], regoVersion: regoVersionFor(flags), timers };
  const load = (): ReturnType<typeof loadFiles> => loadFiles(named, options);
  const files = named.length > 0 ? timers.time("rego_load_files", load) : load();
  const paths = [...bundles, ...files.packed];
  const read = () => Promise.all(paths.map((path) => loadBundleModules(path, options)));
  const loaded = paths.length > 0 ? await timers.timeAsync("rego_load_bundles", read) : [];
  refuseOverlap(
    paths,
    loaded.map(({ bundle }) => bundle),
    "bundle activation failed: ",
  );
  let { data } = files;
  for (const [i, { bundle }] of loaded.entries()) {
    const merged = mergeDocuments(data, bundle.data);
    if (merged === undefined)
      throw new PolicyError("bundle_error", `${paths[i]}: its data conflicts with what was loaded before`);
    data = merged;
  }
  return {
    modules: [...files.modules, ...loaded.flatMap(({ modules }) => modules)],
    data,
    bundles: loaded.map(({ bundle }) => bundle),
  };
}
