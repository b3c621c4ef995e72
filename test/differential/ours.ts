// The judged: modules through our whole pipeline. In: a case. Out: an engine that answers like ./opa.ts does, or the findings.

import { hostBuiltins } from "../../src/builtins/host.ts";
import { checkSources, compile } from "../../src/compile/compile.ts";
import { type Engine, prepare, requiredBuiltins } from "../../src/engine/engine.ts";
import { Marks } from "../../src/compile/plan/marks.ts";
import { PolicyError } from "../../src/error.ts";
import { encode, toJsonValue } from "../../src/value/json.ts";
import type { DrawnCase } from "./modules.ts";
import type { Answer, Finding } from "./opa.ts";

export type Prepared =
  | { readonly engine: Engine; readonly bytes: Uint8Array }
  | { readonly findings: readonly Finding[] };

export async function prepareCase(
  item: Pick<DrawnCase, "modules" | "data" | "entrypoints">,
  runtime: Uint8Array,
  options: { readonly earlyExit?: boolean } = {},
): Promise<Prepared> {
  try {
    const compiled = checkSources(item.modules);
    // Without early exit every rule is tried, as OPA may have done in another order than ours.
    const marks =
      options.earlyExit === false ? new Marks({ wants: () => false, earlyExit: false }) : undefined;
    const requests = { entrypoints: [...item.entrypoints], ...(marks !== undefined && { marks }) };
    const { emitted } = compile(compiled, requests, { runtime, verify: true });
    const builtins = await hostBuiltins(requiredBuiltins(emitted.bytes));
    return {
      engine: prepare({ wasm: emitted.bytes, data: { json: item.data }, builtins }),
      bytes: emitted.bytes,
    };
  } catch (error) {
    return { findings: findingsOf(error) };
  }
}

export async function askOurs(
  engine: Engine,
  path: string,
  input: string | undefined,
  strict: boolean,
): Promise<Answer> {
  try {
    const document = input === undefined ? undefined : { json: input };
    const { value } = await engine.evaluateAsync(path, document, { strict });
    if (value === undefined) return { kind: "undefined" };
    return { kind: "result", json: encode(toJsonValue(value), { escapeHtml: false }) };
  } catch (error) {
    return { kind: "error", findings: findingsOf(error) };
  }
}

/** Every error of builtins on the way, as strict mode could name any of them, and the one that ended the evaluation. */
export async function allErrors(engine: Engine, path: string, input: string | undefined): Promise<Finding[]> {
  const document = input === undefined ? undefined : { json: input };
  try {
    return (await engine.evaluateAsync(path, document)).errors.map(({ code, message, location }) => ({
      code,
      message,
      place: location === undefined ? "" : `${location.file}:${location.row}:${location.col}`,
    }));
  } catch (error) {
    const strict = await askOurs(engine, path, input, true);
    return [...findingsOf(error), ...(strict.kind === "error" ? strict.findings : [])];
  }
}

export function findingsOf(error: unknown): Finding[] {
  if (!(error instanceof PolicyError)) {
    const { name, message, stack } = error as Error;
    return [
      { code: "crash", message: `${name}: ${message} ${stack?.split("\n")[1]?.trim() ?? ""}`, place: "" },
    ];
  }
  const diagnostics = error.diagnostics.length > 0 ? error.diagnostics : [error];
  return diagnostics.map(({ code, message, location }) => ({
    code,
    message,
    place: location === undefined ? "" : `${location.file}:${location.row}:${location.col}`,
  }));
}
