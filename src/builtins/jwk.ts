// JSON Web Keys and sets of them as text, checked before any platform sees them: a key that lacks a part, or has one of another type, is
// refused - an absent secret must never become an empty one. Objects out, or a failure in the words of the library that OPA uses.

import { decode, encode } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject, typeName } from "../value/value.ts";
import { decodeBase64 } from "./base64.ts";
import { failure } from "./operand.ts";

/** The checked keys of a text. */
export function readJwkSet(text: string): RegoObject[] {
  let value: Value;
  try {
    value = decode(text);
  } catch (error) {
    throw failure(`jwk.Parse: failed to parse sole key: jwk.ParseKey: ${PROBE}: ${(error as Error).message}`);
  }
  const keys = isObject(value) ? value.get("keys") : undefined;
  if (keys === undefined) return [checked(value, "jwk.Parse: failed to parse sole key: jwk.ParseKey: ")];
  const set = "jwk.Parse: failed to unmarshal JWK set: failed to decode";
  if (!isArray(keys)) throw failure(`${set} "keys": expected '[' but got ${encode(keys)}`);
  return keys.map((key, index) => checked(key, `${set} key #${index} in "keys": jwk.ParseKey: `));
}

const PROBE = "jwk.Parse: failed to probe data: probe: failed to unmarshal data";
const PROBE_TYPE =
  'Go value of type struct { Kty string "json:\\"kty\\""; D json.RawMessage "json:\\"d,omitempty\\"" }';

interface Shape {
  readonly name: string;
  /** Of a public key. */
  readonly required: readonly string[];
  /** Base64url of bytes. */
  readonly bytes: readonly string[];
}

const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ["oct", { name: "symmetric", required: ["k"], bytes: ["k"] }],
  ["RSA", { name: "rsa", required: ["e", "n"], bytes: ["d", "e", "n", "p", "q", "dp", "dq", "qi"] }],
  ["EC", { name: "ecdsa", required: ["crv", "x", "y"], bytes: ["d", "x", "y"] }],
  ["OKP", { name: "okp", required: ["crv", "x"], bytes: ["d", "x"] }],
]);

const CURVES: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
  ["secp256k1", 32],
  ["Ed25519", 32],
  ["X25519", 32],
  ["Ed448", 57],
  ["X448", 56],
]);

/** Every algorithm that a key may name (RFC 7518, 8037); which of them sign is the caller's matter. */
const KEY_ALGORITHMS: ReadonlySet<string> = new Set(
  (
    "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES256K ES384 ES512 EdDSA none RSA1_5 RSA-OAEP RSA-OAEP-256 " +
    "RSA-OAEP-384 RSA-OAEP-512 A128KW A192KW A256KW dir ECDH-ES ECDH-ES+A128KW ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW " +
    "A256GCMKW PBES2-HS256+A128KW PBES2-HS384+A192KW PBES2-HS512+A256KW"
  ).split(" "),
);

function goType(value: Value): string {
  const name = typeName(value);
  return name === "boolean" ? "bool" : name;
}

function checked(key: Value, prefix: string): RegoObject {
  if (key !== null && !isObject(key))
    throw failure(`${prefix}${PROBE}: json: cannot unmarshal ${goType(key)} into ${PROBE_TYPE}`);
  const kty = key === null ? undefined : key.get("kty");
  if (kty !== undefined && kty !== null && typeof kty !== "string")
    throw failure(
      `${prefix}${PROBE}: json: cannot unmarshal ${goType(kty)} into Go struct field .kty of type string`,
    );
  const shape = SHAPES.get(kty ?? "");
  if (key === null || shape === undefined)
    throw failure(`${prefix}invalid key type from JSON (${kty ?? ""})`);
  const kind = shape.name === "symmetric" ? "Key" : key.has("d") ? "PrivateKey" : "PublicKey";
  const type = `(*jwk.${shape.name}${kind})`;
  const wrong = fieldsWrong(key, shape);
  if (wrong !== undefined)
    throw failure(
      `${prefix}failed to unmarshal JSON into key ${type}: failed to unmarshal JSON into key ${type}: ${wrong}`,
    );
  const invalid = contentWrong(key, shape, kind);
  if (invalid !== undefined)
    throw failure(`${prefix}jwk.Parse: key validation failed: key validation failed: ${invalid}`);
  return key;
}

function fieldsWrong(key: RegoObject, shape: Shape): string | undefined {
  for (const [name, value] of key.entries()) {
    const isText = name === "kid" || name === "use" || name === "crv" || name === "alg";
    if (!isText && !shape.bytes.includes(name as string)) continue;
    if (typeof value !== "string") {
      const reading = name === "alg" ? "" : "error reading next value: ";
      return `failed to decode value for key ${name as string}: ${reading}json: cannot unmarshal ${goType(value)} into Go value of type string`;
    }
    if (name === "alg" && !KEY_ALGORITHMS.has(value))
      return `failed to decode value for key alg: invalid key value: ${JSON.stringify(value)}: invalid key algorithm`;
    if (name === "crv" && !CURVES.has(value))
      return `failed to decode value for key crv: unknown EllipticCurveAlgorithm: ${JSON.stringify(value)}`;
    if (!isText && bytesOf(value) === undefined)
      return `failed to decode value for key ${name as string}: expected base64 encoded []byte (string)`;
  }
  const missing = shape.required.find((name) => !key.has(name));
  return missing === undefined ? undefined : `required field ${missing} is missing`;
}

function contentWrong(key: RegoObject, shape: Shape, kind: string): string | undefined {
  const length = (name: string): number => jwkBytes(key, name).length;
  const size = CURVES.get(key.get("crv") as string);
  switch (shape.name) {
    case "symmetric":
      return length("k") === 0 ? 'jwk.SymmetricKey: missing "k" field' : undefined;
    case "rsa": {
      const empty = ["n", "e"].find((name) => jwkBytes(key, name).every((byte) => byte === 0));
      return empty === undefined ? undefined : `jwk.RSA${kind}: missing "${empty}" value`;
    }
    case "ecdsa": {
      const odd = ["x", "y"].find((name) => length(name) !== size);
      return odd === undefined
        ? undefined
        : `jwk.ECDSA${kind}: invalid "${odd}" length (${length(odd)}) for curve "${key.get("crv") as string}"`;
    }
    default:
      return key.get("crv") !== "Ed25519" || length("x") === size
        ? undefined
        : `jwk.OKP${kind}: ed25519: wrong public key size`;
  }
}

/** The bytes of a field of a checked key. */
export function jwkBytes(key: RegoObject, name: string): Uint8Array {
  const value = key.get(name);
  return (typeof value === "string" ? bytesOf(value) : undefined) ?? new Uint8Array(0);
}

/** Base64 in any of its forms. */
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text, /[+/]/.test(text) ? "standard" : "url", text.endsWith("="));
  } catch {
    return undefined;
  }
}
