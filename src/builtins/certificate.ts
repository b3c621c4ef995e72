// X.509 certificates (RFC 5280) and signing requests (RFC 2986) as the JSON that OPA shows: Go's structures, field by field. DER in,
// plain data out. Reads, never judges; name constraints and policy mappings are not taken apart.

import type { Element } from "./asn1.ts";
import * as asn1 from "./asn1.ts";
import { encodeBase64 } from "./base64.ts";
import { ipText } from "./ip.ts";
import { failure } from "./operand.ts";
import { parseUrl } from "./url.ts";

export type Json = { [name: string]: unknown };

/** By object identifier of the algorithm, Go's number for it. */
const SIGNATURE_ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ["1.2.840.113549.1.1.2", 1],
  ["1.2.840.113549.1.1.4", 2],
  ["1.2.840.113549.1.1.5", 3],
  ["1.2.840.113549.1.1.11", 4],
  ["1.2.840.113549.1.1.12", 5],
  ["1.2.840.113549.1.1.13", 6],
  ["1.2.840.10040.4.3", 7],
  ["2.16.840.1.101.3.4.3.2", 8],
  ["1.2.840.10045.4.1", 9],
  ["1.2.840.10045.4.3.2", 10],
  ["1.2.840.10045.4.3.3", 11],
  ["1.2.840.10045.4.3.4", 12],
  ["1.3.101.112", 16],
]);
const RSA_PSS = "1.2.840.113549.1.1.10";
const PSS_BY_HASH: ReadonlyMap<string, number> = new Map([
  ["2.16.840.1.101.3.4.2.1", 13],
  ["2.16.840.1.101.3.4.2.2", 14],
  ["2.16.840.1.101.3.4.2.3", 15],
]);
const KEY_ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ["1.2.840.113549.1.1.1", 1],
  ["1.2.840.10040.4.1", 2],
  ["1.2.840.10045.2.1", 3],
  ["1.3.101.112", 4],
]);
const KEY_PURPOSES: ReadonlyMap<string, number> = new Map([
  ["2.5.29.37.0", 0],
  ["1.3.6.1.5.5.7.3.1", 1],
  ["1.3.6.1.5.5.7.3.2", 2],
  ["1.3.6.1.5.5.7.3.3", 3],
  ["1.3.6.1.5.5.7.3.4", 4],
  ["1.3.6.1.5.5.7.3.5", 5],
  ["1.3.6.1.5.5.7.3.6", 6],
  ["1.3.6.1.5.5.7.3.7", 7],
  ["1.3.6.1.5.5.7.3.8", 8],
  ["1.3.6.1.5.5.7.3.9", 9],
  ["1.3.6.1.4.1.311.10.3.3", 10],
  ["2.16.840.1.113730.4.1", 11],
  ["1.3.6.1.4.1.311.2.1.22", 12],
  ["1.3.6.1.4.1.311.61.1.1", 13],
]);

function base64(bytes: Uint8Array): string {
  return encodeBase64(bytes);
}

/** Go shows an empty list that was never filled as null. */
function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

/** Certificates one after the other in DER. */
export function splitCertificates(der: Uint8Array): Uint8Array[] {
  try {
    const list = asn1.readAll(der);
    if (list.some((element) => element.tag !== asn1.SEQUENCE)) throw failure("no sequence");
    return list.map((element) => element.raw);
  } catch {
    throw failure("x509: malformed certificate");
  }
}

export function parseCertificate(der: Uint8Array): Json {
  try {
    return readCertificate(asn1.readElement(der));
  } catch (error) {
    throw failure("x509: malformed certificate", error);
  }
}

function readCertificate(certificate: Element): Json {
  const [tbs, algorithm, signature] = asn1.children(certificate);
  const fields = asn1.children(tbs);
  const isVersioned = fields[0]?.tag === asn1.context(0);
  const version = isVersioned
    ? Number(asn1.toInteger(asn1.readElement((fields[0] as Element).content))) + 1
    : 1;
  const [serial, , issuer, validity, subject, keyInfo, ...rest] = isVersioned ? fields.slice(1) : fields;
  const [notBefore, notAfter] = asn1.children(validity);
  const wrapped = rest.find((element) => element.tag === asn1.context(3));
  const extensions =
    wrapped === undefined ? [] : asn1.children(asn1.readElement(wrapped.content)).map(readExtension);
  return {
    Raw: base64(certificate.raw),
    RawTBSCertificate: base64((tbs as Element).raw),
    RawSubjectPublicKeyInfo: base64((keyInfo as Element).raw),
    RawSubject: base64((subject as Element).raw),
    RawIssuer: base64((issuer as Element).raw),
    Signature: base64(asn1.toBits(signature)),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    ...publicKey(keyInfo),
    Version: version,
    SerialNumber: asn1.toInteger(serial),
    Issuer: readName(issuer),
    Subject: readName(subject),
    NotBefore: asn1.toTime(notBefore),
    NotAfter: asn1.toTime(notAfter),
    Extensions: orNull(extensions.map(showExtension)),
    ExtraExtensions: null,
    ...fromExtensions(extensions),
  };
}

function signatureAlgorithm(algorithm: Element | undefined): number {
  const [id, parameters] = asn1.children(algorithm);
  const name = asn1.toObjectId(id).join(".");
  if (name !== RSA_PSS) return SIGNATURE_ALGORITHMS.get(name) ?? 0;
  const hash = parameters === undefined ? undefined : asn1.children(parameters)[0];
  if (hash?.tag !== asn1.context(0)) return 0;
  return PSS_BY_HASH.get(asn1.toObjectId(asn1.children(asn1.readElement(hash.content))[0]).join(".")) ?? 0;
}

export function publicKey(keyInfo: Element | undefined): Json {
  const [algorithm, bits] = asn1.children(keyInfo);
  const kind = KEY_ALGORITHMS.get(asn1.toObjectId(asn1.children(algorithm)[0]).join(".")) ?? 0;
  const key = asn1.toBits(bits);
  if (kind === 1) {
    const [n, e] = asn1.children(asn1.readElement(key));
    return { PublicKeyAlgorithm: kind, PublicKey: { N: asn1.toInteger(n), E: asn1.toInteger(e) } };
  }
  if (kind === 3) {
    const size = (key.length - 1) / 2;
    const number = (bytes: Uint8Array): bigint =>
      bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    const point = { Curve: {}, X: number(key.subarray(1, 1 + size)), Y: number(key.subarray(1 + size)) };
    return { PublicKeyAlgorithm: kind, PublicKey: point };
  }
  return { PublicKeyAlgorithm: kind, PublicKey: kind === 4 ? base64(key) : null };
}

const NAME_LISTS: ReadonlyMap<string, string> = new Map([
  ["2.5.4.6", "Country"],
  ["2.5.4.10", "Organization"],
  ["2.5.4.11", "OrganizationalUnit"],
  ["2.5.4.7", "Locality"],
  ["2.5.4.8", "Province"],
  ["2.5.4.9", "StreetAddress"],
  ["2.5.4.17", "PostalCode"],
]);

function readName(name: Element | undefined): Json {
  const shown: Json = { SerialNumber: "", CommonName: "", Names: null, ExtraNames: null };
  const names: Json[] = [];
  for (const list of NAME_LISTS.values()) shown[list] = null;
  for (const set of asn1.children(name)) {
    for (const attribute of asn1.children(set, asn1.SET)) {
      const [type, value] = asn1.children(attribute);
      const Type = asn1.toObjectId(type);
      const Value = text(value);
      names.push({ Type, Value });
      const id = Type.join(".");
      const list = NAME_LISTS.get(id);
      if (list !== undefined) shown[list] = [...((shown[list] as string[] | null) ?? []), Value];
      else if (id === "2.5.4.3") shown.CommonName = Value;
      else if (id === "2.5.4.5") shown.SerialNumber = Value;
    }
  }
  return { ...shown, Names: orNull(names) };
}

const BMP_STRING = 0x1e;

function text(element: Element | undefined): string {
  if (element === undefined) throw failure("no text");
  if (element.tag === BMP_STRING) return new TextDecoder("utf-16be").decode(element.content);
  return new TextDecoder().decode(element.content);
}

interface Extension {
  readonly id: readonly number[];
  readonly name: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function readExtension(element: Element): Extension {
  const parts = asn1.children(element);
  const id = asn1.toObjectId(parts[0]);
  const critical = parts.length === 3 && parts[1]?.content[0] !== 0;
  const value = parts.at(-1);
  if (value === undefined || value.tag !== asn1.OCTET_STRING) throw failure("no value");
  return { id, name: id.join("."), critical, value: value.content };
}

function showExtension({ id, critical, value }: Extension): Json {
  return { Id: id, Critical: critical, Value: base64(value) };
}

const HANDLED = new Set(
  ["15", "17", "19", "30", "31", "32", "33", "35", "36", "37", "14", "54"].map((last) => `2.5.29.${last}`),
);

function fromExtensions(extensions: readonly Extension[]): Json {
  const find = (name: string): Element | undefined => {
    const found = extensions.find((extension) => extension.name === name);
    return found === undefined ? undefined : asn1.readElement(found.value);
  };
  const unhandled = extensions
    .filter(({ critical, name }) => critical && !HANDLED.has(name))
    .map(({ id }) => id);
  const subjectKey = find("2.5.29.14");
  const authority = find("2.5.29.35");
  const authorityKey =
    authority === undefined ? undefined : asn1.children(authority).find(({ tag }) => tag === asn1.context(0));
  const policies = listOf(find("2.5.29.32")).map((policy) => asn1.toObjectId(asn1.children(policy)[0]));
  const access = listOf(find("1.3.6.1.5.5.7.1.1")).map((description) => asn1.children(description));
  const accessTo = (id: string): string[] =>
    access
      .filter(([method]) => asn1.toObjectId(method).join(".") === id)
      .flatMap(([, place]) => (place?.tag === asn1.context(6) ? [text(place)] : []));
  const zeros = {
    PermittedDNSDomains: null,
    ExcludedDNSDomains: null,
    PermittedIPRanges: null,
    ExcludedIPRanges: null,
  };
  const moreZeros = {
    PermittedEmailAddresses: null,
    ExcludedEmailAddresses: null,
    PermittedURIDomains: null,
    ExcludedURIDomains: null,
  };
  return {
    UnhandledCriticalExtensions: orNull(unhandled),
    KeyUsage: keyUsage(find("2.5.29.15")),
    ...purposes(find("2.5.29.37")),
    ...basicConstraints(find("2.5.29.19")),
    SubjectKeyId: subjectKey === undefined ? null : base64(subjectKey.content),
    AuthorityKeyId: authorityKey === undefined ? null : base64(authorityKey.content),
    OCSPServer: orNull(accessTo("1.3.6.1.5.5.7.48.1")),
    IssuingCertificateURL: orNull(accessTo("1.3.6.1.5.5.7.48.2")),
    ...alternativeNames(find("2.5.29.17")),
    PermittedDNSDomainsCritical: false,
    ...zeros,
    ...moreZeros,
    CRLDistributionPoints: orNull(distributionPoints(find("2.5.29.31"))),
    PolicyIdentifiers: orNull(policies),
    Policies: orNull(policies.map((arcs) => arcs.join("."))),
    InhibitAnyPolicy: 0,
    InhibitAnyPolicyZero: false,
    InhibitPolicyMapping: 0,
    InhibitPolicyMappingZero: false,
    RequireExplicitPolicy: 0,
    RequireExplicitPolicyZero: false,
    PolicyMappings: null,
  };
}

function listOf(element: Element | undefined): Element[] {
  return element === undefined ? [] : asn1.children(element);
}

function keyUsage(element: Element | undefined): number {
  if (element === undefined) return 0;
  const [low = 0, high = 0] = asn1.toBits(element);
  let usage = 0;
  for (let bit = 0; bit < 9; bit++) if ((bit < 8 ? low >> (7 - bit) : high >> 7) & 1) usage |= 1 << bit;
  return usage;
}

function purposes(element: Element | undefined): Json {
  const ids = listOf(element).map(asn1.toObjectId);
  const known = ids.flatMap((id) => KEY_PURPOSES.get(id.join(".")) ?? []);
  const unknown = ids.filter((id) => !KEY_PURPOSES.has(id.join(".")));
  return { ExtKeyUsage: orNull(known), UnknownExtKeyUsage: orNull(unknown) };
}

function basicConstraints(element: Element | undefined): Json {
  if (element === undefined)
    return { BasicConstraintsValid: false, IsCA: false, MaxPathLen: 0, MaxPathLenZero: false };
  const parts = asn1.children(element);
  const isCa = parts[0]?.tag === 0x01 && parts[0].content[0] !== 0;
  const length = parts.find(({ tag }) => tag === asn1.INTEGER);
  const limit = length === undefined ? -1 : Number(asn1.toInteger(length));
  return { BasicConstraintsValid: true, IsCA: isCa, MaxPathLen: limit, MaxPathLenZero: limit === 0 };
}

function distributionPoints(element: Element | undefined): string[] {
  return listOf(element).flatMap((point) => {
    const place = asn1.children(point).find(({ tag }) => tag === asn1.context(0));
    const full =
      place === undefined
        ? undefined
        : asn1.readAll(place.content).find(({ tag }) => tag === asn1.context(0));
    return full === undefined
      ? []
      : asn1.readAll(full.content).flatMap((name) => (name.tag === asn1.context(6) ? [text(name)] : []));
  });
}

function alternativeNames(element: Element | undefined): Json {
  const of = (tag: number): Element[] => listOf(element).filter((name) => name.tag === asn1.context(tag));
  const uris = of(6).map(text);
  const addresses = of(7).map(({ content }) => {
    const number = content.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    return ipText(content.length === 4 ? (0xffffn << 32n) | number : number);
  });
  return {
    DNSNames: orNull(of(2).map(text)),
    EmailAddresses: orNull(of(1).map(text)),
    IPAddresses: orNull(addresses),
    URIs: orNull(uris.map(showUrl)),
    URIStrings: orNull(uris),
  };
}

function showUrl(uri: string): Json {
  const url = parseUrl(uri);
  return {
    Scheme: url.scheme,
    Opaque: url.host === "" && url.path === "" ? uri.slice(url.scheme.length + 1).split("?")[0] : "",
    User: url.user === undefined ? null : {},
    Host: url.host,
    Path: url.path,
    Fragment: url.fragment,
    RawQuery: url.rawQuery,
    RawPath: url.rawPath,
    RawFragment: "",
    ForceQuery: uri.endsWith("?") && url.rawQuery === "",
    OmitHost: url.scheme !== "" && url.host === "" && url.path.startsWith("/") && !uri.includes("://"),
  };
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

export function parseRequest(der: Uint8Array): Json {
  asn1.refuseOther(der, "certificateRequest");
  const request = asn1.readElement(der);
  const [info, algorithm, signature] = asn1.children(request);
  const [version, subject, keyInfo, attributes] = asn1.children(info);
  const extensions = (attributes === undefined ? [] : asn1.readAll(attributes.content)).flatMap(
    (attribute) => {
      const [type, values] = asn1.children(attribute);
      if (asn1.toObjectId(type).join(".") !== EXTENSION_REQUEST) return [];
      return asn1.children(values, asn1.SET).flatMap((list) => asn1.children(list).map(readExtension));
    },
  );
  const alternative = extensions.find(({ name }) => name === "2.5.29.17");
  const { URIStrings: _, ...names } = alternativeNames(
    alternative === undefined ? undefined : asn1.readElement(alternative.value),
  );
  return {
    Raw: base64(request.raw),
    RawTBSCertificateRequest: base64((info as Element).raw),
    RawSubjectPublicKeyInfo: base64((keyInfo as Element).raw),
    RawSubject: base64((subject as Element).raw),
    Version: Number(asn1.toInteger(version)),
    Signature: base64(asn1.toBits(signature)),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    ...publicKey(keyInfo),
    Subject: readName(subject),
    Attributes: null,
    Extensions: orNull(extensions.map(showExtension)),
    ExtraExtensions: null,
    ...names,
  };
}
