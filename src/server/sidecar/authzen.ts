// AuthZEN's Authorization API 1.0 over HTTPS (openid.net/specs/authorization-api-1_0): `/access/v1/…` and the metadata of the decision point.
// A request in, a decision or results out, always with the caller's `X-Request-ID`. Errors are a JSON string and a status and say nothing
// about the decision, which is always HTTP 200.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Authzen, createAuthzen } from "../../ai/authzen.ts";
import { importSigningKey } from "../../crypto/jwk.ts";
import { signJwt } from "../../crypto/jws.ts";
import { type SearchKind, searchKinds } from "../../decision/authzen-config.ts";
import { decisionIdOf } from "../../decision/decision.ts";
import { PolicyError } from "../../error.ts";
import { decode, encode, encodeString, fromPlain } from "../../value/json.ts";
import type { RegoObject, Value } from "../../value/value.ts";
import { type Access, requireScope } from "../auth.ts";
import { type BodyLimits, readBody, statusOf } from "../http.ts";
import type { AgentPort } from "./ports.ts";
import { reply } from "./reply.ts";
import { targetOf } from "./request.ts";

export type AuthzenRoute = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface AuthzenRoutes {
  /** Route by path. */
  readonly posts: ReadonlyMap<string, AuthzenRoute>;
  readonly metadata: AuthzenRoute;
  notAllowed(allowed: string, request: IncomingMessage, response: ServerResponse): void;
}

export interface AuthzenDoor {
  readonly access: Access | undefined;
  /** Failures that are nobody's request's fault. */
  readonly onError: (error: unknown) => void;
}

const WELL_KNOWN = "/.well-known/authzen-configuration";
const BASE = "/access/v1";

export function authzenRoutes(agent: AgentPort, limits: BodyLimits, door: AuthzenDoor): AuthzenRoutes {
  const route =
    (answer: (authzen: Authzen, body: Value) => Promise<RegoObject>): AuthzenRoute =>
    async (request, response) => {
      echoRequestId(request, response);
      try {
        if (door.access !== undefined) requireScope(door.access, request, "decide");
        const body = await jsonBody(request, limits);
        const answered = await answer(overAgent(agent, request), body);
        reply(response, 200, encode(answered, { escapeHtml: false }), { compressFor: request });
      } catch (error) {
        refuse(response, error, door.onError);
      }
    };
  const searchRoute = (kind: SearchKind): AuthzenRoute =>
    route((authzen, body) => authzen.search(kind, body));
  return {
    posts: new Map([
      [`${BASE}/evaluation`, route((authzen, body) => authzen.evaluation(body))],
      [`${BASE}/evaluations`, route((authzen, body) => authzen.evaluations(body))],
      ...searchKinds.map((kind): [string, AuthzenRoute] => [`${BASE}/search/${kind}`, searchRoute(kind)]),
    ]),
    async metadata(request, response) {
      echoRequestId(request, response);
      try {
        await replyMetadata(agent, request, response);
      } catch (error) {
        refuse(response, error, door.onError);
      }
    },
    notAllowed(allowed, request, response) {
      echoRequestId(request, response);
      response.setHeader("Allow", allowed);
      reply(response, 405, encodeString(`method ${request.method} is not allowed here, ${allowed} is`));
    },
  };
}

function overAgent(agent: AgentPort, request: IncomingMessage): Authzen {
  const { remoteAddress: requestedBy } = request.socket;
  return createAuthzen({
    config: agent.authzen,
    showIds: agent.logging,
    idOf: decisionIdOf,
    ask: (path, input) =>
      agent.decide({ keys: path.split("/"), input, strict: false, requestedBy, headers: request.headers }),
  });
}

function echoRequestId(request: IncomingMessage, response: ServerResponse): void {
  const id = request.headers["x-request-id"];
  if (id !== undefined) response.setHeader("X-Request-ID", id);
}

async function jsonBody(request: IncomingMessage, limits: BodyLimits): Promise<Value> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    request.resume();
    throw new PolicyError("invalid_parameter", "the content type must be application/json");
  }
  const body = await readBody(request, limits);
  if (body.length === 0) throw new PolicyError("invalid_parameter", "the request has no body");
  try {
    return decode(body);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", `the body is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Section "Error Responses": a status and a message. */
function refuse(response: ServerResponse, error: unknown, onError: (error: unknown) => void): void {
  const status = statusOf(error);
  if (status >= 500) onError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  reply(response, status, encodeString(error instanceof PolicyError ? error.message : "internal error"));
}

/** Whether a search is there to be advertised: the configuration names it, or the policy has the rule of the default name. */
function searches(agent: AgentPort, kind: SearchKind): boolean {
  return agent.authzen.named.has(kind) || agent.answers(agent.authzen.search[kind].split("/"));
}

async function replyMetadata(
  agent: AgentPort,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { policyDecisionPoint, signing } = agent.authzen;
  const base = policyDecisionPoint ?? `http://${request.headers.host ?? ""}`;
  if (!URL.canParse(base)) throw new PolicyError("invalid_parameter", "the request has no usable `Host`");
  const tenant = targetOf(request).rawPath.slice(WELL_KNOWN.length).replace(/\/+$/, "");
  // The document is only good for the identifier that its URL was made from.
  const path = new URL(base).pathname.replace(/\/+$/, "");
  if (tenant !== path)
    throw new PolicyError(
      "resource_not_found",
      `no decision point has the identifier of ${WELL_KNOWN}${tenant}`,
    );
  const members: Record<string, string> = {
    policy_decision_point: base,
    access_evaluation_endpoint: `${base}${BASE}/evaluation`,
    access_evaluations_endpoint: `${base}${BASE}/evaluations`,
  };
  for (const kind of searchKinds)
    if (searches(agent, kind)) members[`search_${kind}_endpoint`] = `${base}${BASE}/search/${kind}`;
  if (signing !== undefined) {
    const key = await importSigningKey(signing.key, signing.algorithm);
    members.signed_metadata = await signJwt({ iss: base, ...members }, key, signing.keyId);
  }
  // Made from the request's own `Host`, it is nobody else's.
  response.setHeader("Cache-Control", policyDecisionPoint === undefined ? "no-store" : "max-age=300");
  reply(response, 200, encode(fromPlain(members), { escapeHtml: false }));
}
