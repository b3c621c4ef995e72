// Hooks of AI agents' hosts at the warm daemon: `POST /v1/hooks/claude-code` takes one hook event of Claude Code and gives back the hook's JSON.
// Claude Code goes on when an HTTP hook fails or answers with an error, so every answer is HTTP 200 and every failure says no in the JSON.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClaudeCodeGuard, guardClaudeCode } from "../../ai/adapters/claude-code.ts";
import { type Catalogue, readCatalogue } from "../../ai/catalogue.ts";
import { createGuard } from "../../ai/guard.ts";
import { type LedgerStore, MemoryLedgerStore } from "../../ai/ledger.ts";
import { openSqliteLedger } from "../../ai/node/sqlite-ledger.ts";
import { lookup } from "../../bundle/tree.ts";
import type { ClaudeCodeConfig } from "../../decision/hooks-config.ts";
import type { DecisionAgent } from "../../decision/sdk.ts";
import { decode, encode } from "../../value/json.ts";
import type { RegoObject, Value } from "../../value/value.ts";
import { type Access, requireScope } from "../auth.ts";
import { type BodyLimits, readBody } from "../http.ts";
import { reply } from "./reply.ts";

export interface HookDoor {
  /** One event's JSON text in, the hook's JSON out. */
  claudeCode(text: string | Uint8Array): Promise<string>;
  close(): void;
}

/** The guard that hooks of the configuration ask, over this decision agent. */
export function openHooks(agent: DecisionAgent, config: ClaudeCodeConfig): HookDoor {
  const file = config.ledger === undefined ? undefined : openSqliteLedger(config.ledger);
  const store: LedgerStore = file ?? new MemoryLedgerStore();
  const guard = createGuard({
    decider: agent,
    path: config.decision,
    catalogue: catalogueOf(agent, config.catalogue.split("/")),
    store,
    nowMs: Date.now,
  });
  const { subject, agent: aiAgent, allow } = config;
  const claudeCode = guardClaudeCode({ guard, subject, agent: aiAgent, allow });
  return {
    claudeCode: (text) => answerText(claudeCode, text),
    close: () => file?.close(),
  };
}

async function answerText(hook: ClaudeCodeGuard, text: string | Uint8Array): Promise<string> {
  let event: Value | undefined;
  try {
    event = decode(text);
  } catch {
    // No event at all: `handle` says no to it.
  }
  return said(await hook.handle(event ?? { hook_event_name: "PreToolUse" }));
}

function said(answer: RegoObject): string {
  return encode(answer, { escapeHtml: false });
}

/** The catalogue in the active data, read once for each state; none: nothing is known of any tool. */
function catalogueOf(agent: DecisionAgent, keys: readonly string[]): () => Catalogue {
  let last: { readonly value: Value | undefined; readonly catalogue: Catalogue } | undefined;
  return () => {
    const value = lookup(agent.state.data, keys);
    if (last === undefined || last.value !== value)
      last = {
        value,
        catalogue: readCatalogue(value ?? decode('{"version":"reeve-catalogue/1","tools":{}}')),
      };
    return last.catalogue;
  };
}

/** The door's route. */
export function hookRoute(hooks: HookDoor, limits: BodyLimits, access: Access | undefined) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body: Uint8Array;
    try {
      if (access !== undefined) requireScope(access, request, "decide");
      body = await readBody(request, limits);
    } catch {
      body = new Uint8Array();
    }
    reply(response, 200, await hooks.claudeCode(body));
  };
}
