// Labels of a result, by path, as the catalogue gives them. In: a catalogue entry. Out: what goes with the result to whoever reads it next.
// What no path names is untrusted; no entry makes more of a result than its owner said.

import type { ToolEntry } from "./catalogue.ts";

export interface ResultLabel {
  readonly integrity: "trusted" | "untrusted";
  /** Labels of what it tells. */
  readonly confidentiality: readonly string[];
}

/** By path (`/*` for any element); `""` is everything that no other path names. */
export type ResultLabels = Readonly<Record<string, ResultLabel>>;

export function resultLabels(entry: ToolEntry | undefined): ResultLabels {
  const trusted = new Set(entry?.results?.trusted ?? []);
  const confidential = new Map(Object.entries(entry?.results?.confidential ?? {}));
  const paths = new Set(["", ...trusted, ...confidential.keys()]);
  return Object.fromEntries(
    [...paths].map((path): [string, ResultLabel] => [
      path,
      {
        integrity: trusted.has(path) ? "trusted" : "untrusted",
        confidentiality: confidential.get(path) ?? [],
      },
    ]),
  );
}
