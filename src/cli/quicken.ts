// What a process tells V8 before it loads a command, so that it is done sooner. Changes no answer; where V8 does not know of it, nothing happens.

import { accessSync, constants } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

/**
 * How much a function must have done, in bytes of bytecode, before V8 optimises it: some fifteen times of what is usual. Optimising what
 * a compiler of policies does once took a third of the time of building a thousand rules; ten thousand take a seventh longer for it.
 */
const PATIENCE = 1_000_000;
/** From here on V8 has a compiler between the two, which is cheap, and patience costs more than it saves. */
const NODE_WITH_MAGLEV = 22;

/** `lasting`: whether the command works for long, and what it does often should be optimised soon. */
export function quicken(lasting: boolean): void {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (!lasting && major < NODE_WITH_MAGLEV) setFlagsFromString(`--interrupt-budget=${PATIENCE}`);
  keepCompiled();
}

/**
 * Node 22.1 and later can keep what V8 made of our files. Only in the user's own folder for such things and where there is one, not in the
 * shared one for temporary files: whoever can write there can have code run. NODE_DISABLE_COMPILE_CACHE=1 is heeded.
 */
function keepCompiled(): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder?: string) => unknown };
  if (enableCompileCache === undefined) return;
  const folder = cacheFolder();
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return;
  }
  enableCompileCache(join(folder, "reeve"));
}

function cacheFolder(): string {
  const { env, platform } = process;
  if (platform === "win32" && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  if (platform === "darwin") return join(homedir(), "Library", "Caches");
  return env.XDG_CACHE_HOME || join(homedir(), ".cache");
}
