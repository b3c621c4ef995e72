// Bundle to packed bytes, the same bytes for the same bundle: no times, no owners, OPA's order and leading slashes. For the building and
// serving side; uses the `tar` package and Node's zlib, so nothing the deciding half imports may import this file.

import { Header as TarHeader } from "tar/header";
import { Pax } from "tar/pax";
import { encodeUtf8 } from "../value/utf8.ts";
import type { Bundle, BundleFile } from "./bundle.ts";
import { GzipCache } from "./gzip.ts";
import { encodeSignatures } from "./sign.ts";

/** What the last bundle leaves for the next one: headers of its files, and the compressed parts of it that may come again. */
export class PackCache {
  readonly gzip = new GzipCache();
  headers = new Map<string, Header>();
}

/** The tar.gz of a bundle. With what the last one left the bytes are the same. */
export function write(bundle: Bundle, cache?: PackCache): Uint8Array {
  return pack(filesToWrite(bundle), cache);
}

/** `.signatures.json` stands behind everything but plans and manifest, as OPA writes it. */
function filesToWrite({ files, signatures }: Bundle): readonly BundleFile[] {
  if (signatures === undefined) return files;
  const isLate = ({ path }: BundleFile): boolean => /(^|\/)(plan\.(json|pb)|[^/]*\.manifest)$/.test(path);
  const signed = { path: ".signatures.json", bytes: encodeUtf8(encodeSignatures(signatures)) };
  return [...files.filter((file) => !isLate(file)), signed, ...files.filter(isLate)];
}

/** Any files as tar.gz. Throws nothing: paths of any length and script are written. */
export function pack(files: readonly BundleFile[], cache = new PackCache()): Uint8Array {
  const parts: Uint8Array[] = [];
  const headers = new Map<string, Header>();
  for (const { path, bytes } of files) {
    const known = cache.headers.get(path);
    const header = known?.size === bytes.length ? known : headerOf(`/${path}`, bytes);
    headers.set(path, header);
    parts.push(...header.blocks, bytes, PADDING.subarray(0, (512 - (bytes.length % 512)) % 512));
  }
  cache.headers = headers;
  parts.push(new Uint8Array(1024));
  return cache.gzip.gzip(Buffer.concat(parts));
}

/** What stands before a file. */
interface Header {
  readonly size: number;
  readonly blocks: readonly Uint8Array[];
}

const PADDING = new Uint8Array(512);

function headerOf(path: string, bytes: Uint8Array): Header {
  const fields = {
    path,
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: bytes.length,
    mtime: new Date(0),
    type: "File" as const,
  };
  const header = new TarHeader(fields);
  const block = Buffer.alloc(512);
  const needsPax = header.encode(block, 0);
  // A name that does not fit the ustar header goes into a pax record before it.
  const pax = needsPax ? [new Pax({ path, size: bytes.length }, false).encode()] : [];
  return { size: bytes.length, blocks: [...pax, block] };
}
