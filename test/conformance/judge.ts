// Is what an evaluation gave what the case wants? In: a case and its outcome. Out: undefined, or why not. The rules are those of OPA's own
// test runner: results are a set of bindings, numbers count by value, sets are arrays in OPA's order.

import { PolicyError } from "../../src/error.ts";
import { compare, equal } from "../../src/value/compare.ts";
import { encode, toJsonValue } from "../../src/value/json.ts";
import { object } from "../../src/value/object.ts";
import { set } from "../../src/value/set.ts";
import type { RegoObject, Value } from "../../src/value/value.ts";
import { isArray, isObject } from "../../src/value/value.ts";
import type { Case } from "./cases.ts";

export type Outcome = { readonly values: readonly Value[] } | { readonly error: unknown };

export function judge(item: Case, outcome: Outcome): string | undefined {
  if (item.wantError !== undefined || item.wantErrorCode !== undefined) return judgeError(item, outcome);
  if ("error" in outcome) return `failed: ${describe(outcome.error)}`;
  const got = normal(outcome.values, item);
  const want = normal(item.wantResult ?? [], item);
  return equal(got, want) ? undefined : `got ${show(got)}, want ${show(want)}`;
}

function judgeError(item: Case, outcome: Outcome): string | undefined {
  const wanted = `${item.wantErrorCode ?? "any error"} with \`${item.wantError ?? ""}\``;
  if (!("error" in outcome)) return `no error, but ${show(set(outcome.values))}; want ${wanted}`;
  const { error } = outcome;
  if (!(error instanceof PolicyError)) return `failed outside the contract: ${describe(error)}`;
  if (item.wantErrorCode !== undefined && error.code !== item.wantErrorCode) {
    return `error ${describe(error)}, want ${wanted}`;
  }
  const message = `${error.location?.file ?? ""}:${error.location?.row ?? ""}: ${error.code}: ${error.message}`;
  return message.includes(item.wantError ?? "") ? undefined : `error ${describe(error)}, want ${wanted}`;
}

/** The results as a set of bindings in JSON terms, without variables that nobody wrote. */
function normal(values: readonly Value[], item: Case): Value {
  return set(
    values.map((value) => (isObject(value) ? bindings(value, item.sortBindings) : toJsonValue(value))),
  );
}

function bindings(value: RegoObject, sort: boolean): Value {
  const kept: [Value, Value][] = [];
  for (const [name, bound] of value.entries()) {
    if (typeof name === "string" && /^(\$|__local|_$)/.test(name)) continue;
    const json = toJsonValue(bound);
    kept.push([name, sort && isArray(json) ? [...json].sort(compare) : json]);
  }
  return object(kept);
}

function show(value: Value): string {
  const text = encode(value, { escapeHtml: false });
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

export function describe(error: unknown): string {
  if (error instanceof PolicyError) {
    const { location } = error;
    return `${location === undefined ? "" : `${location.file}:${location.row}: `}${error.code}: ${error.message}`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
