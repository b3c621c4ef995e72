// Bundles between Reeve and the real `opa`, both ways: hashes, signatures, archives, and the decision agent on what `opa build` made. Runs
// where `opa` is on the PATH.

import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { assemble } from "../../src/bundle/assemble.ts";
import { load } from "../../src/bundle/load.ts";
import { read } from "../../src/bundle/read.ts";
import { hashFiles, sign } from "../../src/bundle/sign.ts";
import { verify } from "../../src/bundle/verify.ts";
import { pack, write } from "../../src/bundle/write.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import { createDecisionAgent } from "../../src/decision/sdk.ts";
import { decode, encode } from "../../src/value/json.ts";
import type { RegoObject, Value } from "../../src/value/value.ts";

const hasOpa = spawnSync("opa", ["version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "reeve-interop-"));
afterAll(() => rmSync(folder, { recursive: true }));

const opa = (args: readonly string[], cwd = folder): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync("opa", args, { cwd, encoding: "utf8" });
  return { status, output: stdout + stderr };
};

function place(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: { export(options: object): string | Buffer }, type: string): string =>
  key.export({ format: "pem", type }) as string;
const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** Key files for an algorithm, in the PEM forms that the family has. */
function keysFor(algorithm: string): { signing: string[]; verifying: string[] } {
  if (algorithm.startsWith("HS")) return { signing: ["s3cret"], verifying: ["s3cret"] };
  const pair = algorithm.startsWith("ES")
    ? generateKeyPairSync("ec", { namedCurve: curves[algorithm] as string })
    : rsa;
  const own = algorithm.startsWith("ES") ? "sec1" : "pkcs1";
  const [spki, pkcs8, older] = [
    pem(pair.publicKey, "spki"),
    pem(pair.privateKey, "pkcs8"),
    pem(pair.privateKey, own),
  ];
  return {
    signing: [pkcs8, older],
    verifying: own === "pkcs1" ? [spki, pem(pair.publicKey, "pkcs1")] : [spki],
  };
}

const algorithms = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
];

const NASTY = [
  '{"n":[1,1.0,1e3,1E+3,-0,-0.0,0.1e-7,12345678901234567890123,1e400,100000000000000000000.5]}',
  '{"s":"<>&\\u003c \\u2028\\u2029 \\u0000\\u0001\\b\\f\\n\\r\\t\\u007f \\" \\\\ \\/ é日😀"}',
  '{"\\uffee":1,"\\ud83d\\ude00":2,"a":3,"Z":4,"":5,"\\u0000":6,"é":7}',
  '{"a":{"b":{"c":[[],{},[[{}]],null,true,false]}}}',
  '{"dup":1,"dup":2,"dup":{"x":1}}',
  '{"lone":"\\ud800","pair":"\\ud83d\\ude00","low":"\\udc00x"}',
  '{"__proto__":{"x":1},"constructor":2,"toString":3}',
  ' \n\t{ "spaced" : [ 1 , 2 ] }\r\n ',
];

describe.skipIf(!hasOpa)("signatures", () => {
  test.each(algorithms)("%s: ours are good there, theirs are good here", async (algorithm) => {
    const { signing, verifying } = keysFor(algorithm);
    const source = place(`src-${algorithm}`, {
      ".manifest": '{"revision":"r","roots":["a","d"],"metadata":{"x":1.50,"u":"<é\\u2028>"}}',
      "a/p.rego": "package a\n\nx := data.d.k\n",
      "d/data.json": '{"k":1.0,"z":"<&>\\u2028"}',
    });
    for (const [i, signingKey] of signing.entries()) {
      const keyFile = join(folder, `${algorithm}-${i}.key`);
      writeFileSync(keyFile, signingKey);
      const theirs = join(folder, `${algorithm}-${i}.tar.gz`);
      execFileSync(
        "opa",
        [
          "build",
          "-b",
          `src-${algorithm}`,
          "-o",
          theirs,
          "--signing-key",
          keyFile,
          "--signing-alg",
          algorithm,
        ],
        { cwd: folder },
      );
      for (const [j, verifyingKey] of verifying.entries()) {
        const config = { keys: new Map([["default", { key: verifyingKey, algorithm }]]), keyId: "default" };
        const bundle = await verify(await read(new Uint8Array(readFileSync(theirs))), config);
        expect(bundle.verification.signed).toBe(true);

        const ours = join(folder, `ours-${algorithm}-${i}-${j}.tar.gz`);
        const loaded = await load(source);
        const built = assemble({ manifest: loaded.manifest, data: loaded.data, modules: loaded.modules });
        writeFileSync(ours, write(await sign(built, { key: signingKey, algorithm, keyId: "default" })));
        const publicFile = join(folder, `${algorithm}-${j}.pub`);
        writeFileSync(publicFile, verifyingKey);
        const flags = [
          "--verification-key",
          publicFile,
          "--signing-alg",
          algorithm,
          "--verification-key-id",
          "default",
        ];
        expect(opa(["build", "-b", ours, ...flags, "-o", join(folder, "again.tar.gz")])).toEqual({
          status: 0,
          output: "",
        });
      }
    }
  });

  test("a bundle of ours that was changed is refused there in the same words as here", async () => {
    const bundle = await sign(
      assemble({
        manifest: { revision: "r", roots: ["a"], wasm: [] },
        data: decode('{"a":1}') as RegoObject,
        modules: [{ path: "a.rego", text: "package a\n" }],
      }),
      { key: "s3cret", algorithm: "HS256", keyId: "default" },
    );
    const text = new TextEncoder();
    const changes: Record<string, typeof bundle.files> = {
      "another hash": bundle.files.map((file) =>
        file.path === "data.json" ? { ...file, bytes: text.encode('{"a":2}') } : file,
      ),
      "an extra file": [...bundle.files, { path: "extra.txt", bytes: text.encode("x") }],
      "a missing file": bundle.files.filter((file) => file.path !== "a.rego"),
    };
    const config = { keys: new Map([["default", { key: "s3cret", algorithm: "HS256" }]]), keyId: "default" };
    for (const [name, files] of Object.entries(changes)) {
      const file = join(folder, "changed.tar.gz");
      const signatures = { path: ".signatures.json", bytes: text.encode(JSON.stringify(bundle.signatures)) };
      writeFileSync(file, pack([...files, signatures]));
      const here = await read(new Uint8Array(readFileSync(file)))
        .then((unsure) => verify(unsure, config))
        .then(
          () => "accepted",
          (error: Error) => error.message,
        );
      const there = opa([
        "build",
        "-b",
        file,
        "--verification-key",
        "s3cret",
        "--signing-alg",
        "HS256",
        "--verification-key-id",
        "default",
        "-o",
        join(folder, "x.tar.gz"),
      ]);
      expect(there.status, name).not.toBe(0);
      expect(there.output, name).toContain(here);
    }
  });

  test("a scope is checked on both sides", async () => {
    const claims = place("claims", { "claims.json": '{"scope":"write","keyid":"default"}' });
    place("scoped", { "data.json": '{"a":1}' });
    execFileSync(
      "opa",
      [
        "build",
        "-b",
        "scoped",
        "-o",
        "scoped.tar.gz",
        "--signing-key",
        "s3cret",
        "--signing-alg",
        "HS256",
        "--claims-file",
        join(claims, "claims.json"),
      ],
      { cwd: folder },
    );
    const bundle = await read(new Uint8Array(readFileSync(join(folder, "scoped.tar.gz"))));
    const keys = new Map([["default", { key: "s3cret", algorithm: "HS256" }]]);
    expect((await verify(bundle, { keys, scope: "write" })).verification.scope).toBe("write");
    await expect(verify(bundle, { keys, scope: "read" })).rejects.toThrow("scope mismatch");
    expect(
      opa([
        "build",
        "-b",
        "scoped.tar.gz",
        "--verification-key",
        "s3cret",
        "--signing-alg",
        "HS256",
        "--scope",
        "read",
        "-o",
        "x.tar.gz",
      ]).output,
    ).toContain("scope mismatch");
  });
});

describe.skipIf(!hasOpa)("hashes of nasty documents are those of `opa sign`", () => {
  const yaml = [
    "a: [yes, off, ~, 017, 0x1F, 1.0, 1e3, 1_000, 2001-12-14, 'x', \"\\u2028\"]\n",
    "x: &a {k: 1}\ny2: *a\nz: {<<: *a, l: 2}\n",
  ];
  const documents = [
    ...NASTY.map((text) => ["data.json", text] as const),
    ...yaml.map((text) => ["data.yaml", text] as const),
  ];
  test.each(documents.map(([name, text], i) => [i, name, text] as const))("%i %s", async (i, name, text) => {
    const root = place(`nasty-${i}`, {
      [name]: text,
      ".manifest": NASTY[2] as string,
      "plan.json": text,
      "data.yml": "q: 1.0\n",
    });
    execFileSync("opa", ["sign", "-b", ".", "--signing-key", "s3cret", "--signing-alg", "HS256"], {
      cwd: root,
    });
    const { signatures } = JSON.parse(readFileSync(join(root, ".signatures.json"), "utf8")) as {
      signatures: string[];
    };
    const payload = JSON.parse(new TextDecoder().decode(readCompact(signatures[0] as string).payload)) as {
      files: { name: string; hash: string }[];
    };
    const theirs = Object.fromEntries(payload.files.map((file) => [file.name, file.hash]));
    const packed = pack(
      [name, ".manifest", "plan.json"].map((path) => ({
        path,
        bytes: new Uint8Array(readFileSync(join(root, path))),
      })),
    );
    for (const { name: path, hash } of hashFiles(await read(packed))) expect(hash, path).toBe(theirs[path]);
  });
});

describe.skipIf(!hasOpa)("archives", () => {
  const files = {
    ".manifest": '{"revision":"<r>","roots":["a","d","e"],"metadata":{"n":1.0}}',
    "a/p.rego": "package a\n\n# METADATA\n# entrypoint: true\nallow if input.x == data.d.k\n\nhelper := 1\n",
    "d/data.json": '{"k":1.0,"big":123456789012345678901234567890}',
    "e/data.yaml": "y1: yes\nn1: 017\n",
  };

  test("what we write, `opa` reads as what it wrote itself: data, manifest, order", async () => {
    const source = place("same", files);
    execFileSync("opa", ["build", "-b", "same", "-o", "same.tar.gz"], { cwd: folder });
    const theirs = await read(new Uint8Array(readFileSync(join(folder, "same.tar.gz"))));
    const loaded = await load(source);
    const modules = theirs.modules;
    const ours = assemble({ manifest: { ...loaded.manifest, regoVersion: 1 }, data: loaded.data, modules });
    expect(ours.files.map(({ path }) => path)).toEqual(theirs.files.map(({ path }) => path));
    for (const [i, file] of ours.files.entries())
      expect(new TextDecoder().decode(file.bytes), file.path).toBe(
        new TextDecoder().decode(theirs.files[i]?.bytes),
      );
    writeFileSync(join(folder, "ours.tar.gz"), write(ours));
    const query = ["--format", "json", "data"];
    expect(opa(["eval", "-b", "ours.tar.gz", ...query]).output).toBe(
      opa(["eval", "-b", "same.tar.gz", ...query]).output,
    );
  });

  test("the decision agent decides as `opa eval` on a bundle of `opa build -t wasm`", async () => {
    place("wasm", {
      ...files,
      "a/q.rego":
        'package a\n\nimport rego.v1\n\nmsg := sprintf("%v-%.2f", [input.x, 1.5])\n\nhash := crypto.sha256(input.s)\n\nnumbers := {n | some n in input.ns; n > 1}\n\nclash := 1 if input.c\n\nclash := 2 if input.c\n',
    });
    const entrypoints = ["a/allow", "a/msg", "a/hash", "a/numbers", "a/clash"];
    execFileSync(
      "opa",
      [
        "build",
        "-b",
        "wasm",
        "-t",
        "wasm",
        ...entrypoints.flatMap((e) => ["-e", e]),
        "-o",
        "wasm.tar.gz",
        "--signing-key",
        "s3cret",
        "--signing-alg",
        "HS256",
      ],
      { cwd: folder },
    );
    const agent = await createDecisionAgent({});
    const verification = {
      keys: new Map([["default", { key: "s3cret", algorithm: "HS256" }]]),
      keyId: "default",
    };
    await agent.offer("b", new Uint8Array(readFileSync(join(folder, "wasm.tar.gz"))), { verification });
    const inputs = ["{}", '{"x":1,"s":"é","ns":[1,2,3.50,2]}', '{"x":1.0,"s":""}', '{"x":"1","ns":{"a":5}}'];
    for (const input of inputs) {
      writeFileSync(join(folder, "input.json"), input);
      for (const path of entrypoints) {
        const { output } = opa([
          "eval",
          "-b",
          "wasm",
          "-i",
          "input.json",
          "--format",
          "raw",
          `data.${path.replace("/", ".")}`,
        ]);
        const { result } = await agent.decide({ path, inputJson: input });
        const expected = output.trim() === "" ? undefined : output.trim();
        const actual =
          result === undefined
            ? undefined
            : typeof result === "string"
              ? result
              : encode(result as Value, { escapeHtml: false });
        expect(actual, `${path} ${input}`).toBe(expected);
      }
    }
    await expect(agent.decide({ path: "a/clash", inputJson: '{"c":true}' })).rejects.toMatchObject({
      code: "eval_conflict_error",
    });
    await expect(agent.decide({ path: "a/helper" })).rejects.toMatchObject({ code: "undefined_document" });
    expect(encode((await agent.decide({ path: "d/big" })).result as Value)).toBe(
      "123456789012345678901234567890",
    );
    await agent.close();
  });
});

describe.skipIf(!hasOpa)("errors about bundles are `opa`'s", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["overlapping roots", { ".manifest": '{"roots":["a","a/b"]}' }],
    ["a package outside the roots", { ".manifest": '{"roots":["a"]}', "p.rego": "package b\n" }],
    ["data outside the roots", { ".manifest": '{"roots":["a"]}', "b/data.json": '{"x":1}' }],
    [
      "a wasm module that is not there",
      { ".manifest": '{"wasm":[{"entrypoint":"a","module":"/policy.wasm"}]}' },
    ],
    ["a wrong type in the manifest", { ".manifest": '{"revision":1}' }],
    ["roots of a wrong type", { ".manifest": '{"roots":"a"}' }],
    ["two manifests", { ".manifest": "{}", "x.manifest": "{}" }],
  ];
  test.each(cases)("%s", async (name, files) => {
    const file = join(folder, "bad.tar.gz");
    writeFileSync(
      file,
      pack(Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) }))),
    );
    const here = await read(new Uint8Array(readFileSync(file)))
      .then((bundle) => verify(bundle))
      .then(
        () => "accepted",
        (error: Error) => error.message,
      );
    const there = opa(["build", "-b", file, "-o", join(folder, "x.tar.gz")]);
    expect(there.status, name).not.toBe(0);
    // Paths carry the archive's leading slash there.
    const plain = (text: string): string =>
      text
        .replaceAll(/(["'])\/?/g, "$1")
        .replaceAll(`${file}/`, "")
        .replaceAll(file.slice(1), "");
    expect(plain(there.output)).toContain(plain(here));
  });
});
