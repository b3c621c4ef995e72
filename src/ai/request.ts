// Who acts and what exactly is asked for: the parts of the request document (`documents.ts`) that others build on. `agent.identity` is
// written from a verified identity only. The digest is over the canonical action: the same call, the same digest, however it was written.

import { digest, toHex } from "../crypto/hash.ts";
import { encode, fromPlain } from "../value/json.ts";
import { objectFromRecord } from "../value/object.ts";
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

/** Who acts, and for whom. */
export interface Principal {
  readonly subject: {
    readonly type: string;
    readonly id: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  readonly agent: { readonly id: string; readonly identity: AgentIdentity };
}

/** The canonical text of an action: tool, server and arguments with keys in order, numbers as they were written. */
export function canonicalAction(tool: string, server: string, args: Value): string {
  return encode(objectFromRecord({ arguments: args, server, tool }), { escapeHtml: false });
}

/** What an approval, a grant and the log are bound to: SHA-256 over the canonical action. */
export function actionDigest(tool: string, server: string, args: Value): string {
  const bytes = new TextEncoder().encode(canonicalAction(tool, server, args));
  return `sha256:${toHex(digest("SHA-256", bytes))}`;
}

/** What an action is about; `method` is the action's name. */
export function resourceOf(method: string, server: string, tool: string, args: RegoObject): Value {
  if (method === "resources/read") return fromPlain({ type: "mcp_resource", id: args.get("uri") });
  if (method === "prompts/get")
    return fromPlain({ type: "mcp_prompt", id: `${server}#${String(args.get("name"))}` });
  return fromPlain({ type: "mcp_tool", id: `${server}#${tool}` });
}
