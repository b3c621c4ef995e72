// Carries requests to an MCP server behind the gateway. In: its URL, and headers that the gateway itself presents there. Out: what sends a request
// to it. The client's own credentials are not among what arrives here.

import { PolicyError } from "../../error.ts";
import type { Forward } from "./http.ts";

/** Throws `config_error` for what is no HTTP URL. */
export function forwardTo(target: string, headers: Readonly<Record<string, string>> = {}): Forward {
  const url = readUrl(target);
  return async (request) => {
    const own = new Headers(request.headers);
    for (const [name, value] of Object.entries(headers)) own.set(name, value);
    const body = request.method === "POST" ? await request.text() : null;
    try {
      // A redirect would send the call where nobody configured.
      return await fetch(url, {
        method: request.method,
        headers: own,
        body,
        signal: request.signal,
        redirect: "error",
      });
    } catch {
      const said = { code: "io_error", message: "the MCP server behind the gateway does not answer" };
      return new Response(JSON.stringify(said), { status: 502 });
    }
  };
}

function readUrl(target: string): URL {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new PolicyError("config_error", `the MCP server's address \`${target}\` is no HTTP URL`);
  return url;
}
