// Ledger events in SQLite. In: a file's path. Out: a store whose `append` returns when the event is on disk: it survives a kill. Events are
// only ever added; nothing here changes or removes one.

import Database from "libsql";
import { PolicyError } from "../../error.ts";
import type { LedgerStore, StampedEvent } from "../ledger.ts";

export interface SqliteLedgerStore extends LedgerStore {
  close(): void;
}

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
  const select = database.prepare("SELECT event FROM ledger WHERE task = ? ORDER BY seq");
  return {
    append: (task, event) => {
      insert.run(task, JSON.stringify(event));
    },
    read: (task) =>
      (select.all(task) as { event: string }[]).map(({ event }) => JSON.parse(event) as StampedEvent),
    close: () => {
      database.close();
    },
  };
}
