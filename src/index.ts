// `import … from "reeve"`: the deciding half. Pull bundles, verify them, decide, log; read and judge what AI agents want to do. No compiler,
// no server, no Node built-in: runs in Node, browsers, Deno, Bun and edge workers.

export {
  decisionDocument,
  denied,
  type Effect,
  type EffectDocument,
  explain,
  type Obligation,
  type Reason,
  readEffect,
  reasonText,
  type Settled,
  settle,
} from "./ai/effect.ts";
export { Catalogue, type CatalogueDocument, readCatalogue } from "./ai/catalogue.ts";
export {
  type CallAnswer,
  type CallRequest,
  createGuard,
  type Decider,
  type Guard,
  GuardedTask,
  type GuardOptions,
  type TaskScope,
} from "./ai/guard.ts";
export { type LedgerStore, MemoryLedgerStore } from "./ai/ledger.ts";
export type { ProgramParser, ProgramParsers } from "./ai/programs/program.ts";
export { type IdentityOptions, identify, type Principal } from "./ai/identity.ts";
export { actionDigest, type AgentIdentity, canonicalAction } from "./ai/request.ts";
export type { Bundle, Manifest, VerifiedBundle } from "./bundle/bundle.ts";
export { read as readBundle } from "./bundle/read.ts";
export { type VerificationConfig, type VerificationKey, verify as verifyBundle } from "./bundle/verify.ts";
export { type Config, checkConfig, parseConfig } from "./decision/config.ts";
export { type Decision, decisionJson } from "./decision/decision.ts";
export type { Clock, Ports } from "./decision/ports.ts";
export { createDecisionAgent, type DecisionAgent, type Query } from "./decision/sdk.ts";
export { memoryStorage, type Storage } from "./decision/storage.ts";
export { type Builtin, type BuiltinNetwork, type CustomBuiltin, customBuiltin } from "./engine/engine.ts";
export { type Document, type Engine, type Limits, prepare, type ResultSet } from "./engine/engine.ts";
export { type ErrorCode, type Location, PolicyError } from "./error.ts";
export { decode, encode, fromPlain, toPlain } from "./value/json.ts";
export type { RegoNumber, RegoObject, RegoSet, Value } from "./value/value.ts";
