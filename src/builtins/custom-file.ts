// `--builtins`: an ES module whose export `builtins` lists the host's own builtins. A path in, Builtins out; the file is code of whoever runs
// the command, and is run.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Builtin } from "./builtin.ts";
import { type CustomBuiltin, customBuiltin, withCustom } from "./custom.ts";
import { builtins } from "./registry.ts";
import { PolicyError } from "../error.ts";

/** Declarations, or what `customBuiltin` made of them. */
export async function loadBuiltins(path: string | undefined): Promise<readonly Builtin[]> {
  if (path === undefined) return [];
  if (!existsSync(path)) throw new PolicyError("io_error", `open ${path}: no such file or directory`);
  let found: unknown;
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as {
      builtins?: unknown;
      default?: unknown;
    };
    found = module.builtins ?? module.default;
  } catch (cause) {
    throw new PolicyError("invalid_input", `${path}: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(found))
    throw new PolicyError("invalid_input", `${path}: it must export a list named \`builtins\``);
  const list = (found as readonly (CustomBuiltin | Builtin)[]).map((each) =>
    "body" in each ? customBuiltin(each) : each,
  );
  withCustom(builtins, list);
  return list;
}
