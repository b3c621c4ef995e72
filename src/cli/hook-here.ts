// A hook event decided without a daemon: a decision agent of its own for one event. The same answers on the same ledger, only slower.

import { build } from "../build.ts";
import { PolicyError } from "../error.ts";
import { openHooks } from "../server/sidecar/hooks.ts";
import { startAgent } from "./agent.ts";

/** Throws when there is nothing to decide with. */
export async function decideHere(
  event: Uint8Array,
  configFile: string,
  paths: readonly string[],
  readyTimeoutMs: number,
): Promise<string> {
  const { agent } = await startAgent(configFile, { stdoutIsOurs: false, readyTimeoutMs });
  try {
    const { claudeCode } = agent.config.hooks;
    if (claudeCode === undefined)
      throw new PolicyError("config_error", "the configuration has no `hooks.claude_code`");
    if (paths.length > 0) await agent.offer("<local>", (await build({ paths, asBundle: true })).bytes);
    const hooks = openHooks(agent, claudeCode);
    try {
      return await hooks.claudeCode(event);
    } finally {
      hooks.close();
    }
  } finally {
    await agent.close();
  }
}
