// Tests that are run again and again while files change: what did not change is not parsed again, and only tests are run that depend on what did.
// In: what was loaded this time. Out: checked modules, and the tests that could have another result than before.

import type { RegoObject } from "../value/value.ts";
import { type SourceText, parse } from "../compile/compile.ts";
import { type Diagnostic, failWith } from "../error.ts";
import type { Module } from "../syntax/ast.ts";
import { equal } from "../value/compare.ts";
import type { TestCase } from "./discover.ts";
import { type CheckedTests, checkTests, type ProgramOptions } from "./program.ts";

interface Parsed {
  readonly text: string;
  readonly regoVersion: string | undefined;
  readonly module: Module;
}

export class Session {
  readonly #options: ProgramOptions;
  #parsed = new Map<string, Parsed>();
  #data: RegoObject | undefined;
  /** By full name: the files that a test's result depends on. */
  #depends = new Map<string, ReadonlySet<string>>();
  /** Files that changed since the last Program could be made. */
  #changed = new Set<string>();

  constructor(options: ProgramOptions = {}) {
    this.#options = options;
  }

  text(file: string): string | undefined {
    return this.#parsed.get(file)?.text;
  }

  /** Throws PolicyError with the findings; what changed until then counts as changed next time too. */
  parse(sources: readonly SourceText[]): Module[] {
    const next = new Map<string, Parsed>();
    const diagnostics: Diagnostic[] = [];
    for (const source of sources) {
      const { file, text, regoVersion } = source;
      const known = this.#parsed.get(file);
      if (known !== undefined && known.text === text && known.regoVersion === regoVersion) {
        next.set(file, known);
        continue;
      }
      this.#changed.add(file);
      const result = parse([source]);
      diagnostics.push(...result.diagnostics);
      const [module] = result.modules;
      if (module !== undefined) next.set(file, { text, regoVersion, module });
    }
    for (const file of this.#parsed.keys()) if (!next.has(file)) this.#changed.add(file);
    this.#parsed = next;
    if (diagnostics.length > 0) throw failWith(diagnostics);
    return Array.from(next.values(), ({ module }) => module);
  }

  /** All tests, and those of them that must be run again. */
  check(
    modules: readonly Module[],
    data: RegoObject,
  ): { checked: CheckedTests; affected: readonly TestCase[] } {
    const checked = checkTests(modules, data, this.#options);
    const before = this.#depends;
    const sameData = this.#data !== undefined && equal(this.#data, data);
    this.#depends = filesOf(checked);
    this.#data = data;
    const touched = (files: ReadonlySet<string> | undefined): boolean =>
      files === undefined || [...this.#changed].some((file) => files.has(file));
    const affected = checked.tests.filter(
      ({ fullName }) => !sameData || touched(before.get(fullName)) || touched(this.#depends.get(fullName)),
    );
    this.#changed = new Set();
    return { checked, affected };
  }
}

/** For each test the files of the rules that it can come to. */
export function filesOf({ compiled, tests }: CheckedTests): Map<string, ReadonlySet<string>> {
  const { graph, compilation } = compiled;
  type Cell = (typeof compilation.modules)[number]["rules"][number];
  const cells = new Map<string, Cell>();
  const place = ({ file, row, col }: Cell["location"]): string => `${file}:${row}:${col}`;
  for (const module of compilation.modules)
    for (const rule of module.rules) cells.set(place(rule.location), rule);
  const result = new Map<string, ReadonlySet<string>>();
  for (const test of tests) {
    const seen = new Set<Cell>();
    const queue = [cells.get(place(test.location))];
    for (let cell = queue.pop(); cell !== undefined; cell = queue.pop()) {
      if (seen.has(cell)) continue;
      seen.add(cell);
      queue.push(...graph.dependencies(cell));
    }
    result.set(test.fullName, new Set([test.file, ...Array.from(seen, ({ location }) => location.file)]));
  }
  return result;
}
