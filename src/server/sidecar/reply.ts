// Replies as OPA's REST API writes them: one line and a line end, pretty on request, errors always indented; gzipped where the client
// takes it. Results are JSON text already, so that digits and the order of keys are those of the policy.

import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { type Diagnostic, PolicyError } from "../../error.ts";
import { encode, encodeString, fromPlain } from "../../value/json.ts";
import { diagnosticBody, statusOf } from "../http.ts";

/** OPA's `server.encoding.gzip.min_length`. */
const GZIP_MIN_BYTES = 1024;

/** Members of an object in the order given, each JSON text; undefined ones are left out. */
export function jsonObject(members: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(members).filter(([, json]) => json !== undefined);
  return `{${given.map(([name, json]) => `${encodeString(name)}:${json}`).join(",")}}`;
}

/** JSON text of plain data with OPA's escapes. */
export function plainJson(data: unknown): string {
  return encode(fromPlain(data));
}

const INDENT = "  ";

/** The same JSON with OPA's indentation; the order of keys is kept. */
export function indent(json: string): string {
  let out = "";
  let line = "\n";
  for (let i = 0; i < json.length; i++) {
    const c = json.charAt(i);
    if (c === '"') {
      const start = i;
      for (i++; json.charAt(i) !== '"'; i++) if (json.charAt(i) === "\\") i++;
      out += json.slice(start, i + 1);
    } else if (c === "{" || c === "[") {
      const close = json.charAt(i + 1);
      if (close === "}" || close === "]") {
        out += c + close;
        i++;
      } else {
        line += INDENT;
        out += c + line;
      }
    } else if (c === "}" || c === "]") {
      line = line.slice(0, -INDENT.length);
      out += line + c;
    } else if (c === ",") out += c + line;
    else if (c === ":") out += ": ";
    else out += c;
  }
  return out;
}

export interface ReplyOptions {
  readonly pretty?: boolean;
  /** The request, where its client may be given gzip. */
  readonly compressFor?: IncomingMessage;
}

export function reply(
  response: ServerResponse,
  status: number,
  json: string,
  options: ReplyOptions = {},
): void {
  // A text goes out in one piece with the headers.
  let body: string | Buffer = `${options.pretty === true ? indent(json) : json}\n`;
  let length = Buffer.byteLength(body);
  const headers = ["Content-Type", "application/json"];
  if (options.compressFor !== undefined) {
    headers.push("Vary", "Accept-Encoding");
    if (length >= GZIP_MIN_BYTES && takesGzip(options.compressFor)) {
      body = gzipSync(body);
      length = body.length;
      headers.push("Content-Encoding", "gzip");
    }
  }
  headers.push("Content-Length", String(length));
  response.writeHead(status, headers);
  response.end(body);
}

function takesGzip(request: IncomingMessage): boolean {
  return String(request.headers["accept-encoding"] ?? "")
    .split(",")
    .some(
      (offer) => /^\s*gzip\s*$/i.test(offer.split(";")[0] as string) && !/;\s*q=0(?:\.0*)?\s*$/.test(offer),
    );
}

export function replyEmpty(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

/** OPA's error object: a code, a message, and the findings behind them. */
export function errorReply(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  errors: readonly unknown[] = [],
): void {
  const body = jsonObject({
    code: encodeString(code),
    message: encodeString(message),
    errors: errors.length === 0 ? undefined : errorsJson(errors),
  });
  reply(response, status, body, { pretty: true });
}

function errorsJson(errors: readonly unknown[]): string {
  return `[${errors.map((error) => (typeof error === "string" ? error : plainJsonInOrder(error))).join(",")}]`;
}

/** `fromPlain` sorts keys; a finding has its members in OPA's order. */
function plainJsonInOrder(data: unknown): string {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return plainJson(data);
  const members = Object.entries(data).map(([name, value]): [string, string | undefined] => [
    name,
    value === undefined ? undefined : plainJsonInOrder(value),
  ]);
  return jsonObject(Object.fromEntries(members));
}

/** Findings of parse or check, as a client of the policy and query routes gets them. */
export function findingsReply(
  response: ServerResponse,
  code: string,
  message: string,
  findings: readonly Diagnostic[],
): void {
  errorReply(response, 400, code, message, findings.map(diagnosticBody));
}

const EVALUATION = /^eval_/;
const MSG_EVALUATION = "error(s) occurred while evaluating query";

/** Any failure of a route, in OPA's words where OPA has them. */
export function failureReply(
  response: ServerResponse,
  error: unknown,
  onError: (error: unknown) => void,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!(error instanceof PolicyError)) {
    onError(error);
    return errorReply(response, 500, "internal_error", "internal error");
  }
  if (EVALUATION.test(error.code)) {
    const findings = error.diagnostics.length > 0 ? error.diagnostics : [error as Diagnostic];
    return errorReply(response, 500, "internal_error", MSG_EVALUATION, findings.map(diagnosticBody));
  }
  const status = statusOf(error);
  if (status >= 500) onError(error);
  errorReply(response, status, error.code, error.message, error.diagnostics.map(diagnosticBody));
}
