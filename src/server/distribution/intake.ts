// Decision logs and status reports coming in from decision agents. A request body in, checked records into the repository; a body that is
// not what OPA's clients send is refused whole, so that an upload is either stored or retried. Texts keep their digits: records are decoded
// and encoded by our own JSON, never by JavaScript's numbers.

import type { IncomingMessage } from "node:http";
import { PolicyError } from "../../error.ts";
import { decode, encode } from "../../value/json.ts";
import { isArray, isObject, type RegoObject, type Value } from "../../value/value.ts";
import { type BodyLimits, httpError, readBody } from "../http.ts";
import type { LogRecord, Repository } from "./repository.ts";

export interface IntakeLimits extends BodyLimits {
  /** Events in one upload. */
  readonly maxEvents: number;
}

/** OPA's uploads are 32 KiB gzipped unless configured otherwise; a status report with Prometheus metrics is some hundred KiB. */
export const DEFAULT_INTAKE_LIMITS: IntakeLimits = {
  maxBytes: 8 * 1024 * 1024,
  maxUnzippedBytes: 128 * 1024 * 1024,
  maxEvents: 100_000,
};

export interface LogReceipt {
  readonly received: number;
  /** Those that the repository had not seen before. */
  readonly stored: number;
}

/** OPA decision logs: `POST /logs[/<partition>]`, a gzipped JSON array of events. */
export async function takeLogs(
  request: IncomingMessage,
  partition: string,
  repository: Repository,
  limits: IntakeLimits,
): Promise<LogReceipt> {
  requireJson(request);
  const events = parse(await readBody(request, limits));
  if (!isArray(events))
    throw new PolicyError("invalid_parameter", "a log upload must be a JSON array of events");
  if (events.length > limits.maxEvents)
    throw httpError(
      413,
      "invalid_parameter",
      `a log upload may have ${limits.maxEvents} events, not ${events.length}`,
    );
  const records = events.map(readEvent);
  return { received: records.length, stored: repository.addLogs(partition, records) };
}

/** OPA status: `POST /status[/<partition>]`, one JSON object. */
export async function takeStatus(
  request: IncomingMessage,
  partition: string,
  repository: Repository,
  limits: IntakeLimits,
): Promise<void> {
  requireJson(request);
  const report = parse(await readBody(request, limits));
  if (!isObject(report)) throw new PolicyError("invalid_parameter", "a status report must be a JSON object");
  repository.addStatus({
    instance: instanceOf(report),
    partition,
    receivedAt: new Date().toISOString(),
    json: encode(report),
  });
}

function requireJson(request: IncomingMessage): void {
  const type = request.headers["content-type"] ?? "application/json";
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    throw httpError(
      415,
      "invalid_parameter",
      `content type \`${type}\` is not supported, \`application/json\` is`,
    );
}

function parse(body: Buffer): Value {
  try {
    return decode(body);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", `body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function readEvent(event: Value, index: number): LogRecord {
  if (!isObject(event)) throw new PolicyError("invalid_parameter", `event ${index} is not an object`);
  const decisionId = event.get("decision_id");
  if (typeof decisionId !== "string" || decisionId === "")
    throw new PolicyError("invalid_parameter", `event ${index} has no \`decision_id\``);
  const timestamp = event.get("timestamp");
  const time = typeof timestamp === "string" ? sortableTime(timestamp) : undefined;
  if (time === undefined)
    throw new PolicyError("invalid_parameter", `event ${index} has no \`timestamp\` in RFC 3339`);
  const path = event.get("path");
  return {
    decisionId,
    timestamp: time,
    instance: instanceOf(event),
    path: typeof path === "string" ? path.replace(/^\/+/, "") : "",
    json: encode(event),
  };
}

/** `labels.id`, the instance of the decision agent; empty when it has none. */
function instanceOf(document: RegoObject): string {
  const labels = document.get("labels");
  const id = labels !== undefined && isObject(labels) ? labels.get("id") : undefined;
  return typeof id === "string" ? id : "";
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/i;

/** A time in UTC with nine decimals, so that texts sort as times do; undefined when it is no RFC 3339 time. */
export function sortableTime(text: string): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, seconds = "", fraction = "", zone = ""] = match;
  const ms = Date.parse(`${seconds}${zone}`.toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}
