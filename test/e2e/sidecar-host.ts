// Starts a sidecar as the daemon does: a decision agent with the real compiler, and OPA's REST API over it, on a free loopback port.

import { compileWhole } from "../../src/build.ts";
import { compilerWith } from "../../src/cli/compiler-port.ts";
import type { Ports } from "../../src/decision/ports.ts";
import { createDecisionAgent, type DecisionAgent } from "../../src/decision/sdk.ts";
import { createSidecar, type Sidecar, type SidecarOptions } from "../../src/server/sidecar/app.ts";
import type { CompilerPort } from "../../src/server/sidecar/ports.ts";

export const compiler: CompilerPort = compilerWith([]);

export interface SidecarHost {
  readonly url: string;
  readonly agent: DecisionAgent;
  readonly sidecar: Sidecar;
  stop(): Promise<void>;
}

export async function startSidecar(
  config: Record<string, unknown>,
  options: { readonly ports?: Ports; readonly sidecar?: Partial<SidecarOptions> } = {},
): Promise<SidecarHost> {
  const agent = await createDecisionAgent(config, {
    compile: async (modules) => compileWhole(modules.map(({ file, text }) => ({ file, text }))),
    ...options.ports,
  });
  const sidecar = createSidecar({ agent, config, compiler, version: "test", ...options.sidecar });
  const { url } = await sidecar.listen();
  return {
    url,
    agent,
    sidecar,
    async stop() {
      await sidecar.close(0);
      await agent.close(0);
    },
  };
}
