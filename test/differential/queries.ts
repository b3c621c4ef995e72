// Drawn queries over drawn modules: `POST /v1/query` of the real `opa` beside ours. In: seeds. Out: where the bindings of the solutions, their
// order or the findings differ; conflicts that are met at other rules, and what explained.yaml names, are counted apart (README.md). As a
// program: `queries [--seed N] [--time SECONDS] [--runs N] [--count N]`; exits 1 if something differs.

import { parseArgs } from "node:util";
import { type CompiledModules, checkSources } from "../../src/compile/compile.ts";
import { builtins } from "../../src/builtins/registry.ts";
import { runQuery } from "../../src/query.ts";
import { decode, encode, toJsonValue } from "../../src/value/json.ts";
import { isArray } from "../../src/value/value.ts";
import { object } from "../../src/value/object.ts";
import { type DrawnCase, drawCase } from "./modules.ts";
import { type Answer, type Finding, Opa } from "./opa.ts";
import { readExplained } from "./explained.ts";
import { findingsOf } from "./ours.ts";

async function askOurs(
  compiled: CompiledModules,
  { data }: DrawnCase,
  text: string,
  input: string | undefined,
): Promise<Answer> {
  try {
    const solutions = await runQuery(compiled, {
      text,
      data: { json: data },
      builtins,
      ...(input !== undefined && { input: { json: input } }),
    });
    if (solutions.length === 0) return { kind: "undefined" };
    const rows = solutions.map(({ bindings }) => object(bindings));
    return { kind: "result", json: encode(rows.map(toJsonValue), { escapeHtml: false }) };
  } catch (error) {
    return { kind: "error", findings: findingsOf(error) };
  }
}

/** A result with its keys in our order, an error by all its findings, sorted. */
function show(answer: Answer): string {
  if (answer.kind === "undefined") return "undefined";
  if (answer.kind === "unjudged") return answer.why;
  if (answer.kind === "result") return encode(decode(answer.json), { escapeHtml: false });
  const line = ({ code, message, place }: Finding): string =>
    `${place.replace(/^[^:]*:/, "")}: ${code}: ${message}`;
  return answer.findings.map(line).sort().join("\n");
}

/** The same solutions, of which OPA tells some again: it walks literals with computed members, equal ones twice. */
function repeats(theirs: Answer, ours: Answer): boolean {
  const rows = (answer: Answer): string[] => {
    const list = answer.kind === "result" ? decode(answer.json) : [];
    return isArray(list) ? list.map((row) => encode(row)) : [];
  };
  const [left, right] = [rows(theirs), rows(ours)];
  return left.length > right.length && [...new Set(left)].sort().join() === [...new Set(right)].sort().join();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      runs: { type: "string", default: "1000000" },
      time: { type: "string", default: "60" },
      count: { type: "string", default: "10" },
      explained: { type: "string", default: "test/differential/explained.yaml" },
    },
  });
  const until = Date.now() + Number(values.time) * 1000;
  const explained = readExplained(values.explained);
  const opa = new Opa();
  await opa.start();
  const tally = {
    cases: 0,
    queries: 0,
    results: 0,
    undefined: 0,
    errors: 0,
    unjudged: 0,
    explained: 0,
    different: 0,
  };
  try {
    const first = Number(values.seed);
    for (let seed = first; seed < first + Number(values.runs) && Date.now() < until; seed++) {
      const item = drawCase(seed, 2);
      if (item.modules[0]?.regoVersion === "v0") continue;
      const refused = await opa.load(item).catch(() => opa.restart().then(() => "unjudged"));
      if (refused !== undefined) continue;
      tally.cases++;
      const compiled = checkSources(item.modules);
      for (const [index, text] of item.queries(Number(values.count)).entries()) {
        tally.queries++;
        const input = item.inputs[index % 2];
        const theirs = await opa.query(text, input);
        if (theirs.kind === "unjudged") {
          tally.unjudged++;
          continue;
        }
        tally[theirs.kind === "error" ? "errors" : theirs.kind === "result" ? "results" : "undefined"]++;
        const ours = await askOurs(compiled, item, text, input);
        const [left, right] = [show(theirs), show(ours)];
        if (left === right) continue;
        const found = { seed, entrypoint: "", input, strict: false, opa: left, ours: right, about: "" };
        const asked = { ...item, modules: [{ file: "query", text }] };
        const conflicts = [left, right].every((one) => one.includes("eval_conflict_error"));
        if (conflicts || repeats(theirs, ours) || explained(found, asked) !== undefined) {
          tally.explained++;
          continue;
        }
        tally.different++;
        process.stdout.write(
          `seed ${seed}: ${text}\n  input ${input}\n  opa:  ${left}\n  ours: ${right}\n\n`,
        );
      }
    }
  } finally {
    await opa.stop();
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`);
  process.exitCode = tally.different === 0 ? 0 : 1;
}

await main();
