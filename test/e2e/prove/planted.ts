// Plants a fault in a copy of the policies and proves the invariant that has to catch it. In: the sources as they are, a Fault. Out: whether it was
// found, on how many inputs and in what time.

import { readFileSync, readdirSync } from "node:fs";
import { type ProveReport, proveInvariants, type SourceText } from "../../../src/test.ts";
import type { Fault } from "./faults.ts";
import { callsSite, examples } from "./site.ts";

/** Tests and make run there. */
const REPOSITORY = process.cwd();
const CALLS = "ai/calls/decision";
const FOLDERS = ["rego/ai", "bundles/rbac"];

/** Policies and invariants, without tests. */
export const sources: readonly SourceText[] = FOLDERS.flatMap((folder) =>
  readdirSync(`${REPOSITORY}/${folder}`)
    .filter(
      (name) => name.endsWith(".rego") && (!name.endsWith("_test.rego") || name.includes("_invariants_")),
    )
    .map((name) => ({
      file: `${folder.split("/").at(-1)}/${name}`,
      text: readFileSync(`${REPOSITORY}/${folder}/${name}`, "utf8"),
    })),
);

export function planted({ file, edits }: Pick<Fault, "file" | "edits">): SourceText[] {
  const source = sources.find((candidate) => candidate.file === file);
  let text = source?.text ?? "";
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
    text = text.replace(from, () => to);
  }
  return sources.map((own) => (own.file === file ? { ...own, text } : own));
}

export interface Search {
  readonly seed: number;
  readonly runs: number;
  readonly timeMs?: number;
  readonly start?: ProveReport["far"];
}

export interface Finding {
  readonly found: boolean;
  readonly status: string;
  readonly runs: number;
  readonly milliseconds: number;
  readonly input: unknown;
}

export function find(fault: Fault, search: Search): Finding {
  const [name, invariant] = fault.invariant.split("/");
  const started = performance.now();
  const law = name === "law";
  const modules = law
    ? [...planted(fault).filter(({ file }) => !file.includes("_invariants_")), examples]
    : planted(fault);
  const { results } = proveInvariants(
    { modules, ...(law && { data: { site: callsSite } }) },
    {
      ...search,
      ...(law && { entrypoint: CALLS }),
      filter: (full) =>
        full === `${CALLS}: ${invariant}` || full.endsWith(`${name}_invariants.invariant_${invariant}`),
    },
  );
  const [result] = results;
  if (result === undefined) throw new Error(`no invariant ${fault.invariant}`);
  const { status, runs, counterexample } = result;
  return {
    found: status === "broken",
    status,
    runs,
    milliseconds: performance.now() - started,
    input: counterexample?.input,
  };
}
