// Differential runs: drawn modules and mutants of our own policies on the real `opa` and on our pipeline. As a program:
// `run [--seed N] [--runs N] [--time SECONDS] [--inputs N] [--runtime FILE] [--explained FILE] [--shrink] [--keep FILE]`. Exits 1 if there
// is a disagreement that nothing explains.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compareCase, type Disagreement, newTally, noteExplained } from "./compare.ts";
import { type DrawnCase, drawCase } from "./modules.ts";
import { Opa } from "./opa.ts";
import { readExplained } from "./explained.ts";
import { caseText, keepCase } from "./keep.ts";
import { SEEDS } from "./seeds.ts";
import { shrink } from "./shrink.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      runs: { type: "string", default: "1000000" },
      time: { type: "string", default: "60" },
      inputs: { type: "string", default: "16" },
      runtime: {
        type: "string",
        default: fileURLToPath(new URL("../../dist/runtime.wasm", import.meta.url)),
      },
      explained: {
        type: "string",
        default: fileURLToPath(new URL("../../test/differential/explained.yaml", import.meta.url)),
      },
      keep: { type: "string" },
      shrink: { type: "boolean", default: false },
      show: { type: "string", default: "10" },
    },
  });
  const runtime = readFileSync(values.runtime);
  const until = Date.now() + Number(values.time) * 1000;
  const [opa, opaV0] = [new Opa(), new Opa(["--v0-compatible"])];
  await opa.start();
  await opaV0.start();
  const judgeOf = ({ modules }: DrawnCase): Opa => (modules[0]?.regoVersion === "v0" ? opaV0 : opa);
  const tally = newTally();
  const smallest: [Disagreement, DrawnCase][] = [];
  const kinds = new Map<string, Disagreement[]>();
  try {
    const explained = readExplained(values.explained);
    const first = Number(values.seed);
    for (const seed of seeds(first, Number(values.runs))) {
      if (Date.now() >= until) break;
      const item = drawCase(seed, Number(values.inputs));
      for (const found of await compareCase(item, judgeOf(item), runtime, tally)) {
        const reason = explained(found, item);
        if (reason !== undefined) {
          noteExplained(tally, reason, found);
          continue;
        }
        if (!kinds.has(found.about)) smallest.push([found, item]);
        kinds.set(found.about, [...(kinds.get(found.about) ?? []), found]);
      }
    }
    for (const [found, item] of values.shrink ? smallest.slice(0, Number(values.show)) : []) {
      await showSmallest(found, item, judgeOf(item), runtime, values.keep);
    }
  } finally {
    await opa.stop();
    await opaV0.stop();
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`);
  const sorted = [...kinds].sort(([, a], [, b]) => b.length - a.length);
  for (const [about, found] of sorted.slice(0, Number(values.show))) {
    const {
      seed,
      entrypoint,
      strict,
      opa: theirs,
      ours,
    } = found.reduce((a, b) => (size(a) <= size(b) ? a : b));
    process.stdout.write(
      `\n${found.length}x ${about}\n  seed ${seed}, ${entrypoint}, strict ${strict}\n  opa:  ${theirs.slice(0, 600)}\n  ours: ${ours.slice(0, 600)}\n`,
    );
  }
  process.exitCode = kinds.size === 0 ? 0 : 1;
}

/** Seeds that once found something, then new ones. */
function* seeds(first: number, count: number): Generator<number> {
  yield* SEEDS;
  for (let seed = first; seed < first + count; seed++) if (!SEEDS.includes(seed)) yield seed;
}

async function showSmallest(
  found: Disagreement,
  item: DrawnCase,
  opa: Opa,
  runtime: Uint8Array,
  keep: string | undefined,
): Promise<void> {
  const about = async (candidate: DrawnCase): Promise<Disagreement | undefined> =>
    (await compareCase(candidate, opa, runtime, newTally(), { strict: found.strict })).find(
      (one) => one.about === found.about,
    );
  const one = {
    ...item,
    entrypoints: found.entrypoint === "" ? item.entrypoints : [found.entrypoint],
    inputs: [found.input],
  };
  const small = await shrink(one, async (candidate) => (await about(candidate)) !== undefined);
  const last = await about(small);
  process.stdout.write(
    `\n== ${found.about} (seed ${item.seed}, ${found.entrypoint}${found.strict ? ", strict" : ""})\n`,
  );
  for (const { text } of small.modules) process.stdout.write(`${text}\n---\n`);
  process.stdout.write(
    `data ${small.data}\ninput ${small.inputs[0]}\nopa:  ${last?.opa}\nours: ${last?.ours}\n`,
  );
  if (keep === undefined || found.entrypoint === "" || (await opa.load(small)) !== undefined) return;
  const text = caseText(small, found.strict, await opa.ask(found.entrypoint, small.inputs[0], found.strict));
  if (text !== undefined) keepCase(keep, text);
}

function size({ opa, ours }: Disagreement): number {
  return opa.length + ours.length;
}

await main();
