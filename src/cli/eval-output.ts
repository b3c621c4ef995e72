// Results of a query in OPA's output formats: solutions in, text out.

import type { QuerySolution } from "../query.ts";
import { encode } from "../value/json.ts";
import { object } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import * as output from "./output.ts";

export const FORMATS = ["json", "values", "bindings", "pretty", "source", "raw", "discard"] as const;

/** `extra` are further members of the JSON before the result and behind it, as `"name":json`. */
export function present(
  solutions: readonly QuerySolution[],
  flags: { readonly format: string; readonly prettyLimit: number },
  extra: { readonly before?: string; readonly after?: readonly string[] } = {},
): string {
  const indented = (value: Value): string => `${encode(value, { indent: "  " })}\n`;
  switch (flags.format) {
    case "json":
      return whole(solutions.length === 0 ? undefined : resultJson(solutions), extra);
    case "values":
      return solutions
        .map((solution) => indented(solution.expressions.map((expression) => expression.value)))
        .join("");
    case "bindings":
      return solutions.map((solution) => indented(object(solution.bindings))).join("");
    case "raw":
      return solutions
        .map(
          (solution) =>
            `${solution.expressions.map(({ value }) => (typeof value === "string" ? value : encode(value))).join(" ")}\n`,
        )
        .join("");
    case "discard":
      return whole(solutions.length === 0 ? undefined : '"result":"discarded"', extra);
    default:
      return pretty(solutions, flags.prettyLimit);
  }
}

function whole(
  result: string | undefined,
  { before, after = [] }: { readonly before?: string; readonly after?: readonly string[] },
): string {
  const members = [before, result, ...after].filter((member) => member !== undefined);
  return `${output.indentJson(`{${members.join(",")}}`)}\n`;
}

/** What stands behind a discarded result has its keys in order. */
export function discarded(json: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
  };
  return `${output.indentJson(output.plainToJson(sorted(JSON.parse(json))))}\n`;
}

function resultJson(solutions: readonly QuerySolution[]): string {
  const results = solutions.map(({ expressions, bindings }) => {
    const shown = expressions.map(
      ({ value, text, location }) =>
        `{"value":${encode(value)},"text":${encode(text)},"location":{"row":${location.row},"col":${location.col}}}`,
    );
    const bound = bindings.size === 0 ? "" : `,"bindings":${encode(object(bindings))}`;
    return `{"expressions":[${shown.join(",")}]${bound}}`;
  });
  return `"result":[${results.join(",")}]`;
}

export function pretty(solutions: readonly QuerySolution[], limit: number): string {
  const [first] = solutions;
  if (first === undefined) return "undefined\n";
  const [only] = first.expressions;
  const allBoolean = first.expressions.every(({ value }) => typeof value === "boolean");
  if (
    solutions.length === 1 &&
    first.bindings.size === 0 &&
    only !== undefined &&
    (first.expressions.length === 1 || allBoolean)
  ) {
    return `${encode(only.value, { indent: "  " })}\n`;
  }
  const names = [...first.bindings.keys()].sort();
  const values = first.expressions.flatMap(({ value, text }, i) =>
    typeof value === "boolean" && names.length > 0 ? [] : [{ text, i }],
  );
  const cut = (json: string): string =>
    limit > 0 && json.length > limit ? `${json.slice(0, limit)}...` : json;
  const rows = solutions.map(({ bindings, expressions }) => [
    ...values.map(({ i }) => cut(encode(expressions[i]?.value ?? null))),
    ...names.map((name) => cut(encode(bindings.get(name) ?? null))),
  ]);
  return output.table([...values.map(({ text }) => text), ...names], rows);
}
