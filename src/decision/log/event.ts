// The decision log record (OPA decision logs: EventV1), as a Value so that not a digit of input or result is lost. A decision and what
// surrounds it in, one object out; masking comes after.

import { encode, fromPlain } from "../../value/json.ts";
import { objectFromRecord } from "../../value/object.ts";
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
  readonly input: Value | undefined;
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
  readonly input: Value | undefined;
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
  const present = Object.keys(parts.bundles).length > 0;
  const headers =
    requestHeaders !== undefined && Object.keys(requestHeaders).length > 0 ? requestHeaders : undefined;
  return {
    input: parts.input,
    result: parts.result,
    nd_builtin_cache: parts.ndBuiltinCache,
    erased: [],
    masked: [],
    others: {
      labels: labelValue(parts.labels),
      decision_id: parts.decisionId,
      trace_id: traceId,
      span_id: spanId,
      bundles: present
        ? fromPlain(
            Object.fromEntries(
              Object.entries(parts.bundles).map(([name, { revision }]) => [
                name,
                revision === "" ? {} : { revision },
              ]),
            ),
          )
        : undefined,
      path: parts.path,
      error: error === undefined ? undefined : fromPlain(error),
      requested_by: requestedBy === "" ? undefined : requestedBy,
      timestamp: new Date(parts.timestampMs).toISOString(),
      metrics: fromPlain(parts.metrics),
      req_id: fromPlain(parts.requestId),
      custom: parts.note?.custom === undefined ? undefined : fromPlain(parts.note.custom),
      request_context: headers === undefined ? undefined : fromPlain({ http: { headers } }),
    },
  };
}

/** Labels are those of the agent, the same in every event. */
const labelValues = new WeakMap<object, Value>();

function labelValue(labels: Readonly<Record<string, string>>): Value {
  let known = labelValues.get(labels);
  if (known === undefined) {
    known = fromPlain(labels);
    labelValues.set(labels, known);
  }
  return known;
}

/** The event as policies and services see it, with further members where a sink has any. */
export function eventValue(event: LogEvent, more: Readonly<Record<string, Value>> = {}): RegoObject {
  return objectFromRecord({
    ...event.others,
    ...more,
    input: event.input,
    result: event.result,
    nd_builtin_cache: event.nd_builtin_cache,
    erased: event.erased.length === 0 ? undefined : [...event.erased],
    masked: event.masked.length === 0 ? undefined : [...event.masked],
  });
}

/** One line of the journal. */
export function encodeEvent(event: LogEvent): Uint8Array {
  return encodeUtf8(encode(eventValue(event)));
}
