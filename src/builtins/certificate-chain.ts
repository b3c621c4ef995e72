// Verification of a certificate chain (RFC 5280, 6, as far as Go's x509 goes without name constraints): signatures, validity, CA flags,
// path lengths, purposes, host name. Certificates in, root first; the chain out, leaf first, or undefined. When in doubt: undefined.

import type { Json } from "./certificate.ts";
import { nodeCrypto } from "./platform.ts";

export interface ChainOptions {
  readonly dnsName?: string;
  readonly timeNs: bigint;
  /** Go's numbers for extended key usages; server authentication when empty. */
  readonly purposes: readonly number[];
}

export interface Certificate {
  readonly der: Uint8Array;
  readonly fields: Json;
}

const ANY_PURPOSE = 0;
const SERVER_AUTH = 1;
const VERSION_3 = 3;
/** MD2, MD5 and SHA-1 prove nothing any more. */
const BROKEN_ALGORITHMS = new Set([0, 1, 2, 3, 7, 9]);

export function verifyChain(
  certificates: readonly Certificate[],
  options: ChainOptions,
): Certificate[] | undefined {
  const [root, ...others] = certificates;
  const leaf = others.pop();
  if (root === undefined || leaf === undefined) return undefined;
  if (options.dnsName !== undefined && options.dnsName !== "" && !matchesHost(leaf, options.dnsName))
    return undefined;
  return extend([leaf], others, root, options);
}

/** Depth first: an intermediate that leads nowhere is not the end. */
function extend(
  chain: Certificate[],
  intermediates: readonly Certificate[],
  root: Certificate,
  options: ChainOptions,
): Certificate[] | undefined {
  const last = chain.at(-1) as Certificate;
  if (!isUsable(last, options)) return undefined;
  if (isIssuer(root, last, chain.length - 1) && isUsable(root, options)) {
    const whole = [...chain, root];
    if (servesPurpose(whole, options.purposes)) return whole;
  }
  for (const next of intermediates) {
    if (chain.includes(next) || !isIssuer(next, last, chain.length - 1)) continue;
    const whole = extend([...chain, next], intermediates, root, options);
    if (whole !== undefined) return whole;
  }
  return undefined;
}

function isUsable({ fields }: Certificate, { timeNs }: ChainOptions): boolean {
  const ms = Number(timeNs / 1_000_000n);
  const isValidNow =
    Date.parse(fields.NotBefore as string) <= ms && ms <= Date.parse(fields.NotAfter as string);
  return isValidNow && fields.UnhandledCriticalExtensions === null && !hasNameConstraints(fields);
}

/** They are not read here, so a chain under them cannot be called good. */
function hasNameConstraints(fields: Json): boolean {
  const extensions = (fields.Extensions ?? []) as readonly { Id: readonly number[] }[];
  return extensions.some(({ Id }) => Id.join(".") === "2.5.29.30");
}

function isIssuer(issuer: Certificate, subject: Certificate, intermediatesBelow: number): boolean {
  if (issuer.fields.RawSubject !== subject.fields.RawIssuer) return false;
  if (issuer.fields.BasicConstraintsValid !== true || issuer.fields.IsCA !== true) return false;
  if (issuer.fields.Version !== VERSION_3) return false;
  const usage = issuer.fields.KeyUsage as number;
  const certSign = 1 << 5;
  if (usage !== 0 && (usage & certSign) === 0) return false;
  const limit = issuer.fields.MaxPathLen as number;
  if (limit >= 0 && intermediatesBelow > limit) return false;
  if (BROKEN_ALGORITHMS.has(subject.fields.SignatureAlgorithm as number)) return false;
  const { X509Certificate } = nodeCrypto();
  return new X509Certificate(subject.der).verify(new X509Certificate(issuer.der).publicKey);
}

/** Some wanted purpose that no certificate of the chain rules out. */
function servesPurpose(chain: readonly Certificate[], wanted: readonly number[]): boolean {
  const purposes = wanted.length === 0 ? [SERVER_AUTH] : wanted;
  if (purposes.includes(ANY_PURPOSE)) return true;
  return purposes.some((purpose) =>
    chain.every(({ fields }) => {
      const allowed = fields.ExtKeyUsage as readonly number[] | null;
      if (allowed === null && fields.UnknownExtKeyUsage === null) return true;
      return allowed !== null && (allowed.includes(purpose) || allowed.includes(ANY_PURPOSE));
    }),
  );
}

function matchesHost({ der, fields }: Certificate, host: string): boolean {
  if (fields.DNSNames === null && fields.IPAddresses === null) return false;
  const certificate = new (nodeCrypto().X509Certificate)(der);
  const literal = host.replace(/^\[(.*)\]$/, "$1");
  return (
    certificate.checkIP(literal) !== undefined ||
    certificate.checkHost(host, { subject: "never" }) !== undefined
  );
}
