// What clients of the daemon wrote themselves, documents and policies (OPA Data and Policy APIs), kept beside the bundles: every change
// is checked whole and activated like one more bundle, or leaves everything as it was. What a bundle owns cannot be written.

import { assemble } from "../../bundle/assemble.ts";
import type { VerifiedBundle } from "../../bundle/bundle.ts";
import { moduleVersion, rootContains, rootsOverlap } from "../../bundle/manifest.ts";
import { packagePath } from "../../bundle/package-path.ts";
import { write } from "../../bundle/write.ts";
import type { SourceModule } from "../../decision/ports.ts";
import { PolicyError } from "../../error.ts";
import type { Module, RegoVersion } from "../../syntax/ast.ts";
import { parseModule } from "../../syntax/parser.ts";
import { emptyObject } from "../../value/object.ts";
import { isObject, type RegoObject } from "../../value/value.ts";
import { exists } from "./documents.ts";
import { type AgentPort, overlayFile } from "./ports.ts";

export interface Content {
  readonly data: RegoObject;
  /** Text of each policy by its id. */
  readonly policies: ReadonlyMap<string, string>;
}

export interface Workspace {
  /** In which clients write their policies and queries. */
  readonly regoVersion: RegoVersion;
  content(): Content;
  /** Modules of clients and of bundles, as far as those ship their Rego. */
  modules(): SourceModule[];
  /** Throws `invalid_parameter` when a bundle owns the path. */
  checkOwner(path: readonly string[]): void;
  /** One change after the other; a failure keeps the old content. */
  update(next: (content: Content) => Content): Promise<void>;
}

export function createWorkspace(agent: AgentPort, regoVersion: RegoVersion = "v1"): Workspace {
  const paths = new RulePaths(regoVersion);
  let content: Content = { data: emptyObject, policies: new Map() };
  let queue: Promise<unknown> = Promise.resolve();
  return {
    regoVersion,
    content: () => content,
    modules: () => [
      ...sourcesOf(content.policies, regoVersion),
      ...[...agent.bundles()].flatMap(([name, { modules, manifest }]) =>
        modules.map((module): SourceModule => {
          const { path, text } = module;
          const regoVersion = moduleVersion(manifest, module);
          return { file: `${name}/${path}`, text, ...(regoVersion !== undefined && { regoVersion }) };
        }),
      ),
    ],
    checkOwner(path) {
      const bundles = agent.bundles();
      const [pending] = agent.pending();
      // Written now, it could stand in the bundle's way for good.
      if (pending !== undefined)
        throw new PolicyError(
          "invalid_parameter",
          `bundle ${JSON.stringify(pending)} is not active yet, so it is not known what it owns`,
        );
      if (path.length === 0 && bundles.size > 0)
        throw new PolicyError(
          "invalid_parameter",
          "can't write to document root with bundle roots configured",
        );
      for (const [name, { manifest }] of bundles) checkRoots(path, name, manifest.roots);
    },
    update(next) {
      const turn = queue.then(async () => {
        const changed = next(content);
        if (changed === content) return;
        checkPathConflicts(changed, paths);
        await agent.overlay(overlayOf(changed, agent.bundles(), regoVersion));
        content = changed;
      });
      queue = turn.catch(() => {});
      return turn;
    },
  };
}

function sourcesOf(policies: ReadonlyMap<string, string>, version: RegoVersion): SourceModule[] {
  return Array.from(policies, ([file, text]) => ({ file, text, regoVersion: version === "v0" ? 0 : 1 }));
}

function checkRoots(path: readonly string[], name: string, roots: readonly string[]): void {
  for (const root of roots) {
    if (root === "")
      throw new PolicyError("invalid_parameter", `all paths owned by bundle ${JSON.stringify(name)}`);
    if (rootsOverlap(root, path.join("/")))
      throw new PolicyError(
        "invalid_parameter",
        `path ${path.join("/")} is owned by bundle ${JSON.stringify(name)}`,
      );
  }
}

/** OPA refuses data where a rule stands. */
function checkPathConflicts({ data, policies }: Content, paths: RulePaths): void {
  paths.keep(policies);
  for (const [file, text] of policies)
    for (const { path, row } of paths.of(file, text)) {
      if (exists(data, path))
        throw new PolicyError(
          "invalid_parameter",
          `1 error occurred: ${file}:${row}: rego_compile_error: conflicting rule for data path ${path.join("/")} found`,
        );
    }
}

interface RulePath {
  readonly path: readonly string[];
  readonly row: number;
}

/** Where the rules of policies stand; a policy that did not change is not parsed again. */
class RulePaths {
  readonly #regoVersion: RegoVersion;
  readonly #known = new Map<string, { readonly text: string; readonly paths: readonly RulePath[] }>();

  constructor(regoVersion: RegoVersion) {
    this.#regoVersion = regoVersion;
  }

  /** Forgets what is not among these. */
  keep(policies: Content["policies"]): void {
    for (const file of this.#known.keys()) if (!policies.has(file)) this.#known.delete(file);
  }

  of(file: string, text: string): readonly RulePath[] {
    const known = this.#known.get(file);
    if (known?.text === text) return known.paths;
    const { module } = parseModule(text, { file, regoVersion: this.#regoVersion });
    const paths = module === undefined ? [] : rulePaths(module);
    this.#known.set(file, { text, paths });
    return paths;
  }
}

function rulePaths(module: Module): RulePath[] {
  const text = (term: { kind: string }): string | undefined =>
    term.kind === "string" ? (term as { value?: string }).value : undefined;
  const package_ = module.package.path.terms.slice(1).map((term) => text(term) ?? "");
  return module.rules.map(({ head, location }) => {
    const [name, ...steps] = head.reference.terms;
    const path = [...package_, name.kind === "var" ? name.name : (text(name) ?? "")];
    for (const step of steps) {
      const key = text(step);
      if (key === undefined) break;
      path.push(key);
    }
    return { path, row: location.row };
  });
}

/** The content as a bundle of its own, whose roots are just wide enough. */
function overlayOf(
  { data, policies }: Content,
  bundles: ReadonlyMap<string, VerifiedBundle>,
  version: RegoVersion,
): Uint8Array {
  const owned = [...bundles.values()].flatMap(({ manifest }) => manifest.roots);
  const packages = [...policies.values()].flatMap((text) => {
    const path = packagePath(text);
    return path === undefined ? [] : [path.join("/")];
  });
  const roots = minimal([...dataRoots(data, [], owned), ...packages]);
  const modules = Array.from(policies, ([id, text]) => ({ path: overlayFile(id), text }));
  const regoVersion = version === "v0" ? { regoVersion: 0 } : {};
  return write(assemble({ manifest: { revision: "", roots, wasm: [], ...regoVersion }, data, modules }));
}

/** The topmost paths of the data that leave room for the roots of bundles. */
function dataRoots(data: RegoObject, above: readonly string[], owned: readonly string[]): string[] {
  return [...data.entries()].flatMap(([key, value]) => {
    const path = [...above, String(key)];
    const isShared = owned.some((root) => rootContains(path.join("/"), root.split("/")));
    return isShared && isObject(value) ? dataRoots(value, path, owned) : [path.join("/")];
  });
}

/** The roots that lie below no other one. */
function minimal(roots: readonly string[]): string[] {
  const unique = new Set(roots);
  const isBelow = (root: string): boolean => {
    if (root !== "" && unique.has("")) return true;
    for (let end = root.indexOf("/"); end >= 0; end = root.indexOf("/", end + 1))
      if (unique.has(root.slice(0, end))) return true;
    return false;
  };
  return [...unique].filter((root) => !isBelow(root));
}
