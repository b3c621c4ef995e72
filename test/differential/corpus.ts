// Modules to read, check and format on both sides: those of the conformance cases where they are at hand, those of the project, drawn ones,
// and broken mutants of all of them. In: a seed. Out: named texts, the same each time.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readCases } from "../conformance/cases.ts";
import { drawCase } from "./modules.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";

export interface Text {
  readonly name: string;
  readonly text: string;
}

/** `root`: the project's folder. */
export function wholeModules(root: string, drawn: number, seed: number): Text[] {
  const out: Text[] = [];
  for (const folder of [join(root, "../shared/conformance/cases"), join(root, "test/conformance/cases")]) {
    if (!existsSync(folder)) continue;
    for (const { category, note, modules } of readCases(folder)) {
      for (const [i, text] of modules.entries()) out.push({ name: `${category}/${note}#${i}`, text });
    }
  }
  for (const folder of ["rego", "bundles", "examples"]) {
    if (!existsSync(join(root, folder))) continue;
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      if (!name.endsWith(".rego")) continue;
      out.push({ name: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") });
    }
  }
  for (let i = 0; i < drawn; i++) {
    for (const { file, text } of drawCase(seed + i, 0).modules)
      out.push({ name: `drawn ${seed + i} ${file}`, text });
  }
  return out;
}

/** Mutants of the texts, `count` of them, spread over all. */
export function mutants(texts: readonly Text[], count: number, seed: number): Text[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const { name, text } = random.pick(texts);
    return { name: `mutant ${i} of ${name}`, text: mutate(text, random) };
  });
}
