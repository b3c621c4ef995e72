// Packed bytes to files: gunzip and tar (POSIX ustar, pax, GNU long names) on nothing but what browsers and Node share. The reading half of
// the format; write.ts packs. Hostile archives are refused while they unpack: bombs, `..`, links, devices, doubles, broken checksums.

import { decodeUtf8 } from "../value/utf8.ts";
import type { BundleFile } from "./bundle.ts";
import { bundleError } from "./bundle.ts";

export interface ArchiveLimits {
  /** Largest single file, `size_limit_bytes` of OPA. Default 1 GiB. */
  readonly maxFileBytes?: number;
  /** All files together. Default 1 GiB. */
  readonly maxTotalBytes?: number;
  /** Default 100 000. */
  readonly maxFiles?: number;
  /** Unpacked to packed size, looked at once 32 MiB are unpacked: JSON packs 10 to 50 to 1, a bomb 1000 to 1. Default 250. */
  readonly maxRatio?: number;
}

/** OPA's DefaultSizeLimitBytes. */
export const DEFAULT_SIZE_LIMIT_BYTES = 1024 ** 3;
const RATIO_FREE_BYTES = 32 * 1024 ** 2;
const BLOCK = 512;
/** Names and pax records are small; a header that claims more is an attack. */
const MAX_META_BYTES = 1024 * 1024;

type Limits = Required<ArchiveLimits>;

/** The regular files of a tar.gz, in order. Throws `bundle_error`. */
export async function unpack(packed: Uint8Array, limits: ArchiveLimits = {}): Promise<BundleFile[]> {
  const checked: Limits = {
    maxFileBytes: limits.maxFileBytes ?? DEFAULT_SIZE_LIMIT_BYTES,
    maxTotalBytes: limits.maxTotalBytes ?? DEFAULT_SIZE_LIMIT_BYTES,
    maxFiles: limits.maxFiles ?? 100_000,
    maxRatio: limits.maxRatio ?? 250,
  };
  if (packed[0] !== 0x1f || packed[1] !== 0x8b)
    throw bundleError("bundle read failed: archive read failed: gzip: invalid header");
  const reader = new TarReader(checked);
  let unpacked = 0;
  for await (const chunk of gunzip(packed)) {
    unpacked += chunk.length;
    // Headers and padding come on top of the files.
    if (unpacked > checked.maxTotalBytes + (checked.maxFiles + 2) * 4 * BLOCK)
      throw tooLarge(checked.maxTotalBytes);
    if (unpacked > RATIO_FREE_BYTES && unpacked > packed.length * checked.maxRatio)
      throw bundleError(
        `bundle read failed: the archive unpacks to more than ${checked.maxRatio} times its size (${packed.length} bytes)`,
      );
    reader.push(chunk);
  }
  return reader.finish();
}

function tooLarge(limit: number): Error {
  return bundleError(`bundle read failed: the files of the bundle exceed ${limit} bytes together`);
}

async function* gunzip(packed: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  // Failures of the writing side show on the reading side as well; here they must only not go unhandled.
  const feeding = (async () => {
    for (let at = 0; at < packed.length; at += 65536) {
      await writer.ready;
      await writer.write(packed.slice(at, at + 65536));
    }
    await writer.close();
  })().catch(() => {});
  writer.closed.catch(() => {});
  const reader = stream.readable.getReader();
  reader.closed.catch(() => {});
  let done = false;
  try {
    for (;;) {
      const { value, done: end } = await reader.read();
      if (end) break;
      yield value as Uint8Array;
    }
    done = true;
    await feeding;
  } catch (cause) {
    done = true;
    const code = (cause as { code?: unknown }).code;
    const truncated = code === "Z_BUF_ERROR" || /unexpected end/.test(String((cause as Error).message));
    throw bundleError(`bundle read failed: ${truncated ? "unexpected EOF" : "gzip: invalid data"}`, cause);
  } finally {
    if (!done) {
      writer.abort().catch(() => {});
      reader.cancel().catch(() => {});
    }
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly linkName: string;
}

/** Takes bytes as they come and cuts them into files. */
class TarReader {
  readonly #limits: Limits;
  readonly #files: BundleFile[] = [];
  readonly #names = new Set<string>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #header: Header | undefined;
  #longName: string | undefined;
  #pax: ReadonlyMap<string, string> = new Map();
  #total = 0;
  #zeroBlocks = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    // Two blocks of zeros end the archive; what follows is padding (tar, 5.1).
    if (this.#zeroBlocks >= 2) return;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    while (this.#step());
  }

  finish(): BundleFile[] {
    if (this.#header !== undefined || (this.#zeroBlocks < 2 && this.#pendingBytes > 0))
      throw bundleError("bundle read failed: unexpected EOF");
    if (this.#longName !== undefined || this.#pax.size > 0)
      throw bundleError("bundle read failed: archive/tar: invalid tar header");
    return this.#files;
  }

  /** One header or one body, if enough bytes are there. */
  #step(): boolean {
    if (this.#zeroBlocks >= 2) {
      this.#pending = [];
      this.#pendingBytes = 0;
      return false;
    }
    const header = this.#header;
    const wanted = header === undefined ? BLOCK : Math.ceil(header.size / BLOCK) * BLOCK;
    if (this.#pendingBytes < wanted) return false;
    const bytes = this.#take(wanted);
    if (header === undefined) this.#readHeader(bytes);
    else {
      this.#header = undefined;
      this.#readBody(header, bytes.subarray(0, header.size));
    }
    return true;
  }

  #take(length: number): Uint8Array {
    const whole = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const first = this.#pending[0] as Uint8Array;
      const part = first.subarray(0, length - filled);
      whole.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#pending.shift();
      else this.#pending[0] = first.subarray(part.length);
    }
    this.#pendingBytes -= length;
    return whole;
  }

  #readHeader(block: Uint8Array): void {
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw bundleError("bundle read failed: archive/tar: invalid tar header");
    const header = parseHeader(block, this.#longName, this.#pax);
    const isMeta = META_TYPES.has(header.type);
    if (!isMeta) {
      this.#longName = undefined;
      this.#pax = new Map();
    }
    if (isMeta) {
      if (header.size > MAX_META_BYTES)
        throw bundleError("bundle read failed: archive/tar: header field too long");
    } else this.#admit(header);
    // Directories and the like have no body even where they claim a size.
    if (header.type === "5") return;
    this.#header = header;
  }

  /** What may be in a bundle, decided before a byte of the body is kept. */
  #admit(header: Header): void {
    const kind = REFUSED_TYPES.get(header.type);
    if (kind !== undefined)
      throw bundleError(
        `bundle read failed: \`${header.name}\` is a ${kind}, a bundle may hold only files and directories`,
      );
    if (header.type !== "0" && header.type !== "5")
      throw bundleError(`bundle read failed: \`${header.name}\` is of unknown type \`${header.type}\``);
    if (header.type === "5") {
      normalizePath(header.name);
      return;
    }
    const { maxFileBytes, maxTotalBytes, maxFiles } = this.#limits;
    if (header.size > maxFileBytes)
      throw bundleError(
        `bundle file ${header.name} size (${header.size} bytes) exceeds configured size_limit_bytes (${maxFileBytes} bytes)`,
      );
    this.#total += header.size;
    if (this.#total > maxTotalBytes) throw tooLarge(maxTotalBytes);
    if (this.#files.length >= maxFiles)
      throw bundleError(`bundle read failed: the bundle has more than ${maxFiles} files`);
  }

  #readBody(header: Header, bytes: Uint8Array): void {
    switch (header.type) {
      case "L":
        this.#longName = cString(bytes);
        return;
      case "K":
      case "g":
        return;
      case "x":
        this.#pax = parsePax(bytes);
        return;
    }
    const path = normalizePath(header.name);
    if (this.#names.has(path)) throw bundleError(`bundle read failed: the bundle holds \`${path}\` twice`);
    this.#names.add(path);
    this.#files.push({ path, bytes });
  }
}

/** pax headers of one entry and of all, GNU long name and long link. */
const META_TYPES: ReadonlySet<string> = new Set(["x", "g", "L", "K"]);
const REFUSED_TYPES: ReadonlyMap<string, string> = new Map([
  ["1", "hard link"],
  ["2", "symbolic link"],
  ["3", "character device"],
  ["4", "block device"],
  ["6", "pipe"],
]);

function parseHeader(
  block: Uint8Array,
  longName: string | undefined,
  pax: ReadonlyMap<string, string>,
): Header {
  const field = (start: number, length: number): Uint8Array => block.subarray(start, start + length);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (block[i] as number);
  if (octal(field(148, 8)) !== sum) throw bundleError("bundle read failed: archive/tar: invalid tar header");
  const isUstar = decodeUtf8(field(257, 6)) === "ustar\0";
  const prefix = isUstar ? cString(field(345, 155)) : "";
  const plain = cString(field(0, 100));
  const type = String.fromCharCode(block[156] as number);
  const ownName = prefix === "" ? plain : `${prefix}/${plain}`;
  const name = META_TYPES.has(type) ? ownName : (pax.get("path") ?? longName ?? ownName);
  const paxSize = META_TYPES.has(type) ? undefined : pax.get("size");
  const size =
    paxSize === undefined ? octal(field(124, 12)) : /^\d{1,15}$/.test(paxSize) ? Number(paxSize) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw bundleError("bundle read failed: archive/tar: invalid tar header");
  for (const key of pax.keys())
    if (key.startsWith("GNU.sparse.")) throw bundleError(`bundle read failed: \`${name}\` is a sparse file`);
  // Old archives write NUL for a file and end the names of directories with a slash; 7 is a contiguous file.
  const isFile = type === "\0" || type === "0" || type === "7";
  return {
    name,
    size,
    type: isFile ? (name.endsWith("/") ? "5" : "0") : type,
    linkName: cString(field(157, 100)),
  };
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or a big-endian number where the first bit is set (GNU). */
function octal(bytes: Uint8Array): number {
  const first = bytes[0] as number;
  if (first & 0x80) {
    if (first !== 0x80) return Number.NaN;
    let value = 0;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return value;
  }
  const text = cString(bytes).trim();
  return text === "" ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** `length key=value\n`, again and again (POSIX pax, "pax Extended Header"). */
function parsePax(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  const broken = () => bundleError("bundle read failed: archive/tar: invalid tar header");
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? "" : decodeUtf8(bytes.subarray(at, space));
    const length = /^[1-9]\d{0,7}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a)
      throw broken();
    const value = decodeUtf8(bytes.subarray(equals + 1, end - 1));
    if (value.includes("\0")) throw broken();
    records.set(decodeUtf8(bytes.subarray(space + 1, equals)), value);
    at = end;
  }
  return records;
}

/** A path below the bundle's root: OPA's leading slash and tar's `./` go, whatever could leave the root is refused. */
export function normalizePath(name: string): string {
  const refuse = (why: string): Error =>
    bundleError(`bundle read failed: the path \`${printable(name)}\` ${why}`);
  const path = name.replace(/^\.?\//, "").replace(/\/$/, "");
  if (name === "." || name === "./" || name === "/") return "";
  if (path === "") throw refuse("is empty");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refuse("has control characters");
  if (path.includes("\\")) throw refuse("has a backslash");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) throw refuse("is absolute");
  for (const segment of path.split("/")) {
    if (segment === "..") throw refuse("leaves the bundle");
    if (segment === "" || segment === ".") throw refuse("has empty segments");
  }
  return path;
}

function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return name.slice(0, 200).replace(/[\u0000-\u001f\u007f]/g, "?");
}
