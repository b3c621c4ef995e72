// Builtins of the category `x509`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, arrayOf, builtin, objectOf } from "./signature.ts";
import { anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const cryptoParsePrivateKeysBuiltin = builtin({
  name: "crypto.parse_private_keys",
  description: "Reads private keys from PEM blocks, themselves perhaps in base64.",
  args: [arg("keys", stringType, "the PEM text")],
  result: arg("output", arrayOf(objectOf(stringType, anyType)), "the keys"),
  examples: [['crypto.parse_private_keys("")', "null"]],
});

const cryptoX509ParseCertificatesBuiltin = builtin({
  name: "crypto.x509.parse_certificates",
  description: "Reads X.509 certificates without judging them.",
  args: [arg("certs", stringType, "PEM blocks, or DER in base64")],
  result: arg("output", arrayOf(objectOf(stringType, anyType)), "the certificates"),
  examples: [],
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
});

const cryptoX509ParseCertificateRequestBuiltin = builtin({
  name: "crypto.x509.parse_certificate_request",
  description: "Reads a certificate signing request (PKCS #10).",
  args: [arg("csr", stringType, "PEM, or PEM or DER in base64")],
  result: arg("output", objectOf(stringType, anyType), "the request"),
  examples: [],
});

const cryptoX509ParseKeypairBuiltin = builtin({
  name: "crypto.x509.parse_keypair",
  description: "Reads a certificate with its private key.",
  args: [
    arg("cert", stringType, "the certificate: PEM, perhaps in base64"),
    arg("pem", stringType, "its key: PEM, perhaps in base64"),
  ],
  result: arg("output", objectOf(stringType, anyType), "certificate and key"),
  examples: [],
});

const cryptoX509ParseRsaPrivateKeyBuiltin = builtin({
  name: "crypto.x509.parse_rsa_private_key",
  description: "Reads a private RSA key as a JWK.",
  args: [arg("pem", stringType, "the key: PEM, perhaps in base64")],
  result: arg("output", objectOf(stringType, anyType), "the JWK"),
  examples: [],
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
