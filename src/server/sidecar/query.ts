// Ad-hoc queries over HTTP: `GET|POST /v1/query` (OPA Query API). The text of a query in, the bindings of its solutions out. Needs a
// compiler; rules that a bundle ships as Wasm only cannot be asked this way, and a query that names them is refused.

import type { IncomingMessage, ServerResponse } from "node:http";
import { PolicyError } from "../../error.ts";
import { parseQuery } from "../../syntax/parser.ts";
import { encode } from "../../value/json.ts";
import type { Value } from "../../value/value.ts";
import { type BodyLimits, httpError } from "../http.ts";
import { refuseHidden } from "./hidden.ts";
import { requestMetrics } from "./metrics.ts";
import { findingsOf } from "./policies.ts";
import type { AgentPort, CompilerPort } from "./ports.ts";
import { findingsReply, jsonObject, plainJson, reply } from "./reply.ts";
import { flagOf, jsonBody, objectBody, targetOf } from "./request.ts";
import type { Workspace } from "./workspace.ts";

export interface QueryRoutes {
  get(request: IncomingMessage, response: ServerResponse): Promise<void>;
  post(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const MSG_PARSE = "error(s) occurred while parsing query";
const MSG_COMPILE = "error(s) occurred while compiling query";

export function queryRoutes(
  agent: AgentPort,
  workspace: Workspace,
  compiler: CompilerPort | undefined,
  limits: BodyLimits,
): QueryRoutes {
  const run = async (
    text: string,
    input: Value | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    if (compiler === undefined)
      throw httpError(
        501,
        "rego_unsupported_error",
        "this daemon has no compiler: ad-hoc queries cannot be run",
      );
    refuseHidden(agent, parseQuery(text, { regoVersion: workspace.regoVersion }).body ?? []);
    const metrics = requestMetrics();
    // Of GET requests OPA does not time this.
    const stop = request.method === "POST" ? metrics.start("server_handler") : (): void => {};
    let solutions: readonly Value[];
    try {
      const { start } = metrics;
      solutions = await compiler.query({
        text,
        input,
        modules: workspace.modules(),
        data: agent.data(),
        regoVersion: workspace.regoVersion,
        start,
      });
    } catch (error) {
      const findings = findingsOf(error);
      if (findings === undefined) throw error;
      const parsing = findings.every(({ code }) => code === "rego_parse_error");
      return findingsReply(response, "invalid_parameter", parsing ? MSG_PARSE : MSG_COMPILE, findings);
    }
    stop();
    const { query } = targetOf(request);
    const body = jsonObject({
      metrics: flagOf(query, "metrics") || flagOf(query, "instrument") ? plainJson(metrics.all()) : undefined,
      result: solutions.length === 0 ? undefined : encode(solutions),
    });
    reply(response, 200, body, { pretty: flagOf(query, "pretty") });
  };
  return {
    async get(request, response) {
      const text = targetOf(request).query.getAll("q").at(-1);
      if (text === undefined) throw new PolicyError("invalid_parameter", "missing parameter 'q'");
      await run(text, undefined, request, response);
    },
    async post(request, response) {
      const said = "error(s) occurred while decoding request";
      const body = objectBody(await jsonBody(request, limits, said), "types.QueryRequestV1", said);
      const text = body.get("query") ?? "";
      if (typeof text !== "string")
        throw new PolicyError("invalid_parameter", `${said}: \`query\` must be a string`);
      const input = body.get("input");
      await run(text, input === null ? undefined : input, request, response);
    },
  };
}
