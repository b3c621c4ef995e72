// `reeve/server`: the doors as functions, for programs that run a distribution server or a decision agent's daemon themselves.

export { type Authzen, type AuthzenOptions, createAuthzen } from "../ai/authzen.ts";
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
