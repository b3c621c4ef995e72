// Bundles in and out. A publisher's bytes are read and verified whole, signed (or passed on under a publisher's trusted signature) and
// made live in one step; downloads follow OPA's bundle protocol: ETag, 304, and long polls that a new revision ends at once.
// Nothing goes live that did not pass verify.ts; a refused bundle changes nothing.

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ArchiveLimits } from "../../bundle/archive.ts";
import type { Bundle } from "../../bundle/bundle.ts";
import { read } from "../../bundle/read.ts";
import { type SignOptions, sign } from "../../bundle/sign.ts";
import { type VerificationKey, verify } from "../../bundle/verify.ts";
import { write } from "../../bundle/write.ts";
import { PolicyError } from "../../error.ts";
import { httpError, readBody } from "../http.ts";
import type { BundleRecord, Repository } from "./repository.ts";

/** OPA long-polls only servers that answer with this one. */
const BUNDLE_TYPE = "application/vnd.openpolicyagent.bundles";

export interface Publishers {
  /** Keys whose signatures publishers may bring, by key id. */
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** Refuses bundles without such a signature. */
  readonly required?: boolean;
  /** Serves their bytes under their signature instead of signing anew. */
  readonly passOn?: boolean;
}

export interface BundleServerOptions {
  /** The server's own key. Without one, only bundles under a publisher's trusted signature are served. */
  readonly signing?: SignOptions & { readonly keyId: string };
  readonly publishers?: Publishers;
  readonly archive?: ArchiveLimits;
  /** Bytes of an upload. */
  readonly maxBundleBytes?: number;
  /** Longest time a long poll is held, whatever it asks for. */
  readonly maxWaitSeconds?: number;
  /** Long polls held at the same time. */
  readonly maxWaiting?: number;
  /** A further look at a bundle before it goes live (compiling its Rego, say); throws to refuse. */
  readonly inspect?: (bundle: Bundle) => Promise<void>;
}

export interface PublishReceipt {
  readonly name: string;
  readonly revision: string;
  readonly etag: string;
  readonly size: number;
  readonly signed_by: string;
  /** False when the very same bundle was live already. */
  readonly changed: boolean;
}

export interface BundleServer {
  /** The status that was sent. */
  download(name: string, request: IncomingMessage, response: ServerResponse): Promise<number>;
  publish(name: string, publisher: string, request: IncomingMessage): Promise<PublishReceipt>;
  /** Long polls held right now. */
  waiting(): number;
  /** Answers all of them, and holds none from now on. */
  stop(): void;
}

const DEFAULT_MAX_BUNDLE_BYTES = 256 * 1024 * 1024;
const DEFAULT_MAX_WAIT_SECONDS = 300;
const DEFAULT_MAX_WAITING = 10_000;

/** Limits on what a publisher may make the server unpack. */
const DEFAULT_ARCHIVE: ArchiveLimits = {
  maxFileBytes: 256 * 1024 * 1024,
  maxTotalBytes: 512 * 1024 * 1024,
  maxFiles: 20_000,
};

export function createBundleServer(repository: Repository, options: BundleServerOptions): BundleServer {
  if (options.signing === undefined && options.publishers === undefined)
    throw new PolicyError("config_error", "a distribution server needs a signing key or publishers' keys");
  const waiters = createWaiters(options.maxWaiting ?? DEFAULT_MAX_WAITING);
  return {
    waiting: waiters.count,
    stop: waiters.stop,
    async download(name, request, response) {
      const seen = request.headers["if-none-match"] ?? "";
      let live = find(repository, name);
      if (!matches(seen, live.etag)) return sendBundle(repository, live, request, response);
      const seconds = Math.min(waitSeconds(request), options.maxWaitSeconds ?? DEFAULT_MAX_WAIT_SECONDS);
      if (seconds > 0) {
        await waiters.wait(name, seconds * 1000, response);
        if (response.destroyed) return 499; // the client is gone; nobody reads this
        live = find(repository, name);
        if (!matches(seen, live.etag)) return sendBundle(repository, live, request, response);
      }
      response.statusCode = 304;
      response.setHeader("ETag", live.etag);
      response.end();
      return 304;
    },
    async publish(name, publisher, request) {
      checkName(name);
      const maxBytes = options.maxBundleBytes ?? DEFAULT_MAX_BUNDLE_BYTES;
      const source = await readBody(request, { maxBytes, maxUnzippedBytes: maxBytes });
      const receipt = await publish(repository, options, name, publisher, source);
      if (receipt.changed) waiters.wake(name);
      return receipt;
    },
  };
}

function find(repository: Repository, name: string): BundleRecord {
  const live = repository.live(name);
  if (live === undefined) throw new PolicyError("resource_not_found", `no bundle \`${name}\``);
  return live;
}

function sendBundle(
  repository: Repository,
  live: BundleRecord,
  request: IncomingMessage,
  response: ServerResponse,
): number {
  response.statusCode = 200;
  response.setHeader("Content-Type", BUNDLE_TYPE);
  response.setHeader("ETag", live.etag);
  response.setHeader("Content-Length", live.size);
  response.setHeader("Cache-Control", "private, no-cache");
  if (request.method === "HEAD") {
    response.end();
    return 200;
  }
  const bytes = repository.bytes(live.name, live.etag);
  if (bytes === undefined) throw new PolicyError("internal_error", "the live bundle is not in the store");
  response.end(bytes);
  return 200;
}

/** RFC 9110, 13.1.2: a list of entity tags, compared weakly. */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(",").some((tag) => {
    const given = tag.trim().replace(/^W\//, "");
    return given === etag || given === "*";
  });
}

/** OPA sends `Prefer: modes=snapshot,delta;wait=30`; RFC 7240 would put a comma there. Both are read. */
function waitSeconds(request: IncomingMessage): number {
  const header = request.headers.prefer;
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  const match = /(?:^|[;,\s])wait=(\d{1,9})(?=$|[;,\s])/i.exec(text);
  return match === null ? 0 : Number(match[1]);
}

/** Names are slash paths; every segment is plain, so that a name is the same in a URL, a file and a log. */
function checkName(name: string): void {
  const plain =
    name.length <= 200 && name.split("/").every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  if (!plain)
    throw new PolicyError(
      "invalid_parameter",
      `bundle name \`${name.slice(0, 200)}\` has characters other than A-Z a-z 0-9 . _ - /`,
    );
}

async function publish(
  repository: Repository,
  options: BundleServerOptions,
  name: string,
  publisher: string,
  source: Buffer,
): Promise<PublishReceipt> {
  const bundle = await read(source, { limits: { ...DEFAULT_ARCHIVE, ...options.archive } });
  const { bytes, signedBy } = await vouch(bundle, source, options);
  for (const module of bundle.wasm) {
    if (!WebAssembly.validate(module.bytes as Uint8Array<ArrayBuffer>))
      throw new PolicyError("bundle_error", `\`${module.path}\` is not a valid WebAssembly module`);
  }
  await options.inspect?.(bundle);
  const sourceSha256 = sha256(source);
  const live = repository.live(name);
  // Signatures are random: the same bundle again must not look new to every decision agent.
  if (live !== undefined && live.sourceSha256 === sourceSha256 && live.signedBy === signedBy)
    return receiptOf(live, false);
  const record: BundleRecord = {
    name,
    revision: bundle.manifest.revision,
    etag: `"${sha256(bytes)}"`,
    size: bytes.length,
    sourceSha256,
    signedBy,
    publishedBy: publisher,
    publishedAt: new Date().toISOString(),
  };
  repository.publish({ ...record, bytes });
  return receiptOf(record, true);
}

/** What is served of a bundle, once somebody vouches for it: the publisher, proven by their signature, or this server. */
async function vouch(
  bundle: Bundle,
  source: Buffer,
  { signing, publishers }: BundleServerOptions,
): Promise<{ readonly bytes: Buffer; readonly signedBy: string }> {
  // A delta cannot carry a signature in OPA's format, and what cannot be proven is not served.
  if (bundle.type === "delta") throw new PolicyError("bundle_error", "delta bundles cannot be published");
  const signed = bundle.signatures !== undefined;
  if (!signed && (publishers?.required === true || signing === undefined))
    throw new PolicyError("signature_error", "the bundle must be signed by a publisher's key");
  let keyId: string | undefined;
  if (signed && publishers !== undefined)
    keyId = (await verify(bundle, { keys: publishers.keys, required: true })).verification.keyId ?? "";
  else await verify({ ...bundle, signatures: undefined });
  if (keyId !== undefined && (publishers?.passOn === true || signing === undefined))
    return { bytes: source, signedBy: keyId };
  if (signing === undefined)
    throw new PolicyError("signature_error", "there is no key to sign the bundle with");
  const signedAtS = Math.floor(Date.now() / 1000);
  return {
    bytes: Buffer.from(write(await sign(bundle, { signedAtS, ...signing }))),
    signedBy: signing.keyId,
  };
}

function receiptOf(record: BundleRecord, changed: boolean): PublishReceipt {
  const { name, revision, etag, size, signedBy } = record;
  return { name, revision, etag, size, signed_by: signedBy, changed };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Waiters {
  /** Until the bundle changes, the time is over, the client is gone or the server stops. */
  wait(name: string, ms: number, response: ServerResponse): Promise<void>;
  wake(name: string): void;
  count(): number;
  stop(): void;
}

function createWaiters(maxWaiting: number): Waiters {
  const byName = new Map<string, Set<() => void>>();
  let waiting = 0;
  let stopped = false;
  const wake = (name: string): void => {
    for (const resume of [...(byName.get(name) ?? [])]) resume();
  };
  return {
    wake,
    count: () => waiting,
    stop() {
      stopped = true;
      for (const name of [...byName.keys()]) wake(name);
    },
    wait(name, ms, response) {
      if (stopped) return Promise.resolve();
      if (waiting >= maxWaiting)
        return Promise.reject(httpError(503, "internal_error", "too many decision agents are waiting"));
      return new Promise((resolve) => {
        const group = byName.get(name) ?? new Set();
        byName.set(name, group);
        const resume = (): void => {
          clearTimeout(timer);
          response.off("close", resume);
          if (!group.delete(resume)) return;
          waiting--;
          if (group.size === 0 && byName.get(name) === group) byName.delete(name);
          resolve();
        };
        const timer = setTimeout(resume, ms);
        response.once("close", resume);
        group.add(resume);
        waiting++;
      });
    },
  };
}
