// Inputs that once broke an invariant, kept in a file beside the policies, so that they are tried first from then on. In and out: the file.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PolicyError } from "../error.ts";
import type { Json } from "./arbitrary.ts";
import type { ProveResult } from "./prove.ts";
import { canonical } from "./shrink.ts";

/** No extension that is loaded as data. */
export const SEEDS_FILE = ".reeve-seeds";

export type KeptInputs = ReadonlyMap<string, readonly Json[]>;

/** Beside the first of the paths. */
export function seedsFileFor(path: string): string {
  const folder = existsSync(path) && statSync(path).isDirectory();
  return join(folder ? path : dirname(path), SEEDS_FILE);
}

export function readKept(file: string): KeptInputs {
  if (!existsSync(file)) return new Map();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new PolicyError("invalid_input", `${file}: ${(cause as Error).message}`, { cause });
  }
  const kept = (content as { kept?: unknown } | null)?.kept;
  if (
    typeof kept !== "object" ||
    kept === null ||
    Object.values(kept).some((inputs) => !Array.isArray(inputs))
  )
    throw new PolicyError("invalid_input", `${file}: expected {"kept": {invariant: [inputs]}}`);
  return new Map(Object.entries(kept as Record<string, Json[]>));
}

/** Adds what was found; returns whether anything was new. */
export function keep(file: string, known: KeptInputs, results: readonly ProveResult[]): boolean {
  const all = new Map(Array.from(known, ([name, inputs]): [string, Json[]] => [name, [...inputs]]));
  let isNew = false;
  for (const { name, counterexample } of results) {
    if (counterexample === undefined) continue;
    const inputs = all.get(name) ?? [];
    const text = canonical(counterexample.input);
    if (inputs.some((input) => canonical(input) === text)) continue;
    all.set(name, [...inputs, counterexample.input]);
    isNew = true;
  }
  if (!isNew) return false;
  const kept = Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  try {
    writeFileSync(file, `${JSON.stringify({ kept }, undefined, 2)}\n`);
  } catch (cause) {
    throw new PolicyError("io_error", `${file}: ${(cause as Error).message}`, { cause });
  }
  return true;
}
