// Builtins of the category `tokens`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const ioJwtDecodeBuiltin = builtin({
  name: "io.jwt.decode",
  description: "Takes a JSON Web Token apart without verifying it.",
  args: [arg("jwt", stringType, "the token")],
  result: arg(
    "output",
    arrayType([objectOf(anyType, anyType), objectOf(anyType, anyType), stringType]),
    "header, payload and signature (in hexadecimal digits)",
  ),
  examples: [['io.jwt.decode("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AA")', '[{"alg":"HS256"},{"a":1},"00"]']],
  categories: ["tokens"],
});

const ioJwtDecodeVerifyBuiltin = builtin({
  name: "io.jwt.decode_verify",
  description: "Verifies a JSON Web Token: signature, times, issuer, audience, as the constraints ask.",
  args: [
    arg("jwt", stringType, "the token"),
    arg(
      "constraints",
      objectOf(stringType, anyType),
      "what must hold: `cert` or `secret`, `alg`, `iss`, `aud`, `time`",
    ),
  ],
  result: arg(
    "output",
    arrayType([booleanType, objectOf(anyType, anyType), objectOf(anyType, anyType)]),
    "whether it holds, and if so header and payload",
  ),
  examples: [
    ['io.jwt.decode_verify("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AA", {"secret": "k"})', "[false,{},{}]"],
  ],
  nondeterministic: true,
  categories: ["tokens"],
});

const ioJwtVerifyRs256Builtin = builtin({
  name: "io.jwt.verify_rs256",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyRs384Builtin = builtin({
  name: "io.jwt.verify_rs384",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyRs512Builtin = builtin({
  name: "io.jwt.verify_rs512",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyPs256Builtin = builtin({
  name: "io.jwt.verify_ps256",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyPs384Builtin = builtin({
  name: "io.jwt.verify_ps384",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyPs512Builtin = builtin({
  name: "io.jwt.verify_ps512",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyEs256Builtin = builtin({
  name: "io.jwt.verify_es256",
  description: "Verifies the signature of a token: ECDSA with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyEs384Builtin = builtin({
  name: "io.jwt.verify_es384",
  description: "Verifies the signature of a token: ECDSA with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyEs512Builtin = builtin({
  name: "io.jwt.verify_es512",
  description: "Verifies the signature of a token: ECDSA with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyHs256Builtin = builtin({
  name: "io.jwt.verify_hs256",
  description: "Verifies the signature of a token: HMAC with SHA-256.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyHs384Builtin = builtin({
  name: "io.jwt.verify_hs384",
  description: "Verifies the signature of a token: HMAC with SHA-384.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyHs512Builtin = builtin({
  name: "io.jwt.verify_hs512",
  description: "Verifies the signature of a token: HMAC with SHA-512.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtVerifyEddsaBuiltin = builtin({
  name: "io.jwt.verify_eddsa",
  description: "Verifies the signature of a token: Ed25519.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [],
  categories: ["tokens"],
});

const ioJwtEncodeSignBuiltin = builtin({
  name: "io.jwt.encode_sign",
  description: "Signs a JSON Web Token.",
  args: [
    arg("headers", objectOf(stringType, anyType), "the header, with the algorithm"),
    arg("payload", objectOf(stringType, anyType), "the payload"),
    arg("key", objectOf(stringType, anyType), "the key as a JWK"),
  ],
  result: arg("output", stringType, "the token"),
  examples: [
    [
      'io.jwt.encode_sign({"alg": "HS256"}, {"a": 1}, {"kty": "oct", "k": "c2VjcmV0"})',
      '"eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.LrlPmSL4FxrzAHJSYbKzsA997COXdYCeFKlt3zt5DIY"',
    ],
  ],
  nondeterministic: true,
  categories: ["tokensign"],
});

const ioJwtEncodeSignRawBuiltin = builtin({
  name: "io.jwt.encode_sign_raw",
  description: "Signs a JSON Web Token whose header and payload are given as JSON text.",
  args: [
    arg("headers", stringType, "the header, with the algorithm"),
    arg("payload", stringType, "the payload"),
    arg("key", stringType, "the key as a JWK"),
  ],
  result: arg("output", stringType, "the token"),
  examples: [
    [
      'io.jwt.encode_sign_raw("{\\"alg\\":\\"HS256\\"}", "{}", "{\\"kty\\":\\"oct\\",\\"k\\":\\"c2VjcmV0\\"}")',
      '"eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ"',
    ],
  ],
  nondeterministic: true,
  categories: ["tokensign"],
});

export const tokensBuiltins: readonly Builtin[] = [
  ioJwtDecodeBuiltin,
  ioJwtDecodeVerifyBuiltin,
  ioJwtVerifyRs256Builtin,
  ioJwtVerifyRs384Builtin,
  ioJwtVerifyRs512Builtin,
  ioJwtVerifyPs256Builtin,
  ioJwtVerifyPs384Builtin,
  ioJwtVerifyPs512Builtin,
  ioJwtVerifyEs256Builtin,
  ioJwtVerifyEs384Builtin,
  ioJwtVerifyEs512Builtin,
  ioJwtVerifyHs256Builtin,
  ioJwtVerifyHs384Builtin,
  ioJwtVerifyHs512Builtin,
  ioJwtVerifyEddsaBuiltin,
  ioJwtEncodeSignBuiltin,
  ioJwtEncodeSignRawBuiltin,
];
