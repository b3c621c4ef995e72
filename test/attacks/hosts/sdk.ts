// The attack suite in a program that uses the library: a guarded task before functions. Where the decision is made is the decider's: here in
// the same process (`sdk`), or by a daemon that is asked over AuthZEN (`http`).

import { ShownTools } from "../../../src/ai/catalogue.ts";
import { authzenDecider } from "../../../src/ai/adapters/authzen.ts";
import { createGuard, type Decider } from "../../../src/ai/guard.ts";
import { identify } from "../../../src/ai/identity.ts";
import { MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { canonicalPaths } from "../../../src/server/gateway/paths.ts";
import { readingOf } from "../../../src/server/gateway/reading.ts";
import { fromPlain } from "../../../src/value/json.ts";
import { emptyObject } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";
import { startSidecar } from "../../e2e/sidecar-host.ts";
import type { Attack, AttackHost, AttackTask, Call, Outcome } from "../play.ts";
import {
  argumentsOf,
  catalogue,
  definitionOf,
  load,
  makeIssuer,
  namesOf,
  openAgent,
  PATH_ARGUMENTS,
  PATHS,
  scratch,
  serverOf,
} from "./common.ts";

interface Deciding {
  readonly decider: Decider;
  close(): Promise<void>;
}

export const sdk: AttackHost = {
  name: "sdk",
  open: (attack) =>
    openTask(attack, async () => {
      const agent = await openAgent(attack);
      return { decider: agent, close: () => agent.close(0) };
    }),
};

export const http: AttackHost = {
  name: "http",
  open: (attack) =>
    openTask(attack, async () => {
      const decision = attack.decision ?? PATHS[0];
      const daemon = await startSidecar({ authzen: { decision, extensions: true } });
      await load(daemon.agent, attack);
      return {
        decider: authzenDecider({ endpoint: `${daemon.url}/access/v1/evaluation` }),
        close: () => daemon.stop(),
      };
    }),
};

/** Where paths and `file:` URIs really lead: what every enforcement point has to find out. */
function prepare(asked: Call, given: RegoObject, folder: string | undefined) {
  if (asked.method !== undefined) {
    const reading = readingOf(asked.method, given, folder);
    if (typeof reading === "string") throw new Error(reading);
    return reading;
  }
  const { args, paths } =
    folder === undefined ? { args: given, paths: [] } : canonicalPaths(folder, PATH_ARGUMENTS, given);
  return { args, properties: fromPlain({ paths }) as RegoObject };
}

async function openTask(attack: Attack, start: () => Promise<Deciding>): Promise<AttackTask> {
  const { folder, remove } = scratch(attack);
  const { decider, close } = await start();
  const issuer = await makeIssuer();
  const shown = new ShownTools();
  const changed = new Set<string>();
  const show = (server: string): void =>
    shown.show(
      server,
      namesOf(server).map((name) => definitionOf(name, changed.has(name))),
    );
  const guard = createGuard({
    decider,
    path: attack.decision ?? (PATHS[0] as string),
    catalogue: () => catalogue,
    store: new MemoryLedgerStore(),
    nowMs: () => Date.now(),
  });
  const task = await guard.task("t", {
    shown: (tool, server) => shown.facts(server, tool),
    ...(folder !== undefined && { folder }),
    ...(attack.tools !== undefined && { tools: attack.tools }),
  });
  let count = 0;
  const call = async (asked: Call): Promise<Outcome> => {
    const server = serverOf(asked);
    show(server);
    const { subject, agent } = await identify(
      await issuer.token(asked.token),
      Date.now() / 1000,
      issuer.identity,
    );
    const given = argumentsOf(asked, folder);
    const { args, properties } = prepare(asked, given, folder);
    let reached = false;
    const { answer } = await task.run(
      {
        id: `c${count++}`,
        tool: asked.call,
        server,
        arguments: args,
        ...(asked.method !== undefined && { method: asked.method }),
        properties,
        subject: fromPlain(subject),
        agent: fromPlain(agent),
        context: emptyObject,
      },
      async () => {
        reached = true;
        return fromPlain(asked.result ?? "done");
      },
    );
    if (asked.approve !== undefined) await task.approved(answer.digest, crypto.randomUUID(), asked.approve);
    return { effect: answer.effect, codes: answer.reasons.map(({ code }) => code), reached };
  };
  return {
    said: (text) => task.userSaid(text),
    call,
    async change(tool) {
      changed.add(tool);
    },
    async close() {
      await close();
      remove();
    },
  };
}
