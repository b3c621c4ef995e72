// What the distribution server keeps, in one SQLite file: bundles and which revision is live, decision logs (each decision once), status
// reports. Every write is one transaction and on disk (WAL, synchronous FULL) before it is acknowledged. It judges nothing it stores.

import { chmodSync } from "node:fs";
import Database from "libsql";
import { PolicyError } from "../../error.ts";

/** A published bundle, without its bytes. */
export interface BundleRecord {
  readonly name: string;
  readonly revision: string;
  /** With quotes, as in the header. */
  readonly etag: string;
  readonly size: number;
  /** SHA-256 of what the publisher sent. */
  readonly sourceSha256: string;
  readonly signedBy: string;
  readonly publishedBy: string;
  /** RFC 3339. */
  readonly publishedAt: string;
}

export interface StoredBundle extends BundleRecord {
  readonly bytes: Buffer;
}

/** One decision log record: what is searched by, and the record as JSON text. */
export interface LogRecord {
  readonly decisionId: string;
  /** RFC 3339, as the decision agent wrote it. */
  readonly timestamp: string;
  /** `labels.id` of the decision agent. */
  readonly instance: string;
  readonly path: string;
  readonly json: string;
}

export interface LogQuery {
  readonly decisionId?: string;
  readonly instance?: string;
  readonly path?: string;
  /** Inclusive. */
  readonly since?: string;
  /** Exclusive. */
  readonly until?: string;
  /** Only records that came in after this one. */
  readonly after?: number;
  readonly limit: number;
}

export interface StoredLog {
  /** Grows with each record that comes in. */
  readonly sequence: number;
  readonly json: string;
}

export interface StatusRecord {
  readonly instance: string;
  readonly partition: string;
  readonly receivedAt: string;
  readonly json: string;
}

export interface Repository {
  /** Makes the bundle the live one of its name. */
  publish(bundle: StoredBundle): void;
  live(name: string): BundleRecord | undefined;
  bytes(name: string, etag: string): Buffer | undefined;
  list(): BundleRecord[];
  /** How many of the records were new; the others were there already. */
  addLogs(partition: string, records: readonly LogRecord[]): number;
  queryLogs(query: LogQuery): StoredLog[];
  countLogs(query: Omit<LogQuery, "limit">): number;
  addStatus(status: StatusRecord): void;
  /** The newest report of each decision agent. */
  latestStatus(): StatusRecord[];
  /** Reports of one decision agent, newest first. */
  statusHistory(instance: string, limit: number): StatusRecord[];
  close(): void;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS bundles (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL, revision TEXT NOT NULL, etag TEXT NOT NULL, source_sha256 TEXT NOT NULL,
  signed_by TEXT NOT NULL, published_by TEXT NOT NULL, published_at TEXT NOT NULL, bytes BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bundles_by_name ON bundles (name, sequence);
CREATE TABLE IF NOT EXISTS live (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL REFERENCES bundles (sequence));
CREATE TABLE IF NOT EXISTS decision_logs (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  decision_id TEXT NOT NULL UNIQUE, timestamp TEXT NOT NULL, instance TEXT NOT NULL, path TEXT NOT NULL,
  partition TEXT NOT NULL, received_at TEXT NOT NULL, event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS decision_logs_by_time ON decision_logs (timestamp);
CREATE INDEX IF NOT EXISTS decision_logs_by_path ON decision_logs (path, sequence);
CREATE INDEX IF NOT EXISTS decision_logs_by_instance ON decision_logs (instance, sequence);
CREATE TABLE IF NOT EXISTS status (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  instance TEXT NOT NULL, partition TEXT NOT NULL, received_at TEXT NOT NULL, report TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS status_by_instance ON status (instance, sequence);
`;

const BUNDLE_COLUMNS = `b.name, b.revision, b.etag, b.source_sha256 AS sourceSha256, b.signed_by AS signedBy,
  b.published_by AS publishedBy, b.published_at AS publishedAt, length(b.bytes) AS size`;

/** Older revisions of a bundle, and older reports of a decision agent, are let go beyond these. */
const KEPT_REVISIONS = 10;
const KEPT_REPORTS = 100;

/** Opens the file, or a store in memory for `:memory:`. */
export function openRepository(file: string): Repository {
  let db: Database.Database;
  try {
    db = new Database(file);
    // What AI agents did and with which arguments is nobody else's business.
    if (file !== ":memory:") chmodSync(file, 0o600);
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA busy_timeout = 5000");
    db.exec(SCHEMA);
  } catch (cause) {
    throw new PolicyError("io_error", `cannot open the store \`${file}\`: ${(cause as Error).message}`, {
      cause,
    });
  }
  return { ...bundleStore(db), ...logStore(db), ...statusStore(db), close: () => void db.close() };
}

function bundleStore(db: Database.Database): Pick<Repository, "publish" | "live" | "bytes" | "list"> {
  const insert = db.prepare(
    `INSERT INTO bundles (name, revision, etag, source_sha256, signed_by, published_by, published_at, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const point = db.prepare(
    "INSERT INTO live (name, sequence) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence",
  );
  const prune = db.prepare(
    `DELETE FROM bundles WHERE name = ?1 AND sequence NOT IN
     (SELECT sequence FROM bundles WHERE name = ?1 ORDER BY sequence DESC LIMIT ${KEPT_REVISIONS})`,
  );
  const live = db.prepare(
    `SELECT ${BUNDLE_COLUMNS} FROM bundles b JOIN live USING (sequence) WHERE live.name = ?`,
  );
  const all = db.prepare(
    `SELECT ${BUNDLE_COLUMNS} FROM bundles b JOIN live USING (sequence) ORDER BY b.name`,
  );
  const bytes = db.prepare(
    "SELECT bytes FROM bundles WHERE name = ? AND etag = ? ORDER BY sequence DESC LIMIT 1",
  );
  return {
    publish: db.transaction((bundle: StoredBundle) => {
      const { name, revision, etag, sourceSha256, signedBy, publishedBy, publishedAt } = bundle;
      const { lastInsertRowid } = insert.run(
        name,
        revision,
        etag,
        sourceSha256,
        signedBy,
        publishedBy,
        publishedAt,
        bundle.bytes,
      );
      point.run(name, Number(lastInsertRowid));
      prune.run(name);
    }),
    live(name) {
      const row = live.get(name) as (BundleRecord & { _metadata?: unknown }) | undefined;
      if (row === undefined) return undefined;
      const { _metadata: _, ...record } = row;
      return record;
    },
    bytes(name, etag) {
      const row = bytes.get(name, etag) as { bytes: Buffer } | undefined;
      return row === undefined ? undefined : Buffer.from(row.bytes);
    },
    list: () => all.all() as BundleRecord[],
  };
}

/** The condition of a query and what it binds. */
function where(query: Omit<LogQuery, "limit">): {
  readonly sql: string;
  readonly values: (string | number)[];
} {
  const conditions: (readonly [string, string | number | undefined])[] = [
    ["decision_id = ?", query.decisionId],
    ["instance = ?", query.instance],
    ["path = ?", query.path],
    ["timestamp >= ?", query.since],
    ["timestamp < ?", query.until],
    ["sequence > ?", query.after],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  const sql = given.length === 0 ? "" : `WHERE ${given.map(([condition]) => condition).join(" AND ")}`;
  return { sql, values: given.map(([, value]) => value as string | number) };
}

function logStore(db: Database.Database): Pick<Repository, "addLogs" | "queryLogs" | "countLogs"> {
  // At least once on the wire, once in the store: a decision that is there already is left as it is.
  const insert = db.prepare(
    `INSERT INTO decision_logs (decision_id, timestamp, instance, path, partition, received_at, event)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (decision_id) DO NOTHING`,
  );
  return {
    addLogs: db.transaction((partition: string, records: readonly LogRecord[]) => {
      const receivedAt = new Date().toISOString();
      let added = 0;
      for (const { decisionId, timestamp, instance, path, json } of records)
        added += insert.run(decisionId, timestamp, instance, path, partition, receivedAt, json).changes;
      return added;
    }),
    queryLogs(query) {
      const { sql, values } = where(query);
      return db
        .prepare(`SELECT sequence, event AS json FROM decision_logs ${sql} ORDER BY sequence LIMIT ?`)
        .all(...values, query.limit) as StoredLog[];
    },
    countLogs(query) {
      const { sql, values } = where(query);
      return (db.prepare(`SELECT count(*) AS n FROM decision_logs ${sql}`).get(...values) as { n: number }).n;
    },
  };
}

function statusStore(
  db: Database.Database,
): Pick<Repository, "addStatus" | "latestStatus" | "statusHistory"> {
  const columns = "instance, partition, received_at AS receivedAt, report AS json";
  const insert = db.prepare(
    "INSERT INTO status (instance, partition, received_at, report) VALUES (?, ?, ?, ?)",
  );
  const prune = db.prepare(
    `DELETE FROM status WHERE instance = ?1 AND sequence NOT IN
     (SELECT sequence FROM status WHERE instance = ?1 ORDER BY sequence DESC LIMIT ${KEPT_REPORTS})`,
  );
  const latest = db.prepare(
    `SELECT ${columns} FROM status WHERE sequence IN (SELECT max(sequence) FROM status GROUP BY instance) ORDER BY instance`,
  );
  const history = db.prepare(
    `SELECT ${columns} FROM status WHERE instance = ? ORDER BY sequence DESC LIMIT ?`,
  );
  return {
    addStatus: db.transaction((status: StatusRecord) => {
      insert.run(status.instance, status.partition, status.receivedAt, status.json);
      prune.run(status.instance);
    }),
    latestStatus: () => latest.all() as StatusRecord[],
    statusHistory: (instance, limit) => history.all(instance, limit) as StatusRecord[],
  };
}
