// From verified bundles to something that answers: verify -> prepare -> swap. All bundles become one State, completely prepared before the
// old one is let go; a failure on the way leaves the old one as it was. Takes VerifiedBundles and nothing else.

import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { hostBuiltins } from "../builtins/host.ts";
import type { VerifiedBundle } from "../bundle/bundle.ts";
import { encodeManifest, findOverlap, moduleVersion } from "../bundle/manifest.ts";
import { packagePath } from "../bundle/package-path.ts";
import { lookup, merge, nest, restrict } from "../bundle/tree.ts";
import { type Engine, prepare, requiredBuiltins } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { decode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import type { Ports, SourceModule } from "./ports.ts";

/** Everything that is active at one time. Never changes; the next one takes its place. */
export interface State {
  readonly bundles: ReadonlyMap<string, VerifiedBundle>;
  readonly data: RegoObject;
  /** Which engine answers an entrypoint. */
  readonly entrypoints: ReadonlyMap<string, Engine>;
  /** Packages of the modules that the bundles ship: policy is there, whether or not it can be asked. */
  readonly packages: readonly (readonly string[])[];
}

export const emptyState: State = {
  bundles: new Map(),
  data: emptyObject,
  entrypoints: new Map(),
  packages: [],
};

export interface ActivateOptions extends Pick<Ports, "compile"> {
  /** Paths of the mask and drop policies: shipped but not askable would mean that secrets go unmasked. */
  readonly logPolicies: readonly string[];
  /** The host's own builtins. */
  readonly builtins: readonly Builtin[];
  /** What builtins see of the world: what `opa.runtime()` answers, the time, the network. */
  readonly context: Partial<BuiltinContext>;
}

/** The state that these bundles make. Throws `bundle_error` and the like; nothing is changed. */
export async function activate(
  bundles: ReadonlyMap<string, VerifiedBundle>,
  options: ActivateOptions,
): Promise<State> {
  const named = [...bundles].map(([name, bundle]) => ({ name, roots: bundle.manifest.roots }));
  const overlap = findOverlap(named);
  if (overlap !== undefined) throw new PolicyError("bundle_error", overlap);
  const data = mergeData(bundles);
  const entrypoints = new Map<string, Engine>();
  const admit = (entrypoint: string, engine: Engine): void => {
    if (entrypoints.has(entrypoint))
      throw new PolicyError(
        "bundle_error",
        `entrypoint '${entrypoint}' cannot be used by more than one wasm module`,
      );
    entrypoints.set(entrypoint, engine);
  };
  for (const [name, bundle] of bundles) await prepareShipped(name, bundle, data, options, admit);
  await prepareCompiled(bundles, data, options, admit);
  const packages = [...bundles.values()].flatMap(({ modules }) =>
    modules.flatMap(({ text }) => {
      const path = packagePath(text);
      return path === undefined ? [] : [path];
    }),
  );
  const state = { bundles, data, entrypoints, packages };
  checkLogPolicies(state, options.logPolicies);
  return state;
}

/** All base data in one document, with the manifests where policies look for them (OPA bundles: data.system.bundles). */
function mergeData(bundles: ReadonlyMap<string, VerifiedBundle>): RegoObject {
  let data = emptyObject;
  for (const [name, bundle] of bundles) {
    const merged = merge(data, restrict(bundle.data, bundle.manifest.roots));
    if (merged === undefined)
      throw new PolicyError("bundle_error", `data of bundle \`${name}\` clashes with another bundle`);
    data = merged;
  }
  for (const [name, bundle] of bundles) {
    const manifest = decode(encodeManifest(bundle.manifest));
    const nested = nest(["system", "bundles", name, "manifest"], manifest);
    data = (nested === undefined ? undefined : merge(data, nested)) ?? data;
  }
  return data;
}

async function prepareEngine(wasm: Uint8Array, data: RegoObject, options: ActivateOptions): Promise<Engine> {
  const names = requiredBuiltins(wasm);
  const custom = options.builtins.filter(({ name }) => names.includes(name));
  const builtins = withCustom(await hostBuiltins(names), custom);
  return prepare({ wasm, data, builtins, context: options.context });
}

/** The Wasm that a bundle brings, ours or that of `opa build -t wasm`. */
async function prepareShipped(
  name: string,
  bundle: VerifiedBundle,
  data: RegoObject,
  options: ActivateOptions,
  admit: (entrypoint: string, engine: Engine) => void,
): Promise<void> {
  for (const module of bundle.wasm) {
    if (module.entrypoints.length === 0) continue;
    const engine = await prepareEngine(module.bytes, data, options);
    for (const entrypoint of module.entrypoints) {
      if (!engine.entrypoints.has(entrypoint))
        throw new PolicyError(
          "bundle_error",
          `bundle \`${name}\`: the wasm module \`${module.path}\` has no entrypoint \`${entrypoint}\`, which the manifest promises`,
        );
      admit(entrypoint, engine);
    }
  }
}

/** Bundles of Rego alone: compiled together, so that their packages may use each other, or refused where there is no compiler. */
async function prepareCompiled(
  bundles: ReadonlyMap<string, VerifiedBundle>,
  data: RegoObject,
  options: ActivateOptions,
  admit: (entrypoint: string, engine: Engine) => void,
): Promise<void> {
  const sources = [...bundles].filter(([, bundle]) => bundle.modules.length > 0 && bundle.wasm.length === 0);
  const [first] = sources;
  if (first === undefined) return;
  if (options.compile === undefined)
    throw new PolicyError(
      "bundle_error",
      `bundle \`${first[0]}\` holds Rego and no Wasm: this library evaluates and does not compile, build the bundle with \`reeve build -t wasm\``,
    );
  const modules = sources.flatMap(([name, bundle]) =>
    bundle.modules.map((module): SourceModule => {
      const { path, text } = module;
      const regoVersion = moduleVersion(bundle.manifest, module);
      return { file: `${name}/${path}`, text, ...(regoVersion === undefined ? {} : { regoVersion }) };
    }),
  );
  const wasm = await options.compile(
    modules,
    sources.map(([, bundle]) => bundle),
  );
  const engine = await prepareEngine(wasm, data, options);
  for (const entrypoint of engine.entrypoints.keys()) admit(entrypoint, engine);
}

/** Without a compiler the only way to know is to look: does a shipped module of that package have a line that begins with the rule's name? */
function checkLogPolicies(state: State, paths: readonly string[]): void {
  const modules = [...state.bundles.values()].flatMap((bundle) => bundle.modules);
  for (const path of paths) {
    const keys = path.split("/");
    if (findEntrypoint(state, keys) !== undefined) continue;
    const rule = new RegExp(`^[ \\t]*(default[ \\t]+)?${keys.at(-1)}\\b`, "m");
    const shipped = modules.some(
      ({ text }) => packagePath(text)?.join("/") === keys.slice(0, -1).join("/") && rule.test(text),
    );
    if (shipped)
      throw new PolicyError(
        "bundle_error",
        `a bundle ships the log policy \`${path}\`, which is no entrypoint: build it with \`-e ${path}\``,
      );
  }
}

/** The entrypoint at or above a path, the longest one. */
export function findEntrypoint(
  state: State,
  keys: readonly string[],
): { engine: Engine; entrypoint: string; rest: string[] } | undefined {
  for (let length = keys.length; length > 0; length--) {
    const entrypoint = keys.slice(0, length).join("/");
    const engine = state.entrypoints.get(entrypoint);
    if (engine !== undefined) return { engine, entrypoint, rest: keys.slice(length) };
  }
  return undefined;
}

export type Target =
  | {
      readonly kind: "policy";
      readonly engine: Engine;
      readonly entrypoint: string;
      readonly rest: readonly string[];
    }
  | { readonly kind: "data"; readonly value: Value | undefined };

/**
 * What answers a path: an entrypoint at or above it, or base data. Where policy is shipped that no entrypoint reaches, `undefined_document`
 * says so: an empty answer would look like "no".
 */
export function resolve(state: State, keys: readonly string[]): Target {
  const found = findEntrypoint(state, keys);
  if (found !== undefined) return { kind: "policy", ...found };
  const related = (other: readonly string[]): boolean => {
    const shared = Math.min(other.length, keys.length);
    return other.slice(0, shared).every((key, i) => key === keys[i]);
  };
  const below = [...state.entrypoints.keys()].filter((entrypoint) => related(entrypoint.split("/")));
  if (below.length > 0 || state.packages.some(related)) {
    const known = [...state.entrypoints.keys()].sort().map((entrypoint) => `\`${entrypoint}\``);
    throw new PolicyError(
      "undefined_document",
      `\`${keys.join("/")}\` is policy, but no entrypoint of the active bundles${known.length === 0 ? "" : ` (they are ${known.join(", ")})`}`,
    );
  }
  return { kind: "data", value: lookup(state.data, keys) };
}
