// Digests and HMAC over bytes, synchronous and without any platform module, so that bundles verify alike in Node, browsers and edge
// workers (WebCrypto has neither MD5 nor SHA-224 nor the truncated SHA-512). Constants are computed from their definitions in FIPS
// 180-4 and RFC 1321 instead of being copied. Not for passwords; MD5 and SHA-1 only because OPA's signature format names them.

import { PolicyError } from "../error.ts";

/** Names as `.signatures.json` spells them. */
export type HashName =
  | "MD5"
  | "SHA-1"
  | "SHA-224"
  | "SHA-256"
  | "SHA-384"
  | "SHA-512"
  | "SHA-512-224"
  | "SHA-512-256";

interface HashFunction {
  readonly blockBytes: number;
  readonly digest: (message: Uint8Array) => Uint8Array;
}

function integerRoot(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << (BigInt(value.toString(2).length) / degree + 1n);
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n);
  return found;
}

const high32 = (word: bigint): number => Number(word >> 32n) | 0;
const low32 = (word: bigint): number => Number(word & 0xffffffffn) | 0;
/** 64-bit words as pairs: high at 2i, low at 2i+1. */
const toPairs = (words: readonly bigint[]): Int32Array =>
  Int32Array.from(words.flatMap((word) => [high32(word), low32(word)]));

/** Initial words and round constants of SHA-2: first bits of the fractional parts of square and cube roots of primes. */
interface Constants {
  readonly k256: Int32Array;
  readonly k512: Int32Array;
  readonly h224: Int32Array;
  readonly h256: Int32Array;
  readonly h384: Int32Array;
  readonly h512: Int32Array;
}

let known: Constants | undefined;

/** Computed when first asked for: importing this file costs nothing, and bundlers can leave it out. */
function constants(): Constants {
  if (known !== undefined) return known;
  const mask = (1n << 64n) - 1n;
  const found = primes(80);
  const cubes = found.map((p) => integerRoot(p << 192n, 3n) & mask);
  const squares = found.slice(0, 16).map((p) => integerRoot(p << 128n, 2n) & mask);
  known = {
    k256: Int32Array.from(cubes.slice(0, 64), high32),
    k512: toPairs(cubes),
    h224: Int32Array.from(squares.slice(8), low32),
    h256: Int32Array.from(squares.slice(0, 8), high32),
    h384: toPairs(squares.slice(8)),
    h512: toPairs(squares.slice(0, 8)),
  };
  return known;
}

/** Message, a one bit, zeros, and the length in bits at the end of the last block. */
function pad(message: Uint8Array, blockBytes: number, lengthBytes: number, littleEndian: boolean): DataView {
  const total = Math.ceil((message.length + 1 + lengthBytes) / blockBytes) * blockBytes;
  const padded = new Uint8Array(total);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(
    littleEndian ? total - lengthBytes : total - 8,
    BigInt(message.length) * 8n,
    littleEndian,
  );
  return view;
}

function wordsToBytes(words: Int32Array, length: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setInt32(i * 4, word, littleEndian);
  return bytes.slice(0, length);
}

const rotateLeft = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
const rotateRight = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
let md5Known: Int32Array | undefined;

function md5Constants(): Int32Array {
  md5Known ??= Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
  return md5Known;
}

function md5(message: Uint8Array): Uint8Array {
  const constant = md5Constants();
  const view = pad(message, 64, 8, true);
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476);
  for (let block = 0; block < view.byteLength; block += 64) {
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const f =
        round === 0
          ? (b & c) | (~b & d)
          : round === 1
            ? (d & b) | (~d & c)
            : round === 2
              ? b ^ c ^ d
              : c ^ (b | ~d);
      const g = round === 0 ? i : round === 1 ? 5 * i + 1 : round === 2 ? 3 * i + 5 : 7 * i;
      const sum = (a + f + constant[i]! + view.getInt32(block + (g & 15) * 4, true)) | 0;
      a = d;
      d = c;
      c = b;
      b = (b + rotateLeft(sum, MD5_SHIFTS[round * 4 + (i & 3)] as number)) | 0;
    }
    [a, b, c, d].forEach((word, i) => {
      state[i] = ((state[i] as number) + word) | 0;
    });
  }
  return wordsToBytes(state, 16, true);
}

function sha1(message: Uint8Array): Uint8Array {
  const view = pad(message, 64, 8, false);
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);
  const w = new Int32Array(80);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 80; i++) w[i] = rotateLeft(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const [f, k] =
        i < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : i < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : i < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotateLeft(a, 5) + f + e + k + w[i]!) | 0;
      e = d;
      d = c;
      c = rotateLeft(b, 30);
      b = a;
      a = next;
    }
    [a, b, c, d, e].forEach((word, i) => {
      state[i] = ((state[i] as number) + word) | 0;
    });
  }
  return wordsToBytes(state, 20);
}

function sha2Small(initial: Int32Array, length: number, message: Uint8Array): Uint8Array {
  const { k256 } = constants();
  const view = pad(message, 64, 8, false);
  const h = Int32Array.from(initial);
  const w = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [w[i - 15]!, w[i - 2]!];
      const s0 = rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3);
      const s1 = rotateRight(y, 17) ^ rotateRight(y, 19) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    compress256(h, w, k256);
  }
  return wordsToBytes(h, length);
}

function compress256(state: Int32Array, w: Int32Array, k: Int32Array): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
    const s0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}

/** SHA-512 and its kin: 64-bit words as pairs of 32 bits. */
function sha2Large(initial: Int32Array, length: number, message: Uint8Array): Uint8Array {
  const { k512 } = constants();
  const view = pad(message, 128, 16, false);
  const state = Int32Array.from(initial);
  const w = new Int32Array(160);
  for (let block = 0; block < view.byteLength; block += 128) {
    for (let i = 0; i < 32; i++) w[i] = view.getInt32(block + i * 4);
    schedule512(w);
    compress512(state, w, k512);
  }
  return wordsToBytes(state, length);
}

/** The carry out of the sum of low words. */
const carry = (sum: number): number => Math.floor(sum / 2 ** 32);

function schedule512(w: Int32Array): void {
  for (let i = 16; i < 80; i++) {
    const [xh, xl] = [w[2 * i - 30]!, w[2 * i - 29]!];
    const [yh, yl] = [w[2 * i - 4]!, w[2 * i - 3]!];
    const s0h = ((xh >>> 1) | (xl << 31)) ^ ((xh >>> 8) | (xl << 24)) ^ (xh >>> 7);
    const s0l = ((xl >>> 1) | (xh << 31)) ^ ((xl >>> 8) | (xh << 24)) ^ ((xl >>> 7) | (xh << 25));
    const s1h = ((yh >>> 19) | (yl << 13)) ^ ((yl >>> 29) | (yh << 3)) ^ (yh >>> 6);
    const s1l = ((yl >>> 19) | (yh << 13)) ^ ((yh >>> 29) | (yl << 3)) ^ ((yl >>> 6) | (yh << 26));
    const low = (w[2 * i - 31]! >>> 0) + (s0l >>> 0) + (w[2 * i - 13]! >>> 0) + (s1l >>> 0);
    w[2 * i + 1] = low;
    w[2 * i] = w[2 * i - 32]! + s0h + w[2 * i - 14]! + s1h + carry(low);
  }
}

function compress512(state: Int32Array, w: Int32Array, k: Int32Array): void {
  let [ah, al, bh, bl, ch, cl, dh, dl] = Array.from(state.subarray(0, 8)) as Words;
  let [eh, el, fh, fl, gh, gl, hh, hl] = Array.from(state.subarray(8, 16)) as Words;
  for (let i = 0; i < 80; i++) {
    const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
    const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
    const chl = (el & fl) ^ (~el & gl);
    const chh = (eh & fh) ^ (~eh & gh);
    const t1l = (hl >>> 0) + (s1l >>> 0) + (chl >>> 0) + (k[2 * i + 1]! >>> 0) + (w[2 * i + 1]! >>> 0);
    const t1h = (hh + s1h + chh + k[2 * i]! + w[2 * i]! + carry(t1l)) | 0;
    const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
    const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
    const majl = (al & bl) ^ (al & cl) ^ (bl & cl);
    const majh = (ah & bh) ^ (ah & ch) ^ (bh & ch);
    const t2l = (s0l >>> 0) + (majl >>> 0);
    const t2h = (s0h + majh + carry(t2l)) | 0;
    [hh, hl, gh, gl, fh, fl] = [gh, gl, fh, fl, eh, el];
    const eLow = (dl >>> 0) + (t1l % 2 ** 32);
    eh = (dh + t1h + carry(eLow)) | 0;
    el = eLow | 0;
    [dh, dl, ch, cl, bh, bl] = [ch, cl, bh, bl, ah, al];
    const aLow = (t1l % 2 ** 32) + (t2l % 2 ** 32);
    ah = (t1h + t2h + carry(aLow)) | 0;
    al = aLow | 0;
  }
  addPairs(state, [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl]);
}

type Words = [number, number, number, number, number, number, number, number];

function addPairs(state: Int32Array, words: readonly number[]): void {
  for (let i = 0; i < 16; i += 2) {
    const low = (state[i + 1]! >>> 0) + (words[i + 1]! >>> 0);
    state[i + 1] = low;
    state[i] = state[i]! + words[i]! + carry(low);
  }
}

/** Initial words of SHA-512/t (FIPS 180-4, 5.3.6); a block's work, done each time. */
function truncatedStart(bits: number): Int32Array {
  const mixed = constants().h512.map((word) => word ^ 0xa5a5a5a5);
  const view = new DataView(sha2Large(mixed, 64, new TextEncoder().encode(`SHA-512/${bits}`)).buffer);
  return mixed.map((_, i) => view.getInt32(i * 4));
}

const functions: Readonly<Record<HashName, HashFunction>> = {
  MD5: { blockBytes: 64, digest: md5 },
  "SHA-1": { blockBytes: 64, digest: sha1 },
  "SHA-224": { blockBytes: 64, digest: (message) => sha2Small(constants().h224, 28, message) },
  "SHA-256": { blockBytes: 64, digest: (message) => sha2Small(constants().h256, 32, message) },
  "SHA-384": { blockBytes: 128, digest: (message) => sha2Large(constants().h384, 48, message) },
  "SHA-512": { blockBytes: 128, digest: (message) => sha2Large(constants().h512, 64, message) },
  "SHA-512-224": { blockBytes: 128, digest: (message) => sha2Large(truncatedStart(224), 28, message) },
  "SHA-512-256": { blockBytes: 128, digest: (message) => sha2Large(truncatedStart(256), 32, message) },
};

export function isHashName(name: string): name is HashName {
  return Object.hasOwn(functions, name);
}

/** The digest of `message`; an unknown name is refused in OPA's words. */
export function digest(name: string, message: Uint8Array): Uint8Array {
  if (!isHashName(name)) throw new PolicyError("signature_error", `unsupported hashing algorithm: ${name}`);
  return functions[name].digest(message);
}

/** What WebCrypto calls the digests that it has. */
const PLATFORM: ReadonlySet<string> = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512"]);

/** The same digest, by the platform where it has it: some ten times faster on large files. */
export async function digestFast(name: string, message: Uint8Array): Promise<Uint8Array> {
  if (!PLATFORM.has(name) || message.length < 4096) return digest(name, message);
  return new Uint8Array(await crypto.subtle.digest(name, message as Uint8Array<ArrayBuffer>));
}

/** HMAC (RFC 2104). */
export function hmac(name: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  const { blockBytes, digest: run } = functions[name];
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? run(key) : key);
  const keyed = (pad: number, text: Uint8Array): Uint8Array => {
    const joined = new Uint8Array(blockBytes + text.length);
    joined.set(block.map((byte) => byte ^ pad));
    joined.set(text, blockBytes);
    return run(joined);
  };
  return keyed(0x5c, keyed(0x36, message));
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Compares in a time that does not depend on where the bytes differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
