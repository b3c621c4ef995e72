// docs/builtins.md as it stands there: its programs run against the built package, its policies with them, and print what it says.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

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
});
