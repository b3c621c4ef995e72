// Every attack of this folder, in every host: a program that uses the library, the MCP gateway, a daemon asked over AuthZEN. `ATTACK_HOST` names
// a module whose `host` is tried instead: how to try another gateway stands in README.md.

import { describe, expect, test } from "vitest";
import { mcp } from "./hosts/mcp.ts";
import { http, sdk } from "./hosts/sdk.ts";
import { type AttackHost, attacks, play } from "./play.ts";

const other = process.env.ATTACK_HOST;
const hosts: readonly AttackHost[] = other === undefined ? [sdk, mcp, http] : [await hostOf(other)];

async function hostOf(path: string): Promise<AttackHost> {
  const { host } = (await import(new URL(path, `file://${process.cwd()}/`).href)) as { host?: AttackHost };
  if (host === undefined) throw new Error(`${path} exports no \`host\``);
  return host;
}

expect(attacks.length).toBeGreaterThan(20);

describe.each(hosts.map((host) => [host.name, host] as const))("attacks through %s", (name, host) => {
  const tried = attacks.filter(([, { hosts: only }]) => only === undefined || only.includes(name));
  test.each(tried)("%s", async (_, attack) => {
    await play(attack, host);
  });
});
