// The decision log record (OPA decision logs: EventV1), as a Value so that not a digit of input or result is lost. A decision and what
// surrounds it in, one object out; masking comes after.

import { encode, encodeString, fromPlain } from "../../value/json.ts";
import { integer } from "../../value/number.ts";
import { objectFromRecord } from "../../value/object.ts";
import { PlainJson } from "../../value/plain-json.ts";
import { encodeUtf8 } from "../../value/utf8.ts";
import type { RegoObject, Value } from "../../value/value.ts";

/** What the enforcement point adds to a record. */
export interface Note {
  /** Stands under `custom`. */
  readonly custom?: Readonly<Record<string, unknown>>;
  /** JSON pointers into `input` and `result` (`/input/…`) of what is in no log, whatever the policies for logs say. */
  readonly erase?: readonly string[];
}

/** What is known of a decision when it is logged. */
export interface EventParts {
  readonly labels: Readonly<Record<string, string>>;
  readonly decisionId: string;
  readonly path: string;
  readonly bundles: Readonly<Record<string, { readonly revision: string }>>;
  /** Undefined: the query had no input. */
  readonly input: Value | PlainJson | undefined;
  readonly result: Value | undefined;
  /** What non-deterministic builtins answered; undefined where it is not recorded. */
  readonly ndBuiltinCache?: Value | undefined;
  readonly error?: { readonly code: string; readonly message: string };
  readonly requestedBy?: string;
  readonly timestampMs: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly requestId: number;
  /** Only the configured headers. */
  readonly requestHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly note?: Note;
}

/** An event that can still be masked: the parts a mask may touch, and all others. */
export interface LogEvent {
  /** Plain until a policy or a mask wants to see into it. */
  readonly input: Value | PlainJson | undefined;
  readonly result: Value | undefined;
  readonly nd_builtin_cache: Value | undefined;
  readonly erased: readonly string[];
  readonly masked: readonly string[];
  /** A mask could not be followed, and everything that it could have hidden was taken out. */
  readonly hidden?: boolean;
  readonly others: Readonly<Record<string, Value | undefined>>;
}

export function newEvent(parts: EventParts): LogEvent {
  const { error, requestedBy, requestHeaders, traceId, spanId } = parts;
  const headers =
    requestHeaders !== undefined && Object.keys(requestHeaders).length > 0 ? requestHeaders : undefined;
  return {
    input: parts.input,
    result: parts.result,
    nd_builtin_cache: parts.ndBuiltinCache,
    erased: [],
    masked: [],
    others: {
      labels: lasting(parts.labels, fromPlain),
      decision_id: parts.decisionId,
      trace_id: traceId,
      span_id: spanId,
      bundles: lasting(parts.bundles, bundlesValue),
      path: parts.path,
      error: error === undefined ? undefined : fromPlain(error),
      requested_by: requestedBy === "" ? undefined : requestedBy,
      timestamp: new Date(parts.timestampMs).toISOString(),
      metrics: fromPlain(parts.metrics),
      req_id: integer(parts.requestId),
      custom: parts.note?.custom === undefined ? undefined : fromPlain(parts.note.custom),
      request_context: headers === undefined ? undefined : fromPlain({ http: { headers } }),
    },
  };
}

function bundlesValue(bundles: EventParts["bundles"]): Value | undefined {
  const names = Object.keys(bundles);
  if (names.length === 0) return undefined;
  return fromPlain(
    Object.fromEntries(
      Object.entries(bundles).map(([name, { revision }]) => [name, revision === "" ? {} : { revision }]),
    ),
  );
}

/** Labels and revisions are the same objects in event after event. */
const lastingValues = new WeakMap<object, { readonly value: Value | undefined }>();

function lasting<T extends object>(data: T, make: (data: T) => Value | undefined): Value | undefined {
  let known = lastingValues.get(data);
  if (known === undefined) {
    known = { value: make(data) };
    lastingValues.set(data, known);
  }
  return known.value;
}

/** The event as policies see it. */
export function eventValue(event: LogEvent): RegoObject {
  const { input } = event;
  return objectFromRecord({
    ...event.others,
    input: input instanceof PlainJson ? input.value : input,
    result: event.result,
    nd_builtin_cache: event.nd_builtin_cache,
    erased: event.erased.length === 0 ? undefined : [...event.erased],
    masked: event.masked.length === 0 ? undefined : [...event.masked],
  });
}

/** Every member that an event, or its line on the console, can have, in OPA's order. */
const MEMBERS = [
  "bundles",
  "custom",
  "decision_id",
  "erased",
  "error",
  "input",
  "labels",
  "level",
  "masked",
  "metrics",
  "msg",
  "nd_builtin_cache",
  "path",
  "req_id",
  "request_context",
  "requested_by",
  "result",
  "span_id",
  "time",
  "timestamp",
  "trace_id",
  "type",
].map((name) => ({ name, written: `"${name}":` }));

/** The event as JSON, with further members where a sink has any. An event is written far more often than a policy looks at one. */
export function eventText(
  event: LogEvent,
  more: Readonly<Record<string, string>> = {},
  escapeHtml = true,
): string {
  let text = "";
  for (const { name, written } of MEMBERS) {
    const member = memberText(event, name, more, escapeHtml);
    if (member !== undefined) text += `${text === "" ? "{" : ","}${written}${member}`;
  }
  return `${text}}`;
}

function memberText(
  event: LogEvent,
  name: string,
  more: Readonly<Record<string, string>>,
  escapeHtml: boolean,
): string | undefined {
  const { input, erased, masked } = event;
  switch (name) {
    case "input":
      if (input instanceof PlainJson) return JSON.stringify(input.data);
      return input === undefined ? undefined : encode(input, { escapeHtml });
    case "result":
      return event.result === undefined ? undefined : encode(event.result, { escapeHtml });
    case "nd_builtin_cache":
      return event.nd_builtin_cache === undefined
        ? undefined
        : encode(event.nd_builtin_cache, { escapeHtml });
    case "erased":
      return erased.length === 0 ? undefined : encode(erased, { escapeHtml });
    case "masked":
      return masked.length === 0 ? undefined : encode(masked, { escapeHtml });
    case "level":
    case "msg":
    case "time":
    case "type":
      return more[name] === undefined ? undefined : encodeString(more[name], escapeHtml);
    case "labels":
    case "bundles":
      return lastingText(event.others[name], escapeHtml);
    default: {
      const value = event.others[name];
      return value === undefined ? undefined : encode(value, { escapeHtml });
    }
  }
}

const escapedTexts = new WeakMap<object, string>();
const plainTexts = new WeakMap<object, string>();

function lastingText(value: Value | undefined, escapeHtml: boolean): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const known = escapeHtml ? escapedTexts : plainTexts;
  let text = known.get(value);
  if (text === undefined) {
    text = encode(value, { escapeHtml });
    known.set(value, text);
  }
  return text;
}

/** One line of the journal. */
export function encodeEvent(event: LogEvent): Uint8Array {
  return encodeUtf8(eventText(event));
}
