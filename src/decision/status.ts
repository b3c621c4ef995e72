// What the decision agent reports about itself (OPA status API): one entry per bundle with times, revision and the last error. Events in,
// the report out, sent to the service whenever something changed; the newest report replaces one that could not be sent.

import type { PolicyError } from "../error.ts";

export interface BundleStatus {
  readonly name: string;
  readonly active_revision?: string;
  readonly type?: "snapshot" | "delta";
  readonly size?: number;
  readonly last_request: string;
  readonly last_successful_request: string;
  readonly last_successful_download: string;
  readonly last_successful_activation: string;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
  readonly http_code?: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

export type PluginState = "OK" | "NOT_READY" | "ERROR" | "WARN";

export interface StatusReport {
  readonly labels: Readonly<Record<string, string>>;
  readonly bundles?: Readonly<Record<string, BundleStatus>>;
  readonly plugins: Readonly<Record<string, { readonly state: PluginState; readonly message?: string }>>;
  readonly decision_logs?: DecisionLogStatus;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

export interface DecisionLogStatus {
  readonly code?: string;
  readonly message?: string;
  readonly http_code?: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

export function newBundleStatus(name: string): BundleStatus {
  return {
    name,
    last_request: NEVER,
    last_successful_request: NEVER,
    last_successful_download: NEVER,
    last_successful_activation: NEVER,
  };
}

/** RFC 3339 with the milliseconds there are. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

export function withError(status: BundleStatus, error: PolicyError, httpCode?: number): BundleStatus {
  const cleared = withoutError(status);
  const errors = error.diagnostics.map(({ code, message }) => ({ code, message }));
  return {
    ...cleared,
    code: "bundle_error",
    message: error.message,
    ...(errors.length > 0 ? { errors } : {}),
    ...(httpCode === undefined ? {} : { http_code: httpCode }),
  };
}

export function withoutError(status: BundleStatus): BundleStatus {
  const { code: _code, message: _message, errors: _errors, http_code: _http, ...rest } = status;
  return rest;
}

/** A bundle that never was active makes the agent not ready; a failed update of an active one is an error. */
export function bundlePluginState(statuses: readonly BundleStatus[]): {
  state: PluginState;
  message?: string;
} {
  const waiting = statuses.filter((status) => status.last_successful_activation === NEVER);
  return waiting.length > 0 ? { state: "NOT_READY" } : { state: "OK" };
}
