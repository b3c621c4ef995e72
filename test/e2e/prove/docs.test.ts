// Every snippet of docs/invariants.md in order: files are written, commands run by the real command line, and their exit codes and lines compared.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { scratchFolder } from "../../scratch.ts";

const DOC = fileURLToPath(new URL("../../../docs/invariants.md", import.meta.url));
const CLI = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

const folder = scratchFolder("invariants");

it("does what it says", () => {
  const blocks = [...readFileSync(DOC, "utf8").matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)];
  let stdout = "";
  let ran = 0;
  for (const [, language, attribute = "", body = ""] of blocks) {
    const value = attribute.split("=")[1] ?? "";
    if (language === "ts") {
      // Beside the package's own modules, so that its imports are found as a user's are.
      const script = fileURLToPath(new URL(`../../../build/${value}`, import.meta.url));
      mkdirSync(dirname(script), { recursive: true });
      writeFileSync(script, body);
      const result = spawnSync(process.execPath, [script], { encoding: "utf8" });
      expect(result.status, result.stderr).toBe(0);
      ran++;
    } else if (language === "rego") {
      mkdirSync(dirname(join(folder, value)), { recursive: true });
      writeFileSync(join(folder, value), body);
    } else if (language === "sh") {
      const args = body.trim().split(" ").slice(1);
      const result = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8" });
      stdout = result.stdout;
      expect(result.status, `${body}${stdout}${result.stderr}`).toBe(Number(value));
      ran++;
    } else for (const line of body.trim().split("\n")) expect(stdout).toContain(line);
  }
  expect(ran).toBe(8);
}, 240_000);
