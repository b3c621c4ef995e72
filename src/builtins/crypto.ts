// Hashes and message authentication codes, over the platform-free functions of the crypto room. Texts in, hexadecimal digits out.

import { arg, builtin } from "./signature.ts";
import { booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { HashName } from "../crypto/hash.ts";
import { digest, equalBytes, hmac, toHex } from "../crypto/hash.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { HostBody } from "./builtin.ts";
import { stringOperand } from "./operand.ts";

function hashing(name: HashName): HostBody {
  return ([x]) => toHex(digest(name, encodeUtf8(stringOperand(x, 1))));
}

function authenticating(name: HashName): HostBody {
  return ([x, key]) => {
    const [text, secret] = [stringOperand(x, 1), stringOperand(key, 2)];
    return toHex(hmac(name, encodeUtf8(secret), encodeUtf8(text)));
  };
}

const cryptoMd5Body = hashing("MD5");
const cryptoSha1Body = hashing("SHA-1");
const cryptoSha256Body = hashing("SHA-256");
const cryptoHmacMd5Body = authenticating("MD5");
const cryptoHmacSha1Body = authenticating("SHA-1");
const cryptoHmacSha256Body = authenticating("SHA-256");
const cryptoHmacSha512Body = authenticating("SHA-512");

const cryptoHmacEqualBody: HostBody = ([mac1, mac2]) =>
  equalBytes(encodeUtf8(stringOperand(mac1, 1)), encodeUtf8(stringOperand(mac2, 2)));

// Declarations

const cryptoMd5Builtin = builtin({
  name: "crypto.md5",
  description: "Hashes a string with MD5.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the hash in hexadecimal digits"),
  examples: [['crypto.md5("abc")', '"900150983cd24fb0d6963f7d28e17f72"']],
  native: true,
  host: cryptoMd5Body,
});

const cryptoSha1Builtin = builtin({
  name: "crypto.sha1",
  description: "Hashes a string with SHA-1.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the hash in hexadecimal digits"),
  examples: [['crypto.sha1("abc")', '"a9993e364706816aba3e25717850c26c9cd0d89d"']],
  native: true,
  host: cryptoSha1Body,
});

const cryptoSha256Builtin = builtin({
  name: "crypto.sha256",
  description: "Hashes a string with SHA-256.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the hash in hexadecimal digits"),
  examples: [['crypto.sha256("abc")', '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"']],
  native: true,
  host: cryptoSha256Body,
});

const cryptoHmacMd5Builtin = builtin({
  name: "crypto.hmac.md5",
  description: "Authenticates a string with HMAC over MD5.",
  args: [arg("x", stringType, "the message"), arg("key", stringType, "the key")],
  result: arg("y", stringType, "the code in hexadecimal digits"),
  examples: [['crypto.hmac.md5("abc", "k")', '"75972c9c6569f2f407752ddb02ac79de"']],
  native: true,
  host: cryptoHmacMd5Body,
});

const cryptoHmacSha1Builtin = builtin({
  name: "crypto.hmac.sha1",
  description: "Authenticates a string with HMAC over SHA-1.",
  args: [arg("x", stringType, "the message"), arg("key", stringType, "the key")],
  result: arg("y", stringType, "the code in hexadecimal digits"),
  examples: [['crypto.hmac.sha1("abc", "k")', '"f9bef091fe00d9f5128593836dba99e193f08174"']],
  native: true,
  host: cryptoHmacSha1Body,
});

const cryptoHmacSha256Builtin = builtin({
  name: "crypto.hmac.sha256",
  description: "Authenticates a string with HMAC over SHA-256.",
  args: [arg("x", stringType, "the message"), arg("key", stringType, "the key")],
  result: arg("y", stringType, "the code in hexadecimal digits"),
  examples: [
    ['crypto.hmac.sha256("abc", "k")', '"342e519ce0ad6c03a36b98eeb3f1d130db4813b9df4d1160eda488d712dc78ee"'],
  ],
  native: true,
  host: cryptoHmacSha256Body,
});

const cryptoHmacSha512Builtin = builtin({
  name: "crypto.hmac.sha512",
  description: "Authenticates a string with HMAC over SHA-512.",
  args: [arg("x", stringType, "the message"), arg("key", stringType, "the key")],
  result: arg("y", stringType, "the code in hexadecimal digits"),
  examples: [
    [
      'crypto.hmac.sha512("abc", "k")',
      '"bb9ec7701f7de8a362d775b9bfcb61a474bf8bf69d5dbee0689a4b284bc59a54ffd1cfdc05151759afd97ffd1a255b3849ce775ea4be799a65e6a19ac97e2ade"',
    ],
  ],
  native: true,
  host: cryptoHmacSha512Body,
});

const cryptoHmacEqualBuiltin = builtin({
  name: "crypto.hmac.equal",
  description: "Compares two authentication codes in constant time.",
  args: [arg("mac1", stringType, "a code"), arg("mac2", stringType, "another code")],
  result: arg("result", booleanType, "true when they are equal"),
  examples: [['crypto.hmac.equal("ab", "ab")', "true"]],
  native: true,
  host: cryptoHmacEqualBody,
});

export const cryptoBuiltins: readonly Builtin[] = [
  cryptoMd5Builtin,
  cryptoSha1Builtin,
  cryptoSha256Builtin,
  cryptoHmacMd5Builtin,
  cryptoHmacSha1Builtin,
  cryptoHmacSha256Builtin,
  cryptoHmacSha512Builtin,
  cryptoHmacEqualBuiltin,
];
