// Ledger events in SQLite. In: a file's path. Out: a store whose `append` returns when the event is on disk: it survives a kill. Several
// processes may share the file: what one does under the lock, no other sees half done. Events are only ever added; nothing here changes or
// removes one.

import Database from "libsql";
import { PolicyError } from "../../error.ts";
import type { LedgerStore, StampedEvent } from "../ledger.ts";

export interface SqliteLedgerStore extends LedgerStore {
  /** Every task that has events, in the order of their first. */
  tasks(): readonly string[];
  close(): void;
}

/** How long another process may hold the lock before a decision is refused. */
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_RETRY_MS = 5;

/** Opens or creates the file. Throws `io_error`. */
export function openSqliteLedger(path: string): SqliteLedgerStore {
  let database: Database.Database;
  try {
    database = new Database(path);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec(
      "CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, event TEXT NOT NULL)",
    );
    database.exec("CREATE INDEX IF NOT EXISTS ledger_task ON ledger (task, seq)");
  } catch (cause) {
    throw new PolicyError("io_error", `cannot open the ledger \`${path}\`: ${(cause as Error).message}`, {
      cause,
    });
  }
  const insert = database.prepare("INSERT INTO ledger (task, event) VALUES (?, ?)");
  const select = database.prepare("SELECT event FROM ledger WHERE task = ? ORDER BY seq LIMIT -1 OFFSET ?");
  let last: Promise<unknown> = Promise.resolve();
  return {
    append: (task, event) => {
      insert.run(task, JSON.stringify(event));
    },
    read: (task, skip = 0) =>
      (select.all(task, skip) as { event: string }[]).map(({ event }) => JSON.parse(event) as StampedEvent),
    tasks: () =>
      (
        database.prepare("SELECT task FROM ledger GROUP BY task ORDER BY MIN(seq)").all() as {
          task: string;
        }[]
      ).map(({ task }) => task),
    locked(work) {
      // One connection has one transaction: tasks of this process wait for each other as well.
      const result = last.then(() => inTransaction(database, work));
      last = result.catch(() => {});
      return result;
    },
    close: () => {
      database.close();
    },
  };
}

async function inTransaction<T>(database: Database.Database, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  while (true) {
    try {
      database.exec("BEGIN IMMEDIATE");
      break;
    } catch (cause) {
      if (Date.now() > deadline || !isBusy(cause))
        throw new PolicyError("io_error", "the ledger is locked by another process", { cause });
      await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
    }
  }
  let result: T;
  try {
    result = await work();
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  try {
    database.exec("COMMIT");
  } catch (cause) {
    // A transaction that is left open would keep everybody out.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw new PolicyError("io_error", "the ledger could not be written", { cause });
  }
  return result;
}

function isBusy(cause: unknown): boolean {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return code === "SQLITE_BUSY" || /busy|locked/i.test(String(message));
}
