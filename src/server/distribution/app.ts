// The routes of the distribution server: bundles out, bundles in from publishers, decision logs and status in, and what was taken in
// out again. Every route but `/health` asks for a scope first; nothing is read from a body before that.

import type { Express, Request, RequestHandler, Response } from "express";
import { PolicyError } from "../../error.ts";
import { type Access, requireScope } from "../auth.ts";
import {
  createApp,
  finishApp,
  type Listening,
  type ListenOptions,
  listen,
  methodNotAllowed,
  sendJson,
  sendText,
} from "../http.ts";
import { type BundleServerOptions, createBundleServer } from "./bundles.ts";
import { DEFAULT_INTAKE_LIMITS, type IntakeLimits, sortableTime, takeLogs, takeStatus } from "./intake.ts";
import { type LogQuery, openRepository, type Repository } from "./repository.ts";

export interface DistributionOptions extends BundleServerOptions {
  /** The SQLite file, or `:memory:`. */
  readonly store: string;
  readonly access: Access;
  readonly intake?: Partial<IntakeLimits>;
  /** Failures that are nobody's request's fault. */
  readonly onError?: (error: unknown) => void;
}

export interface DistributionServer {
  /** For mounting elsewhere; `listen` serves it. */
  readonly app: Express;
  readonly repository: Repository;
  listen(options?: ListenOptions): Promise<Listening>;
  /** Answers waiting long polls, lets the rest finish, closes the store. */
  close(graceMs?: number): Promise<void>;
}

interface Counters {
  bundleRequests: Record<"200" | "304" | "other", number>;
  published: number;
  refused: number;
  logEvents: number;
  logDuplicates: number;
  statusReports: number;
}

export function createDistributionServer(options: DistributionOptions): DistributionServer {
  const repository = openRepository(options.store);
  const bundles = createBundleServer(repository, options);
  const limits = { ...DEFAULT_INTAKE_LIMITS, ...options.intake };
  const counters: Counters = {
    bundleRequests: { 200: 0, 304: 0, other: 0 },
    published: 0,
    refused: 0,
    logEvents: 0,
    logDuplicates: 0,
    statusReports: 0,
  };
  const { access } = options;
  const app = createApp();

  app.get("/health", (_request, response) => sendJson(response, 200, {}));
  app.all("/health", methodNotAllowed("GET"));

  app.get("/bundles/*name", async (request, response) => {
    const name = pathOf(request, "name");
    requireScope(access, request, `read:${name}`);
    const status = await bundles.download(name, request, response);
    counters.bundleRequests[status === 200 ? "200" : status === 304 ? "304" : "other"]++;
  });
  app.put("/bundles/*name", async (request, response) => {
    const name = pathOf(request, "name");
    const caller = requireScope(access, request, `publish:${name}`);
    try {
      const receipt = await bundles.publish(name, caller.name, request);
      counters.published++;
      response.setHeader("ETag", receipt.etag);
      sendJson(response, receipt.changed ? 201 : 200, { result: receipt });
    } catch (error) {
      counters.refused++;
      throw error;
    }
  });
  app.all("/bundles/*name", methodNotAllowed("GET", "HEAD", "PUT"));

  app.post(["/logs", "/logs/*partition"], async (request, response) => {
    requireScope(access, request, "report");
    const receipt = await takeLogs(request, pathOf(request, "partition"), repository, limits);
    counters.logEvents += receipt.received;
    counters.logDuplicates += receipt.received - receipt.stored;
    sendJson(response, 200, { result: receipt });
  });
  app.all(["/logs", "/logs/*partition"], methodNotAllowed("POST"));
  app.post(["/status", "/status/*partition"], async (request, response) => {
    requireScope(access, request, "report");
    await takeStatus(request, pathOf(request, "partition"), repository, limits);
    counters.statusReports++;
    sendJson(response, 200, {});
  });
  app.all(["/status", "/status/*partition"], methodNotAllowed("POST"));

  app.use(["/v1", "/metrics"], (request, _response, next) => {
    requireScope(access, request, "query");
    next();
  });
  addQueries(app, repository);
  app.get("/metrics", (_request, response) => {
    sendText(
      response,
      200,
      prometheusText(counters, bundles.waiting()),
      "text/plain; version=0.0.4; charset=utf-8",
    );
  });
  finishApp(app, options.onError);
  return withListeners(app, repository, bundles.stop);
}

function withListeners(
  app: DistributionServer["app"],
  repository: Repository,
  stopWaiting: () => void,
): DistributionServer {
  const open = new Set<Listening>();
  let closed = false;
  return {
    app,
    repository,
    async listen(where) {
      if (closed) throw new PolicyError("io_error", "the server is closed");
      const listening = await listen(app, where);
      open.add(listening);
      return listening;
    },
    async close(graceMs) {
      if (closed) return;
      closed = true;
      stopWaiting();
      await Promise.all(Array.from(open, (listening) => listening.close(graceMs)));
      repository.close();
    },
  };
}

/** What was taken in: `GET /v1/logs`, `/v1/logs/count`, `/v1/status`, `/v1/bundles`. Records are passed on as they were stored. */
function addQueries(app: DistributionServer["app"], repository: Repository): void {
  const reply = (response: Response, fields: readonly string[]): void =>
    sendText(response, 200, `{${fields.join(",")}}`, "application/json");
  app.get("/v1/logs/count", (request, response) => {
    sendJson(response, 200, { result: repository.countLogs(logQuery(request)) });
  });
  app.get("/v1/logs", (request, response) => {
    const limit = count(request, "limit") ?? DEFAULT_PAGE;
    const rows = repository.queryLogs({ ...logQuery(request), limit: Math.min(limit, MAX_PAGE) });
    const last = rows.at(-1);
    const next =
      rows.length < Math.min(limit, MAX_PAGE) || last === undefined ? [] : [`"next":${last.sequence}`];
    reply(response, [`"result":[${rows.map((row) => row.json).join(",")}]`, ...next]);
  });
  app.get("/v1/status", (request, response) => {
    const instance = text(request, "instance");
    const reports =
      instance === undefined
        ? repository.latestStatus()
        : repository.statusHistory(instance, Math.min(count(request, "limit") ?? DEFAULT_PAGE, MAX_PAGE));
    const items = reports.map(
      (report) => `{"received_at":${JSON.stringify(report.receivedAt)},"report":${report.json}}`,
    );
    reply(response, [`"result":[${items.join(",")}]`]);
  });
  app.get("/v1/bundles", (_request, response) => {
    const result = repository.list().map((bundle) => ({
      name: bundle.name,
      revision: bundle.revision,
      etag: bundle.etag,
      size: bundle.size,
      signed_by: bundle.signedBy,
      published_by: bundle.publishedBy,
      published_at: bundle.publishedAt,
    }));
    sendJson(response, 200, { result });
  });
  const readOnly: RequestHandler = methodNotAllowed("GET");
  app.all(["/v1/logs", "/v1/logs/count", "/v1/status", "/v1/bundles"], readOnly);
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;
const QUERY_PARAMETERS: ReadonlySet<string> = new Set([
  "decision_id",
  "instance",
  "path",
  "since",
  "until",
  "after",
  "limit",
]);

function logQuery(request: Request): Omit<LogQuery, "limit"> {
  const unknown = Object.keys(request.query).find((name) => !QUERY_PARAMETERS.has(name));
  if (unknown !== undefined) throw new PolicyError("invalid_parameter", `unknown parameter \`${unknown}\``);
  const given = {
    decisionId: text(request, "decision_id"),
    instance: text(request, "instance"),
    path: text(request, "path")?.replace(/^\/+/, ""),
    since: time(request, "since"),
    until: time(request, "until"),
    after: count(request, "after"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function text(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  if (value === undefined || typeof value === "string") return value;
  throw new PolicyError("invalid_parameter", `parameter \`${name}\` is given more than once`);
}

function time(request: Request, name: string): string | undefined {
  const given = text(request, name);
  if (given === undefined) return undefined;
  const sortable = sortableTime(given);
  if (sortable === undefined)
    throw new PolicyError("invalid_parameter", `parameter \`${name}\` is no RFC 3339 time`);
  return sortable;
}

function count(request: Request, name: string): number | undefined {
  const given = text(request, name);
  if (given === undefined) return undefined;
  if (!/^\d{1,15}$/.test(given))
    throw new PolicyError("invalid_parameter", `parameter \`${name}\` is no count`);
  return Number(given);
}

/** A wildcard of a route as one path. */
function pathOf(request: Request, parameter: string): string {
  const value: unknown = (request.params as Record<string, unknown>)[parameter];
  return Array.isArray(value) ? value.join("/") : typeof value === "string" ? value : "";
}

function prometheusText(counters: Counters, waiting: number): string {
  const { bundleRequests } = counters;
  const families: readonly (readonly [string, string, string, readonly (readonly [string, number])[]])[] = [
    [
      "reeve_bundle_requests_total",
      "counter",
      "Bundle downloads by answer.",
      Object.entries(bundleRequests).map(([code, n]) => [`{code="${code}"}`, n] as const),
    ],
    ["reeve_bundle_long_polls", "gauge", "Decision agents waiting for a new revision.", [["", waiting]]],
    [
      "reeve_bundles_published_total",
      "counter",
      "Bundles taken from publishers.",
      [["", counters.published]],
    ],
    ["reeve_bundles_refused_total", "counter", "Bundles that were refused.", [["", counters.refused]]],
    ["reeve_log_events_total", "counter", "Decision log events received.", [["", counters.logEvents]]],
    [
      "reeve_log_duplicates_total",
      "counter",
      "Events that were there already.",
      [["", counters.logDuplicates]],
    ],
    ["reeve_status_reports_total", "counter", "Status reports received.", [["", counters.statusReports]]],
  ];
  return families
    .map(([name, type, help, samples]) =>
      [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(([labels, n]) => `${name}${labels} ${n}`),
      ].join("\n"),
    )
    .join("\n")
    .concat("\n");
}
