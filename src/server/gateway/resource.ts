// An MCP server as a protected resource (RFC 9728, RFC 6750): metadata, the refusal that points to it, and which web pages may call. In: requests.
// Out: responses. A token for another audience is no token.

import type { IdentityOptions } from "../../ai/identity.ts";

export const METADATA_PATH = "/.well-known/oauth-protected-resource";

export function resourceMetadata(url: URL, identity: IdentityOptions | undefined): Response {
  const path = url.pathname.slice(METADATA_PATH.length);
  const body = {
    resource: identity?.audience ?? `${url.origin}${path === "" ? "/mcp" : path}`,
    ...(identity !== undefined && { authorization_servers: [identity.issuer] }),
    bearer_methods_supported: ["header"],
  };
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
}

/** 401, with where to learn whose tokens are taken. `reason`: why the token that was presented is none. */
export function unauthorized(url: URL, reason: string | undefined): Response {
  const metadata = `resource_metadata="${url.origin}${METADATA_PATH}${url.pathname}"`;
  const why =
    reason === undefined
      ? ""
      : `error="invalid_token", error_description="${reason.replace(/[^\x20-\x7e]|["\\]/g, "'")}", `;
  const message = reason ?? "a bearer token is needed";
  return new Response(JSON.stringify({ code: "unauthorized", message }), {
    status: 401,
    headers: { "content-type": "application/json", "www-authenticate": `Bearer ${why}${metadata}` },
  });
}

/** A page of another origin is refused: DNS rebinding makes a browser call servers on loopback (MCP, transports, security). */
export function refuseOrigin(
  request: Request,
  allowed: ReadonlySet<string> = new Set(),
): Response | undefined {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin || allowed.has(origin)) return undefined;
  return new Response(
    JSON.stringify({ code: "unauthorized", message: "this origin may not call the gateway" }),
    {
      status: 403,
      headers: { "content-type": "application/json" },
    },
  );
}
