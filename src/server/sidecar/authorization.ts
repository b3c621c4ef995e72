// Who may use the daemon (OPA's `--authorization=basic`): before any route, the policy at `default_authorization_decision` is asked about the
// request. Only `true`, or an object whose `allowed` is `true`, lets it pass; without a policy, or with one that fails, nothing passes.

import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeJsonOrYaml } from "../../bundle/yaml.ts";
import { PolicyError } from "../../error.ts";
import { decode, fromPlain } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import { isObject, type Value } from "../../value/value.ts";
import { type BodyLimits, keepBody } from "../http.ts";
import { type AuthenticationScheme, identify } from "./authentication.ts";
import type { AgentPort } from "./ports.ts";
import { errorReply } from "./reply.ts";
import { targetOf } from "./request.ts";

/** Answers the request with a refusal and false, or says true. Throws what the policy throws. */
export type Authorize = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const MSG_REJECTED = "request rejected by administrative policy";
const MSG_NO_POLICY = "authorization policy missing or undefined";
const MSG_NO_ANSWER = "document missing or undefined";

export function authorizer(
  agent: AgentPort,
  limits: BodyLimits,
  authentication: AuthenticationScheme,
): Authorize {
  return async (request, response) => {
    const input = await authorizationInput(request, limits, authentication);
    const refuse = (status: number, code: string, message: string): false => {
      errorReply(response, status, code, message);
      return false;
    };
    const answer = await ask(agent, input, request);
    if (answer === undefined) return refuse(500, "internal_error", MSG_NO_POLICY);
    if (answer === true) return true;
    if (typeof answer !== "object" || answer === null || !isObject(answer))
      return refuse(401, "unauthorized", MSG_REJECTED);
    const allowed = answer.get("allowed");
    if (allowed === undefined) return refuse(500, "internal_error", MSG_NO_ANSWER);
    if (allowed === true) return true;
    const reason = answer.get("reason");
    return refuse(401, "unauthorized", typeof reason === "string" ? reason : MSG_REJECTED);
  };
}

async function ask(agent: AgentPort, input: Value, request: IncomingMessage): Promise<Value | undefined> {
  const keys = agent.authorizationDecision.split("/");
  try {
    const { result } = await agent.decide({
      keys,
      input,
      strict: false,
      unlogged: true,
      requestedBy: request.socket.remoteAddress,
      headers: {},
    });
    return result;
  } catch (error) {
    if (error instanceof PolicyError && error.code === "undefined_document") return undefined;
    throw error;
  }
}

async function authorizationInput(
  request: IncomingMessage,
  limits: BodyLimits,
  authentication: AuthenticationScheme,
): Promise<Value> {
  const { rawPath, query } = targetOf(request);
  const path = segments(rawPath);
  const method = (request.method ?? "").toUpperCase();
  const body = expectsBody(method, path) ? await bodyOf(request, limits) : undefined;
  const plain = {
    path,
    method,
    params: paramsOf(query),
    headers: headersOf(request.rawHeaders),
    ...identify(authentication, request),
  };
  const value = fromPlain(plain);
  if (body === undefined || !isObject(value)) return value;
  return object([...value.entries(), ["body", body]]);
}

/** Decoded as a whole and then each segment once more: what OPA's policies are written against. */
function segments(rawPath: string): string[] {
  try {
    return decodeURIComponent(rawPath).slice(1).split("/").map(decodeURIComponent);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", "the path is not percent-encoded as it should be", { cause });
  }
}

/** The body is read for routes that ask for a decision on one. */
function expectsBody(method: string, [first, second]: readonly string[]): boolean {
  if (method !== "POST") return false;
  return (first === "" && second === undefined) || ((first === "v0" || first === "v1") && second === "data");
}

async function bodyOf(request: IncomingMessage, limits: BodyLimits): Promise<Value | undefined> {
  const bytes = await keepBody(request, limits);
  if (bytes.length === 0) return undefined;
  const isYaml = String(request.headers["content-type"] ?? "").includes("yaml");
  try {
    return isYaml ? await decodeJsonOrYaml(bytes) : decode(bytes);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", (cause as Error).message, { cause });
  }
}

/** Each name once, with all its values. Values by name, never through a prototype. */
function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [value]);
    else known.push(value);
  }
  return groups;
}

function paramsOf(query: URLSearchParams): Map<string, string[]> {
  return grouped(query);
}

/** Headers that Go keeps elsewhere. */
const APART: ReadonlySet<string> = new Set(["host", "transfer-encoding", "trailer"]);

/** Under the names that Go gives them: `X-Request-Id`. */
function headersOf(raw: readonly string[]): Map<string, string[]> {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (!APART.has(name))
      pairs.push([name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()), raw[at + 1] as string]);
  }
  return grouped(pairs);
}
