// What a command loads before it does anything: the built command line brings the packages it needs in its own files, and few of these.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;
let recorder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "reeve-start-"));
  writeFileSync(
    join(folder, "hooks.mjs"),
    'import { appendFileSync } from "node:fs";\nlet log;\nexport const initialize = (data) => { log = data; };\nexport const load = (url, context, next) => { appendFileSync(log, url + "\\n"); return next(url, context); };\n',
  );
  recorder = join(folder, "record.mjs");
  writeFileSync(
    recorder,
    'import { register } from "node:module";\nregister("./hooks.mjs", import.meta.url, { data: process.env.LOADED });\n',
  );
  writeFileSync(join(folder, "p.rego"), "package p\n\nallow if input.x == 1\n");
  writeFileSync(join(folder, "p_test.rego"), "package p_test\n\ntest_no if not data.p.allow\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files that this command loads, Node's own left out. */
async function loadedBy(args: readonly string[], program = main): Promise<string[]> {
  const log = join(folder, "loaded.txt");
  rmSync(log, { force: true });
  const ran = promisify(execFile)(process.execPath, ["--import", recorder, program, ...args], {
    cwd: folder,
    env: { ...process.env, LOADED: log },
  });
  // A thread's file, run without what its parent gives it, ends when it has loaded.
  await (program === main ? ran : ran.catch(() => {}));
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((url) => url.startsWith("file:") && !url.startsWith(`file://${folder}`));
}

describe("a command loads few files and no package", () => {
  test.each([
    ["version"],
    ["eval", "1 + 1"],
    ["eval", "-d", "p.rego", "data.p"],
    ["build", "-t", "wasm", "-e", "p/allow", "p.rego"],
    ["check", "p.rego"],
    ["fmt", "p.rego"],
    ["parse", "p.rego"],
    ["test", "."],
  ])("reeve %s", async (...args) => {
    const loaded = await loadedBy(args);
    expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(30);
  });
});

test("nor does a thread that runs tests", async () => {
  const loaded = await loadedBy([], fileURLToPath(new URL("../../dist/tester/worker.js", import.meta.url)));
  expect(loaded).toContainEqual(expect.stringMatching(/engine\.js$/));
  expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
});

test("the licences of the packages inside lie beside them", () => {
  const notices = join(main, "../LICENSES.txt");
  expect(existsSync(notices)).toBe(true);
  const text = readFileSync(notices, "utf8");
  for (const name of ["commander", "graphql", "jose", "re2js", "tar", "yaml"])
    expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
});

test("what V8 made of the files is kept in the user's folder for such things, where there is one", async () => {
  const run = (cache: string) =>
    promisify(execFile)(process.execPath, [main, "eval", "-f", "raw", "1 + 1"], {
      env: { ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache },
    });
  const there = join(folder, "cache");
  mkdirSync(there);
  expect(await run(there)).toEqual({ stdout: "2\n", stderr: "" });
  if (process.platform !== "darwin")
    expect(existsSync(join(there, "reeve"))).toBe("enableCompileCache" in module);
  expect(await run(join(folder, "nowhere"))).toEqual({ stdout: "2\n", stderr: "" });
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
});
