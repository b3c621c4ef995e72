// Files for the decision agent, Node only: bundles as OPA lays them out (`bundles/<name>/bundle.tar.gz`), replaced atomically, and a journal of
// decisions in segment files. One process per folder, held by a lock file. A line cut short by a crash is dropped, whole lines never.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PolicyError } from "../../error.ts";
import type { Batch, BundleStore, Journal, JournalOptions, Storage } from "../storage.ts";

/** A segment is uploaded and removed as a whole. */
const SEGMENT_BYTES = 1024 * 1024;
const NEWLINE = 10;

export function fileStorage(folder: string): Storage {
  return {
    bundles: bundleFiles(join(folder, "bundles")),
    openJournal: async (options) => new FileJournal(join(folder, "decision_logs"), options),
  };
}

/** A name is one folder, whatever characters it has. */
function folderName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+$/, (dots) => "%2E".repeat(dots.length));
}

function bundleFiles(folder: string): BundleStore {
  const fileOf = (name: string): string => join(folder, folderName(name), "bundle.tar.gz");
  return {
    async load(name) {
      try {
        return new Uint8Array(readFileSync(fileOf(name)));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new PolicyError(
          "io_error",
          `the persisted bundle cannot be read: ${(cause as Error).message}`,
          { cause },
        );
      }
    },
    async save(name, packed) {
      const file = fileOf(name);
      try {
        mkdirSync(join(file, ".."), { recursive: true });
        const draft = `${file}.${process.pid}.tmp`;
        const descriptor = openSync(draft, "w", 0o600);
        try {
          writeAll(descriptor, packed);
          fsyncSync(descriptor);
        } finally {
          closeSync(descriptor);
        }
        renameSync(draft, file);
        syncFolder(join(file, ".."));
      } catch (cause) {
        throw new PolicyError("io_error", `the bundle cannot be persisted: ${(cause as Error).message}`, {
          cause,
        });
      }
    },
  };
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

/** The rename itself must reach the disk; Windows has no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

interface Segment {
  readonly file: string;
  bytes: number;
  records: number;
}

class FileJournal implements Journal {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #lock: string;
  /** Oldest first; the last one is written to while a descriptor is open. */
  readonly #segments: Segment[] = [];
  #descriptor: number | undefined;
  #next = 1;

  constructor(folder: string, options: JournalOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#lock = join(folder, "lock");
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      takeLock(this.#lock);
      for (const name of readdirSync(folder)
        .filter((entry) => /^\d+\.log$/.test(entry))
        .sort()) {
        const file = join(folder, name);
        const records = readLines(file);
        this.#next = Math.max(this.#next, Number.parseInt(name, 10) + 1);
        if (records.length === 0) rmSync(file);
        else this.#segments.push({ file, bytes: statSync(file).size, records: records.length });
      }
    } catch (cause) {
      if (cause instanceof PolicyError) throw cause;
      throw new PolicyError("io_error", `the decision log cannot be opened: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get records(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.records, 0);
  }

  append(record: Uint8Array): void {
    const line = new Uint8Array(record.length + 1);
    line.set(record);
    line[record.length] = NEWLINE;
    try {
      const segment = this.#writable();
      // A write that fails half-way must not swallow the next record's beginning: it goes to a segment of its own.
      try {
        writeAll(this.#descriptor as number, line);
        if (this.#options.syncEach) fsyncSync(this.#descriptor as number);
      } catch (error) {
        this.#seal();
        throw error;
      }
      segment.bytes += line.length;
      segment.records++;
    } catch (cause) {
      throw new PolicyError("io_error", `the decision log cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  #writable(): Segment {
    const last = this.#segments.at(-1);
    if (this.#descriptor !== undefined && last !== undefined && last.bytes < SEGMENT_BYTES) return last;
    this.#seal();
    const file = join(this.#folder, `${String(this.#next++).padStart(12, "0")}.log`);
    this.#descriptor = openSync(file, "ax", 0o600);
    const segment = { file, bytes: 0, records: 0 };
    this.#segments.push(segment);
    return segment;
  }

  #seal(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    closeSync(descriptor);
  }

  async oldest(): Promise<Batch | undefined> {
    const [segment] = this.#segments;
    if (segment === undefined) return undefined;
    // Nothing is added to a segment that is being uploaded.
    if (this.#segments.length === 1) this.#seal();
    const records = readLines(segment.file);
    return {
      records,
      remove: async () => {
        rmSync(segment.file, { force: true });
        const index = this.#segments.indexOf(segment);
        if (index >= 0) this.#segments.splice(index, 1);
      },
    };
  }

  async close(): Promise<void> {
    if (this.#descriptor !== undefined) fsyncSync(this.#descriptor);
    this.#seal();
    rmSync(this.#lock, { force: true });
  }
}

/** Complete lines only. */
function readLines(file: string): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(file));
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    if (end > start) lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** Two processes on one journal would remove each other's records. A lock of a process that is gone is taken over. */
function takeLock(file: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, identityOf(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const written = readOwner(file);
    const owner = Number.parseInt(written, 10);
    // After a restart of the machine another process may have got the number.
    if (owner !== process.pid && isAlive(owner) && identityOf(owner) === written)
      throw new PolicyError("io_error", `the decision log is in use by process ${owner}`);
    rmSync(file, { force: true });
  }
  throw new PolicyError("io_error", "the decision log cannot be locked");
}

/** Number and, where Linux tells it, start time of a process (proc(5), `stat`, field 22). */
function identityOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
  } catch {
    return String(pid);
  }
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
