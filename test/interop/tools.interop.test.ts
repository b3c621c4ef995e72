// The smaller tools beside `opa`'s: deps, capabilities, exec, build; and for all of them bad input: OPA's exit code, one clear text, no stack trace.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Capabilities } from "../../src/builtins/capabilities.ts";
import { capabilitiesOf, capabilityVersions } from "../../src/builtins/versions.ts";
import { both, folderOf, hasOpa, opa, type Printed, reeve, withoutWords } from "./both.ts";

/** Argument names are documentation, too, wherever they stand beside a type. */
function withoutNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNames);
  if (typeof value !== "object" || value === null) return value;
  const named = "type" in value && "name" in value;
  const kept = Object.entries(value).filter(([key]) => !(named && key === "name"));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNames(item)]));
}

describe.runIf(hasOpa)("tools", () => {
  test.each([
    ['{"a":1', "data.json"],
    ["[1]", "data.json"],
    ['{"a":01}', "data.json"],
    ["a: [1\n", "data.yaml"],
    ["- 1\n", "data.yaml"],
    ["a: !!int x\n", "data.yaml"],
    ["? [1]\n: x\n", "data.yaml"],
    ['a: "\u0001"\n', "data.yaml"],
    ["a: x\u0085b: [1.50, -0.0, 0o17]\n---\nc: 1\n", "data.yaml"],
  ])("data and input of %j in %s", { timeout: 300_000 }, (text, name) => {
    const cwd = mkdtempSync(join(tmpdir(), "reeve-interop-"));
    try {
      mkdirSync(join(cwd, "b"));
      writeFileSync(join(cwd, "b", name), text);
      for (const args of [
        ["eval", "-d", "b", "1"],
        ["eval", "-b", "b", "1"],
        ["eval", "-i", join("b", name), "input"],
        ["check", "-b", "./b", "-f", "json"],
        ["test", "-b", "b"],
      ]) {
        const [ours, theirs] = both(args, { cwd });
        expect(ours, args.join(" ")).toEqual(theirs);
      }
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  test.each([
    [["deps", "-d", "rego", "-d", "bundles", "data.hello.message"]],
    [["deps", "-d", "rego", "data", "-f", "json"]],
    [["deps", "-b", "bundles/rbac", "data.rbac.allow", "-f", "json"]],
    [["deps", "-d", "rego", "1"]],
    [["deps", "x +"]],
    [["deps", "-d", "nope", "data"]],
  ])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(args);
    expect(ours).toEqual(theirs);
  });

  test.each([[[]], [["--v0-compatible"]]])("capabilities --current %j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(["capabilities", "--current", ...args]);
    const plain = (text: string): unknown => withoutNames(withoutWords(JSON.parse(text)));
    expect(plain(ours.stdout)).toEqual(plain(theirs.stdout));
    expect(ours.status).toBe(theirs.status);
  });

  test("capabilities of earlier versions", { timeout: 300_000 }, () => {
    const shape = (document: Partial<Capabilities>): unknown => ({
      builtins: document.builtins?.map(({ name }) => name).sort(),
      words: [...(document.future_keywords ?? []), ...(document.features ?? [])].sort(),
      abi: document.wasm_abi_versions,
    });
    expect(opa(["capabilities"]).stdout.trim().split("\n")).toEqual(capabilityVersions());
    for (const version of capabilityVersions().filter((_, i) => i % 4 === 0)) {
      const theirs = JSON.parse(opa(["capabilities", "--version", version]).stdout) as Capabilities;
      expect(shape(capabilitiesOf(version) ?? {}), version).toEqual(shape(theirs));
    }
    for (const args of [
      ["check", "rego", "--capabilities", "v1.0.0"],
      ["eval", "1", "--capabilities", "v0.22.0"],
    ]) {
      const [ours, theirs] = both(args);
      expect(ours).toEqual(theirs);
    }
  });

  describe("refactor move", () => {
    const { folder } = folderOf([
      `# of the file
package lib.foo

import rego.v1
import data.lib.foo.util as u
import data.lib.other

allow if {
	data.lib.foo.x == 1 # why
	data.lib.foo.f(2)
	count(data.lib.foo.list) > 0 with data.lib.foo.list as [1]
	every q in data.lib.foo.list { q == data.lib.foo["x"] }
}

x := 1
f(a) := a
list := [1, 2]
`,
      "package b\nimport data.lib.foo\np := foo.x\n",
      'package c\np := data.lib[q] if q := "foo"\n',
    ]);
    test.each([
      ["-p data.lib.foo:data.baz.bar m0000.rego"],
      ["-p data.lib.foo:data.baz.foo m0001.rego"],
      ["-p data.lib.foo:data.baz.bar m0000.rego m0001.rego"],
      ["-p data.lib.foo:data.baz.bar m0002.rego"],
      ["-p data.lib.foo.x:data.baz m0000.rego"],
      ["-p data.lib.foo:data.other.x -p data.lib.other:data.o m0000.rego"],
      ["-p 1:2 m0000.rego"],
      ["m0000.rego"],
      ["-p data.x:data.y nope.rego"],
    ])("%s", { timeout: 300_000 }, (args) => {
      const [ours, theirs] = both(["refactor", "move", ...args.split(" ")], { cwd: folder });
      expect(ours).toEqual(theirs);
    });

    test("-w, and nothing is written of what does not compile", { timeout: 300_000 }, () => {
      const read = (): string[] =>
        ["m0000.rego", "m0001.rego"].map((name) => readFileSync(join(folder, name), "utf8"));
      const before = read();
      const move = (to: string): Printed =>
        reeve(["refactor", "move", "-w", "-p", `data.lib.foo:${to}`, "m0000.rego", "m0001.rego"], folder);
      expect([move("data.baz.bar").status, read()]).toEqual([1, before]);
      expect(move("data.baz.foo")).toEqual({ stdout: "", stderr: "", status: 0 });
      expect(read()[1]).toBe("package b\n\nimport data.baz.foo\n\np := foo.x\n");
    });
  });

  test("flags from the environment", { timeout: 300_000 }, () => {
    for (const [name, value, ...args] of [
      ["OPA_EVAL_FORMAT", "raw", "eval", '"x"'],
      ["OPA_EVAL_FAIL", "true", "eval", "data.nope"],
      ["OPA_MOVE_PATH", "data.x:data.y", "refactor", "move", "nope.rego"],
      ["OPA_TEST_RUN", "nothing", "test", "bundles/hello"],
    ] as const) {
      vi.stubEnv(name, value);
      const [ours, theirs] = both(args);
      vi.unstubAllEnvs();
      expect(ours, name).toEqual(theirs);
    }
  });

  test("exec", { timeout: 300_000 }, () => {
    const masked = (text: string): string => text.replace(/"decision_id": "[^"]+"/g, '"decision_id": ""');
    for (const flags of [[], ["--fail"], ["--fail-defined"], ["--fail-non-empty"]]) {
      for (const [bundle, decision] of [
        ["bundles/hello", "hello/message"],
        ["bundles/hello", "hello/nope"],
        // A set, of which some are empty.
        ["bundles/rbac", "rbac/grounds"],
      ]) {
        const args = ["exec", "-b", `${bundle}`, "--decision", `${decision}`, `${bundle}/inputs`, ...flags];
        const [ours, theirs] = both(args);
        expect(masked(ours.stdout)).toBe(masked(theirs.stdout));
        expect(ours.status).toBe(theirs.status);
      }
    }
  });

  test("bench: what is told of a benchmark", { timeout: 300_000 }, () => {
    const members = ({ stdout, status }: Printed): unknown => {
      const { Extra, ...result } = JSON.parse(stdout) as Record<string, object>;
      const names = Object.keys(result).filter((name) => name !== "MemAllocs");
      return { status, names: names.sort(), extra: Object.keys(Extra ?? {}).sort() };
    };
    const [ours, theirs] = both(["bench", "1 + 1", "-f", "json"]);
    expect(members(ours)).toEqual(members(theirs));
    for (const query of ["data.hello.message", "x = data.hello.message"]) {
      const [served, theirServed] = both(["bench", query, "-f", "json", "--e2e", "-d", "bundles/hello"]);
      const named = ({ stdout, status }: Printed): unknown => {
        const { Extra } = JSON.parse(stdout) as { Extra: object };
        // What ships is whole: nothing is resolved outside of it. Decisions were compiled before, queries are compiled each time.
        const ours = Object.keys(Extra).filter((name) => !/external_resolve/.test(name));
        return { status, extra: ours.sort() };
      };
      expect(named(served)).toEqual(named(theirServed));
    }
    for (const args of [["1/0"], ["x +"]]) {
      const [mine, their] = both(["bench", ...args, "-f", "json", "--e2e"]);
      expect(mine.stdout).toEqual(their.stdout);
      expect(mine.status).toBe(their.status);
    }
    for (const query of ["data.nope", "x +"]) {
      const [mine, their] = both(["bench", query, "-f", "json"]);
      expect(mine).toEqual(their);
    }
  });

  test("build", { timeout: 300_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "reeve-interop-"));
    try {
      const bundle = join(folder, "bundle.tar.gz");
      for (const args of [
        ["nope"],
        ["-b", "nope"],
        ["-t", "wasm", "rego"],
        ["-t", "wasm", "-e", "nope", "bundles/hello"],
        ["-b", "bundles/hello", "--verification-key", "secret", "--signing-alg", "HS256"],
        ["rego", "--signing-key", "secret", "--signing-alg", "HS256"],
        ["rego", "--claims-file", "nope"],
        ["rego", "-O", "1"],
      ]) {
        const [ours, theirs] = both(["build", ...args, "-o", bundle]);
        expect(ours).toEqual(theirs);
        rmSync(bundle, { force: true });
      }
      const [ours] = both(["build", "-t", "wasm", "-e", "nope", "rego", "-o", bundle]);
      expect(ours.status).toBe(1);
      expect(existsSync(bundle)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("build: the same manifest and the same files, and the same bytes again", { timeout: 300_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "reeve-interop-"));
    const tar = (...args: string[]): string => spawnSync("tar", args, { encoding: "utf8" }).stdout;
    const read = (bundle: string): unknown => ({
      files: tar("-tzf", bundle).split("\n").sort(),
      manifest: JSON.parse(tar("-xzOf", bundle, "/.manifest")) as unknown,
    });
    try {
      for (const args of [
        ["bundles/hello", "--ignore", "*_test.rego"],
        ["-b", "bundles/hello", "bundles/rbac", "-r", "abc"],
        ["-t", "wasm", "-b", "bundles/hello"],
        ["-t", "wasm", "-e", "hello/message", "-b", "bundles/hello", "--prune-unused"],
        ["-t", "plan", "-e", "rbac/allow", "-b", "bundles/rbac"],
        ["bundles/hello/hello.rego", "x:bundles/hello/data.json"],
      ]) {
        const [mine, again, their] = ["mine", "again", "their"].map((name) => join(folder, `${name}.tar.gz`));
        for (const file of [mine, again]) {
          const { status, stderr } = reeve(["build", ...args, "-o", file as string]);
          expect(status, stderr).toBe(0);
        }
        expect(readFileSync(mine as string).equals(readFileSync(again as string))).toBe(true);
        expect(opa(["build", ...args, "-o", their as string]).status).toBe(0);
        expect(read(mine as string), args.join(" ")).toEqual(read(their as string));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ["build", []],
    ["check", []],
    ["deps", []],
    ["eval", []],
    ["eval", ["1", "2"]],
    ["eval", ["1", "--nope"]],
    ["eval", ["1", "-f", "nope"]],
    ["eval", ["1", "-f", "source"]],
    ["eval", ["1", "--fail", "--fail-defined"]],
    ["eval", ["1", "--timeout", "x"]],
    ["eval", ["1", "-i", "nope.json"]],
    ["eval", ["1", "-s", "nope.json"]],
    ["test", ["rego", "-s", "nope.json"]],
    ["exec", []],
    ["fmt", ["--nope"]],
    ["inspect", []],
    ["parse", []],
    ["sign", []],
    ["bench", []],
  ])("misuse of %s %j", { timeout: 300_000 }, (command, args) => {
    const [ours, theirs] = both([command, ...args]);
    expect(ours.status).toBe(theirs.status);
    const [first = ""] = ours.stderr.split("\n");
    if (theirs.stderr.includes("\nUsage:")) expect(first).toBe(theirs.stderr.split("\n")[0]);
    expect(ours.stderr).not.toMatch(/^\s+at /m);
    expect(ours.stderr.trim()).not.toBe("");
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
