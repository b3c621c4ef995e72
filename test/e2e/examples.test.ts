// Every example runs as its first comment says, against the built package, and does what it shows: nothing goes to the address that only the
// file named, what the user asked for is done.

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith(".mjs") && name !== "guard.mjs");

describe("examples", () => {
  test.each(examples)(
    "%s",
    async (name) => {
      const { stdout } = await promisify(execFile)(process.execPath, [folder + name], { timeout: 90_000 });
      const done = stdout.split("\n").filter((line) => line.startsWith("done"));
      expect(stdout).toMatch(/^self-test +fired true, blocked true$/m);
      expect(stdout).toMatch(/`to` was read in content from outside, not given by the user/);
      expect(done.map((line) => line.slice(4).trim())).toEqual([
        "read inbox.txt",
        "sent to ann@corp.example",
        "deleted old.txt",
      ]);
    },
    100_000,
  );

  test("claude-code/session.mjs", async () => {
    const script = `${folder}claude-code/session.mjs`;
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 90_000 });
    const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["allow", "ask", "allow", "ask", "deny", "stop"]);
  }, 100_000);
});
