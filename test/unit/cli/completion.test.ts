// Scripts for shells: what bash completes with its own, and that those of other shells know the same words.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { afterAll, expect, test } from "vitest";
import { command } from "../../../src/cli/completion.ts";

const known = (name: string, make: () => Command) => ({
  name,
  summary: `What $(${name}) does`,
  load: async () => ({ command: make }),
});
const folder = mkdtempSync(join(tmpdir(), "reeve-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));
const ALL = [
  known("eval", () =>
    new Command("eval")
      .option("-d, --data <path>", 'it\'s "data"')
      .addOption(new Option("-f, --format <format>", "format").choices(["json", "raw"]))
      .addOption(new Option("--secret").hideHelp()),
  ),
  known("refactor", () =>
    new Command("refactor").addCommand(new Command("move").option("-w, --write", "write")),
  ),
];

async function script(...args: string[]): Promise<string> {
  let text = "";
  const { write } = process.stdout;
  process.stdout.write = ((chunk: string) => (text += chunk) !== "") as typeof write;
  try {
    await command(ALL).parseAsync(args, { from: "user" });
  } finally {
    process.stdout.write = write;
  }
  return text;
}

test.each([
  ["reeve e", "eval"],
  ["reeve eval --", "--data --format --help"],
  ["reeve eval --format ", "json raw"],
  ["reeve eval -f r", "raw"],
  ["reeve refactor m", "move"],
  ["reeve refactor move -", "--write -w --help"],
])("bash: %s", async (line, completions) => {
  const words = line.split(" ").map((word) => `'${word}'`);
  const { stdout, stderr } = spawnSync("bash", ["--norc"], {
    input: `${await script("bash")}\nCOMP_WORDS=(${words.join(" ")}) COMP_CWORD=${words.length - 1}; _reeve; echo "\${COMPREPLY[*]}"`,
    cwd: folder,
    encoding: "utf8",
  });
  expect([stderr, stdout.trim()]).toEqual(["", completions]);
});

test.each(["bash", "fish", "powershell", "zsh"])(
  "%s knows every word, and runs none of the descriptions",
  async (shell) => {
    const text = await script(shell);
    for (const word of ["eval", "refactor", "move", "data", "write"]) expect(text).toContain(word);
    expect(text).not.toMatch(/secret|\$\(eval\)|it's/);
  },
);

test("without descriptions, and without a shell", async () => {
  expect(await script("fish", "--no-descriptions")).not.toContain("What");
  await expect(script("tcsh")).rejects.toThrow("specify a shell: bash, fish, powershell, zsh");
});
