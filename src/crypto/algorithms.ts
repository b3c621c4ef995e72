// One row per JWS algorithm (RFC 7518, 3.1; RFC 8037): what key it takes and how the platform's WebCrypto names it. Nothing that
// reads a row asks which row it is; a new algorithm is a new row.

import { PolicyError } from "../error.ts";

export type AlgorithmName =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

export interface SignatureAlgorithm {
  readonly name: AlgorithmName;
  /** `kty` of the JWK; `oct` is a shared secret. */
  readonly keyType: "oct" | "RSA" | "EC" | "OKP";
  /** What `crypto.subtle.importKey` wants to hear. */
  readonly importParameters: {
    readonly name: string;
    readonly hash?: string;
    readonly namedCurve?: string;
  };
  /** Whether OPA takes it for bundles (EdDSA is for tokens only). */
  readonly forBundles: boolean;
}

function family(
  prefix: "HS" | "RS" | "PS",
  keyType: "oct" | "RSA",
  name: string,
): readonly SignatureAlgorithm[] {
  return (["256", "384", "512"] as const).map((bits) => ({
    name: `${prefix}${bits}`,
    keyType,
    importParameters: { name, hash: `SHA-${bits}` },
    forBundles: true,
  }));
}

const ecdsa = (name: AlgorithmName, namedCurve: string): SignatureAlgorithm => ({
  name,
  keyType: "EC",
  importParameters: { name: "ECDSA", namedCurve },
  forBundles: true,
});

export const algorithms: readonly SignatureAlgorithm[] = [
  ...family("HS", "oct", "HMAC"),
  ...family("RS", "RSA", "RSASSA-PKCS1-v1_5"),
  ...family("PS", "RSA", "RSA-PSS"),
  ecdsa("ES256", "P-256"),
  ecdsa("ES384", "P-384"),
  ecdsa("ES512", "P-521"),
  { name: "EdDSA", keyType: "OKP", importParameters: { name: "Ed25519" }, forBundles: false },
];

const byName: ReadonlyMap<string, SignatureAlgorithm> = new Map(algorithms.map((row) => [row.name, row]));

export function findAlgorithm(name: string): SignatureAlgorithm | undefined {
  return byName.get(name);
}

/** The row, or `signature_error` in OPA's words. */
export function requireAlgorithm(name: string): SignatureAlgorithm {
  const row = byName.get(name);
  if (row === undefined) throw new PolicyError("signature_error", `unknown signature algorithm: ${name}`);
  return row;
}

/** What OPA takes in `keys[<id>].algorithm`. */
export function isBundleAlgorithm(name: string): boolean {
  return byName.get(name)?.forBundles === true;
}

/** OPA's default for keys and for signing. */
export const DEFAULT_ALGORITHM: AlgorithmName = "RS256";
