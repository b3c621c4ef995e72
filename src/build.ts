// Story one: files -> modules -> checked modules -> plan -> Wasm -> signed bundle. What goes in are folders, files and bundles in git; what
// comes out is one packed bundle that an OPA, or a decision agent, activates. Writes nothing: the caller has the bytes.

import { existsSync, readFileSync, statSync } from "node:fs";
import { assemble } from "./bundle/assemble.ts";
import type { Bundle, Manifest, ModuleFile, WasmResolver } from "./bundle/bundle.ts";
import { FileCache } from "./bundle/file-cache.ts";
import { load, mergeBundles, underFolder } from "./bundle/load.ts";
import { defaultManifest, moduleVersion, versionsByFile } from "./bundle/manifest.ts";
import { type SignOptions, sign } from "./bundle/sign.ts";
import { type VerificationConfig, verify } from "./bundle/verify.ts";
import { PackCache, write } from "./bundle/write.ts";
import {
  type CheckOptions,
  CompileCache,
  type CompiledModules,
  compile,
  compileQuery,
  type Policy,
  type SourceText,
} from "./compile/compile.ts";
import type { ModuleCell, RuleCell } from "./compile/check/cells.ts";
import { denialLines } from "./compile/check/denials.ts";
import { policyToJson } from "./compile/ir/json.ts";
import { failWith, PolicyError } from "./error.ts";
import type { Builtin } from "./builtins/builtin.ts";
import { withCustom } from "./builtins/custom.ts";
import { builtins as allBuiltins } from "./builtins/registry.ts";
import { loadSources } from "./sources.ts";
import { annotationsToJson, type JsonNode, jsonText } from "./syntax/ast-json.ts";
import type { Module } from "./syntax/ast.ts";
import { cutRules, pathOf, refText, rulePath } from "./syntax/cut.ts";
import { parseQuery } from "./syntax/parser.ts";
import { decode, fromPlain } from "./value/json.ts";
import { object } from "./value/object.ts";

export { type CustomBuiltin, customBuiltin } from "./builtins/custom.ts";

export type Target = "wasm" | "plan" | "rego";

export interface BuildOptions {
  readonly paths: readonly string[];
  /** The paths are bundles or bundle folders, each with its manifest and roots. */
  readonly asBundle?: boolean | undefined;
  /** OPA's default is rego. */
  readonly target?: Target | undefined;
  /** Slash paths as `authz/allow`; those that annotations name are added. */
  readonly entrypoints?: readonly string[] | undefined;
  readonly revision?: string | undefined;
  readonly ignore?: readonly string[] | undefined;
  readonly v0Compatible?: boolean | undefined;
  readonly strict?: boolean | undefined;
  /** Keeps print calls in the module. */
  readonly print?: boolean | undefined;
  readonly signing?: SignOptions | undefined;
  /** Input bundles are verified with it; without it only unsigned ones are taken. */
  readonly verification?: VerificationConfig | undefined;
  /** Leaves rules that use an entrypoint out of the set of entrypoints. */
  readonly pruneUnused?: boolean | undefined;
  /** The builtins and features that may be used; absent: all. */
  readonly capabilities?: Pick<CheckOptions, "builtins" | "features"> | undefined;
  /** The host's own builtins, besides those of the capabilities. */
  readonly builtins?: readonly Builtin[] | undefined;
  /** From build to build: what did not change is mostly not done again, with the same options. The bytes are those of a build without it. */
  readonly cache?: BuildCache | undefined;
  /** Receives the plan as text before it is emitted. */
  readonly onPlan?: ((policy: Policy) => void) | undefined;
}

export interface BuildResult {
  readonly bundle: Bundle;
  /** The packed bundle: the same sources give the same bytes. */
  readonly bytes: Uint8Array;
  readonly entrypoints: readonly string[];
  /** Builtins that the module asks its host for. */
  readonly hostBuiltins: readonly string[];
  readonly wasmBytes: number;
}

const WASM_PATH = "/policy.wasm";

/** What a build leaves for the next one; it grows no larger than the modules and the bundle of the last build ask for. */
export class BuildCache {
  readonly files = new FileCache();
  readonly compile = new CompileCache();
  readonly pack = new PackCache();
  /** What ships of modules beside a Wasm module with these entrypoints. */
  cut: { readonly entrypoints: string; readonly files: WeakMap<Module, ModuleFile> } = {
    entrypoints: "",
    files: new WeakMap(),
  };
}

/** Builds one bundle. Throws PolicyError with every finding of the stage that found any. */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const source = await gather(options);
  const { compiled, modules } = checkBundle(source, options);
  const target = options.target ?? "rego";
  const entrypoints = target === "rego" ? [] : chooseEntrypoints(compiled, options, target);
  const shipped = ship(source, modules, compiled, entrypoints, target, options);
  const bundle = options.signing === undefined ? shipped.bundle : await sign(shipped.bundle, options.signing);
  return { ...shipped, bundle, bytes: write(bundle, options.cache?.pack), entrypoints };
}

async function gather(options: BuildOptions): Promise<Bundle> {
  if (options.paths.length === 0) throw new PolicyError("invalid_parameter", "expected at least one path");
  const ignore = options.ignore ?? [];
  const files = options.cache?.files;
  files?.turn();
  if (options.asBundle === true) {
    const bundles = await Promise.all(options.paths.map((path) => load(path, { ignore, files })));
    for (const [i, bundle] of bundles.entries()) await verifyInput(bundle, options.paths[i] ?? "", options);
    return mergeBundles(bundles);
  }
  const sources = loadSources(options.paths, { ignore, files });
  // As in OPA, packed bundles inside folders are passed over: last time's output may lie there.
  const packed = sources.bundles.find((path) => options.paths.includes(path));
  if (packed !== undefined)
    throw new PolicyError("invalid_parameter", `${packed}: is a bundle, load it with -b`);
  const modules = sources.modules.map(({ file, text }) => ({ path: file.replace(/^\/+/, ""), text }));
  return assemble({ manifest: defaultManifest, data: sources.data, modules });
}

async function verifyInput(bundle: Bundle, path: string, options: BuildOptions): Promise<void> {
  try {
    await verify(
      statSync(path).isDirectory() ? underFolder(bundle, path) : bundle,
      options.verification ?? {},
    );
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(error.code, `bundle ${path}: ${error.message}`, { cause: error });
  }
}

/** The modules of a bundle, parsed in the version that its manifest gives each, and checked together. */
export function checkBundle(
  bundle: Pick<Bundle, "modules" | "manifest">,
  options: Pick<
    BuildOptions,
    "v0Compatible" | "strict" | "print" | "capabilities" | "builtins" | "cache"
  > = {},
): { compiled: CompiledModules; modules: readonly Module[] } {
  const fallback = options.v0Compatible === true ? 0 : 1;
  const cache = options.cache?.compile ?? new CompileCache();
  const { modules, diagnostics } = cache.parse(
    bundle.modules.map((module) => {
      const version = moduleVersion(bundle.manifest, module) ?? fallback;
      return {
        file: module.path,
        text: module.text,
        regoVersion: version === 0 ? ("v0" as const) : ("v1" as const),
      };
    }),
  );
  if (diagnostics.length > 0) throw failWith(diagnostics);
  const compiled = cache.check(modules, {
    ...(options.strict !== undefined && { strict: options.strict }),
    print: options.print ?? false,
    ...options.capabilities,
    ...(options.builtins !== undefined && {
      builtins: withCustom(options.capabilities?.builtins ?? allBuiltins, options.builtins),
    }),
  });
  return { compiled, modules };
}

function chooseEntrypoints(compiled: CompiledModules, options: BuildOptions, target: Target): string[] {
  const wanted = options.entrypoints ?? [];
  const annotated = compiled.entrypoints.map((ref) => pathOf(ref).join("/"));
  const entrypoints = [...new Set([...wanted.map((path) => path.replace(/^\/+|\/+$/g, "")), ...annotated])];
  if (entrypoints.length === 0) {
    throw new PolicyError("invalid_parameter", `${target} compilation requires at least one entrypoint`);
  }
  const known = knownPaths(compiled);
  for (const entrypoint of entrypoints) {
    if (known.has(entrypoint)) continue;
    throw new PolicyError(
      "invalid_parameter",
      `entrypoint "${entrypoint}" does not refer to a rule or policy decision`,
    );
  }
  const functions = functionPaths(compiled);
  for (const entrypoint of entrypoints) if (functions.has(entrypoint)) refuseFunction(compiled, entrypoint);
  if (options.pruneUnused === true) return entrypoints;
  return [...new Set([...entrypoints, ...dependentsOf(compiled, entrypoints)])];
}

/** A function has no answer of its own; the checker says so in OPA's words. */
function refuseFunction(compiled: CompiledModules, entrypoint: string): void {
  const { body } = parseQuery(`_ = ${refText(entrypoint.split("/"))}`);
  if (body !== undefined) compileQuery(compiled, body);
}

/**
 * The rules that use an entrypoint, in order of path: answered by the module too, so that no Rego is left that would call into it (OPA
 * build: --prune-unused). Functions cannot be entrypoints.
 */
function dependentsOf(compiled: CompiledModules, entrypoints: readonly string[]): string[] {
  const pathOfCell = ({ module, source }: RuleCell): string => rulePath(module.source, source);
  const named = new Set(entrypoints);
  const above = new Set(entrypoints.flatMap(prefixes));
  const reached = new Set<RuleCell>();
  const visit = (rule: RuleCell): void => {
    for (const user of compiled.graph.dependents(rule)) {
      if (reached.has(user)) continue;
      reached.add(user);
      visit(user);
    }
  };
  for (const module of compiled.compilation.modules) {
    for (const [at, path] of pathsIn(module).entries()) {
      if (named.has(path) || above.has(path) || prefixes(path).some((prefix) => named.has(prefix)))
        visit(module.rules[at] as RuleCell);
    }
  }
  const found = [...reached].flatMap((rule) => (rule.head.args === undefined ? [pathOfCell(rule)] : []));
  return [...new Set(found)].sort();
}

/** A slash path and all that it lies under: `a/b` gives `a` and `a/b`. */
function prefixes(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
    found.push(path.slice(0, end));
  found.push(path);
  return found;
}

/**
 * Wasm that answers every package and rule of these modules: for daemons that are handed Rego, and that keep a cache from one time to the
 * next. Throws PolicyError with every finding.
 */
export function compileWhole(
  sources: readonly SourceText[],
  custom: readonly Builtin[] = [],
  cache = new CompileCache(),
): Uint8Array {
  const compiled = checkAgain(sources, { builtins: withCustom(allBuiltins, custom) }, cache);
  const functions = functionPaths(compiled);
  const entrypoints = [...knownPaths(compiled)].filter((path) => !functions.has(path));
  return cache.compile(compiled, { entrypoints }, { runtime: loadRuntime() }).emitted.bytes;
}

/** Parses and checks modules together; for those who only want to know. Throws PolicyError with every finding. */
export function checkTexts(
  sources: readonly SourceText[],
  custom: readonly Builtin[] = [],
  cache = new CompileCache(),
): CompiledModules {
  return checkAgain(sources, { print: true, builtins: withCustom(allBuiltins, custom) }, cache);
}

function checkAgain(
  sources: readonly SourceText[],
  options: CheckOptions,
  cache: CompileCache,
): CompiledModules {
  const { modules, diagnostics } = cache.parse(sources);
  if (diagnostics.length > 0) throw failWith(diagnostics);
  return cache.check(modules, options);
}

function functionPaths(compiled: CompiledModules): Set<string> {
  const functions = new Set<string>();
  for (const module of compiled.compilation.modules)
    for (const [at, { head }] of module.rules.entries())
      if (head.args !== undefined) functions.add(pathsIn(module)[at] as string);
  return functions;
}

const paths = new WeakMap<ModuleCell, readonly string[]>();

/** The slash paths of the rules of a module, in their order. */
function pathsIn(module: ModuleCell): readonly string[] {
  let found = paths.get(module);
  if (found === undefined)
    paths.set(module, (found = module.rules.map((rule) => rulePath(module.source, rule.source))));
  return found;
}

/** Every package and rule, with the packages above them, as slash paths. */
function knownPaths(compiled: CompiledModules): Set<string> {
  const known = new Set<string>();
  for (const module of compiled.compilation.modules)
    for (const path of pathsIn(module))
      if (!known.has(path)) for (const prefix of prefixes(path)) known.add(prefix);
  return known;
}

function ship(
  source: Bundle,
  modules: readonly Module[],
  compiled: CompiledModules,
  entrypoints: readonly string[],
  target: Target,
  options: BuildOptions,
): Pick<BuildResult, "bundle" | "hostBuiltins" | "wasmBytes"> {
  const regoVersion = source.manifest.regoVersion ?? (options.v0Compatible === true ? 0 : 1);
  const { fileRegoVersions: _globs, ...rest } = source.manifest;
  const manifest: Manifest = {
    ...rest,
    regoVersion,
    fileRegoVersions: versionsByFile(source.manifest, source.modules, regoVersion),
    ...(options.revision !== undefined && { revision: options.revision }),
    ...withDenials(source.manifest, compiled),
  };
  const { data } = source;
  if (target === "rego") {
    return { bundle: assemble({ manifest, data, modules: source.modules }), hostBuiltins: [], wasmBytes: 0 };
  }
  // A plan that is shown is numbered as the plan of a build from nothing is.
  const cache = target === "plan" || options.onPlan !== undefined ? undefined : options.cache?.compile;
  const { policy, emitted } = (cache?.compile.bind(cache) ?? compile)(
    compiled,
    { entrypoints },
    { runtime: loadRuntime() },
  );
  options.onPlan?.(policy);
  if (target === "plan") {
    const bytes = new TextEncoder().encode(JSON.stringify(policyToJson(policy)));
    const plans = [{ path: "plan.json", bytes }];
    return {
      bundle: assemble({ manifest, data, modules: source.modules, plans }),
      hostBuiltins: [],
      wasmBytes: 0,
    };
  }
  const resolvers = resolversOf(compiled, entrypoints);
  return {
    bundle: assemble({
      manifest: { ...manifest, wasm: [...manifest.wasm, ...resolvers] },
      data,
      modules: withoutEntrypoints(source.modules, modules, new Set(entrypoints), options.cache),
      wasm: [...source.wasm, { path: WASM_PATH.slice(1), bytes: emitted.bytes }],
    }),
    hostBuiltins: Object.keys(emitted.builtins),
    wasmBytes: emitted.bytes.length,
  };
}

/** Entrypoints in the manifest, each with what its author says of the rule. */
function resolversOf(compiled: CompiledModules, entrypoints: readonly string[]): WasmResolver[] {
  const said = new Map<string, JsonNode[]>();
  for (const { annotations, path } of compiled.annotations.flatten()) {
    if (annotations === undefined || !/^(rule|document)$/.test(annotations.scope)) continue;
    const steps = path.slice(1).map((term) => (term.kind === "string" ? term.value : undefined));
    const here = said.get(steps.join("/")) ?? [];
    said.set(steps.join("/"), [...here, annotationsToJson(annotations)]);
  }
  return entrypoints.map((entrypoint) => {
    const here = said.get(entrypoint);
    const annotations = here === undefined ? undefined : decode(jsonText(here));
    return { entrypoint, module: WASM_PATH, ...(annotations !== undefined && { annotations }) };
  });
}

/** Where rules are declared as denials, the manifest says which lines they hang on. */
function withDenials(manifest: Manifest, compiled: CompiledModules): Pick<Manifest, "metadata"> {
  const lines = denialLines(compiled);
  if (Object.keys(lines).length === 0) return {};
  const others = [...(manifest.metadata?.entries() ?? [])].filter(([key]) => key !== "deny_rules");
  return { metadata: object([...others, ["deny_rules", fromPlain(lines)]]) };
}

/**
 * Beside a Wasm module OPA ships the Rego without the rules that the module answers, and imports them where the package goes on
 * naming them.
 */
function withoutEntrypoints(
  files: readonly ModuleFile[],
  modules: readonly Module[],
  entrypoints: ReadonlySet<string>,
  cache: BuildCache | undefined,
): ModuleFile[] {
  const byFile = new Map(modules.map((module) => [module.file, module]));
  const all = [...entrypoints].join("\n");
  if (cache !== undefined && cache.cut.entrypoints !== all)
    cache.cut = { entrypoints: all, files: new WeakMap() };
  return files.map((file) => {
    const module = byFile.get(file.path);
    if (module === undefined) return file;
    const known = cache?.cut.files.get(module);
    if (known !== undefined) return known;
    const rules = module.rules.filter((rule) => entrypoints.has(rulePath(module, rule)));
    const kept = rules.length === 0 ? file : { path: file.path, text: cutRules(file.text, module, rules) };
    cache?.cut.files.set(module, kept);
    return kept;
  });
}

let runtime: Uint8Array | undefined;

/** The prebuilt runtime that policies are linked to: above or beside this file in the package, in dist/ in a checkout. */
export function loadRuntime(): Uint8Array {
  if (runtime === undefined) {
    const places = ["../runtime.wasm", "./runtime.wasm", "../dist/runtime.wasm"].map(
      (place) => new URL(place, import.meta.url),
    );
    const found = places.find((place) => existsSync(place));
    if (found === undefined) throw new PolicyError("io_error", "runtime.wasm is missing: run `make build`");
    runtime = new Uint8Array(readFileSync(found));
  }
  return runtime;
}
