// Bundle to packed bytes, the same bytes for the same bundle: no times, no owners, OPA's order and leading slashes. For the building and
// serving side; uses the `tar` package and Node's zlib, so nothing the deciding half imports may import this file.

import { gzipSync } from "node:zlib";
import { Header } from "tar/header";
import { Pax } from "tar/pax";
import { encodeUtf8 } from "../value/utf8.ts";
import type { Bundle, BundleFile } from "./bundle.ts";
import { encodeSignatures } from "./sign.ts";

/** The tar.gz of a bundle. */
export function write(bundle: Bundle): Uint8Array {
  return pack(filesToWrite(bundle));
}

/** `.signatures.json` stands behind everything but plans and manifest, as OPA writes it. */
function filesToWrite({ files, signatures }: Bundle): readonly BundleFile[] {
  if (signatures === undefined) return files;
  const isLate = ({ path }: BundleFile): boolean => /(^|\/)(plan\.(json|pb)|[^/]*\.manifest)$/.test(path);
  const signed = { path: ".signatures.json", bytes: encodeUtf8(encodeSignatures(signatures)) };
  return [...files.filter((file) => !isLate(file)), signed, ...files.filter(isLate)];
}

/** Any files as tar.gz. Throws nothing: paths of any length and script are written. */
export function pack(files: readonly BundleFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, bytes } of files) parts.push(...entry(`/${path}`, bytes));
  parts.push(new Uint8Array(1024));
  const packed = gzipSync(Buffer.concat(parts), { level: 9 });
  // zlib writes the system it runs on and how hard it tried (RFC 1952, 2.3.1): neither is part of a bundle.
  packed[8] = 0;
  packed[9] = 255;
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}

function entry(path: string, bytes: Uint8Array): Uint8Array[] {
  const fields = {
    path,
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: bytes.length,
    mtime: new Date(0),
    type: "File" as const,
  };
  const header = new Header(fields);
  const block = Buffer.alloc(512);
  const needsPax = header.encode(block, 0);
  const padding = new Uint8Array((512 - (bytes.length % 512)) % 512);
  // A name that does not fit the ustar header goes into a pax record before it.
  const pax = needsPax ? [new Pax({ path, size: bytes.length }, false).encode()] : [];
  return [...pax, block, bytes, padding];
}
