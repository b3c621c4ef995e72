// Labels of a result, by path, as the catalogue gives them. In: a catalogue entry. Out: what goes with the result to whoever reads it next.
// What no path names is untrusted; no entry makes more of a result than its owner said.

import type { ToolEntry } from "./catalogue.ts";

export interface ResultLabel {
  readonly integrity: "trusted" | "untrusted";
  /** Of the keys of the object there, where they are to be trusted more than what they hold. */
  readonly keys?: "trusted";
  /** Labels of what it tells. */
  readonly confidentiality: readonly string[];
}

/** By path (`/*` for any element); `""` is everything that no other path names. */
export type ResultLabels = Readonly<Record<string, ResultLabel>>;

/** `failed`: what the call said instead of a result; nothing of that is trusted. */
export function resultLabels(entry: ToolEntry | undefined, failed = false): ResultLabels {
  const trusted = new Set(failed ? [] : (entry?.results?.trusted ?? []));
  const keys = new Set(failed ? [] : (entry?.results?.trusted_keys ?? []));
  const confidential = new Map(Object.entries(entry?.results?.confidential ?? {}));
  const paths = new Set(["", ...trusted, ...keys, ...confidential.keys()]);
  return Object.fromEntries(
    [...paths].map((path): [string, ResultLabel] => [
      path,
      {
        integrity: trusted.has(path) ? "trusted" : "untrusted",
        ...(keys.has(path) && { keys: "trusted" }),
        confidentiality: confidential.get(path) ?? [],
      },
    ]),
  );
}
