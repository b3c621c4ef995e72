// The platform's network for http.send and net.lookup_ip_addr: Node's own clients, found at run time so that builds for browsers carry no
// trace of them, elsewhere `fetch`. Requests in, whole answers out; what fails is told in the words of Go's client. Follows no redirect.

import type { BuiltinNetwork, NetworkResponse, TlsSettings } from "./builtin.ts";
import { nodeModule } from "./platform.ts";

type Https = typeof import("node:https");
type Http = typeof import("node:http");
type Dns = typeof import("node:dns/promises");
type Zlib = typeof import("node:zlib");
type Tls = typeof import("node:tls");

/** Bodies beyond this are refused: a policy reads documents, not files. */
const BODY_LIMIT = 64 * 1024 * 1024;

export function platformNetwork(): BuiltinNetwork {
  return nodeModule<Http>("node:http") === undefined ? fetchNetwork : nodeNetwork;
}

const nodeNetwork: BuiltinNetwork = {
  async fetch(given) {
    const url = webAddress(given.url);
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(given.method))
      throw new Error(`net/http: invalid method ${JSON.stringify(given.method)}`);
    const isSecure = url.protocol === "https:";
    const { request } = nodeModule<Http & Https>(isSecure ? "node:https" : "node:http")!;
    const unzips = !Object.keys(given.headers).some((name) => name.toLowerCase() === "accept-encoding");
    const headers = unzips ? { ...given.headers, "accept-encoding": "gzip" } : given.headers;
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(given.timeoutMs)));
    const options = {
      method: given.method,
      headers,
      signal,
      agent: false,
      ...(given.tls === undefined ? {} : tlsOptions(given.tls)),
    } as const;
    return new Promise<NetworkResponse>((resolve, reject) => {
      const fail = (error: Error): void => reject(signal.aborted ? new Error(TIMED_OUT) : asGo(error, url));
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > BODY_LIMIT) response.destroy(new Error(`body larger than ${BODY_LIMIT} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          try {
            resolve(answerOf(response, Buffer.concat(chunks), unzips));
          } catch (error) {
            fail(error as Error);
          }
        });
      });
      sent.on("error", fail);
      sent.end(given.body ?? undefined);
    });
  },
  async lookup(host) {
    const { lookup } = nodeModule<Dns>("node:dns/promises")!;
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch {
      throw new Error(`lookup ${host}: no such host`);
    }
  },
};

export const TIMED_OUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

function webAddress(text: string): URL {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase() ?? "";
  if (scheme !== "http" && scheme !== "https")
    throw new Error(`unsupported protocol scheme ${JSON.stringify(scheme)}`);
  return new URL(text);
}

function answerOf(
  response: import("node:http").IncomingMessage,
  received: Buffer,
  unzips: boolean,
): NetworkResponse {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] as string).toLowerCase();
    headers[name] = [...(headers[name] ?? []), response.rawHeaders[i + 1] as string];
  }
  let body: Uint8Array = received;
  // As Go: what was packed only because the client asked for it is unpacked without a trace.
  if (unzips && headers["content-encoding"]?.[0] === "gzip") {
    body = nodeModule<Zlib>("node:zlib")!.gunzipSync(received, { maxOutputLength: BODY_LIMIT });
    delete headers["content-encoding"];
    delete headers["content-length"];
  }
  return { status: response.statusCode ?? 0, statusText: response.statusMessage ?? "", headers, body };
}

function tlsOptions(tls: TlsSettings): object {
  const { rootCertificates } = nodeModule<Tls>("node:tls")!;
  return {
    ...(tls.ca === undefined
      ? {}
      : { ca: [...(tls.withSystemCa === true ? rootCertificates : []), ...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

function asGo(error: Error & { code?: string; address?: string; port?: number }, url: URL): Error {
  // Several addresses were tried: the last one speaks, as in Go.
  const tried = (error as Error & { errors?: Error[] }).errors;
  if (tried !== undefined && tried.length > 0) return asGo(tried[tried.length - 1] as Error, url);
  const at = `${error.address?.includes(":") ? `[${error.address}]` : error.address}:${error.port}`;
  switch (error.code) {
    case "ECONNREFUSED":
      return new Error(`dial tcp ${at}: connect: connection refused`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new Error(`dial tcp: lookup ${url.hostname}: no such host`);
    case "ECONNRESET":
      return new Error("EOF");
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return new Error("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    default:
      return new Error(error.message);
  }
}

const fetchNetwork: BuiltinNetwork = {
  async fetch({ method, url, headers, body, timeoutMs, tls }) {
    if (tls !== undefined) throw new Error("this host has no TLS settings");
    webAddress(url);
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))),
        ...(body === null ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      });
    } catch (error) {
      throw (error as Error).name === "TimeoutError" ? new Error(TIMED_OUT) : error;
    }
    const list: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
    response.headers.forEach((value, name) => {
      list[name] = [value];
    });
    const { status, statusText } = response;
    return { status, statusText, headers: list, body: new Uint8Array(await response.arrayBuffer()) };
  },
  lookup() {
    return Promise.reject(new Error("this host cannot look up names"));
  },
};
