// What every MCP door shares: guard, definitions, tickets, identity, the user's signed words. In: options once, then who presents what token for
// which task. Out: senders and connections. A task belongs to its principal: nobody reaches another's by naming it.

import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { Catalogue, CATALOGUE_VERSION } from "../../ai/catalogue.ts";
import type { ProgramParsers } from "../../ai/programs/program.ts";
import { createGuard, type Decider, type GuardedTask } from "../../ai/guard.ts";
import { identify, type IdentityOptions } from "../../ai/identity.ts";
import type { LedgerStore } from "../../ai/ledger.ts";
import type { Principal } from "../../ai/request.ts";
import { PolicyError } from "../../error.ts";
import { fromPlain } from "../../value/json.ts";
import type { RegoObject } from "../../value/value.ts";
import { ApprovalTickets } from "./approval.ts";
import { Connection, type Sender, USER_META } from "./connection.ts";
import { type AskServer, Definitions } from "./definitions.ts";
import { canonicalPaths } from "./paths.ts";

export interface GatewayOptions {
  readonly decider: Decider;
  /** Decision path, as `ai/calls/decision`. */
  readonly decision: string;
  /** The tool catalogue as it is now; without one, every result is untrusted and no default is filled in. */
  readonly catalogue?: () => Catalogue | undefined;
  readonly store: LedgerStore;
  /** Parsers for arguments that are programs (`loadProgramParsers`). */
  readonly programs?: ProgramParsers;
  /** A call that was let through and not answered for so long is released, and stands as `unreported`. */
  readonly reportTimeoutMs?: number;
  readonly task: {
    readonly id: string;
    /** Where relative paths start; without it, paths are not resolved. */
    readonly folder?: string;
    /** The tools it may use. */
    readonly tools?: readonly string[];
    /** What the user asked for, as whoever starts the gateway knows it. */
    readonly said?: readonly string[];
  };
  /** Names of arguments that are paths; relative ones are taken from the task's folder. */
  readonly pathArguments: ReadonlySet<string>;
  /** How tokens prove who acts; without it nobody is verified. */
  readonly identity?: IdentityOptions;
  /** Checks the signature of the user's words and gives the claims; without it words in requests do not count. */
  readonly verifyWords?: (token: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Signs the tickets of approvals; without it a fresh key, so that tickets end with the process. */
  readonly approvalKey?: Uint8Array;
  readonly ip?: string;
  /** Milliseconds since 1970 at which calls are made. */
  readonly nowMs: () => number;
  /** Instead of `nowMs`, the time that policies see: for demonstrations and replays. */
  readonly contextTime?: string;
  readonly log: (line: string) => void;
}

export interface Gateway {
  readonly options: GatewayOptions;
  readonly definitions: Definitions;
  identify(token: string | undefined): Promise<Principal>;
  /** The task as it is configured; for a gateway that serves one client. */
  sender(principal: Principal): Promise<Sender>;
  /** The task that this principal calls `handle`: another principal's handle of the same name is another task. */
  senderOf(principal: Principal, handle: string): Promise<Sender>;
  connect(serverId: string, ask: AskServer): Connection;
}

const NO_CATALOGUE = new Catalogue({ version: CATALOGUE_VERSION, tools: {} });
const UNIDENTIFIED: Principal = {
  subject: { type: "unknown", id: "unknown" },
  agent: {
    id: "unknown",
    identity: { verified: false, reason: "the gateway was given no key to verify tokens with" },
  },
};

export function createGateway(options: GatewayOptions): Gateway {
  const folder = options.task.folder === undefined ? undefined : realFolder(options.task.folder);
  const { id, tools, said = [] } = options.task;
  const definitions = new Definitions();
  const tickets = new ApprovalTickets({
    nowMs: options.nowMs,
    ...(options.approvalKey !== undefined && { key: options.approvalKey }),
  });
  const guard = createGuard({
    decider: options.decider,
    path: options.decision,
    catalogue: () => options.catalogue?.() ?? NO_CATALOGUE,
    store: options.store,
    nowMs: options.nowMs,
    ...(options.programs !== undefined && { programs: options.programs }),
    ...(options.reportTimeoutMs !== undefined && { reportTimeoutMs: options.reportTimeoutMs }),
  });
  const told = new WeakSet<GuardedTask>();
  const open = async (principal: Principal, taskId: string, handle: string): Promise<Sender> => {
    const task = await guard.task(taskId, {
      shown: (tool, server) => definitions.facts(server, tool),
      ...(folder !== undefined && { folder }),
      ...(tools !== undefined && { tools }),
    });
    if (!told.has(task)) {
      for (const [i, text] of said.entries()) await task.userSaid(text, `said:${i}`);
      told.add(task);
    }
    return { principal, task, handle };
  };
  return {
    options,
    definitions,
    identify: async (token) =>
      options.identity === undefined
        ? UNIDENTIFIED
        : identify(token, options.nowMs() / 1000, options.identity),
    sender: (principal) => open(principal, id, id),
    senderOf: (principal, handle) => open(principal, `${id}/${ownerKey(principal)}/${handle}`, handle),
    connect: (serverId, ask) =>
      new Connection({
        serverId,
        definitions,
        tickets,
        nowMs: options.nowMs,
        context: ({ ip = options.ip }) => context(options, ip),
        ...(folder !== undefined && { folder }),
        prepare: (args) => prepare(folder, options.pathArguments, args),
        userWords: (meta, sender) => userWords(meta, sender, options),
        ask,
        log: options.log,
      }),
  };
}

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    throw new PolicyError("io_error", `the task's folder \`${folder}\` does not exist`, { cause });
  }
}

function ownerKey({ subject, agent }: Principal): string {
  return createHash("sha256")
    .update(JSON.stringify([subject.type, subject.id, agent.id]))
    .digest("base64url");
}

function context(options: GatewayOptions, ip: string | undefined): RegoObject {
  return fromPlain({
    time: options.contextTime ?? new Date(options.nowMs()).toISOString(),
    network: ip === undefined ? {} : { ip },
    channel: "mcp",
  }) as RegoObject;
}

function prepare(
  folder: string | undefined,
  names: ReadonlySet<string>,
  args: RegoObject,
): { args: RegoObject; properties: RegoObject } {
  if (folder === undefined) return { args, properties: fromPlain({}) as RegoObject };
  const { args: canonical, paths } = canonicalPaths(folder, names, args);
  return { args: canonical, properties: fromPlain({ paths }) as RegoObject };
}

/** `aud` of the user's words. Never that of identity tokens: the AI agent sees these words, and must not be able to act with them. */
export function wordsAudience(audience = "reeve"): string {
  return `${audience}#user`;
}

/** What the application that the user typed into signed: the AI agent carries it, and cannot write it. */
async function userWords(
  meta: RegoObject,
  { principal, handle }: Sender,
  options: GatewayOptions,
): Promise<{ text: string; id: string } | undefined> {
  const token = meta.get(USER_META);
  if (token === undefined) return undefined;
  const refuse = (why: string): undefined => {
    options.log(`the user's words in a request do not count: ${why}`);
    return undefined;
  };
  if (options.verifyWords === undefined) return refuse("the gateway was given no key to verify them with");
  if (typeof token !== "string") return refuse("they are no token");
  let claims: Readonly<Record<string, unknown>>;
  try {
    claims = await options.verifyWords(token);
  } catch {
    return refuse("the signature does not verify");
  }
  const { text, sub, aud, exp, jti, task: taskClaim } = claims;
  if (typeof text !== "string" || typeof jti !== "string") return refuse("`text` and `jti` must be strings");
  if (typeof exp !== "number" || options.nowMs() / 1000 > exp) return refuse("they have expired");
  if (aud !== wordsAudience(options.identity?.audience)) return refuse("they are meant for another audience");
  if (sub !== undefined && sub !== principal.subject.id) return refuse("they are somebody else's");
  if (taskClaim !== undefined && taskClaim !== handle) return refuse("they were said in another task");
  return { text, id: jti };
}
