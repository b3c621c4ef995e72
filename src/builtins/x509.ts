// Certificates and keys. PEM or DER (in base64) in; what OPA shows of them out, field by field. Reading is certificate.ts's work,
// judging certificate-chain.ts's.

import { arg, arrayOf, builtin, objectOf } from "./signature.ts";
import { anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { KeyObject } from "node:crypto";
import { fromPlain } from "../value/json.ts";
import { toInt64 } from "../value/arithmetic.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isNumber } from "../value/value.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { BuiltinContext, HostBody } from "./builtin.ts";
import type { Certificate, ChainOptions } from "./certificate-chain.ts";
import { verifyChain } from "./certificate-chain.ts";
import type { Json } from "./certificate.ts";
import { parseCertificate, parseRequest, splitCertificates } from "./certificate.ts";
import { decodeBase64Url } from "./encoding.ts";
import { failure, members, objectOperand, stringOperand } from "./operand.ts";
import { decodePem } from "./pem.ts";
import { nodeCrypto } from "./platform.ts";

const PEM_START = "-----BEGIN";

/** DER of all certificates, from PEM, from PEM in base64, or from DER in base64. */
function readDer(text: string): Uint8Array[] {
  if (text.startsWith(PEM_START)) return fromPem(text);
  const bytes = decodeBase64(text);
  const inner = decodeUtf8(bytes);
  return inner.startsWith(PEM_START) ? fromPem(inner) : splitCertificates(bytes);
}

function fromPem(text: string): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let block = decodePem(text); block !== undefined; block = decodePem(block.rest)) {
    if (block.label !== "CERTIFICATE")
      throw failure(`PEM block type is '${block.label}', expected CERTIFICATE`);
    list.push(...splitCertificates(block.der));
  }
  return list;
}

function readCertificates(text: string): Certificate[] {
  return readDer(text).map((der) => ({ der, fields: parseCertificate(der) }));
}

const cryptoX509ParseCertificatesBody: HostBody = ([certs]) =>
  fromPlain(readCertificates(stringOperand(certs, 1)).map(({ fields }) => fields));

function verified(text: string, options: ChainOptions): Certificate[] | undefined {
  try {
    return verifyChain(readCertificates(text), options);
  } catch {
    return undefined;
  }
}

const cryptoX509ParseAndVerifyCertificatesBody: HostBody = ([certs], context) => {
  const chain = verified(stringOperand(certs, 1), { timeNs: context.nowNs, purposes: [] });
  return chain === undefined ? [false, []] : [true, fromPlain(chain.map(({ fields }) => fields))];
};

const cryptoX509ParseAndVerifyCertificatesWithOptionsBody: HostBody = ([certs, options], context) => {
  const text = stringOperand(certs, 1);
  const given = objectOperand(options, 2);
  try {
    readCertificates(text);
  } catch {
    return [false, []];
  }
  const chain = verified(text, readOptions(given, context));
  if (chain === undefined) return [false, []];
  // Here OPA leaves out what it adds elsewhere.
  return [true, fromPlain(chain.map(({ fields: { URIStrings: _, ...fields } }) => fields))];
};

const PURPOSES = [
  "Any",
  "ServerAuth",
  "ClientAuth",
  "CodeSigning",
  "EmailProtection",
  "IPSECEndSystem",
  "IPSECTunnel",
  "IPSECUser",
  "TimeStamping",
  "OCSPSigning",
  "MicrosoftServerGatedCrypto",
  "NetscapeServerGatedCrypto",
  "MicrosoftCommercialCodeSigning",
  "MicrosoftKernelCodeSigning",
].map((name) => `KeyUsage${name}`);

function readOptions(given: RegoObject, context: BuiltinContext): ChainOptions {
  let [dnsName, timeNs, purposes] = ["", context.nowNs, [] as number[]];
  for (const [key, value] of given.entries()) {
    switch (key) {
      case "DNSName":
        if (typeof value !== "string") throw failure("'DNSName' should be a string");
        dnsName = value.replace(/^"+|"+$/g, "");
        break;
      case "CurrentTime":
        timeNs = int64Option(value, "'CurrentTime'", "valid int64 number");
        break;
      case "MaxConstraintComparisons":
        int64Option(value, "'MaxConstraintComparisons'", "valid number");
        break;
      case "KeyUsages":
        purposes = readPurposes(value);
        break;
      default:
        if (typeof key === "string") throw failure("invalid key option");
    }
  }
  return { dnsName, timeNs, purposes };
}

function int64Option(value: Value, name: string, shape: string): bigint {
  if (!isNumber(value)) throw failure(`${name} should be a number`);
  const int = toInt64(value);
  if (int === undefined) throw failure(`${name} should be a ${shape}`);
  return int;
}

function readPurposes(value: Value): number[] {
  const list = members(value);
  if (list === undefined) throw failure("'KeyUsages' should be an Array or Set");
  const names = list.flatMap((name) => (typeof name === "string" ? [name.replace(/^"+|"+$/g, "")] : []));
  const invalid = names.filter((name) => !PURPOSES.includes(name));
  if (invalid.length > 0) throw failure(`invalid entries for 'KeyUsages' found: [${invalid.join(" ")}]`);
  return names.map((name) => PURPOSES.indexOf(name));
}

const cryptoX509ParseCertificateRequestBody: HostBody = ([csr]) => {
  const text = stringOperand(csr, 1);
  const isPem = text.startsWith("-----BEGIN CERTIFICATE REQUEST-----");
  const bytes = isPem ? encodeUtf8(text) : decodeBase64(text);
  const block = decodePem(decodeUtf8(bytes));
  if (block !== undefined && block.label !== "CERTIFICATE REQUEST") {
    throw failure("invalid PEM-encoded certificate signing request");
  }
  return fromPlain(parseRequest(block?.der ?? bytes));
};

/** PEM, or PEM or DER in base64, as PEM. */
function toPem(text: string, label: string): string {
  if (text.startsWith(PEM_START)) return text;
  const bytes = decodeBase64(text);
  const inner = decodeUtf8(bytes);
  if (inner.startsWith(PEM_START)) return inner;
  return `-----BEGIN ${label}-----\n${encodeBase64(bytes)}\n-----END ${label}-----\n`;
}

const cryptoX509ParseKeypairBody: HostBody = ([cert, key]) => {
  // Both are the first operand in OPA's messages.
  const texts = [stringOperand(cert, 1), stringOperand(key, 1)] as const;
  const pems = [toPem(texts[0], "CERTIFICATE"), toPem(texts[1], "PRIVATE KEY")] as const;
  if (decodePem(pems[0])?.der.length === 0) throw failure("x509: malformed certificate");
  const certificates = fromPem(pems[0]);
  const [leaf] = certificates;
  if (leaf === undefined) throw failure("tls: failed to find any PEM data in certificate input");
  const [privateKey] = privateKeys(pems[1]);
  if (privateKey === undefined) throw failure("tls: failed to find any PEM data in key input");
  const { X509Certificate } = nodeCrypto();
  if (!new X509Certificate(leaf).checkPrivateKey(privateKey)) {
    throw failure("tls: private key does not match public key");
  }
  const { URIStrings: _, ...fields } = parseCertificate(leaf);
  return fromPlain({
    Certificate: certificates.map((der) => encodeBase64(der)),
    PrivateKey: showPrivateKey(privateKey),
    SupportedSignatureAlgorithms: null,
    OCSPStaple: null,
    SignedCertificateTimestamps: null,
    Leaf: fields,
  });
};

const KEY_LABELS = ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"];

function privateKeys(text: string): KeyObject[] {
  const keys: KeyObject[] = [];
  for (let block = decodePem(text); block !== undefined; block = decodePem(block.rest)) {
    if (!KEY_LABELS.includes(block.label)) continue;
    const type =
      block.label === "RSA PRIVATE KEY" ? "pkcs1" : block.label === "PRIVATE KEY" ? "pkcs8" : "sec1";
    try {
      keys.push(nodeCrypto().createPrivateKey({ key: Buffer.from(block.der), format: "der", type }));
    } catch (error) {
      throw failure(`x509: failed to parse private key: ${(error as Error).message}`);
    }
  }
  return keys;
}

function base64OrPlain(text: string): string {
  try {
    return decodeUtf8(decodeBase64(text));
  } catch {
    return text;
  }
}

const cryptoParsePrivateKeysBody: HostBody = ([keys]) => {
  const text = stringOperand(keys, 1);
  if (text === "") return null;
  return fromPlain(privateKeys(base64OrPlain(text)).map(showPrivateKey));
};

function number(part: string | undefined): bigint {
  return decodeBase64Url(part ?? "").reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Go's structure of a private key. */
function showPrivateKey(key: KeyObject): Json | string {
  const jwk = key.export({ format: "jwk" });
  if (jwk.kty === "RSA") {
    const values = { Dp: number(jwk.dp), Dq: number(jwk.dq), Qinv: number(jwk.qi), CRTValues: [] };
    return {
      N: number(jwk.n),
      E: number(jwk.e),
      D: number(jwk.d),
      Primes: [number(jwk.p), number(jwk.q)],
      Precomputed: values,
    };
  }
  if (jwk.kty === "EC") return { Curve: {}, X: number(jwk.x), Y: number(jwk.y), D: number(jwk.d) };
  return encodeBase64(Uint8Array.from([...decodeBase64Url(jwk.d ?? ""), ...decodeBase64Url(jwk.x ?? "")]));
}

const cryptoX509ParseRsaPrivateKeyBody: HostBody = ([pem]) => {
  const text = stringOperand(pem, 1);
  if (text === "") throw failure("input PEM data was empty");
  const decoded = text.startsWith(PEM_START) ? text : decodeUtf8(decodeBase64(text));
  const [key] = privateKeys(base64OrPlain(decoded));
  return key === undefined ? null : fromPlain(key.export({ format: "jwk" }));
};

// Declarations

const cryptoParsePrivateKeysBuiltin = builtin({
  name: "crypto.parse_private_keys",
  description: "Reads private keys from PEM blocks, themselves perhaps in base64.",
  args: [arg("keys", stringType, "the PEM text")],
  result: arg("output", arrayOf(objectOf(stringType, anyType)), "the keys"),
  examples: [['crypto.parse_private_keys("")', "null"]],
  host: cryptoParsePrivateKeysBody,
});

const cryptoX509ParseCertificatesBuiltin = builtin({
  name: "crypto.x509.parse_certificates",
  description: "Reads X.509 certificates without judging them.",
  args: [arg("certs", stringType, "PEM blocks, or DER in base64")],
  result: arg("output", arrayOf(objectOf(stringType, anyType)), "the certificates"),
  examples: [
    [
      'crypto.x509.parse_certificates("MIIBLjCB4aADAgECAhRJ3zqR7Pfo7RBNrEhJABonGTc2rzAFBgMrZXAwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjQwMzI0NDFaGA8yMTI2MTAzMTAzMjQ0MVowDDEKMAgGA1UEAwwBYTAqMAUGAytlcAMhAO5clL80qWC8Acn5RPXpNpMEwJ0RdRrdQvWVbihlp149o1MwUTAdBgNVHQ4EFgQUgwQSwLvCuWH/6gJLY7ew0wu267kwHwYDVR0jBBgwFoAUgwQSwLvCuWH/6gJLY7ew0wu267kwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBjz/vR/6HicSYE3ewgyersCFW7tdOFWUdo2h/CtbdrboxLqgu1CiEaP4Cpmd6OLAgBjl4k2GpA6WQSWt+LfTEP")[0].Subject.CommonName',
      '"a"',
    ],
  ],
  host: cryptoX509ParseCertificatesBody,
});

const cryptoX509ParseAndVerifyCertificatesBuiltin = builtin({
  name: "crypto.x509.parse_and_verify_certificates",
  description: "Reads X.509 certificates and verifies them as a chain: root first, leaf last.",
  args: [arg("certs", stringType, "PEM blocks, or DER in base64: root, intermediates, leaf")],
  result: arg(
    "output",
    arrayType([booleanType, arrayOf(objectOf(stringType, anyType))]),
    "whether the chain holds, and if so its certificates, leaf first",
  ),
  examples: [['crypto.x509.parse_and_verify_certificates("nothing")', "[false,[]]"]],
  host: cryptoX509ParseAndVerifyCertificatesBody,
});

const cryptoX509ParseAndVerifyCertificatesWithOptionsBuiltin = builtin({
  name: "crypto.x509.parse_and_verify_certificates_with_options",
  description:
    "Reads X.509 certificates and verifies them as a chain, under given conditions: `DNSName`, `CurrentTime`, `MaxConstraintComparisons`, `KeyUsages`.",
  args: [
    arg("certs", stringType, "PEM blocks, or DER in base64: root, intermediates, leaf"),
    arg("options", objectOf(stringType, anyType), "the conditions"),
  ],
  result: arg(
    "output",
    arrayType([booleanType, arrayOf(objectOf(stringType, anyType))]),
    "whether the chain holds, and if so its certificates, leaf first",
  ),
  examples: [['crypto.x509.parse_and_verify_certificates_with_options("nothing", {})', "[false,[]]"]],
  host: cryptoX509ParseAndVerifyCertificatesWithOptionsBody,
});

const cryptoX509ParseCertificateRequestBuiltin = builtin({
  name: "crypto.x509.parse_certificate_request",
  description: "Reads a certificate signing request (PKCS #10).",
  args: [arg("csr", stringType, "PEM, or PEM or DER in base64")],
  result: arg("output", objectOf(stringType, anyType), "the request"),
  examples: [
    [
      'crypto.x509.parse_certificate_request("MIGLMD8CAQAwDDEKMAgGA1UEAwwBYTAqMAUGAytlcAMhAO5clL80qWC8Acn5RPXpNpMEwJ0RdRrdQvWVbihlp149oAAwBQYDK2VwA0EAyERt2VQ2cPQQjOcHVRy6Ng02TCA+n9n8i4+50rkXSr0nJ8EYJwO4Ntmy2pEb74jOnHpDd+m4bFoWKJr96uU0BA==").Subject.CommonName',
      '"a"',
    ],
  ],
  host: cryptoX509ParseCertificateRequestBody,
});

const cryptoX509ParseKeypairBuiltin = builtin({
  name: "crypto.x509.parse_keypair",
  description: "Reads a certificate with its private key.",
  args: [
    arg("cert", stringType, "the certificate: PEM, perhaps in base64"),
    arg("pem", stringType, "its key: PEM, perhaps in base64"),
  ],
  result: arg("output", objectOf(stringType, anyType), "certificate and key"),
  examples: [
    [
      'crypto.x509.parse_keypair("MIIBLjCB4aADAgECAhRJ3zqR7Pfo7RBNrEhJABonGTc2rzAFBgMrZXAwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjQwMzI0NDFaGA8yMTI2MTAzMTAzMjQ0MVowDDEKMAgGA1UEAwwBYTAqMAUGAytlcAMhAO5clL80qWC8Acn5RPXpNpMEwJ0RdRrdQvWVbihlp149o1MwUTAdBgNVHQ4EFgQUgwQSwLvCuWH/6gJLY7ew0wu267kwHwYDVR0jBBgwFoAUgwQSwLvCuWH/6gJLY7ew0wu267kwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBjz/vR/6HicSYE3ewgyersCFW7tdOFWUdo2h/CtbdrboxLqgu1CiEaP4Cpmd6OLAgBjl4k2GpA6WQSWt+LfTEP", "MC4CAQAwBQYDK2VwBCIEILHiGruhRBIsoangDyscJQkp6tVfMUJ8YDHJfAyzgag5").Leaf.Subject.CommonName',
      '"a"',
    ],
  ],
  host: cryptoX509ParseKeypairBody,
});

const cryptoX509ParseRsaPrivateKeyBuiltin = builtin({
  name: "crypto.x509.parse_rsa_private_key",
  description: "Reads a private RSA key as a JWK.",
  args: [arg("pem", stringType, "the key: PEM, perhaps in base64")],
  result: arg("output", objectOf(stringType, anyType), "the JWK"),
  examples: [
    [
      'crypto.x509.parse_rsa_private_key("LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlDV3dJQkFBS0JnUUMxbUtZRC9KZEZGSDB0S0ZLbGhVRkdIbkNOMjlmTTh6YlFWL1UwOVlJOHpHbUl2THdOClk4NDdNZFFTV011OWE3SWFDTnY2RG9oUHRjUHAxNkt5TkJISDN3emp4aGYvTWVRMXo1ZHV3aHk2by83WnVKeHEKQ3Rac1ZvVExqU2NYcnRhQ29GN3V3cUIzQlQrRGtIVnZUdVNjYzhBcy9Zc1FmVk5JZmlBMmRweEoxd0lEQVFBQgpBb0dBRlZ1cXl2VStaV1dQZzJ3bXJFa0w4RTlNTmFNUnNvMDRlVENmS21kbHRmamt3S3hTQWRFblJGY0w5a3h6ClNnZ01ubnRFUkJqSmQzYU5ZRWQ0WHpVNGtmS3NIMkRROHVVVnVzYk5vc2tOK0xab09hcnZMMjVjQlFmeUNQV3MKbHN0cUN1RGN6WWQ0TGZwR01Edm1hQnd6cVlpcjFLbDM1UXhQK1VqZjlGSnJ0Z0VDUVFEZ05xN3ZncERiZEl0Mwo2YUduSitGVjJWbEo1WWQ3QmNtemF4bUFjZWJwUGJXcWgreFdQMFV1MC82QzJUMCtmV3lYaW5LRmM4ZTR6WnQ5CkFiMVpTWUhCQWtFQXoxZEVlN1JDOWhtVmQ2NkxwM3hMenZxV3gyM2ZVblQ5WDhibWlON0J0Y0tTYVFmUmhxQ0QKL1ZiWVI3WFZ4NzRETmp4MW5EVVhlVXV6V2xvM0pIOEJsd0pBWnUrMEVMSFkzMmY2UCtzN0ZBcnpJUDdRUjJUaApkbEdKOEoxUzcrMWJIZW4rNVhQUnhTYjNGREN2d0ZNTUV3eHlOb0NSWTBOc2hpT2ZKeDBOV1ZpdUFRSkFHWDhXCnVjdUo3RzlxOU9PdTRyS2pNOW1XendGUTAvZjA3R0V1R2lpaVUzS1F4SCtrb1ZSOXhwcDJVQ01wSGIzYzhUOXcKQ3Z4d1hZY1VrQWpGL1NQdEV3SkFQcis2MzFTVVpvVnRUSWMzRitsaXNuQnY5dGs1RHAvb2IyZW92QXdTcDVoZgo0YXBiZ2R4TkkxV0w4S2N0Mzg5MkFTbVVZaFV0TE1wZk9VelNRVTV3aXc9PQotLS0tLUVORCBSU0EgUFJJVkFURSBLRVktLS0tLQo=").kty',
      '"RSA"',
    ],
  ],
  host: cryptoX509ParseRsaPrivateKeyBody,
});

export const x509Builtins: readonly Builtin[] = [
  cryptoParsePrivateKeysBuiltin,
  cryptoX509ParseCertificatesBuiltin,
  cryptoX509ParseAndVerifyCertificatesBuiltin,
  cryptoX509ParseAndVerifyCertificatesWithOptionsBuiltin,
  cryptoX509ParseCertificateRequestBuiltin,
  cryptoX509ParseKeypairBuiltin,
  cryptoX509ParseRsaPrivateKeyBuiltin,
];
