import { describe, expect, test } from "vitest";
import { assemble, assembleDelta } from "../../../src/bundle/assemble.ts";
import type { Bundle } from "../../../src/bundle/bundle.ts";
import { applyDelta, diff } from "../../../src/bundle/delta.ts";
import { matchesFile, matchesGlob } from "../../../src/bundle/glob.ts";
import { checkManifest, findOverlap, regoVersionOf } from "../../../src/bundle/manifest.ts";
import { packagePath } from "../../../src/bundle/package-path.ts";
import { read } from "../../../src/bundle/read.ts";
import { verify } from "../../../src/bundle/verify.ts";
import { pack, write } from "../../../src/bundle/write.ts";
import { decode, encode } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const text = new TextEncoder();
const readFiles = (files: Readonly<Record<string, string>>): Promise<Bundle> =>
  read(pack(Object.entries(files).map(([path, source]) => ({ path, bytes: text.encode(source) }))));
const data = (bundle: Bundle): string => encode(bundle.data, { escapeHtml: false });
const objectOf = (source: string): RegoObject => decode(source) as RegoObject;

test("files add up to a bundle", async () => {
  const bundle = await readFiles({
    "data.json": '{"top":1.0}',
    "a/b/data.json": '{"x":[1e3]}',
    "a/c/data.yaml": "u: on\nv: 0o17\n",
    "a/d/data.yml": "{z: 1}",
    "a/p.rego": "package a\n",
    "policy.wasm": "\0asm",
    "sub/policy.wasm": "\0asm",
    "plan.json": "{}",
    "README.md": "ignored",
    ".manifest":
      '{"revision":"r","roots":["/a/","top"],"wasm":[{"entrypoint":"a/p","module":"/policy.wasm"}],"rego_version":1,"file_rego_versions":{"/a/*.rego":0},"metadata":{"m":1.50},"unknown":true}',
  });
  expect(data(bundle)).toBe('{"a":{"b":{"x":[1e3]},"c":{"u":true,"v":15},"d":{"z":1}},"top":1.0}');
  expect(bundle.modules).toEqual([{ path: "a/p.rego", text: "package a\n" }]);
  expect(bundle.wasm.map(({ path, entrypoints }) => [path, entrypoints])).toEqual([
    ["policy.wasm", ["a/p"]],
    ["sub/policy.wasm", []],
  ]);
  expect(bundle.manifest).toMatchObject({ revision: "r", roots: ["a", "top"], regoVersion: 1 });
  expect(regoVersionOf(bundle.manifest, "a/p.rego")).toBe(0);
  expect(regoVersionOf(bundle.manifest, "b/p.rego")).toBe(1);
  expect(bundle.files).toHaveLength(10);
  expect(bundle.type).toBe("snapshot");
  checkManifest(bundle);
});

describe("refused, with the file named", () => {
  test.each([
    [{ "data.json": "{" }, "bundle load failed on data.json: "],
    [{ "data.json": "[1]" }, "bundle load failed on data.json: root value must be object"],
    [
      { "data.json": '{"a":{"x":1}}', "a/x/data.json": "2" },
      "bundle load failed on a/x/data.json: failed to insert data file from path a/x",
    ],
    [
      { "data.yaml": "a: [1" },
      "bundle load failed on data.yaml: yaml: line 1: did not find expected ',' or ']'",
    ],
    [{ "data.yaml": "{a: 1} {b: 2}" }, "data.yaml: yaml: line 1: text behind the end of the document"],
    [{ "data.yaml": `a: ${"[".repeat(3000)}` }, "data.yaml: yaml: exceeded max depth of 1000"],
    [
      {
        "data.yaml": `a: &a [1]\n${Array.from({ length: 25 }, (_, i) => `b${i}: &b${i} [${i === 0 ? "*a,*a" : `*b${i - 1},*b${i - 1}`}]`).join("\n")}`,
      },
      "yaml: document contains excessive aliasing",
    ],
    [{ ".manifest": "{" }, "bundle load failed on manifest decode: "],
    [
      { ".manifest": '{"revision":1}' },
      "json: cannot unmarshal number into Go struct field Manifest.revision of type string",
    ],
    [
      { ".manifest": '{"roots":"a"}' },
      "json: cannot unmarshal string into Go struct field Manifest.roots of type []string",
    ],
    [
      { ".manifest": "{}", "x.manifest": "{}" },
      'bundle contains multiple manifest files: ".manifest" and "x.manifest"',
    ],
    [{ ".manifest.pb": "" }, "`.manifest.pb` is not supported"],
    [{ ".signatures.json": "[]" }, "bundle load failed on signatures decode: the document is not an object"],
    [{ ".signatures.json": '{"signatures":"x"}' }, "`signatures` is not a list of strings"],
    [{ "patch.json": "{" }, "bundle load failed on patch decode: "],
    [{ "patch.json": '{"data":[{"op":"add","path":"/a"}]}' }, "bad patch operation: add"],
    [
      { "patch.json": '{"data":[{"op":"remove","path":"/a"}]}', "data.json": '{"a":1}' },
      "delta bundle expected to contain only patch file but data files found",
    ],
    [
      { "patch.json": '{"data":[{"op":"remove","path":"/a"}]}', "p.rego": "package p" },
      "delta bundle expected to contain only patch file but policy files found",
    ],
    [
      { "patch.json": '{"data":[{"op":"remove","path":"/a"}]}', "policy.wasm": "" },
      "delta bundle expected to contain only patch file but wasm files found",
    ],
  ] as [Record<string, string>, string][])("%j", async (files, message) => {
    await expect(readFiles(files)).rejects.toMatchObject({
      code: "bundle_error",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    [{ ".manifest": '{"roots":["a","a/b"]}' }, "manifest has overlapped roots: 'a' and 'a/b'"],
    [
      { ".manifest": '{"roots":["a"]}', "p.rego": "package b\n" },
      "manifest roots [a] do not permit 'package b' in module 'p.rego'",
    ],
    [
      { ".manifest": '{"roots":["a"]}', "b/data.json": "1" },
      "manifest roots [a] do not permit data at path '/b' (hint: check bundle directory structure)",
    ],
    [{ ".manifest": '{"roots":["a/b"]}', "a/data.json": '{"bc":1}' }, "do not permit data at path '/a/bc'"],
    [
      { ".manifest": '{"wasm":[{"entrypoint":"a","module":"/policy.wasm"}]}' },
      "manifest references wasm module '/policy.wasm' but the module file does not exist",
    ],
    [
      {
        ".manifest": '{"roots":["a"],"wasm":[{"entrypoint":"b/c","module":"/policy.wasm"}]}',
        "policy.wasm": "",
      },
      "manifest roots [a] do not permit 'b/c' entrypoint for wasm module '/policy.wasm'",
    ],
    [
      {
        ".manifest":
          '{"wasm":[{"entrypoint":"b","module":"/policy.wasm"},{"entrypoint":"b","module":"policy.wasm"}]}',
        "policy.wasm": "",
      },
      "entrypoint 'b' cannot be used by more than one wasm module",
    ],
    [
      { ".manifest": '{"roots":["a"]}', "patch.json": '{"data":[{"op":"remove","path":"/b"}]}' },
      "manifest roots [a] do not permit data patch at path 'b'",
    ],
  ] as [Record<string, string>, string][])("%j at verification", async (files, message) => {
    await expect(verify(await readFiles(files))).rejects.toThrow(message);
  });
});

test("roots of several bundles must not overlap", () => {
  const roots = (...lists: string[][]) => lists.map((list, i) => ({ name: `b${i}`, roots: list }));
  expect(findOverlap(roots(["a", "b"], ["c"], ["ab"]))).toBeUndefined();
  expect(findOverlap(roots(["a"], ["a/b"]))).toBe(
    "detected overlapping roots in manifests for these bundles: [b0, b1] (a overlaps a/b)",
  );
  expect(findOverlap(roots(["a"], ["a"]))).toContain("root a is in multiple bundles");
  expect(findOverlap(roots([""], ["a"]))).toContain("bundle(s) [b0] specify empty root paths ('')");
});

describe("deltas", () => {
  const manifest = { revision: "1", roots: ["a"], wasm: [] };
  const snapshot = async (source: string) => verify(assemble({ manifest, data: objectOf(source) }));
  const delta = async (patch: string, revision = "2") =>
    verify(
      await read(
        pack([
          { path: "patch.json", bytes: text.encode(`{"data":${patch}}`) },
          { path: ".manifest", bytes: text.encode(`{"revision":"${revision}","roots":["a"]}`) },
        ]),
      ),
    );

  test.each([
    ['[{"op":"upsert","path":"/a/b","value":1}]', '{"a":{"b":1,"l":[1,2],"x":{"y":1}}}'],
    ['[{"op":"upsert","path":"a/n/e/w","value":1.0}]', '{"a":{"l":[1,2],"n":{"e":{"w":1.0}},"x":{"y":1}}}'],
    ['[{"op":"upsert","path":"/a/l/1","value":9}]', '{"a":{"l":[1,9,2],"x":{"y":1}}}'],
    ['[{"op":"upsert","path":"/a/l/-","value":9}]', '{"a":{"l":[1,2,9],"x":{"y":1}}}'],
    [
      '[{"op":"replace","path":"/a/l/0","value":9},{"op":"remove","path":"/a/x/y"}]',
      '{"a":{"l":[9,2],"x":{}}}',
    ],
    ['[{"op":"upsert","path":"/a/~1s~0t","value":null}]', '{"a":{"/s~t":null,"l":[1,2],"x":{"y":1}}}'],
    ["[]", '{"a":{"l":[1,2],"x":{"y":1}}}'],
  ])("%s", async (patch, expected) => {
    const base = await snapshot('{"a":{"x":{"y":1},"l":[1,2]}}');
    const applied = applyDelta(base, await delta(patch), "b");
    expect(data(applied)).toBe(expected);
    expect(applied.manifest.revision).toBe("2");
  });

  test.each([
    '[{"op":"remove","path":"/a/q"}]',
    '[{"op":"replace","path":"/a/q","value":1}]',
    '[{"op":"remove","path":"/a/l/2"}]',
    '[{"op":"upsert","path":"/a/l/9","value":1}]',
    '[{"op":"upsert","path":"/a/l/x","value":1}]',
  ])("%s finds nothing, and nothing is changed", async (patch) => {
    const base = await snapshot('{"a":{"l":[1,2]}}');
    expect(() => applyDelta(base, { ...base, type: "delta", patch: [] }, "b")).not.toThrow();
    const change = await delta(patch);
    expect(() => applyDelta(base, change, "b")).toThrow("document does not exist");
    expect(data(base)).toBe('{"a":{"l":[1,2]}}');
  });

  test("roots cannot change, and a snapshot is no delta", async () => {
    const base = await snapshot('{"a":{}}');
    const other = await verify(assembleDelta({ ...manifest, roots: ["a", "b"] }, []));
    expect(() => applyDelta(base, other, "b")).toThrow(
      "delta bundle 'b' has wasm resolvers or manifest roots that are different",
    );
    expect(() => applyDelta(base, base, "b")).toThrow("is not a delta");
  });

  test("a patch without changes does not wipe: it is a delta that does nothing", async () => {
    expect((await delta("[]")).type).toBe("delta");
    expect((await readFiles({ "patch.json": "{}", "data.json": '{"a":1}' })).type).toBe("snapshot");
  });

  test("the difference of two snapshots leads from one to the other, packed and read again", async () => {
    const from = await snapshot(
      '{"a":{"keep":1,"gone":2,"deep":{"x":{"y":[1,2]},"~/":0},"n":1.0,"t":{"k":1}}}',
    );
    const to = await snapshot('{"a":{"keep":1,"new":{"b":true},"deep":{"x":{"y":[2]},"~/":1},"n":1,"t":{}}}');
    const change = diff(from, { ...to, manifest: { ...manifest, revision: "3" } });
    const packed = await verify(await read(write(change as Bundle)));
    expect(data(applyDelta(from, packed, "b"))).toBe(data(to).replace('"n":1', '"n":1.0'));
    expect(
      diff(from, assemble({ manifest, modules: [{ path: "p.rego", text: "package a" }] })),
    ).toBeUndefined();
  });
});

test("patterns of files, as Go matches them", () => {
  const yes: [string, string][] = [
    ["*.md", "a.md"],
    ["a/*", "a/b"],
    ["?", "é"],
    ["[a-c]x", "bx"],
    ["[^a]x", "bx"],
    ["\\*", "*"],
    ["[\\]]", "]"],
  ];
  const no: [string, string][] = [
    ["*.md", "a/b.md"],
    ["a/*", "a/b/c"],
    ["?", "/"],
    ["[a-c]x", "dx"],
    ["[^/]", "/"],
    ["[", "["],
    ["[]a]", "a"],
    ["a\\", "a"],
    [".", "a"],
    ["a+", "aa"],
  ];
  for (const [pattern, name] of yes) expect(matchesFile(pattern, name), `${pattern} ${name}`).toBe(true);
  for (const [pattern, name] of no) expect(matchesFile(pattern, name), `${pattern} ${name}`).toBe(false);
  expect(matchesGlob("/a/*.rego", "/a/b/c.rego")).toBe(true);
  expect(matchesGlob("*{foo,bar}.rego", "/x/bar.rego")).toBe(true);
  expect(matchesGlob("/a/?.rego", "/a/bb.rego")).toBe(false);
});

test("packages are read from the first lines", () => {
  expect(packagePath("package a.b\nx := 1")).toEqual(["a", "b"]);
  expect(packagePath('\ufeff# METADATA\n# title: x\n\n  package   a["b c"].d # end\n')).toEqual([
    "a",
    "b c",
    "d",
  ]);
  expect(packagePath("package data.x\n")).toEqual(["data", "x"]);
  expect(packagePath("package\n# why\n\na\n")).toEqual(["a"]);
  for (const source of ["", "x := 1", "package", "package 1", "package a[b]", "packagea"])
    expect(packagePath(source), source).toBeUndefined();
});

test("YAML scalars as Go reads them", async () => {
  const yaml =
    "{a: [yes, y, on, no, n, off, TRUE, ~, null, 0o17, 017, 0x1F_F, 0b11, 1_000, 1.0, 1e3, .5, 1., 1e-9, 1e30, 123456789012345678901234567890, 2001-12-14, 12:30:45, -0, +1, 18446744073709551615, -017, 08, 1e400, '1', !!str 12, !!float 3], yes: 1, 1: 2, 1.5: 3, <<: {m: 1}, bin: !!binary aGVsbG8=}";
  const bundle = await readFiles({ "data.yaml": yaml });
  expect(data(bundle)).toBe(
    '{"1":2,"1.5":3,"a":[true,true,true,false,false,false,true,null,null,15,15,511,3,1000,1,1000,0.5,1,1e-9,1e+30,1.2345678901234568e+29,"2001-12-14","12:30:45",0,1,18446744073709551615,-15,8,"1e400","1","12",3],"bin":"hello","m":1,"true":1}',
  );
});

test("packing twice gives the same bytes, and reading gives the same bundle", async () => {
  const bundle = assemble({
    manifest: {
      revision: "<r>",
      roots: ["a"],
      wasm: [{ entrypoint: "a/p", module: "/policy.wasm" }],
      metadata: objectOf('{"x":1.50}'),
    },
    data: objectOf('{"a":{"k":"<&>"}}'),
    modules: [{ path: "a/p.rego", text: "package a\n" }],
    wasm: [{ path: "policy.wasm", bytes: Uint8Array.of(0, 97, 115, 109) }],
    plans: [{ path: "plan.json", bytes: text.encode("{}") }],
  });
  const packed = write(bundle);
  expect(write(bundle)).toEqual(packed);
  const again = await read(packed);
  expect(again.files.map(({ path }) => path)).toEqual([
    "data.json",
    "a/p.rego",
    "policy.wasm",
    "plan.json",
    ".manifest",
  ]);
  expect(write(again)).toEqual(packed);
  expect(new TextDecoder().decode(again.files[0]?.bytes)).toBe('{"a":{"k":"\\u003c\\u0026\\u003e"}}\n');
});
