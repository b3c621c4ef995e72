// Runs our command line and the real `opa` side by side, for the interop tests of the tools.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist/cli/main.js");
export const hasOpa = spawnSync("opa", ["version"]).status === 0;

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function run(program: string, args: readonly string[], cwd: string, input: string): Printed {
  const { stdout, stderr, status } = spawnSync(program, args, {
    cwd,
    input,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  return { stdout, stderr, status };
}

export function both(
  args: readonly string[],
  { cwd = root, input = "" }: { readonly cwd?: string; readonly input?: string } = {},
): [ours: Printed, theirs: Printed] {
  return [run(process.execPath, [cli, ...args], cwd, input), run("opa", args, cwd, input)];
}

/** Every Rego file below a folder of the project. */
export function regoFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rego"))
    .map((name) => join(folder, name))
    .sort();
}

const shared = join(root, "../shared/conformance/cases");

export interface ConformanceCase {
  readonly note: string;
  readonly query: string;
  readonly modules?: readonly string[];
  readonly data?: unknown;
  readonly input?: unknown;
}

function allCases(): ConformanceCase[] {
  if (!existsSync(shared)) return [];
  return readdirSync(shared)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(shared, name), "utf8")) as ConformanceCase[]);
}

function sample<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(all.length / count));
  return all.filter((_, i) => i % step === 0);
}

/** Modules of the conformance cases, where they are at hand: every n-th, so that about `count` come out. */
export function conformanceModules(count: number): string[] {
  return sample(
    allCases().flatMap(({ modules }) => modules ?? []),
    count,
  );
}

/** Cases that ask for a document of their modules. */
export function conformanceCases(count: number): ConformanceCase[] {
  const fit = allCases().filter(
    ({ modules = [], query }) => modules.length > 0 && /^data\.[\w.]+ = x$/.test(query),
  );
  return sample(fit, count);
}

const folders: string[] = [];

/** A folder with one file for each text, `m0.rego` and so on; it is gone when the process ends. */
export function folderOf(texts: readonly string[]): {
  readonly folder: string;
  readonly files: readonly string[];
} {
  const folder = mkdtempSync(join(tmpdir(), "reeve-interop-"));
  if (folders.length === 0)
    process.on("exit", () => {
      for (const path of folders) rmSync(path, { recursive: true, force: true });
    });
  folders.push(folder);
  const files = texts.map((text, i) => {
    const name = `m${String(i).padStart(4, "0")}.rego`;
    writeFileSync(join(folder, name), text);
    return name;
  });
  return { folder, files };
}

export function reeve(args: readonly string[], cwd = root): Printed {
  return run(process.execPath, [cli, ...args], cwd, "");
}

export function opa(args: readonly string[], cwd = root): Printed {
  return run("opa", args, cwd, "");
}

/** Words of documentation are each project's own. */
export function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, item]) => !(key === "description" && typeof item === "string"),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutWords(item)]));
}
