// What the daemon says about itself: `/health`, `/v1/status`, `/v1/config`, `/metrics`, under OPA's names. Reads only; no credential, key
// or header of a service ever leaves through here.

import type { IncomingMessage, ServerResponse } from "node:http";
import { PolicyError } from "../../error.ts";
import { encode, encodeString, fromPlain } from "../../value/json.ts";
import { sendText } from "../http.ts";
import type { BuildInfo } from "./data.ts";
import { type Family, familiesText, type RequestHistogram, type Sample } from "./metrics.ts";
import type { AgentPort } from "./ports.ts";
import { errorReply, jsonObject, reply } from "./reply.ts";
import { documentKeys, flagOf, targetOf } from "./request.ts";

export interface StatusRoutes {
  health(request: IncomingMessage, response: ServerResponse): void;
  /** `/health/<path>`: what `data.system.health.<path>` says. */
  healthRule(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  status(request: IncomingMessage, response: ServerResponse): void;
  config(request: IncomingMessage, response: ServerResponse): void;
  metrics(request: IncomingMessage, response: ServerResponse): void;
}

export interface StatusOptions {
  readonly agent: AgentPort;
  /** The configuration as it was read, for `/v1/config`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly histogram: RequestHistogram;
  readonly build: BuildInfo;
}

export function statusRoutes(options: StatusOptions): StatusRoutes {
  const { agent, config, histogram, build } = options;
  let wereAllReady = false;
  const health = (response: ServerResponse, error?: string): void => {
    reply(
      response,
      error === undefined ? 200 : 500,
      error === undefined ? "{}" : `{"error":${encodeString(error)}}`,
    );
  };
  return {
    health(request, response) {
      const { query } = targetOf(request);
      const { plugins } = agent.report();
      if (flagOf(query, "bundles") || flagOf(query, "bundle")) {
        const { bundle } = plugins;
        if (bundle !== undefined && bundle.state !== "OK")
          return health(response, "one or more bundles are not activated");
      }
      if (flagOf(query, "plugins")) {
        const excluded = new Set(query.getAll("exclude-plugin"));
        const isDown = Object.entries(plugins).some(
          ([name, { state }]) => state !== "OK" && !excluded.has(name),
        );
        if (isDown) return health(response, "one or more plugins are not up");
      }
      health(response);
    },
    async healthRule(path, request, response) {
      const keys = ["system", "health", ...documentKeys(path)];
      const states = Object.entries(agent.report().plugins).map(
        ([name, { state }]) => [name, state] as const,
      );
      wereAllReady ||= states.every(([, state]) => state === "OK");
      const input = fromPlain({ plugin_state: Object.fromEntries(states), plugins_ready: wereAllReady });
      const name = `data.${keys.join(".")}`;
      try {
        const { result } = await agent.decide({
          ...{ keys, input, strict: false, unlogged: true, headers: {} },
          requestedBy: request.socket.remoteAddress,
        });
        if (result === true) return health(response);
        health(
          response,
          `health check (${name}) ${result === undefined ? "was undefined" : "returned unexpected value"}`,
        );
      } catch (error) {
        health(response, error instanceof PolicyError ? error.message : `health check (${name}) failed`);
      }
    },
    status(request, response) {
      const report = agent.report();
      if (report.plugins.status === undefined)
        return errorReply(response, 500, "internal_error", "status plugin not enabled");
      const pretty = flagOf(targetOf(request).query, "pretty");
      reply(response, 200, `{"result":${encode(fromPlain(report))}}`, { pretty });
    },
    config(request, response) {
      const shown = activeConfig(config, agent.report().labels);
      const pretty = flagOf(targetOf(request).query, "pretty");
      reply(response, 200, jsonObject({ result: encode(fromPlain(shown)) }), { pretty });
    },
    metrics(_request, response) {
      const text = histogram.text() + familiesText(families(agent, build));
      sendText(response, 200, text, "text/plain; version=0.0.4; charset=utf-8");
    },
  };
}

/** OPA leaves out credentials and keys; headers of a service may hold secrets as well, so they stay here, too. */
function activeConfig(
  config: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    default_authorization_decision: "/system/authz/allow",
    default_decision: "/system/main",
    ...config,
    labels,
  };
  if (config.services !== undefined)
    shown.services = withoutMembers(config.services, ["credentials", "headers"]);
  if (config.keys !== undefined) shown.keys = withoutMembers(config.keys, ["key", "private_key"]);
  return shown;
}

function withoutMembers(group: unknown, secret: readonly string[]): unknown {
  const strip = (one: unknown): unknown =>
    typeof one === "object" && one !== null
      ? Object.fromEntries(Object.entries(one).filter(([name]) => !secret.includes(name)))
      : undefined;
  if (Array.isArray(group)) return group.map(strip);
  if (typeof group !== "object" || group === null) return undefined;
  return Object.fromEntries(Object.entries(group).map(([name, one]) => [name, strip(one)]));
}

const PLUGIN_STATES = ["ERROR", "NOT_READY", "OK", "WARN"];

function families(agent: AgentPort, build: BuildInfo): Family[] {
  const { bundles = {}, plugins } = agent.report();
  const times = (member: "last_request" | "last_successful_request" | "last_successful_download"): Sample[] =>
    Object.entries(bundles).map(([name, status]) => ({
      labels: { name },
      value: nanoseconds(status[member]),
    }));
  const gauge = (name: string, help: string, samples: Sample[]): Family => ({
    name,
    help,
    type: "gauge",
    samples,
  });
  const activations = Object.entries(bundles).flatMap(
    ([name, { active_revision, last_successful_activation }]) =>
      active_revision === undefined
        ? []
        : [{ labels: { name, active_revision }, value: nanoseconds(last_successful_activation) }],
  );
  const states = Object.entries(plugins).flatMap(([name, { state }]) =>
    PLUGIN_STATES.map((status) => ({ labels: { name, status }, value: state === status ? 1 : 0 })),
  );
  return [
    gauge("opa_info", "Information about the OPA environment.", [
      { labels: { version: build.version }, value: 1 },
    ]),
    gauge("plugin_status_gauge", "Gauge for the plugin by status.", states),
    gauge("last_bundle_request", "Gauge for the last bundle request.", times("last_request")),
    gauge(
      "last_success_bundle_request",
      "Gauge for the last success bundle request.",
      times("last_successful_request"),
    ),
    gauge(
      "last_success_bundle_download",
      "Gauge for the last success bundle download.",
      times("last_successful_download"),
    ),
    gauge("last_success_bundle_activation", "Gauge for the last success bundle activation.", activations),
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", [
      { labels: {}, value: Math.round(performance.timeOrigin / 10) / 100 },
    ]),
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [
      { labels: {}, value: process.memoryUsage.rss() },
    ]),
  ];
}

function nanoseconds(time: string): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) || ms < 0 ? 0 : ms * 1e6;
}
