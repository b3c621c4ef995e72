// JSON Web Tokens: taken apart, verified, made. Texts and objects in, texts, arrays and booleans out. Whatever is not proven is
// `[false, {}, {}]`; a malformed token is a failure. `none` and JWE are never accepted.
// Over 450 lines because 17 builtins are declared here, each with its signature and examples.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compareNumbers } from "../value/number.ts";
import { numberFromFloat64, toFloat64 } from "../value/arithmetic.ts";
import { decode, encode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject, typeName } from "../value/value.ts";
import { encodeBase64 } from "./base64.ts";
import type { HostBody } from "./builtin.ts";
import { decodeBase64Url, hexText } from "./encoding.ts";
import type { Maybe, VerificationKey } from "./jwt-keys.ts";
import { ALGORITHMS, makeSignature, readKeys, readSigningKey, verifySignature } from "./jwt-keys.ts";
import { fastjsonRefusal } from "./header-json.ts";
import { failure, objectOperand, stringOperand } from "./operand.ts";

interface Token {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/** Nesting beyond this is an attack. */
const NESTING_LIMIT = 64;

function splitToken(text: string): Token {
  if (!text.includes(".")) throw failure("encoded JWT had no period separators");
  const [header = "", payload = "", signature = "", ...more] = text.split(".");
  const found = text.split(".").length;
  if (found !== 3 || more.length > 0) throw failure(`encoded JWT must have 3 sections, found ${found}`);
  return { header, payload, signature };
}

function decodePart(part: string, name: string): Uint8Array {
  try {
    return decodeBase64Url(part);
  } catch (error) {
    throw failure(`JWT ${name} had invalid encoding: ${(error as Error).message}`);
  }
}

function readObject(text: string): RegoObject {
  let value: Value;
  try {
    value = decode(text, { nullIsEnd: true });
  } catch (error) {
    throw failure(`invalid JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw failure("decoded JSON type was not an Object");
  return value;
}

function readHeader(token: Token): RegoObject {
  const text = decodeUtf8(decodePart(token.header, "header"));
  let header: RegoObject;
  try {
    header = readObject(text);
  } catch (error) {
    throw failure(`bad JWT header: ${(error as Error).message}`);
  }
  if (header.has("enc")) throw failure("JWT is a JWE object, which is not supported");
  return header;
}

const ioJwtDecodeBody: HostBody = ([jwt]) => {
  let text = stringOperand(jwt, 1);
  for (let depth = 0; depth < NESTING_LIMIT; depth++) {
    const token = splitToken(text);
    const header = readHeader(token);
    const payload = decodeUtf8(decodePart(token.payload, "payload"));
    if (header.get("cty") !== "JWT") {
      return [header, readObject(payload), hexText(decodePart(token.signature, "signature"))];
    }
    // A nested token stands in quotes, as some makers write it.
    text = payload.replace(/^["']+|["']+$/g, "");
  }
  throw failure("JWT is nested too deeply");
};

interface Header {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** Nothing critical is unknown, and there is an algorithm. */
  readonly isValid: boolean;
}

const KNOWN_PARAMETERS = ["alg", "kid", "typ", "cty"];

function parseHeader(header: RegoObject): Header {
  const critical = new Set<string>();
  const unknown: string[] = [];
  for (const [key, value] of header.entries()) {
    const name = key as string;
    if (name === "crit") {
      if (!isArray(value)) throw failure("crit: must be a list");
      for (const item of value) {
        if (typeof item !== "string") break;
        critical.add(item);
      }
      if (critical.size === 0) throw failure("crit: must be a nonempty list");
    } else if (!KNOWN_PARAMETERS.includes(name)) unknown.push(name);
    else if (typeof value !== "string") throw failure(`${name}: must be a string`);
  }
  const text = (name: string): string => (header.get(name) as string | undefined) ?? "";
  const alg = text("alg");
  return {
    alg,
    kid: text("kid"),
    cty: text("cty"),
    isValid: alg !== "" && !unknown.some((name) => critical.has(name)),
  };
}

/** A body that asks for checks one after the other. On some hosts they are done at once, on others they have to be waited for. */
type Checks<T> = Generator<Maybe<boolean>, T, boolean>;

/** Its answer: at once where nothing had to wait. */
function answerOf<T>(checks: Checks<T>): Maybe<T> {
  let step = checks.next();
  while (step.done !== true) {
    if (typeof step.value !== "boolean") return waitFor(checks, step.value);
    step = checks.next(step.value);
  }
  return step.value;
}

async function waitFor<T>(checks: Checks<T>, first: Promise<boolean>): Promise<T> {
  let step = checks.next(await first);
  while (step.done !== true) step = checks.next(await step.value);
  return step.value;
}

/** By key id where one matches; otherwise by every key that is not bound to another algorithm. */
function* verifyWithAny(
  keys: readonly VerificationKey[],
  header: Header,
  check: (key: VerificationKey["key"]) => Maybe<boolean>,
): Checks<boolean> {
  const named = header.kid === "" ? undefined : keys.find((key) => key.kid === header.kid);
  if (named !== undefined) return yield check(named.key);
  for (const { alg, key } of keys) if ((alg === "" || alg === header.alg) && (yield check(key))) return true;
  return false;
}

function verifying(algorithm: string): HostBody {
  return ([jwt, certificate]) => {
    const token = splitToken(stringOperand(jwt, 1));
    const keys = readKeys(stringOperand(certificate, 2));
    const signature = decodeBase64Url(token.signature);
    const header = parseHeader(readHeader(token));
    const signed = `${token.header}.${token.payload}`;
    const check = (key: VerificationKey["key"]): Maybe<boolean> =>
      !(key instanceof Uint8Array) && verifySignature(algorithm, key, signed, signature);
    return answerOf(verifyWithAny(keys, header, check));
  };
}

const ioJwtVerifyRs256Body = verifying("RS256");
const ioJwtVerifyRs384Body = verifying("RS384");
const ioJwtVerifyRs512Body = verifying("RS512");
const ioJwtVerifyPs256Body = verifying("PS256");
const ioJwtVerifyPs384Body = verifying("PS384");
const ioJwtVerifyPs512Body = verifying("PS512");
const ioJwtVerifyEs256Body = verifying("ES256");
const ioJwtVerifyEs384Body = verifying("ES384");
const ioJwtVerifyEs512Body = verifying("ES512");
const ioJwtVerifyEddsaBody = verifying("EdDSA");

function verifyingSecret(algorithm: string): HostBody {
  return ([jwt, secret]) => {
    const text = stringOperand(jwt, 1);
    const key = encodeUtf8(stringOperand(secret, 2));
    const token = splitToken(text);
    const signature = decodeBase64Url(token.signature);
    return verifySignature(algorithm, key, `${token.header}.${token.payload}`, signature);
  };
}

const ioJwtVerifyHs256Body = verifyingSecret("HS256");
const ioJwtVerifyHs384Body = verifyingSecret("HS384");
const ioJwtVerifyHs512Body = verifyingSecret("HS512");

interface Constraints {
  keys: readonly VerificationKey[] | undefined;
  secret: string;
  alg: string;
  iss: string;
  aud: string;
  /** Nanoseconds, as a double: OPA's choice. */
  time: number;
}

function parseConstraints(given: RegoObject, nowNs: bigint): Constraints {
  const result: Constraints = { keys: undefined, secret: "", alg: "", iss: "", aud: "", time: Number(nowNs) };
  for (const [name, value] of given.entries()) {
    switch (name) {
      case "cert":
        if (typeof value !== "string") throw failure("cert constraint: must be a string");
        result.keys = readKeys(value);
        break;
      case "secret":
      case "alg":
      case "iss":
      case "aud":
        if (typeof value !== "string") throw failure(`${name} constraint: must be a string`);
        result[name] = value;
        break;
      case "time":
        if (!isNumber(value)) throw failure("token time constraint: must be a number");
        result.time = toFloat64(value);
        if (!Number.isFinite(result.time)) throw failure("token time constraint: unvalid float64");
        if (result.time < 0) throw failure("token time constraint: must not be negative");
        break;
      default:
        throw failure(`unknown token validation constraint: ${String(name)}`);
    }
  }
  if (result.keys !== undefined && result.secret !== "") throw failure("duplicate key constraints");
  if (result.keys === undefined && result.secret === "") throw failure("no key constraint");
  return result;
}

const UNVERIFIED: Value = [false, emptyObject, emptyObject];

const ioJwtDecodeVerifyBody: HostBody = ([jwt, given], context) =>
  answerOf(decodeVerified(jwt, given, context.nowNs));

function* decodeVerified(jwt: Value | undefined, given: Value | undefined, nowNs: bigint): Checks<Value> {
  const constraints = parseConstraints(objectOperand(given, 2), nowNs);
  let text: Value | undefined = jwt;
  for (let depth = 0; depth < NESTING_LIMIT; depth++) {
    const token = splitToken(stringOperand(text, 1));
    const decoded = readHeader(token);
    const header = parseHeader(decoded);
    if (!header.isValid || (constraints.alg !== "" && constraints.alg !== header.alg)) return UNVERIFIED;
    const signature = decodeBase64Url(token.signature);
    const signed = `${token.header}.${token.payload}`;
    const check = (key: VerificationKey["key"]): Maybe<boolean> =>
      verifySignature(header.alg, key, signed, signature);
    const isGood =
      constraints.keys === undefined
        ? yield check(encodeUtf8(constraints.secret))
        : yield* verifyWithAny(constraints.keys, header, check);
    if (!isGood) return UNVERIFIED;
    const payload = decodeUtf8(decodePart(token.payload, "payload"));
    if (header.cty.toLowerCase() === "jwt") {
      text = payload;
      continue;
    }
    const claims = readObject(payload);
    return claimsHold(claims, constraints) ? [true, decoded, claims] : UNVERIFIED;
  }
  throw failure("JWT is nested too deeply");
}

/** RFC 7519, 4.1: issuer, audience, expiry, not before. */
function claimsHold(claims: RegoObject, constraints: Constraints): boolean {
  if (constraints.iss !== "" && claims.get("iss") !== constraints.iss) return false;
  const audience = claims.get("aud");
  if (audience === undefined ? constraints.aud !== "" : !isMeant(audience, constraints.aud)) return false;
  const now = numberFromFloat64(constraints.time / 1e9);
  const expiry = claims.get("exp");
  if (expiry !== undefined) {
    if (!isNumber(expiry)) throw failure("exp value must be a number");
    if (compareNumbers(now, expiry) >= 0) return false;
  }
  const start = claims.get("nbf");
  if (start === undefined) return true;
  if (!isNumber(start)) throw failure("nbf value must be a number");
  return compareNumbers(now, start) >= 0;
}

function isMeant(audience: Value, wanted: string): boolean {
  return isArray(audience) ? audience.includes(wanted) : audience === wanted;
}

function signToken(header: string, payload: string, jwk: string): Maybe<string> {
  const key = readSigningKey(jwk);
  const { alg, typ } = readSigningHeader(header);
  if (!ALGORITHMS.has(alg)) throw failure(`unknown JWS algorithm: ${alg}`);
  if ((typ === undefined || typ === "JWT") && !isJson(payload)) {
    throw failure("type is JWT but payload is not JSON");
  }
  const part = (text: string): string => encodeBase64(encodeUtf8(text), "url", false);
  const signed = `${part(header)}.${part(payload)}`;
  const whole = (signature: Uint8Array): string => `${signed}.${encodeBase64(signature, "url", false)}`;
  const signature = makeSignature(alg, key, signed);
  return signature instanceof Uint8Array ? whole(signature) : signature.then(whole);
}

function readSigningHeader(text: string): { alg: string; typ: string | undefined } {
  const missing = (reason: string): Error => failure(`missing or invalid 'alg' header: ${reason}`);
  let header: Value;
  try {
    header = decode(text);
  } catch (error) {
    throw missing(fastjsonRefusal(text) ?? `cannot parse JSON: ${(error as Error).message}`);
  }
  const get = (name: string): Value | undefined => (isObject(header) ? header.get(name) : undefined);
  const [alg, typ] = [get("alg"), get("typ")];
  if (typeof alg !== "string") {
    throw missing(
      alg === undefined
        ? 'jwsbb: header "alg" not found'
        : `value doesn't contain string; it contains ${typeof alg === "boolean" ? alg : typeName(alg)}`,
    );
  }
  return { alg, typ: typeof typ === "string" ? typ : undefined };
}

function isJson(text: string): boolean {
  try {
    decode(text);
    return true;
  } catch {
    return false;
  }
}

const ioJwtEncodeSignBody: HostBody = ([headers, payload, key]) =>
  signToken(encode(headers as Value), encode(payload as Value), encode(key as Value));

const ioJwtEncodeSignRawBody: HostBody = ([headers, payload, key]) => {
  const jwk = stringOperand(key, 3);
  return signToken(stringOperand(headers, 1), stringOperand(payload, 2), jwk);
};

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
  native: true,
  host: ioJwtDecodeBody,
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
  host: ioJwtDecodeVerifyBody,
});

const ioJwtVerifyRs256Builtin = builtin({
  name: "io.jwt.verify_rs256",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_rs256("eyJhbGciOiJSUzI1NiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyRs256Body,
});

const ioJwtVerifyRs384Builtin = builtin({
  name: "io.jwt.verify_rs384",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_rs384("eyJhbGciOiJSUzM4NCJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyRs384Body,
});

const ioJwtVerifyRs512Builtin = builtin({
  name: "io.jwt.verify_rs512",
  description: "Verifies the signature of a token: RSASSA-PKCS1-v1_5 with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_rs512("eyJhbGciOiJSUzUxMiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyRs512Body,
});

const ioJwtVerifyPs256Builtin = builtin({
  name: "io.jwt.verify_ps256",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_ps256("eyJhbGciOiJQUzI1NiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyPs256Body,
});

const ioJwtVerifyPs384Builtin = builtin({
  name: "io.jwt.verify_ps384",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_ps384("eyJhbGciOiJQUzM4NCJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyPs384Body,
});

const ioJwtVerifyPs512Builtin = builtin({
  name: "io.jwt.verify_ps512",
  description: "Verifies the signature of a token: RSASSA-PSS with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_ps512("eyJhbGciOiJQUzUxMiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyPs512Body,
});

const ioJwtVerifyEs256Builtin = builtin({
  name: "io.jwt.verify_es256",
  description: "Verifies the signature of a token: ECDSA with SHA-256.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_es256("eyJhbGciOiJFUzI1NiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyEs256Body,
});

const ioJwtVerifyEs384Builtin = builtin({
  name: "io.jwt.verify_es384",
  description: "Verifies the signature of a token: ECDSA with SHA-384.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_es384("eyJhbGciOiJFUzM4NCJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyEs384Body,
});

const ioJwtVerifyEs512Builtin = builtin({
  name: "io.jwt.verify_es512",
  description: "Verifies the signature of a token: ECDSA with SHA-512.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_es512("eyJhbGciOiJFUzUxMiJ9.e30.AA", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "false",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyEs512Body,
});

const ioJwtVerifyHs256Builtin = builtin({
  name: "io.jwt.verify_hs256",
  description: "Verifies the signature of a token: HMAC with SHA-256.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_hs256("eyJhbGciOiJIUzI1NiJ9.e30.CYG8qKSuUG1cj5ZM7YUE3kRjuUjOfiv14zgdYx-7pLo", "k")',
      "true",
    ],
  ],
  categories: ["tokens"],
  native: true,
  host: ioJwtVerifyHs256Body,
});

const ioJwtVerifyHs384Builtin = builtin({
  name: "io.jwt.verify_hs384",
  description: "Verifies the signature of a token: HMAC with SHA-384.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_hs384("eyJhbGciOiJIUzM4NCJ9.e30.FGH5I6VwFgjJ6J64HPllZoNBY2zeve_EP6bgx6l0wMEMwFAkDY-CvLEYG4PCrqVY", "k")',
      "true",
    ],
  ],
  categories: ["tokens"],
  native: true,
  host: ioJwtVerifyHs384Body,
});

const ioJwtVerifyHs512Builtin = builtin({
  name: "io.jwt.verify_hs512",
  description: "Verifies the signature of a token: HMAC with SHA-512.",
  args: [arg("jwt", stringType, "the token"), arg("secret", stringType, "the shared secret")],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_hs512("eyJhbGciOiJIUzUxMiJ9.e30.IbBeCGMAsnX4IY03QtfjWqzueCgqvQaTJnVbFig5H7i-CgK7NqoSJa4w1qheZfhyQte52tsabDtXCViljk709Q", "k")',
      "true",
    ],
  ],
  categories: ["tokens"],
  native: true,
  host: ioJwtVerifyHs512Body,
});

const ioJwtVerifyEddsaBuiltin = builtin({
  name: "io.jwt.verify_eddsa",
  description: "Verifies the signature of a token: Ed25519.",
  args: [
    arg("jwt", stringType, "the token"),
    arg("certificate", stringType, "certificate, public key, or JWK set"),
  ],
  result: arg("result", booleanType, "true when it is good"),
  examples: [
    [
      'io.jwt.verify_eddsa("eyJhbGciOiJFZERTQSJ9.e30.YlInVnACEGcwQoK1qlYhfpjuWcnt5o5DiNjpdXazsM05LTA9Fbvb0ei9cwAbOzCUm3BG1slR1QXngnJzuwQLBw", "{\\"kty\\":\\"OKP\\",\\"crv\\":\\"Ed25519\\",\\"x\\":\\"7lyUvzSpYLwByflE9ek2kwTAnRF1Gt1C9ZVuKGWnXj0\\"}")',
      "true",
    ],
  ],
  categories: ["tokens"],
  host: ioJwtVerifyEddsaBody,
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
  host: ioJwtEncodeSignBody,
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
  host: ioJwtEncodeSignRawBody,
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
