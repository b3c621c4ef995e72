// A decider that is somebody else's: an AuthZEN decision point (Authorization API 1.0), asked over HTTP. In: a request document. Out: the
// decision document that its answer amounts to. Only `decision: true` allows; whatever else comes back, or does not, is a denial or a throw,
// which the guard takes for one. The guard's ledger and provenance stay on this side.

import { PolicyError } from "../../error.ts";
import { decode, encode } from "../../value/json.ts";
import { emptyObject, object } from "../../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../../value/value.ts";
import type { Decider } from "../decider.ts";

export interface AuthzenDeciderOptions {
  /** `access_evaluation_endpoint` of the decision point's metadata. */
  readonly endpoint: string;
  /** Bearer token, asked before each question. */
  readonly token?: () => string | undefined;
  /** 5 seconds unless said. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** The path that a guard names does not count: which policy answers is the decision point's to say. */
export function authzenDecider(options: AuthzenDeciderOptions): Decider {
  const ask = options.fetch ?? fetch;
  return {
    async decide({ input }) {
      const token = options.token?.();
      const response = await ask(options.endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        // Exact JSON: no digit is lost on the way.
        body: encode(input, { escapeHtml: false }),
        signal: AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        redirect: "error",
      });
      if (response.status !== 200)
        throw new PolicyError("decision_error", `the decision point answered with HTTP ${response.status}`);
      const answer = decode(await response.text());
      if (!isObject(answer))
        throw new PolicyError("decision_error", "the decision point's answer is no object");
      return { ...evaluated(answer), decisionId: idOf(answer) };
    },
  };
}

function evaluated(answer: RegoObject): { result: Value } {
  const found = answer.get("context");
  const context = found !== undefined && isObject(found) ? found : emptyObject;
  const obligations = items(context.get("obligations"));
  const transform = obligations.find((one) => one.get("type") === "transform");
  const changed = transform?.get("properties");
  const args = changed !== undefined && isObject(changed) ? changed.get("arguments") : undefined;
  const others = obligations.filter((one) => one !== transform);
  const permitted = answer.get("decision") === true;
  // Another Reeve says so in `effect`, decision points with a request endpoint by where it is.
  const asks = context.get("effect") === "approve" || context.has("access_request");
  const effect = permitted ? (transform === undefined ? "allow" : "transform") : asks ? "approve" : "deny";
  const entries: [Value, Value][] = [
    ["effect", effect],
    ["reasons", reasons(context)],
    ["obligations", others],
  ];
  if (args !== undefined) entries.push(["transform", args]);
  return { result: object(entries) };
}

function reasons(context: RegoObject): Value {
  const given = items(context.get("reasons"));
  if (given.length > 0) return given;
  const reason = context.get("reason");
  return typeof reason === "string"
    ? [
        object([
          ["code", "default_deny"],
          ["message", reason],
        ]),
      ]
    : [];
}

function items(value: Value | undefined): RegoObject[] {
  if (value === undefined || value === null || typeof value !== "object" || !isArray(value)) return [];
  return value.filter(
    (item): item is RegoObject => item !== null && typeof item === "object" && isObject(item),
  );
}

function idOf(answer: RegoObject): string {
  const context = answer.get("context");
  const id = context !== undefined && isObject(context) ? context.get("evaluation_id") : undefined;
  return typeof id === "string" ? id : "";
}
