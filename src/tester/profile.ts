// Time by line of the policy, as OPA's profiler counts it: from one expression's mark to the next belongs to the former. In: marks as they are passed. Out: for
// each line how long it took, how often its expressions were tried and held, and how many there are.

import type { Mark } from "../compile/compile.ts";
import type { Expr } from "../syntax/ast.ts";

export interface LineStats {
  readonly ns: number;
  readonly evals: number;
  /** How often evaluation came back behind a solution. */
  readonly redos: number;
  /** Expressions of this line that were tried: the compiler may have made several of one. */
  readonly exprs: number;
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
}

interface Line {
  ns: number;
  evals: number;
  redos: number;
  readonly exprs: Set<unknown>;
  readonly location: LineStats["location"];
}

export class Profile {
  readonly #marks: readonly Mark[];
  readonly #lines = new Map<string, Line>();
  #line: Line | undefined;
  #since = 0n;

  constructor(marks: readonly Mark[]) {
    this.#marks = marks;
  }

  add(index: number): void {
    const { kind, location, node } = this.#marks[index] as Mark;
    if (kind !== "eval" && kind !== "pass") return;
    const now = process.hrtime.bigint();
    this.#stop(now);
    const { file, row, col } = location;
    const key = `${file}:${row}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { ns: 0, evals: 0, redos: 0, exprs: new Set(), location: { file, row, col } };
      this.#lines.set(key, line);
    }
    const { negated } = node as Expr;
    line.exprs.add(node);
    // What is negated is tried as an expression of its own; nothing comes back to either.
    if (negated) line.exprs.add(location);
    if (kind === "eval") line.evals += negated ? 2 : 1;
    else if (!negated) line.redos++;
    this.#line = line;
    this.#since = now;
  }

  lines(): LineStats[] {
    this.#stop(process.hrtime.bigint());
    this.#line = undefined;
    return Array.from(this.#lines.values(), ({ exprs, ...line }) => ({ ...line, exprs: exprs.size }));
  }

  #stop(now: bigint): void {
    if (this.#line !== undefined) this.#line.ns += Number(now - this.#since);
  }
}
