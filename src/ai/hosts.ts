// The one table from effects to what hosts understand. In: a decision document. Out: the answer of a host, as plain data. A host without a
// way to ask gets a refusal, one without a way to rewrite arguments likewise: nothing is ever allowed because a host cannot say it.

import { toPlain } from "../value/json.ts";
import { type Effect, type EffectDocument, explain } from "./effect.ts";

export const hosts = ["authzen", "mcp", "ai-sdk", "claude-code", "openai-agents", "langchain"] as const;
export type Host = (typeof hosts)[number];

type Answer = Readonly<Record<string, unknown>>;
type Row = { readonly [E in Effect]: (document: EffectDocument) => Answer };

const reasons = (document: EffectDocument): Answer => ({
  reason: explain(document),
  reasons: document.reasons,
});
const changed = (document: EffectDocument): unknown =>
  document.transform === undefined ? undefined : toPlain(document.transform);

const hook = (permissionDecision: string, document: EffectDocument, more: Answer = {}): Answer => ({
  hookSpecificOutput: {
    hookEventName: "PreToolUse",
    permissionDecision,
    permissionDecisionReason: explain(document),
    ...more,
  },
});

const refusal = (document: EffectDocument): Answer => ({
  content: [{ type: "text", text: explain(document, "model") }],
  isError: true,
});

const table: { readonly [H in Host]: Row } = {
  authzen: {
    allow: (document) => ({
      decision: true,
      ...((document.reasons.length > 0 || document.obligations.length > 0) && {
        context: {
          ...(document.reasons.length > 0 && reasons(document)),
          ...(document.obligations.length > 0 && { obligations: document.obligations }),
        },
      }),
    }),
    deny: (document) => ({ decision: false, context: reasons(document) }),
    approve: (document) => ({ decision: false, context: { ...reasons(document), access_request: {} } }),
    transform: (document) => ({
      decision: true,
      context: {
        obligations: [
          ...document.obligations,
          { id: "transform", type: "transform", properties: { arguments: changed(document) } },
        ],
      },
    }),
  },
  mcp: {
    allow: () => ({ forward: true }),
    deny: (document) => ({ forward: false, result: refusal(document) }),
    approve: (document) => ({ forward: false, ask: true, result: refusal(document) }),
    transform: (document) => ({ forward: true, arguments: changed(document) }),
  },
  "ai-sdk": {
    allow: () => ({ decision: "allow" }),
    deny: (document) => ({ decision: "deny", reason: explain(document, "model") }),
    approve: (document) => ({ decision: "requires-approval", reason: explain(document) }),
    transform: (document) => ({
      decision: "deny",
      reason: `Cannot change arguments here. ${explain(document)}`,
    }),
  },
  "claude-code": {
    allow: (document) => hook("allow", document),
    deny: (document) => hook("deny", document),
    approve: (document) => hook("ask", document),
    transform: (document) => hook("allow", document, { updatedInput: changed(document) }),
  },
  "openai-agents": {
    allow: () => ({ needsApproval: false, behavior: "allow" }),
    deny: (document) => ({
      needsApproval: false,
      behavior: "rejectContent",
      message: explain(document, "model"),
    }),
    approve: (document) => ({ needsApproval: true, behavior: "allow", message: explain(document) }),
    transform: (document) => ({
      needsApproval: false,
      behavior: "rejectContent",
      message: `Cannot change arguments here. ${explain(document)}`,
    }),
  },
  langchain: {
    allow: () => ({ action: "call" }),
    deny: (document) => ({ action: "reject", message: explain(document, "model"), status: "error" }),
    approve: (document) => ({
      action: "interrupt",
      description: explain(document),
      allowedDecisions: ["approve", "edit", "reject"],
    }),
    transform: (document) => ({ action: "call", args: changed(document) }),
  },
};

/** What `host` has to be told: what is enforced, where that differs from what the policy said. */
export function answerFor(host: Host, document: EffectDocument & { readonly effective?: Effect }): Answer {
  return table[host][document.effective ?? document.effect](document);
}
