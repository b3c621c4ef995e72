// Reads explained.yaml: disagreements that stay, each with its reason. In: a case and what the two said. Out: the reason, or undefined.

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Disagreement } from "./compare.ts";
import type { DrawnCase } from "./modules.ts";

interface Entry {
  readonly opa: string;
  readonly ours: string;
  readonly source?: string;
  readonly reason: string;
}

export type Explain = (found: Disagreement, item: DrawnCase) => string | undefined;

export function readExplained(file: string): Explain {
  const entries = (parse(readFileSync(file, "utf8")) as readonly Entry[]).map(
    ({ opa, ours, source, reason }) => ({
      opa: new RegExp(opa),
      ours: new RegExp(ours),
      source: new RegExp(source ?? ""),
      reason,
    }),
  );
  return (found, item) =>
    entries.find(
      ({ opa, ours, source }) =>
        opa.test(found.opa) && ours.test(found.ours) && item.modules.some(({ text }) => source.test(text)),
    )?.reason;
}
