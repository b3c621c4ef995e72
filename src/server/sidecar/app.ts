// The daemon's door: OPA's REST API over a decision agent. Decisions (`/v1/data`, GET and POST) are answered on node:http directly, every
// other route by Express. Listens on loopback unless told otherwise: who can reach it may ask, and may write what no bundle owns.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ErrorRequestHandler, Express, Request } from "express";
import type { DecisionAgent } from "../../decision/sdk.ts";
import type { RegoVersion } from "../../syntax/ast.ts";
import { type BodyLimits, createApp, type Listening, type ListenOptions, listen } from "../http.ts";
import type { Access } from "../auth.ts";
import type { AuthenticationScheme } from "./authentication.ts";
import { authorizer } from "./authorization.ts";
import { type AuthzenRoutes, authzenRoutes } from "./authzen.ts";
import { type BuildInfo, dataRoutes } from "./data.ts";
import { hookRoute, openHooks } from "./hooks.ts";
import { requestHistogram } from "./metrics.ts";
import { policyRoutes } from "./policies.ts";
import { agentPort, type CompilerPort } from "./ports.ts";
import { queryRoutes } from "./query.ts";
import { errorReply, failureReply, replyEmpty } from "./reply.ts";
import { DEFAULT_BODY_LIMITS, rawPathOf, targetOf } from "./request.ts";
import { statusRoutes } from "./status.ts";
import { type Content, createWorkspace } from "./workspace.ts";
import { documentRoutes } from "./writes.ts";

export interface SidecarOptions {
  readonly agent: DecisionAgent;
  /** The configuration as it was read, for `/v1/config`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Without one, policies cannot be put and ad-hoc queries cannot be run. */
  readonly compiler?: CompilerPort;
  /** In which clients write; v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion;
  /** Shown in provenance. */
  readonly version?: string;
  readonly limits?: Partial<BodyLimits>;
  /** Who may use the AuthZEN door; without it, who can reach the daemon. */
  readonly access?: Access;
  /** How clients say who they are; off by default. */
  readonly authentication?: AuthenticationScheme;
  /** `basic`: the policy at `default_authorization_decision` lets requests in; off by default. */
  readonly authorization?: "basic" | "off";
  /** Sees every request before it is answered, and may listen for the end of its response. */
  readonly onRequest?: RequestListener;
  /** Failures that are nobody's request's fault. */
  readonly onError?: (error: unknown) => void;
}

export interface Sidecar {
  /** For mounting on a server of one's own; `listen` does it. */
  readonly handler: RequestListener;
  listen(options?: ListenOptions): Promise<Listening>;
  /** The same for health and metrics alone. */
  listenDiagnostic(options?: ListenOptions): Promise<Listening>;
  /** What is there at the start as if clients had written it: files given to the daemon that are no bundle. */
  load(content: Content): Promise<void>;
  /** Stops listening. The decision agent goes on; who made it closes it. */
  close(graceMs?: number): Promise<void>;
}

/** Handlers get a request and answer it, or throw. */
type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const HOT = "/v1/data";

export function createSidecar(options: SidecarOptions): Sidecar {
  const agent = agentPort(options.agent);
  const limits = { ...DEFAULT_BODY_LIMITS, ...options.limits };
  const build: BuildInfo = { version: options.version ?? "" };
  const onError = options.onError ?? ((): void => {});
  const histogram = requestHistogram();
  const workspace = createWorkspace(agent, options.regoVersion);
  const data = dataRoutes(agent, limits, build);

  // An async function, so that what a route throws at once ends up in the same place.
  const answer = async (route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await route(request, response);
    } catch (error) {
      failureReply(response, error, onError);
    }
  };
  /** Counts the request under a handler's label and answers failures. */
  const run = (label: string, route: Route, request: IncomingMessage, response: ServerResponse): void => {
    const began = performance.now();
    response.on("close", () => {
      const seconds = (performance.now() - began) / 1000;
      histogram.observe(response.statusCode, label, request.method ?? "", seconds);
    });
    answer(route, request, response);
  };
  const decide = (request: IncomingMessage, response: ServerResponse): void =>
    run("v1/data", hot, request, response);
  const hot: Route = (request, response) => data.v1(rawPathOf(request).slice(HOT.length), request, response);
  const app = createApp();
  const on = (label: string, route: (request: Request, response: ServerResponse) => Promise<void> | void) => {
    return (request: Request, response: ServerResponse): void =>
      run(label, () => route(request, response), request, response);
  };
  addAuthzenRoutes(app, on, authzenRoutes(agent, limits, { access: options.access, onError }));
  const { claudeCode } = options.agent.config.hooks;
  const hooks = claudeCode === undefined ? undefined : openHooks(options.agent, claudeCode);
  if (hooks !== undefined)
    app.post("/v1/hooks/claude-code", on("v1/hooks", hookRoute(hooks, limits, options.access)));
  addRoutes(app, on, {
    data,
    documents: documentRoutes(workspace, limits),
    policies: policyRoutes(agent, workspace, options.compiler, limits),
    query: queryRoutes(agent, workspace, options.compiler, limits),
    status: statusRoutes({ agent, config: options.config ?? {}, histogram, build }),
  });

  const route: RequestListener = (request, response) => {
    const rawPath = rawPathOf(request);
    const isHot =
      rawPath.startsWith(HOT) && (rawPath.length === HOT.length || rawPath.charAt(HOT.length) === "/");
    if (isHot && (request.method === "POST" || request.method === "GET")) return decide(request, response);
    app(request, response);
  };
  const authorize =
    options.authorization === "basic"
      ? authorizer(agent, limits, options.authentication ?? "off")
      : undefined;
  const guarded = (inner: RequestListener): RequestListener =>
    authorize === undefined
      ? inner
      : (request, response) =>
          run(
            "authz",
            async () => {
              if (await authorize(request, response)) inner(request, response);
            },
            request,
            response,
          );
  const { onRequest } = options;
  const inner = guarded(route);
  const handler: RequestListener =
    onRequest === undefined
      ? inner
      : (request, response) => {
          onRequest(request, response);
          inner(request, response);
        };
  const diagnostic = guarded((request, response) => {
    const rawPath = rawPathOf(request);
    const isKnown = rawPath === "/metrics" || rawPath === "/health" || rawPath.startsWith("/health/");
    if (isKnown && request.method === "GET") app(request, response);
    else notFound(response);
  });
  const load = (content: Content): Promise<void> => workspace.update(() => content);
  return { handler, load, ...listeners(handler, diagnostic, () => hooks?.close()) };
}

function listeners(
  handler: RequestListener,
  diagnostic: RequestListener,
  onClose: () => void,
): Pick<Sidecar, "listen" | "listenDiagnostic" | "close"> {
  const open = new Set<Listening>();
  const start = async (handle: RequestListener, where: ListenOptions | undefined): Promise<Listening> => {
    const listening = await listen(handle, where);
    open.add(listening);
    return listening;
  };
  return {
    listen: (where) => start(handler, where),
    listenDiagnostic: (where) => start(diagnostic, where),
    async close(graceMs) {
      await Promise.all(Array.from(open, (listening) => listening.close(graceMs)));
      open.clear();
      onClose();
    },
  };
}

interface Routes {
  readonly data: ReturnType<typeof dataRoutes>;
  readonly documents: ReturnType<typeof documentRoutes>;
  readonly policies: ReturnType<typeof policyRoutes>;
  readonly query: ReturnType<typeof queryRoutes>;
  readonly status: ReturnType<typeof statusRoutes>;
}

type On = (
  label: string,
  route: (request: Request, response: ServerResponse) => Promise<void> | void,
) => (request: Request, response: ServerResponse) => void;

/** What follows a route's prefix, still percent-encoded. */
function after(prefix: string, request: Request): string {
  return targetOf(request).rawPath.slice(prefix.length);
}

/** A policy's id: the rest of the path, decoded. */
function policyId(request: Request): string {
  const raw = after("/v1/policies/", request);
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** AuthZEN's Authorization API 1.0, under its default paths. */
function addAuthzenRoutes(app: Express, on: On, routes: AuthzenRoutes): void {
  const wellKnown = ["/.well-known/authzen-configuration", "/.well-known/authzen-configuration/*tenant"];
  app.get(wellKnown, on("authzen/metadata", routes.metadata));
  app.all(
    wellKnown,
    on("authzen/metadata", (request, response) => routes.notAllowed("GET", request, response)),
  );
  for (const [path, route] of routes.posts) {
    app.post(path, on(path.slice(1), route));
    app.all(
      path,
      on(path.slice(1), (request, response) => routes.notAllowed("POST", request, response)),
    );
  }
}

function addRoutes(app: Express, on: On, { data, documents, policies, query, status }: Routes): void {
  const notAllowed = on("catchall", (_request, response) => replyEmpty(response, 405));
  const dataPaths = ["/v1/data", "/v1/data/*path"];
  app.put(
    dataPaths,
    on("v1/data", (request, response) => documents.put(after(HOT, request), request, response)),
  );
  app.patch(
    dataPaths,
    on("v1/data", (request, response) => documents.patch(after(HOT, request), request, response)),
  );
  app.delete(
    "/v1/data/*path",
    on("v1/data", (request, response) => documents.remove(after(HOT, request), request, response)),
  );
  app.all(dataPaths, notAllowed);
  const oldPaths = ["/v0/data", "/v0/data/*path"];
  app.post(
    oldPaths,
    on("v0/data", (request, response) => data.v0(after("/v0/data", request), request, response)),
  );
  app.all(oldPaths, notAllowed);
  app.get("/v1/policies", on("v1/policies", policies.list));
  app.get(
    "/v1/policies/*id",
    on("v1/policies", (request, response) => policies.get(policyId(request), request, response)),
  );
  app.put(
    "/v1/policies/*id",
    on("v1/policies", (request, response) => policies.put(policyId(request), request, response)),
  );
  app.delete(
    "/v1/policies/*id",
    on("v1/policies", (request, response) => policies.remove(policyId(request), request, response)),
  );
  app.all(["/v1/policies", "/v1/policies/*id"], notAllowed);
  app.get("/v1/query", on("v1/query", query.get));
  app.post("/v1/query", on("v1/query", query.post));
  app.all("/v1/query", notAllowed);
  app.all(
    ["/v1/compile", "/v1/compile/*path"],
    on("v1/compile", (_request, response) =>
      errorReply(
        response,
        501,
        "not_implemented",
        "partial evaluation is not supported: modules are compiled whole",
      ),
    ),
  );
  app.get("/v1/config", on("v1/config", status.config));
  app.get("/v1/status", on("v1/status", status.status));
  app.get("/health", on("health", status.health));
  app.get(
    "/health/*path",
    on("health", (request, response) => status.healthRule(after("/health", request), request, response)),
  );
  app.get("/metrics", status.metrics);
  app.post("/", on("index", data.main));
  app.use(on("catchall", (_request, response) => notFound(response)));
  const broken: ErrorRequestHandler = (_error, _request, response, _next) => {
    errorReply(response, 400, "invalid_parameter", "the request is malformed");
  };
  app.use(broken);
}

function notFound(response: ServerResponse): void {
  response.statusCode = 404;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("404 page not found\n");
}
