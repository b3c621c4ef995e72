// Decisions over HTTP: `GET|POST /v1/data/…`, `POST /v0/data/…` and `POST /` (OPA Data API). A request in, the agent's answer out in
// OPA's reply. Undefined is `{}` in v1 and 404 in v0; nothing but the agent's answer ever becomes a `result`.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision } from "../../decision/decision.ts";
import { encode, encodeString } from "../../value/json.ts";
import type { PlainJson } from "../../value/plain-json.ts";
import type { Value } from "../../value/value.ts";
import type { BodyLimits } from "../http.ts";
import { NO_METRICS, type RequestMetrics, requestMetrics } from "./metrics.ts";
import type { AgentPort } from "./ports.ts";
import { errorReply, jsonObject, plainJson, reply } from "./reply.ts";
import { documentKeys, flagOf, inputMember, inputParameter, rawInput, targetOf } from "./request.ts";

export interface DataRoutes {
  /** `path` is what follows `/v1/data`. */
  v1(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  v0(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** `POST /`: the configured default decision. */
  main(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What provenance says of this program. */
export interface BuildInfo {
  readonly version: string;
}

const WARNING = plainJson({ code: "api_usage_warning", message: "'input' key missing from the request" });

export function dataRoutes(agent: AgentPort, limits: BodyLimits, build: BuildInfo): DataRoutes {
  const ask = async (
    keys: readonly string[],
    input: Value | PlainJson | undefined,
    strict: boolean,
    request: IncomingMessage,
    metrics: RequestMetrics,
  ): Promise<Decision> => {
    const stop = metrics.start("rego_query_eval");
    const { remoteAddress } = request.socket;
    const decision = await agent.decide({
      keys,
      input,
      strict,
      requestedBy: remoteAddress,
      headers: request.headers,
    });
    stop();
    return decision;
  };
  const v0 = async (
    keys: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { query } = targetOf(request);
    const input = await rawInput(request, limits);
    const { result } = await ask(keys, input, false, request, NO_METRICS);
    if (result === undefined) {
      const known = agent.entrypoints().includes(keys.join("/"));
      const message = `${known ? "document undefined" : "document missing"}: ${refText(keys)}`;
      return errorReply(response, 404, "undefined_document", message);
    }
    reply(response, 200, encode(result), { pretty: flagOf(query, "pretty"), compressFor: request });
  };
  return {
    async v1(path, request, response) {
      const { query } = targetOf(request);
      const shown = flagOf(query, "metrics") || flagOf(query, "instrument");
      const metrics = shown ? requestMetrics() : NO_METRICS;
      const stop = metrics.start("server_handler");
      const keys = documentKeys(path);
      const stopParse = metrics.start("rego_input_parse");
      const isPost = request.method === "POST";
      const input = isPost ? await inputMember(request, limits) : inputParameter(query);
      stopParse();
      // What is asked for was compiled when its bundle was activated.
      metrics.set("counter_server_query_cache_hit", 1);
      const decision = await ask(keys, input, flagOf(query, "strict-builtin-errors"), request, metrics);
      stop();
      const body = jsonObject({
        decision_id: agent.logging ? encodeString(decision.decisionId) : undefined,
        provenance: flagOf(query, "provenance") ? provenance(decision, build) : undefined,
        metrics: shown ? plainJson({ ...decision.metrics, ...metrics.all() }) : undefined,
        result: decision.result === undefined ? undefined : encode(decision.result),
        warning: isPost && input === undefined ? WARNING : undefined,
      });
      reply(response, 200, body, { pretty: flagOf(query, "pretty"), compressFor: request });
    },
    v0: (path, request, response) => v0(documentKeys(path), request, response),
    main: (request, response) => v0(documentKeys(agent.defaultDecision), request, response),
  };
}

function refText(keys: readonly string[]): string {
  return `data${keys.map((key) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${/^\d+$/.test(key) ? key : JSON.stringify(key)}]`)).join("")}`;
}

function provenance(decision: Decision, build: BuildInfo): string {
  const names = Object.keys(decision.bundles).sort();
  const bundles = jsonObject(
    Object.fromEntries(
      names.map((name) => [name, plainJson({ revision: decision.bundles[name]?.revision ?? "" })]),
    ),
  );
  return jsonObject({
    version: encodeString(build.version),
    build_commit: '""',
    build_timestamp: '""',
    build_hostname: '""',
    bundles: names.length === 0 ? undefined : bundles,
  });
}
