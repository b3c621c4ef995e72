// Module texts to Wasm in four calls: parse, check, plan, emit. The only file that sees all four; each stage's findings end the run,
// all of them together. Runs nothing and reads no files: the runtime's bytes are given.

import { builtins } from "../builtins/registry.ts";
import { type Diagnostic, failWith, PolicyError } from "../error.ts";
import type { Body, Module, RegoVersion } from "../syntax/ast.ts";
import { moduleValue } from "../syntax/module-value.ts";
import { parseModule } from "../syntax/parser.ts";
import type { Value } from "../value/value.ts";
import type { AnnotationsRef } from "./check/annotation-set.ts";
import type { CheckOptions, CompiledModules, CompiledQuery } from "./check/compilation.ts";
import { checkQuery, type QueryOptions } from "./check/query.ts";
import { recheck } from "./check/recheck.ts";
import { check } from "./check/stages.ts";
import type { Policy } from "./ir/ir.ts";
import { validate } from "./ir/validate.ts";
import { type Mark, Marks, type MarkRequest } from "./plan/marks.ts";
import { KeptPlans } from "./plan/kept-plans.ts";
import { type PlanRequests, plan } from "./plan/planner.ts";
import { type Emitted, emit } from "./wasm/emit.ts";
import { KeptBodies } from "./wasm/kept-bodies.ts";

export { type Mark, Marks, type MarkRequest };
export type { AnnotationsRef, CheckOptions, CompiledModules, CompiledQuery, Emitted, PlanRequests, Policy };

export interface SourceText {
  /** The name that findings carry. */
  readonly file: string;
  readonly text: string;
  /** v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion | undefined;
  /** Read as v0, and refused where v1 would not take it. */
  readonly v1Compatible?: boolean | undefined;
}

const BUILTIN_NAMES: ReadonlySet<string> = new Set(builtins.keys());

/** The body behind `rego.parse_module`: the tree of a module as OPA spells it. Throws PolicyError with every finding. */
export function parsedModule(file: string, text: string): Value {
  return moduleValue(file, text, BUILTIN_NAMES);
}

/** Every module that parses, and all findings of those that do not. */
export function parse(sources: readonly SourceText[]): { modules: Module[]; diagnostics: Diagnostic[] } {
  const modules: Module[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { file, text, regoVersion, v1Compatible } of sources) {
    const parsed = parseModule(text, { file, regoVersion, v1Compatible, builtins: BUILTIN_NAMES });
    diagnostics.push(...parsed.diagnostics);
    if (parsed.module !== undefined) modules.push(parsed.module);
  }
  return { modules, diagnostics };
}

/** Parsed and checked modules. Throws PolicyError with every finding of the stage that found any. */
export function checkSources(sources: readonly SourceText[], options: CheckOptions = {}): CompiledModules {
  const { modules, diagnostics } = parse(sources);
  if (diagnostics.length > 0) throw failWith(diagnostics);
  return checkModules(modules, options);
}

export function checkModules(modules: readonly Module[], options: CheckOptions = {}): CompiledModules {
  const { compiled, diagnostics } = withinStack(() => check(modules, options));
  if (compiled === undefined) throw failWith(diagnostics, { asGiven: true });
  return compiled;
}

/** A query over checked modules. Throws PolicyError with every finding. */
export function compileQuery(
  compiled: CompiledModules,
  body: Body,
  options: QueryOptions = {},
): CompiledQuery {
  const { query, diagnostics } = withinStack(() => checkQuery(compiled, body, options));
  if (query === undefined) throw failWith(diagnostics, { asGiven: true });
  return query;
}

export interface CompileOptions {
  /** The prebuilt runtime, dist/runtime.wasm. */
  readonly runtime: Uint8Array;
  /** Proves the plan well-formed before it is emitted. */
  readonly verify?: boolean;
  /** Functions carry their names, for profiles. */
  readonly names?: boolean | undefined;
}

/** Plans what is asked for and emits it. */
export function compile(
  compiled: CompiledModules,
  requests: PlanRequests,
  options: CompileOptions,
  kept?: { readonly plans: KeptPlans; readonly bodies: KeptBodies },
): { policy: Policy; emitted: Emitted } {
  return withinStack(() => {
    const policy = plan(compiled, requests, kept?.plans);
    if (options.verify === true) {
      const [wrong] = validate(policy);
      if (wrong !== undefined) throw new PolicyError("internal_error", `malformed plan: ${wrong.message}`);
    }
    const { runtime, names } = options;
    const marks = requests.marks !== undefined;
    return { policy, emitted: emit(policy, { runtime, names, marks }, kept?.bodies) };
  });
}

interface Parsed {
  readonly source: SourceText;
  readonly modules: readonly Module[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * What compiling leaves for the next time. A file that did not change is not parsed again. Where rules still see the same of each other, only
 * modules that changed are checked, only their rules planned, and only those emitted; where one can tell, all are checked and planned. With
 * other options all is done anew. Nothing is kept but of the modules of last time.
 */
export class CompileCache {
  #parsed = new Map<string, Parsed>();
  #modules: readonly Module[] = [];
  #options: CheckOptions = {};
  #compiled: CompiledModules | undefined;
  #kept = { plans: new KeptPlans(), bodies: new KeptBodies() };
  #result: { readonly entrypoints: readonly string[]; readonly made: ReturnType<typeof compile> } | undefined;

  parse(sources: readonly SourceText[]): ReturnType<typeof parse> {
    const next = new Map<string, Parsed>();
    const modules: Module[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const source of sources) {
      const known = this.#parsed.get(source.file);
      const parsed =
        known !== undefined && sameSource(known.source, source) ? known : { source, ...parse([source]) };
      next.set(source.file, parsed);
      modules.push(...parsed.modules);
      diagnostics.push(...parsed.diagnostics);
    }
    this.#parsed = next;
    return { modules, diagnostics };
  }

  /** The modules that changed since the last check that passed are checked; all are, where others could tell. */
  check(modules: readonly Module[], options: CheckOptions): CompiledModules {
    if (!sameOptions(options, this.#options)) this.#forget();
    this.#options = options;
    const known = this.#compiled;
    if (known !== undefined && sameList(modules, this.#modules)) return known;
    const again = known && withinStack(() => recheck(known, modules, options));
    const compiled = again ?? checkModules(modules, options);
    this.#modules = modules;
    this.#compiled = compiled;
    this.#result = undefined;
    return compiled;
  }

  #forget(): void {
    this.#compiled = undefined;
    this.#result = undefined;
    this.#kept = { plans: new KeptPlans(), bodies: new KeptBodies() };
  }

  /** As `compile`, for modules of the last `check` and always the same runtime; texts and files of the policy may stand under other numbers. */
  compile(
    compiled: CompiledModules,
    { entrypoints }: { readonly entrypoints: readonly string[] },
    { runtime }: Pick<CompileOptions, "runtime">,
  ): ReturnType<typeof compile> {
    const known = this.#result;
    if (known !== undefined && sameList(entrypoints, known.entrypoints)) return known.made;
    const made = compile(compiled, { entrypoints }, { runtime }, this.#kept);
    this.#result = { entrypoints, made };
    return made;
  }
}

const sameList = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);

/** Whether the options say the same; of what cannot be told, such as functions, only the same one is. */
function sameOptions(a: CheckOptions, b: CheckOptions): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof CheckOptions>;
  return [...keys].every((key) => {
    const [x, y]: unknown[] = [a[key], b[key]];
    if (x instanceof Map && y instanceof Map)
      return (
        x.size === y.size && [...x].every(([name, value]) => value !== undefined && y.get(name) === value)
      );
    if (x instanceof Set && y instanceof Set) return x.size === y.size && [...x].every((item) => y.has(item));
    return x === y;
  });
}

const sameSource = (a: SourceText, b: SourceText): boolean =>
  a.text === b.text && a.regoVersion === b.regoVersion && a.v1Compatible === b.v1Compatible;

/** The parser bounds nesting; what is long without being nested (a reference of thousands of steps) runs into the stack only here. */
function withinStack<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError) || !/call stack/.test(cause.message)) throw cause;
    const message = "an expression or reference is too long for the compiler";
    throw new PolicyError("rego_compile_error", message, { cause });
  }
}
