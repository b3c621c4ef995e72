import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Bundle } from "../../../src/bundle/bundle.ts";
import { load, mergeBundles } from "../../../src/bundle/load.ts";
import { moduleVersion, versionsByFile } from "../../../src/bundle/manifest.ts";
import { write } from "../../../src/bundle/write.ts";
import { encode } from "../../../src/value/json.ts";

const folder = mkdtempSync(join(tmpdir(), "reeve-load-"));
afterAll(() => rmSync(folder, { recursive: true }));

function place(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

test("a folder: data by place, modules named after it, patterns left out, links not followed", async () => {
  const root = place("one", {
    ".manifest": '{"roots":["a"],"revision":"1"}',
    "a/data.yaml": "x: 1\n",
    "a/b/data.json": '{"y":1.0}',
    "a/p.rego": "package a.p\n",
    "a/p_test.rego": "package a.p\n",
    "skipped/data.json": '{"z":1}',
  });
  symlinkSync("/etc", join(root, "linked"));
  const bundle = await load(root, { ignore: ["*_test.rego", "skipped"] });
  expect(encode(bundle.data)).toBe('{"a":{"b":{"y":1.0},"x":1}}');
  expect(bundle.modules.map(({ path }) => path)).toEqual([`${root.slice(1)}/a/p.rego`]);
  await expect(load(root)).rejects.toThrow(
    `bundle ${root}: manifest roots [a] do not permit data at path '/skipped'`,
  );
  const broken = place("broken", { "a/data.json": "{" });
  await expect(load(broken)).rejects.toThrow(
    `bundle ${broken}: bundle load failed on ${broken}/a/data.json: unexpected EOF`,
  );
  const list = place("list", { "data.json": "[]" });
  await expect(load(list)).rejects.toThrow(`bundle load failed on /data.json: root value must be object`);
  await expect(load(join(folder, "nowhere"))).rejects.toMatchObject({
    code: "io_error",
    message: expect.stringContaining("no such file or directory"),
  });
  await expect(load(root, { ignore: ["skipped"], limits: { maxFileBytes: 5 } })).rejects.toThrow(
    "exceeds configured size_limit_bytes (5 bytes)",
  );
});

test("a packed bundle loads as it was", async () => {
  const bundle = await load(place("packed-source", { "data.json": '{"k":1.0}', "p.rego": "package p\n" }));
  const file = join(folder, "packed.tar.gz");
  writeFileSync(file, write(bundle));
  expect((await load(file)).modules).toEqual([{ path: "p.rego", text: "package p\n" }]);
});

test("modules keep the version that their bundle gave them, whatever they are named", async () => {
  const old = await load(
    place("old", {
      ".manifest": '{"roots":["old"],"rego_version":0,"file_rego_versions":{"/x/*.rego":1}}',
      "a.rego": "package old.a\n",
      "x/b.rego": "package old.b\n",
    }),
  );
  const now = await load(place("now", { ".manifest": '{"roots":["now"]}', "c.rego": "package now\n" }));
  const versions = ({ manifest, modules }: Bundle): (number | undefined)[] =>
    modules.map((module) => moduleVersion(manifest, module));
  expect(versions(old)).toEqual([0, 1]);
  const both = mergeBundles([old, now]);
  expect(versions(both)).toEqual([0, 1, undefined]);
  expect([...versionsByFile(both.manifest, both.modules, 1).values()]).toEqual([0]);
});

test("several bundles become one, if their roots keep apart", async () => {
  const a = await load(
    place("a", { ".manifest": '{"roots":["a"],"revision":"1"}', "a/data.json": '{"x":1}' }),
  );
  const b = await load(
    place("b", { ".manifest": '{"roots":["b"]}', "b/data.json": '{"y":2}', "p.rego": "package b\n" }),
  );
  const both = mergeBundles([a, b]);
  expect(both.manifest).toMatchObject({ roots: ["a", "b"], revision: "" });
  expect(encode(both.data)).toBe('{"a":{"x":1},"b":{"y":2}}');
  expect(both.modules).toHaveLength(1);
  expect(mergeBundles([a])).toBe(a);
  const all = await load(place("all", { "data.json": "{}" }));
  expect(() => mergeBundles([a, all])).toThrow(
    "bundle merge failed: manifest has overlapped roots: 'a' and ''",
  );
  expect(() => mergeBundles([])).toThrow("expected at least one bundle");
});
