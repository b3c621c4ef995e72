// Policies that clients put, get and take away (OPA Policy API): texts in, checked together with everything else before they go live.
// Needs a compiler; without one, writing is refused with a sentence and reading shows what bundles ship.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { SourceModule } from "../../decision/ports.ts";
import { type Diagnostic, PolicyError } from "../../error.ts";
import { jsonText, moduleToJson } from "../../syntax/ast-json.ts";
import { parseModule } from "../../syntax/parser.ts";
import { encodeString } from "../../value/json.ts";
import { type BodyLimits, httpError, readBody } from "../http.ts";
import { packagePath } from "../../bundle/package-path.ts";
import { refuseHidden } from "./hidden.ts";
import type { AgentPort, CompilerPort } from "./ports.ts";
import { type RequestMetrics, requestMetrics } from "./metrics.ts";
import { findingsReply, jsonObject, plainJson, reply } from "./reply.ts";
import { flagOf, targetOf } from "./request.ts";
import type { Workspace } from "./workspace.ts";

export interface PolicyRoutes {
  list(request: IncomingMessage, response: ServerResponse): void;
  get(id: string, request: IncomingMessage, response: ServerResponse): void;
  put(id: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  remove(id: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const MSG_COMPILE = "error(s) occurred while compiling module(s)";

export function policyRoutes(
  agent: AgentPort,
  workspace: Workspace,
  compiler: CompilerPort | undefined,
  limits: BodyLimits,
): PolicyRoutes {
  const needed = (): CompilerPort => {
    if (compiler === undefined)
      throw httpError(
        501,
        "rego_unsupported_error",
        "this daemon has no compiler: policies come in bundles only",
      );
    return compiler;
  };
  const missing = (id: string): PolicyError =>
    httpError(404, "resource_not_found", `storage_not_found_error: policy id ${JSON.stringify(id)}`);
  const pretty = (request: IncomingMessage): { pretty: boolean } => ({
    pretty: flagOf(targetOf(request).query, "pretty"),
  });
  const done = (metrics: RequestMetrics, request: IncomingMessage, response: ServerResponse): void => {
    const shown = flagOf(targetOf(request).query, "metrics");
    reply(response, 200, shown ? `{"metrics":${plainJson(metrics.all())}}` : "{}", pretty(request));
  };
  /** Checks, changes, answers; findings become OPA's 400. */
  const install = async (
    id: string,
    text: string | undefined,
    code: string,
    metrics: RequestMetrics,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const port = needed();
    try {
      const compiled = metrics.start("rego_module_compile");
      await workspace.update(({ data, policies }) => {
        const next = new Map(policies);
        if (text === undefined) next.delete(id);
        else next.set(id, text);
        const others = workspace.modules().filter(({ file }) => file !== id);
        port.check(text === undefined ? others : [...others, { file: id, text }]);
        compiled();
        return { data, policies: next };
      });
    } catch (error) {
      const findings = findingsOf(error);
      if (findings === undefined) throw error;
      return findingsReply(response, code, MSG_COMPILE, findings);
    }
    done(metrics, request, response);
  };
  return {
    list(request, response) {
      const listed = [...workspace.modules()].sort((a, b) => (a.file < b.file ? -1 : 1));
      reply(response, 200, `{"result":[${listed.map(policyJson).join(",")}]}`, pretty(request));
    },
    get(id, request, response) {
      const module = workspace.modules().find(({ file }) => file === id);
      if (module === undefined) throw missing(id);
      reply(response, 200, `{"result":${policyJson(module)}}`, pretty(request));
    },
    async put(id, request, response) {
      const metrics = requestMetrics();
      const read = metrics.start("server_read_bytes");
      const text = (await readBody(request, limits)).toString("utf8");
      read();
      const { policies } = workspace.content();
      if (!policies.has(id) && workspace.modules().some(({ file }) => file === id)) throw owned(id);
      if (policies.get(id) === text) return done(metrics, request, response);
      if (text.trim() === "")
        throw new PolicyError("invalid_parameter", `${id}:0: rego_parse_error: empty module`);
      const package_ = packagePath(text);
      if (package_ !== undefined) workspace.checkOwner(package_);
      const parsed = metrics.start("rego_module_parse");
      const { module } = parseModule(text, { file: id, regoVersion: workspace.regoVersion });
      parsed();
      if (module !== undefined) refuseHidden(agent, module);
      await install(id, text, "invalid_parameter", metrics, request, response);
    },
    async remove(id, request, response) {
      if (!workspace.content().policies.has(id)) {
        if (workspace.modules().some(({ file }) => file === id)) throw owned(id);
        throw missing(id);
      }
      await install(id, undefined, "invalid_operation", requestMetrics(), request, response);
    },
  };
}

function owned(id: string): PolicyError {
  return new PolicyError("invalid_parameter", `policy ${JSON.stringify(id)} is owned by a bundle`);
}

const REGO = /^rego_/;

/** The findings of parse or check behind a failure; undefined when it is none of those. */
export function findingsOf(error: unknown): readonly Diagnostic[] | undefined {
  if (!(error instanceof PolicyError) || !REGO.test(error.code)) return undefined;
  if (error.diagnostics.length > 0) return error.diagnostics;
  const { code, message, location } = error;
  return [{ code, message, ...(location === undefined ? {} : { location }) }];
}

function policyJson({ file, text, regoVersion }: SourceModule): string {
  const { module } = parseModule(text, { file, regoVersion: regoVersion === 0 ? "v0" : "v1" });
  return jsonObject({
    id: encodeString(file),
    raw: encodeString(text),
    ast: module === undefined ? undefined : jsonText(moduleToJson(module)),
  });
}
