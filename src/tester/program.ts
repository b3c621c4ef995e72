// Modules with tests to one Wasm module that answers every test: parsed, renamed, checked, planned and emitted once. In: sources and base
// data. Out: a Program, which threads can share. Throws PolicyError with every finding.

import { loadRuntime } from "../build.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { builtins } from "../builtins/registry.ts";
import {
  type CheckOptions,
  checkModules,
  type CompiledModules,
  compile,
  type Marks,
} from "../compile/compile.ts";
import type { Module } from "../syntax/ast.ts";
import { encode } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import { isObject, type Value } from "../value/value.ts";
import { sleepBuiltin } from "./sleep.ts";
import { discover, type TestCase } from "./discover.ts";

export interface ProgramOptions {
  readonly strict?: boolean | undefined;
  /** Keeps print calls; benchmarks leave them out. */
  readonly print?: boolean | undefined;
  readonly maxErrors?: number | undefined;
  /** An ES module that declares the host's own builtins, which `check.builtins` has too. */
  readonly builtinsFile?: string | undefined;
  /** What may be used, and schemas; `test.sleep` may be used always. */
  readonly check?: Pick<CheckOptions, "builtins" | "features" | "schemas" | "schemaAnnotations"> | undefined;
}

export interface Program {
  readonly tests: readonly TestCase[];
  /** As their authors wrote them, but for the names of tests. */
  readonly modules: readonly Module[];
  readonly compiled: CompiledModules;
  readonly wasm: WebAssembly.Module;
  /** The base document as JSON text. */
  readonly data: string;
  /** Builtins that the module calls on its host. */
  readonly hostBuiltins: readonly string[];
  /** Where those of the host's own are declared. */
  readonly builtinsFile?: string | undefined;
}

/** Every builtin that tests may call. */
const OWN: readonly (readonly [string, Builtin])[] = [[sleepBuiltin.name, sleepBuiltin]];
export const testBuiltins: ReadonlyMap<string, Builtin> = new Map([...builtins, ...OWN]);

/** Tests and checked modules, of which nothing is emitted yet. */
export type CheckedTests = Pick<Program, "tests" | "modules" | "compiled" | "builtinsFile">;

export function makeProgram(
  parsed: readonly Module[],
  data: RegoObject,
  options: ProgramOptions = {},
): Program {
  const checked = checkTests(parsed, data, options);
  return emitProgram(checked, checked.tests, data);
}

/** A Program of some of the tests: nothing is emitted for the others. */
export function emitProgram(checked: CheckedTests, chosen: readonly TestCase[], data: RegoObject): Program {
  const some = chooseTests(checked, chosen);
  return { ...some, ...emitTests(some.compiled, some.tests), data: encode(data) };
}

export function chooseTests(checked: CheckedTests, chosen: readonly TestCase[]): CheckedTests {
  return { ...checked, tests: chosen.map((test, id) => ({ ...test, id })) };
}

export function checkTests(
  parsed: readonly Module[],
  data: RegoObject,
  options: ProgramOptions = {},
): CheckedTests {
  const { modules, tests } = discover(parsed);
  const { builtins: allowed, ...check } = options.check ?? {};
  const compiled = checkModules(modules, {
    ...check,
    builtins: allowed === undefined ? testBuiltins : new Map([...allowed, ...OWN]),
    print: options.print ?? true,
    testCases: true,
    pathExists: (path) => valueAt(data, path) !== undefined,
    ...(options.strict !== undefined && { strict: options.strict }),
    maxErrors: options.maxErrors ?? 10,
  });
  return { tests, modules, compiled, builtinsFile: options.builtinsFile };
}

/** The module that answers the tests, with marks if any are asked for. */
export function emitTests(
  compiled: CompiledModules,
  tests: readonly TestCase[],
  marks?: Marks,
): Pick<Program, "wasm" | "hostBuiltins"> {
  const entrypoints = tests.map(({ ref }) => ref);
  const { emitted } = compile(
    compiled,
    { entrypoints, ...(marks !== undefined && { marks }) },
    { runtime: loadRuntime() },
  );
  return {
    wasm: new WebAssembly.Module(emitted.bytes as Uint8Array<ArrayBuffer>),
    hostBuiltins: Object.keys(emitted.builtins),
  };
}

function valueAt(data: RegoObject, path: readonly string[]): Value | undefined {
  let at: Value | undefined = data;
  for (const step of path) at = at !== undefined && isObject(at) ? at.get(step) : undefined;
  return at;
}
