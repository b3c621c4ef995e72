// `reeve/server`: the doors as functions, for programs that run a distribution server or a decision agent's daemon themselves.

export { type Access, parseAccess, readAccessFile, tokenDigest } from "./auth.ts";
export {
  createDistributionServer,
  type DistributionOptions,
  type DistributionServer,
} from "./distribution/app.ts";
export type { Publishers, PublishReceipt } from "./distribution/bundles.ts";
export type { LogQuery, Repository, StoredLog } from "./distribution/repository.ts";
export type { Listening, ListenOptions } from "./http.ts";
export { createSidecar, type Sidecar, type SidecarOptions } from "./sidecar/app.ts";
export type { CompilerPort, QueryRequest } from "./sidecar/ports.ts";
export type { Content } from "./sidecar/workspace.ts";
export { openSqliteLedger, type SqliteLedgerStore } from "../ai/node/sqlite-ledger.ts";
export { type HttpGatewayOptions, startHttpGateway } from "./gateway/app.ts";
export { createGateway, type Gateway, type GatewayOptions } from "./gateway/gateway.ts";
export { type Forward, guardMcp, type HttpOptions, type McpHandler } from "./gateway/http.ts";
export { type Middleware, type MiddlewareOptions, mcpMiddleware, nodeListener } from "./gateway/node.ts";
export { forwardTo } from "./gateway/upstream.ts";
