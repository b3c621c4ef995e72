// What every HTTP door shares: an Express app with nothing switched on that is not needed, bodies read within limits, failures
// translated once into a status and OPA's error JSON, a listener on loopback by default, and a shutdown that ends.
// Never writes a stack trace, a machine path or a cause into a reply.

import { chmodSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { type Diagnostic, type ErrorCode, PolicyError } from "../error.ts";
import { readTls, refreshTls, type TlsFiles } from "./tls.ts";

/** OPA's error reply. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly errors?: readonly unknown[];
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  rego_parse_error: 400,
  rego_compile_error: 400,
  rego_type_error: 400,
  rego_unsafe_var_error: 400,
  rego_recursion_error: 400,
  rego_unsupported_error: 400,
  bundle_error: 400,
  signature_error: 400,
  invalid_parameter: 400,
  invalid_input: 400,
  unauthorized: 401,
  resource_not_found: 404,
  storage_not_found_error: 404,
  undefined_document: 404,
  resource_conflict: 409,
};

/** Statuses that a code alone does not tell (413, 415, 403). */
const explicitStatus = new WeakMap<PolicyError, number>();

/** A failure with a status of its own. */
export function httpError(status: number, code: ErrorCode, message: string): PolicyError {
  const error = new PolicyError(code, message);
  explicitStatus.set(error, status);
  return error;
}

export function statusOf(error: unknown): number {
  if (!(error instanceof PolicyError)) return 500;
  return explicitStatus.get(error) ?? STATUS[error.code] ?? 500;
}

/** What a client may know about a failure. */
export function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof PolicyError)) return { code: "internal_error", message: "internal error" };
  if (error.diagnostics.length === 0) return { code: error.code, message: error.message };
  return { code: error.code, message: error.message, errors: error.diagnostics.map(diagnosticBody) };
}

/** A finding as OPA's REST API spells it. */
export function diagnosticBody({ code, message, location, details }: Diagnostic): Record<string, unknown> {
  const place =
    location === undefined ? {} : { location: { file: location.file, row: location.row, col: location.col } };
  return { code, message, ...place, ...(details !== undefined && { details }) };
}

/** An Express app without ETags of its own, without `X-Powered-By`, and with query strings as plain pairs. */
export function createApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  return app;
}

/** A handler whose promise is awaited; Express 5 passes a rejection on to the error handler. */
export type Handler = (request: Request, response: Response) => Promise<void> | void;
type Request = Parameters<RequestHandler>[0];
type Response = Parameters<RequestHandler>[1];

/** The last two handlers of every app: what no route took, and what a route threw. */
export function finishApp(app: Express, onError: (error: unknown) => void = () => {}): Express {
  app.use((request, response) => {
    sendJson(response, 404, {
      code: "resource_not_found",
      message: `no such route: ${request.method} \`${request.path}\``,
    });
  });
  const last: ErrorRequestHandler = (error, _request, response, _next) => {
    sendError(response, translate(error), onError);
  };
  app.use(last);
  return app;
}

/** Answers a request whose path is known with another method. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader("Allow", allowed.join(", "));
    sendJson(response, 405, {
      code: "invalid_parameter",
      message: `method ${request.method} is not allowed here`,
    });
  };
}

/** Express itself throws on paths with broken percent-encoding. */
function translate(error: unknown): unknown {
  if (error instanceof PolicyError) return error;
  const status = (error as { status?: unknown } | undefined)?.status;
  return status === 400 ? new PolicyError("invalid_parameter", "the request is malformed") : error;
}

export function sendError(
  response: ServerResponse,
  error: unknown,
  onError: (error: unknown) => void = () => {},
): void {
  const status = statusOf(error);
  if (status >= 500) onError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // RFC 6750, section 3: a refused bearer is told which scheme is expected.
  if (status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  sendJson(response, status, errorBody(error));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, status, JSON.stringify(body), "application/json");
}

export function sendText(response: ServerResponse, status: number, text: string, contentType: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.end(text);
}

export interface BodyLimits {
  /** Bytes on the wire. */
  readonly maxBytes: number;
  /** Bytes after gunzip. */
  readonly maxUnzippedBytes: number;
}

/** Bodies that were read before their route. */
const keptBodies = new WeakMap<IncomingMessage, Buffer>();

/** `readBody` for whoever must see the body before its route does. */
export async function keepBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const body = await readBody(request, limits);
  keptBodies.set(request, body);
  return body;
}

const unzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

/** The body, gunzipped where the request says so. Anything too large stops being read at the limit. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const kept = keptBodies.get(request);
  if (kept !== undefined) return kept;
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "")
    throw httpError(415, "invalid_parameter", `content encoding \`${encoding}\` is not supported`);
  const raw = await readRaw(request, limits.maxBytes);
  if (encoding !== "gzip") return raw;
  try {
    return await unzip(raw, { maxOutputLength: limits.maxUnzippedBytes });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE")
      throw httpError(413, "invalid_parameter", `body unpacks to more than ${limits.maxUnzippedBytes} bytes`);
    throw new PolicyError("invalid_parameter", "body is not gzip, although the request says so", { cause });
  }
}

async function readRaw(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): PolicyError =>
    httpError(413, "invalid_parameter", `body is larger than ${maxBytes} bytes`);
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) {
    discardRest(request);
    throw tooLarge();
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onData);
      discardRest(request);
      reject(tooLarge());
    };
    request.on("data", onData);
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on("aborted", () => reject(new PolicyError("invalid_parameter", "the request was cut off")));
    request.on("error", (cause) =>
      reject(new PolicyError("io_error", "the request could not be read", { cause })),
    );
  });
}

/** How much of a refused body is still swallowed, so that the client gets to read the refusal, before the connection is cut. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

function discardRest(request: IncomingMessage): void {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_DISCARDED_BYTES) request.destroy();
  });
  request.resume();
}

/** A query parameter that is on when present and empty, or `true`, as OPA reads them. */
export function flag(value: unknown): boolean {
  const text = Array.isArray(value) ? value.at(-1) : value;
  return text === "" || text === "true";
}

export interface ListenOptions {
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** A Unix domain socket in the place of host and port. */
  readonly path?: string;
  /** Permissions of that socket, 0o755 by default. */
  readonly mode?: number;
  readonly tls?: TlsFiles;
  /** What becomes known while it listens: certificates that cannot be read again. */
  readonly onError?: (error: unknown) => void;
}

/** A server that listens. */
export interface Listening {
  /** `http://host:port`, `https://host:port` or `unix://path`, without a slash at the end. */
  readonly url: string;
  /** As it stands in a log: `host:port`, or the URL of a socket. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets running requests finish for up to `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
/** As OPA's ReadHeaderTimeout. */
const HEADERS_TIMEOUT_MS = 32_000;

export async function listen(handler: RequestListener, options: ListenOptions = {}): Promise<Listening> {
  const { path, tls } = options;
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS };
  const server =
    tls === undefined
      ? createServer(timeouts, handler)
      : createSecureServer({ ...timeouts, ...readTls(tls) }, handler);
  const host = options.host ?? "127.0.0.1";
  const wanted = path === undefined ? `${host}:${options.port ?? 0}` : `unix://${path}`;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new PolicyError("io_error", `cannot listen on ${wanted}: ${(cause as Error).message}`, { cause }),
      );
    });
    if (path === undefined) server.listen(options.port ?? 0, host, resolve);
    else server.listen(path, resolve);
  });
  if (path !== undefined) chmodSync(path, options.mode ?? 0o755);
  const stopRefresh =
    tls === undefined
      ? () => {}
      : refreshTls(
          tls,
          (context) => (server as SecureServer).setSecureContext(context),
          options.onError ?? (() => {}),
        );
  const close = (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    stopRefresh();
    return closeServer(server, graceMs);
  };
  if (path !== undefined) return { url: wanted, address: wanted, host: "", port: 0, close };
  const { port } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  const url = `${tls === undefined ? "http" : "https"}://${name}:${port}`;
  return { url, address: `${host}:${port}`, host, port, close };
}

function closeServer(server: Server | SecureServer, graceMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection that falls idle after `close` would be kept alive for seconds more.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}
