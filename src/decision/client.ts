// Requests to a configured service (OPA rest plugin): URL, headers, bearer token, time-outs, bounded reading. A config row and a request in,
// status, headers and bytes out. Failures of the network are `io_error` in one line.

import { PolicyError } from "../error.ts";
import type { ServiceConfig } from "./config.ts";
import type { FetchResponse, World } from "./ports.ts";

export const VERSION = "0.1.0";

/** A connection that sends nothing for so long is dead. */
const BODY_IDLE_MS = 30_000;

export interface ServiceRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Until the headers of the response are there; the configured time by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Longest body that is read; a longer one fails. */
  readonly maxBytes: number;
}

export interface ServiceResponse {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

export async function request(
  service: ServiceConfig,
  world: World,
  wanted: ServiceRequest,
): Promise<ServiceResponse> {
  const abort = new AbortController();
  const forward = (): void => abort.abort();
  wanted.signal?.addEventListener("abort", forward);
  if (wanted.signal?.aborted) abort.abort();
  let timedOutAfter: number | undefined;
  let cancelTimer = (): void => {};
  const giveUpAfter = (ms: number): void => {
    cancelTimer();
    if (ms <= 0) return;
    cancelTimer = world.clock.after(ms, () => {
      timedOutAfter = ms;
      abort.abort();
    });
  };
  giveUpAfter(wanted.timeoutMs ?? service.responseHeaderTimeoutMs);
  try {
    const response = await world.fetch(`${service.url}/${wanted.path.replace(/^\/+/, "")}`, {
      method: wanted.method,
      headers: { ...(await commonHeaders(service, world)), ...service.headers, ...wanted.headers },
      ...(wanted.body === undefined ? {} : { body: wanted.body as Uint8Array<ArrayBuffer> }),
      signal: abort.signal,
    });
    const body = await readBody(response, wanted.maxBytes, () => giveUpAfter(BODY_IDLE_MS));
    return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    const why = timedOutAfter === undefined ? describe(cause) : `no answer within ${timedOutAfter} ms`;
    throw new PolicyError("io_error", `request failed: ${wanted.method} ${service.url}: ${why}`, { cause });
  } finally {
    cancelTimer();
    wanted.signal?.removeEventListener("abort", forward);
  }
}

/** Platforms hide the reason in the cause ("fetch failed"). */
function describe(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || String(error);
}

async function commonHeaders(service: ServiceConfig, world: World): Promise<Record<string, string>> {
  const headers: Record<string, string> = { "User-Agent": `Open-Policy-Agent/1.20.2 (reeve, ${VERSION})` };
  const { bearer } = service;
  if (bearer === undefined) return headers;
  let { token } = bearer;
  if (bearer.tokenPath !== undefined) {
    if (world.readText === undefined)
      throw new PolicyError(
        "config_error",
        `\`token_path\` of service \`${service.name}\` cannot be read here`,
      );
    token = (await world.readText(bearer.tokenPath)).trim();
  }
  headers.Authorization = `${bearer.scheme} ${token ?? ""}`;
  return headers;
}

async function readBody(
  response: FetchResponse,
  maxBytes: number,
  onProgress: () => void,
): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    onProgress();
    const { done, value } = await reader.read();
    if (done) break;
    if (value === undefined) continue;
    length += value.length;
    if (length > maxBytes) {
      reader.cancel().catch(() => {});
      throw new PolicyError("io_error", `the response is larger than ${maxBytes} bytes`);
    }
    chunks.push(value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
