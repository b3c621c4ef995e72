// The commands in README as they stand there, one after the other; daemons, which do not end, are started by the demonstration's tests.

import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "reeve-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

for (const name of ["rego", "bundles"]) execFileSync("cp", ["-r", join(root, name), folder]);
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
writeFileSync(
  join(folder, "policy.rego"),
  'package authz\n\ndefault allow := false\n\nallow if input.user == "ada"\n',
);
writeFileSync(join(folder, "input.json"), '{"user": "ada"}');
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));

const readme = readFileSync(join(root, "README.md"), "utf8").replaceAll("\\\n", " ");
const commands = readme
  .split("\n")
  .filter((line) => /^npx reeve (eval|check|build|inspect|sign|test|fmt|help)\b/.test(line))
  .map((line) => line.replace(/\s+#.*$/, ""));

describe.sequential("README", () => {
  test("names commands", () => expect(commands.length).toBeGreaterThan(4));

  test.each(commands)("%s", { timeout: 60_000 }, (line) => {
    const script = line
      .replace("npx reeve", `'${process.execPath}' '${cli}'`)
      .replace("$(git rev-parse HEAD)", "0123abc");
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: folder, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    if (line.includes(" eval ")) expect(JSON.parse(stdout).result[0].expressions[0].value).toBe(true);
  });
});
