// The request document (`input`): who acts for whom, which tool with which exact arguments, in which context. Names are AuthZEN's where it
// has them. What was verified and what is only claimed never share a key: `agent.identity` is written here from a verified identity only.

import { digest, toHex } from "../crypto/hash.ts";
import { encode, fromPlain } from "../value/json.ts";
import { object, objectFromRecord } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";

export const REQUEST_VERSION = "reeve/1";

/** Who acts, as the presented token proved it. `verified: false` leaves everything else out. */
export interface AgentIdentity {
  readonly verified: boolean;
  readonly method?: string;
  readonly issuer?: string;
  /** Why it is not verified. */
  readonly reason?: string;
}

export interface ToolRequest {
  readonly subject: {
    readonly type: string;
    readonly id: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  readonly agent: { readonly id: string; readonly identity: AgentIdentity };
  readonly task: { readonly id: string; readonly folder?: string };
  readonly tool: string;
  readonly arguments: RegoObject;
  /** Facts about the arguments that the enforcement point found out: resolved paths and the like. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** SHA-256 over the canonical action, in hex. */
  readonly digest: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly context: {
    /** RFC 3339. */
    readonly time: string;
    readonly network: { readonly ip?: string };
    readonly channel: string;
  };
}

/** The canonical text of an action: tool, server and arguments with keys in order, numbers as they were written. */
export function canonicalAction(tool: string, server: string, args: Value): string {
  return encode(objectFromRecord({ arguments: args, server, tool }), { escapeHtml: false });
}

/** The `input` that policies see. */
export function requestDocument(request: ToolRequest): RegoObject {
  const action = object([
    ["name", "tools/call"],
    ["properties", fromPlain({ tool: request.tool, ...request.properties })],
    ["arguments", request.arguments],
    ["digest", `sha256:${request.digest}`],
  ]);
  return object([
    ["version", REQUEST_VERSION],
    ["subject", fromPlain(request.subject)],
    ["agent", fromPlain(request.agent)],
    ["task", fromPlain(request.task)],
    ["action", action],
    ["resource", fromPlain(request.resource)],
    ["tool", fromPlain({ name: request.tool })],
    ["context", fromPlain(request.context)],
  ]);
}

/** What an approval, a grant and the log are bound to: SHA-256 over the canonical action. */
export function actionDigest(tool: string, server: string, args: Value): string {
  const bytes = new TextEncoder().encode(canonicalAction(tool, server, args));
  return `sha256:${toHex(digest("SHA-256", bytes))}`;
}
