import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import { CompactSign, importPKCS8 } from "jose";
import { describe, expect, test } from "vitest";
import { algorithms } from "../../../src/crypto/algorithms.ts";
import {
  generateKeyPair,
  importJwk,
  importSigningKey,
  importVerificationKey,
  keySet,
} from "../../../src/crypto/jwk.ts";
import { readCompact, signCompact, signJwt, verifyCompact, verifyJwt } from "../../../src/crypto/jws.ts";
import { readPem, writePem } from "../../../src/crypto/pem.ts";

const payload = new TextEncoder().encode('{"files":[]}');
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
};
const ed = generateKeyPairSync("ed25519");

function pairFor(name: string) {
  return name in ec ? ec[name as keyof typeof ec] : name === "EdDSA" ? ed : rsa;
}
const pem = (key: { export(options: object): string | Buffer }, type: string): string =>
  key.export({ format: "pem", type }) as string;

describe.each(algorithms.map((row) => row.name))("%s", (name) => {
  const secret = name.startsWith("HS");
  const signing = secret ? "s" : pem(pairFor(name).privateKey, "pkcs8");
  const verifying = secret ? "s" : pem(pairFor(name).publicKey, "spki");

  test("what is signed verifies, and one changed character does not", async () => {
    const token = await signCompact(payload, await importSigningKey(signing, name), {
      kid: "k1",
      typ: "JWT",
    });
    const key = await importVerificationKey(verifying, name);
    const read = await verifyCompact(token, key);
    expect(read.header).toEqual({ alg: name, kid: "k1", typ: "JWT" });
    expect(read.payload).toEqual(payload);
    const [head, body = "", signature = ""] = token.split(".");
    const flip = (text: string, at: number) =>
      text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    await expect(verifyCompact(`${head}.${flip(body, 3)}.${signature}`, key)).rejects.toThrow(
      "failed to verify JWT signature",
    );
    await expect(verifyCompact(`${head}.${body}.${flip(signature, 8)}`, key)).rejects.toThrow(
      "failed to verify JWT signature",
    );
    await expect(verifyCompact(`${head}.${body}.`, key)).rejects.toThrow("failed to verify JWT signature");
  });

  test("the private key block verifies too, as in OPA", async () => {
    const token = await signCompact(payload, await importSigningKey(signing, name));
    expect((await verifyCompact(token, await importVerificationKey(signing, name))).payload).toEqual(payload);
  });
});

test("every PEM block OPA takes", async () => {
  const signRs = ["pkcs8", "pkcs1"].map((type) => pem(rsa.privateKey, type));
  const verifyRs = [pem(rsa.publicKey, "spki"), pem(rsa.publicKey, "pkcs1"), ...signRs];
  const signEs = ["pkcs8", "sec1"].map((type) => pem(ec.ES384.privateKey, type));
  const verifyEs = [pem(ec.ES384.publicKey, "spki"), ...signEs];
  for (const [alg, signers, verifiers] of [
    ["PS384", signRs, verifyRs],
    ["ES384", signEs, verifyEs],
  ] as const) {
    for (const signer of signers) {
      const token = await signCompact(payload, await importSigningKey(signer, alg));
      for (const verifier of verifiers)
        expect((await verifyCompact(token, await importVerificationKey(verifier, alg))).payload).toEqual(
          payload,
        );
    }
  }
});

test("a certificate's key verifies", async () => {
  const config = "[req]\ndistinguished_name=dn\n[dn]\n";
  for (const [alg, newkey] of [
    ["RS256", ["rsa:2048"]],
    ["ES256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]],
  ] as const) {
    let text: string;
    try {
      text = execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          ...newkey,
          "-nodes",
          "-keyout",
          "-",
          "-subj",
          "/CN=x",
          "-config",
          "/dev/stdin",
        ],
        { input: config, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] },
      );
    } catch {
      return; // no openssl on this machine: the DER walk is also covered by the next test
    }
    const [key, certificate] = [
      /-----BEGIN PRIVATE[\s\S]*?END PRIVATE KEY-----/,
      /-----BEGIN CERT[\s\S]*/,
    ].map((re) => re.exec(text)?.[0] ?? "");
    const token = await signCompact(payload, await importSigningKey(key as string, alg));
    expect(
      (await verifyCompact(token, await importVerificationKey(certificate as string, alg))).payload,
    ).toEqual(payload);
    expect(new X509Certificate(certificate as string).publicKey.asymmetricKeyType).toBe(
      alg === "RS256" ? "rsa" : "ec",
    );
  }
});

test("keys that do not fit are refused in a sentence", async () => {
  const rsaPem = pem(rsa.privateKey, "pkcs8");
  await expect(importSigningKey(rsaPem, "ES256")).rejects.toThrow("the key cannot be used with ES256");
  await expect(importSigningKey(pem(ec.ES384.privateKey, "sec1"), "ES256")).rejects.toThrow(
    "the key cannot be used with ES256",
  );
  await expect(importSigningKey(pem(rsa.publicKey, "spki"), "RS256")).rejects.toThrow(
    "a private key is needed to sign",
  );
  await expect(importSigningKey("hello", "RS256")).rejects.toThrow(
    "failed to parse PEM block containing the key",
  );
  await expect(importSigningKey(rsaPem, "none")).rejects.toThrow("unknown signature algorithm: none");
  await expect(importSigningKey("", "HS256")).rejects.toThrow("the key is empty");
  await expect(
    importVerificationKey(writePem("PUBLIC KEY", Uint8Array.of(1, 2, 3)), "RS256"),
  ).rejects.toThrow("the key cannot be used");
  await expect(
    importVerificationKey(writePem("CERTIFICATE", Uint8Array.of(0x30, 0x84, 1)), "RS256"),
  ).rejects.toThrow("not well-formed DER");
  await expect(importVerificationKey(writePem("DSA PRIVATE KEY", Uint8Array.of(1)), "RS256")).rejects.toThrow(
    "unsupported key type: DSA PRIVATE KEY",
  );
  const encrypted = createPrivateKey(rsaPem).export({
    format: "pem",
    type: "pkcs1",
    cipher: "aes-128-cbc",
    passphrase: "x",
  }) as string;
  await expect(importSigningKey(encrypted, "RS256")).rejects.toThrow("is encrypted");
});

test("the header cannot choose the algorithm", async () => {
  const publicPem = pem(rsa.publicKey, "spki");
  const key = await importVerificationKey(publicPem, "RS256");
  const confused = await signCompact(payload, await importSigningKey(publicPem, "HS256"));
  await expect(verifyCompact(confused, key)).rejects.toThrow("the token is signed with `HS256`");
  const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(payload).toString("base64url")}.`;
  await expect(verifyCompact(none, key)).rejects.toThrow("the token is signed with `none`");
  const critical = await new CompactSign(payload)
    .setProtectedHeader({ alg: "RS256", crit: ["b64"], b64: true })
    .sign(await importPKCS8(pem(rsa.privateKey, "pkcs8"), "RS256"));
  await expect(verifyCompact(critical, key)).rejects.toThrow("critical extensions");
});

test("what is no token is refused", () => {
  for (const text of ["", "a.b", "a.b.c.d", "!.e30.", "e30", "W10.e30.x", "bnVsbA.e30.x"])
    expect(() => readCompact(text)).toThrow(/failed to/);
});

test("PEM text survives a round trip", () => {
  const der = Uint8Array.from({ length: 100 }, (_, i) => i);
  expect(readPem(`noise\n${writePem("X", der)}noise`)).toEqual([{ label: "X", der }]);
  expect(createPublicKey(pem(rsa.publicKey, "spki")).asymmetricKeyType).toBe("rsa");
});

test("a key set chooses by kid and algorithm, and never a shared secret", async () => {
  const jwk = (key: { export(options: { format: "jwk" }): object }, extra: object) =>
    ({ ...key.export({ format: "jwk" }), ...extra }) as { kty: string };
  const keys = keySet({
    keys: [
      jwk(rsa.publicKey, { kid: "a", alg: "RS256" }),
      jwk(ec.ES256.publicKey, { kid: "b" }),
      { kty: "oct", k: "c2VjcmV0", kid: "c" },
      jwk(ed.publicKey, { kid: "d", use: "enc" }),
    ],
  });
  const sign = async (material: string, alg: string, kid?: string) =>
    signJwt({ sub: "x" }, await importSigningKey(material, alg), kid);
  expect(await verifyJwt(await sign(pem(rsa.privateKey, "pkcs8"), "RS256", "a"), keys)).toEqual({ sub: "x" });
  expect(await verifyJwt(await sign(pem(ec.ES256.privateKey, "pkcs8"), "ES256"), keys)).toEqual({ sub: "x" });
  await expect(verifyJwt(await sign(pem(rsa.privateKey, "pkcs8"), "PS256", "a"), keys)).rejects.toThrow(
    "no key `a` fits the token",
  );
  await expect(verifyJwt(await sign("secret", "HS256", "c"), keys)).rejects.toThrow(
    "no key `c` fits the token",
  );
  await expect(verifyJwt(await sign(pem(ed.privateKey, "pkcs8"), "EdDSA", "d"), keys)).rejects.toThrow(
    "no key `d` fits the token",
  );
});

test("a JWK is bound to one algorithm and one use", async () => {
  const secret = { kty: "oct", k: "c2VjcmV0" };
  const token = await signJwt({ a: 1 }, await importSigningKey("secret", "HS256"));
  expect(await verifyJwt(token, await importJwk(secret, "verify", "HS256"))).toEqual({ a: 1 });
  await expect(importJwk({ ...secret, alg: "HS512" }, "verify", "HS256")).rejects.toThrow(
    "the key is for HS512",
  );
  await expect(importJwk(secret, "verify")).rejects.toThrow("names no algorithm");
  await expect(importJwk(secret, "verify", "RS256")).rejects.toThrow("cannot be used with RS256");
});

test("generated pairs sign and verify", async () => {
  const pair = await generateKeyPair("ES256");
  const token = await signCompact(payload, await importSigningKey(pair.privatePem, "ES256"));
  expect((await verifyCompact(token, await importVerificationKey(pair.publicPem, "ES256"))).payload).toEqual(
    payload,
  );
});
