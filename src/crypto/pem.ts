// PEM text to the DER forms that WebCrypto imports: SPKI for public keys, PKCS #8 for private ones. Takes the blocks OPA takes
// (PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE, PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY). Encrypted keys are refused, never guessed at.

import { PolicyError } from "../error.ts";

export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array;
}

/** A key in a form WebCrypto imports. */
export interface KeyMaterial {
  readonly kind: "public" | "private";
  readonly format: "spki" | "pkcs8";
  readonly der: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

/** All blocks of a text; text around them is ignored. */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = "", body = ""] of text.matchAll(BLOCK)) {
    // RFC 1421 headers (`Proc-Type: 4,ENCRYPTED`) end with an empty line.
    if (/^[\r\n]*[A-Za-z-]+:/.test(body))
      throw new PolicyError("signature_error", `the ${label} block is encrypted, which is not supported`);
    blocks.push({ label, der: fromBase64(body.replace(/\s+/g, ""), label) });
  }
  return blocks;
}

export function writePem(label: string, der: Uint8Array): string {
  let binary = "";
  for (const byte of der) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function fromBase64(text: string, label: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new PolicyError("signature_error", `the ${label} block is not base64`, { cause });
  }
}

const OID_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_EC = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const NULL = Uint8Array.of(0x05, 0x00);
const VERSION_0 = Uint8Array.of(0x02, 0x01, 0x00);

type Reader = (der: Uint8Array) => KeyMaterial;

/** One row per PEM label. */
const readers: Readonly<Record<string, Reader>> = {
  "PUBLIC KEY": (der) => ({ kind: "public", format: "spki", der }),
  // PKCS #1 (RFC 8017, A.1.1) inside SubjectPublicKeyInfo (RFC 5280, 4.1).
  "RSA PUBLIC KEY": (der) => ({
    kind: "public",
    format: "spki",
    der: sequence(sequence(element(0x06, Uint8Array.from(OID_RSA)), NULL), bitString(der)),
  }),
  CERTIFICATE: (der) => ({ kind: "public", format: "spki", der: certificateKey(der) }),
  "PRIVATE KEY": (der) => ({ kind: "private", format: "pkcs8", der }),
  "RSA PRIVATE KEY": (der) => ({
    kind: "private",
    format: "pkcs8",
    der: sequence(VERSION_0, sequence(element(0x06, Uint8Array.from(OID_RSA)), NULL), element(0x04, der)),
  }),
  "EC PRIVATE KEY": (der) => ({
    kind: "private",
    format: "pkcs8",
    der: sequence(
      VERSION_0,
      sequence(element(0x06, Uint8Array.from(OID_EC)), curveOf(der)),
      element(0x04, der),
    ),
  }),
};

/** The key in the first block that holds one (EC PARAMETERS before a key are passed over). */
export function pemToKeyMaterial(text: string): KeyMaterial {
  const blocks = readPem(text).filter((block) => block.label !== "EC PARAMETERS");
  const first = blocks[0];
  if (first === undefined)
    throw new PolicyError("signature_error", "failed to parse PEM block containing the key");
  const reader = Object.hasOwn(readers, first.label) ? readers[first.label] : undefined;
  if (reader === undefined) throw new PolicyError("signature_error", `unsupported key type: ${first.label}`);
  return reader(first.der);
}

// --- DER (X.690) --------------------------------------------------------------------------------------------------------------

interface Element {
  readonly tag: number;
  /** The element with its header. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
  /** Offset behind it. */
  readonly end: number;
}

function malformed(): PolicyError {
  return new PolicyError("signature_error", "the key is not well-formed DER");
}

function readElement(der: Uint8Array, at: number): Element {
  const tag = der[at];
  let length = der[at + 1];
  if (tag === undefined || length === undefined) throw malformed();
  let start = at + 2;
  if (length & 0x80) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4) throw malformed();
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (der[start++] ?? Number.NaN);
  }
  const end = start + length;
  if (!(end <= der.length)) throw malformed();
  return { tag, whole: der.subarray(at, end), content: der.subarray(start, end), end };
}

function children(der: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const child = readElement(der, at);
    found.push(child);
    at = child.end;
  }
  return found;
}

function element(tag: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  if (content.length < 0x80) length.push(content.length);
  else {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
    length.unshift(0x80 | length.length);
  }
  return Uint8Array.from([tag, ...length, ...content]);
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x30, Uint8Array.from(parts.flatMap((part) => [...part])));
}

function bitString(content: Uint8Array): Uint8Array {
  return element(0x03, Uint8Array.from([0, ...content]));
}

/** `parameters [0]` of ECPrivateKey (RFC 5915, 3): PKCS #8 wants the curve outside. */
function curveOf(der: Uint8Array): Uint8Array {
  const outer = readElement(der, 0);
  const parameters = children(outer.content).find((child) => child.tag === 0xa0);
  if (parameters === undefined)
    throw new PolicyError("signature_error", "the EC PRIVATE KEY block does not name its curve");
  return Uint8Array.from(readElement(parameters.content, 0).whole);
}

/** SubjectPublicKeyInfo is the seventh field of TBSCertificate, the sixth where the version is left out (RFC 5280, 4.1). */
function certificateKey(der: Uint8Array): Uint8Array {
  const [tbs] = children(readElement(der, 0).content);
  if (tbs === undefined || tbs.tag !== 0x30) throw malformed();
  const fields = children(tbs.content);
  const key = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  if (key === undefined || key.tag !== 0x30) throw malformed();
  return Uint8Array.from(key.whole);
}
