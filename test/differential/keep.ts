// Writes a small counterexample down as a conformance case, with OPA's answer as what is wanted, so that it runs for ever in both hosts.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { DrawnCase } from "./modules.ts";
import type { Answer } from "./opa.ts";

/** The case as JSON text: numbers of data and input keep their digits. Undefined where OPA gave no answer to keep. */
export function caseText(item: DrawnCase, strict: boolean, answer: Answer): string | undefined {
  const [entrypoint = ""] = item.entrypoints;
  const fields = [
    `"note": ${JSON.stringify(`differential/${item.seed} ${entrypoint}${strict ? " strict" : ""}`)}`,
    `"query": ${JSON.stringify(
      `data${entrypoint
        .split("/")
        .map((step) => `[${JSON.stringify(step)}]`)
        .join("")} = x`,
    )}`,
    `"modules": ${JSON.stringify(item.modules.map(({ text }) => text))}`,
    `"data": ${item.data}`,
  ];
  const [input] = item.inputs;
  if (input !== undefined) fields.push(`"input": ${input}`);
  if (strict) fields.push(`"strict_error": true`);
  if (answer.kind === "result") fields.push(`"want_result": [{"x": ${answer.json}}]`);
  else if (answer.kind === "undefined") fields.push(`"want_result": []`);
  else if (answer.kind === "error") {
    const [first] = answer.findings;
    fields.push(
      `"want_error_code": ${JSON.stringify(first?.code)}`,
      `"want_error": ${JSON.stringify(first?.message)}`,
    );
  } else return undefined;
  return `  {\n    ${fields.join(",\n    ")}\n  }`;
}

export function keepCase(file: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, "utf8").trim().replace(/\]$/, "").trimEnd() : "[";
  writeFileSync(file, `${before}${before === "[" ? "" : ","}\n${text}\n]\n`);
}
