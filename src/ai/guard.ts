// The one way in which calls of AI agents are decided. `createGuard` gives tasks; a task is told what the user said and is asked about each
// call: propose -> decide (with history and provenance) -> reserve. The host then calls the tool with `answer.arguments` if, and only if,
// `answer.forward` is true, and reports what came of it (`returned`, or `withdrawn` if the call was never made), which commits or releases
// what was reserved and labels the result. `run` does all of it in one call. Nothing here throws for a reason that lies in the call, the
// policy or the store: whatever goes wrong is an answer with `forward: false` and a reason.

import { Accounts } from "./accounts.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Decider } from "./decider.ts";
import type { LedgerStore } from "./ledger.ts";
import { OpenTasks } from "./open-tasks.ts";
import type { ProgramParsers } from "./programs/program.ts";
import { GuardedTask, type TaskScope } from "./task.ts";

export type { Decider } from "./decider.ts";
export { type CallAnswer, type CallRequest, GuardedTask, type TaskScope } from "./task.ts";

export interface GuardOptions {
  readonly decider: Decider;
  /** Decision path, as `ai/calls/decision`. */
  readonly path: string;
  /** The catalogue as it is now; asked before each decision, so that a new bundle counts at once. */
  readonly catalogue: () => Catalogue;
  /** Where events are kept: `MemoryLedgerStore`, or SQLite through `openSqliteLedger`. */
  readonly store: LedgerStore;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Obligation types that the host carries out. */
  readonly obligations?: ReadonlySet<string>;
  /** Parsers for arguments that are programs. */
  readonly programs?: ProgramParsers;
  /** A call that was let through and not reported for so long is released, and stands as `unreported`; ten minutes unless said. */
  readonly reportTimeoutMs?: number;
  /** Tasks that stay in memory while nobody uses them, 1,000 unless said; older ones are read again from the store when they go on. */
  readonly keptTasks?: number;
}

export interface Guard {
  /**
   * The task of this id, with what the store knows of it; asked twice, the same one. `scope` counts when it is opened. Give ids that
   * nobody else can ask for: who may name a task is for the host to settle. Throws what the store throws.
   */
  task(id: string, scope?: TaskScope): Promise<GuardedTask>;
  /** Lets go of a task in memory; the store keeps its events. */
  forget(id: string): void;
}

const KEPT_TASKS = 1000;

export function createGuard(options: GuardOptions): Guard {
  const { decider, path, catalogue, store, nowMs, obligations, reportTimeoutMs, programs } = options;
  const tasks = new OpenTasks(options.keptTasks ?? KEPT_TASKS);
  const accounts = new Accounts(store, nowMs);
  return {
    task: (id, scope = {}) =>
      tasks.get(id, () =>
        GuardedTask.open({
          ...scope,
          id,
          decider,
          path,
          catalogue,
          ledger: { store, nowMs },
          accounts,
          ...(obligations !== undefined && { obligations }),
          ...(programs !== undefined && { programs }),
          ...(reportTimeoutMs !== undefined && { reportTimeoutMs }),
        }),
      ),
    forget: (id) => tasks.forget(id),
  };
}
