// docs/builtins.md as it stands there: its programs run against the built package, its policies with them, and print what it says.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reeve-builtins-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "node_modules"));
symlinkSync(root, join(folder, "node_modules/reeve"));

const doc = readFileSync(join(root, "docs/builtins.md"), "utf8");
const STEP = /```js\n(.*?)```\s+with `(\S+)`\s+```rego\n(.*?)```\s+prints `(.*?)`/gs;
const steps = [...doc.matchAll(STEP)].map(([, program = "", file = "", rego = "", printed = ""]) => ({
  program,
  file,
  rego,
  printed,
}));

describe("docs/builtins.md", () => {
  test("has two programs", () =>
    expect(steps.map(({ file }) => file)).toEqual(["lottery.rego", "risk.rego"]));

  test.each(steps)("$file", { timeout: 60_000 }, ({ program, file, rego, printed }) => {
    writeFileSync(join(folder, file), rego);
    writeFileSync(join(folder, "program.mjs"), program);
    const out = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
    expect(out.trim()).toBe(printed);
  });

  test("the command line takes builtins from a file", { timeout: 60_000 }, () => {
    writeFileSync(
      join(folder, "builtins.mjs"),
      'export const builtins = [{ name: "acme.risk", args: [{ type: "string" }], result: { type: "number" }, body: (user) => user.length }];\n',
    );
    writeFileSync(join(folder, "broken.mjs"), "export const other = [];\n");
    const reeve = (...args: string[]) =>
      spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
        cwd: folder,
        encoding: "utf8",
      });
    const value = reeve("eval", "--builtins", "builtins.mjs", "-f", "raw", 'acme.risk("ada")');
    expect([value.stdout.trim(), value.stderr, value.status]).toEqual(["3", "", 0]);
    expect(reeve("check", "--builtins", "builtins.mjs", "risk.rego").status).toBe(0);
    const unknown = reeve("check", "risk.rego");
    expect([unknown.stderr.split("\n")[0], unknown.status]).toEqual([
      expect.stringContaining("rego_type_error: undefined function acme.risk"),
      1,
    ]);
    expect(
      reeve("build", "--builtins", "builtins.mjs", "-t", "wasm", "-e", "risk/allow", "risk.rego").status,
    ).toBe(0);
    const broken = reeve("eval", "--builtins", "broken.mjs", "1");
    expect([broken.stderr.trim(), broken.status]).toEqual([
      expect.stringContaining("broken.mjs: it must export a list named `builtins`"),
      1,
    ]);
  });

  describe("every command that runs policies takes them", () => {
    const reeve = (args: readonly string[], input = "") =>
      spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...args, "--builtins", "acme.mjs"], {
        cwd: folder,
        input,
        encoding: "utf8",
      });
    const tests = `package acme_test

test_here if acme.length("ada") == 3

test_sleeps if {
	test.sleep("1ms")
	acme.length("ada") == 3
}

test_fails if acme.length("ada") == 4
`;
    beforeAll(() => {
      writeFileSync(
        join(folder, "acme.mjs"),
        'export const builtins = [{ name: "acme.length", args: [{ type: "string" }], result: { type: "number" }, body: (text) => text.length }];\n',
      );
      mkdirSync(join(folder, "acme"));
      writeFileSync(join(folder, "acme/acme.rego"), "package acme\n\nanswer := acme.length(input.name)\n");
      writeFileSync(join(folder, "acme_test.rego"), tests);
      writeFileSync(join(folder, "input.json"), '{"name": "grace"}');
    });

    test("test: here, in a thread, and in the explanation of a failure", { timeout: 60_000 }, () => {
      const { stdout, stderr, status } = reeve([
        "test",
        "acme_test.rego",
        "--timeout",
        "60s",
        "--var-values",
      ]);
      expect([stderr, status]).toEqual(["", 2]);
      expect(stdout).toContain("PASS: 2/3");
      expect(stdout).toMatch(/acme\.length\("ada"\) == 4\n\s+\|\n\s+3\n/);
    });

    test("test --coverage and --bench", { timeout: 60_000 }, () => {
      const covered = reeve(["test", "acme_test.rego", "--coverage", "-r", "test_here"]);
      expect([covered.stderr, covered.status]).toEqual(["", 0]);
      const benchmark = reeve(["test", "acme_test.rego", "--bench", "-r", "test_here"]);
      expect([benchmark.stderr, benchmark.status]).toEqual(["", 0]);
    });

    test("exec, bench, deps, a session", { timeout: 60_000 }, () => {
      const executed = reeve(["exec", "-b", "acme", "--decision", "acme/answer", "input.json"]);
      expect([executed.stderr, JSON.parse(executed.stdout)]).toEqual([
        "",
        { result: [expect.objectContaining({ path: "input.json", result: 5 })] },
      ]);
      const benchmark = reeve(["bench", "-d", "acme", "data.acme.answer", "-i", "input.json"]);
      expect([benchmark.stderr, benchmark.status]).toEqual(["", 0]);
      expect(reeve(["deps", "-d", "acme", "data.acme.answer"]).stdout).toContain("input.name");
      expect(reeve(["run", "acme"], 'acme.length("ada")\n').stdout).toMatch(/^3$/m);
    });

    test("a daemon: policies of its files, and ad-hoc queries", { timeout: 60_000 }, async () => {
      const daemon = spawn(
        process.execPath,
        [join(root, "dist/cli/main.js"), ..."run -s -a localhost:0 --builtins acme.mjs acme".split(" ")],
        { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        const [line] = (await once(daemon.stdout, "data")) as [Buffer];
        const { url } = JSON.parse(String(line)) as { url: string };
        const ask = async (path: string, body: unknown): Promise<unknown> =>
          (await fetch(url + path, { method: "POST", body: JSON.stringify(body) })).json();
        expect(await ask("/v1/data/acme/answer", { input: { name: "ada" } })).toEqual({ result: 3 });
        expect(await ask("/v1/query", { query: 'x := acme.length("grace")' })).toEqual({
          result: [{ x: 5 }],
        });
      } finally {
        daemon.kill();
      }
    });
  });
});
