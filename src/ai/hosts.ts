// The one table from effects to what hosts understand. In: a decision document. Out: the answer of a host, as plain data. A host without a
// way to ask gets a refusal, one without a way to rewrite arguments likewise: nothing is ever allowed because a host cannot say it.

import type { DecisionDocument, Effect } from "./documents.ts";
import { explain } from "./effect.ts";

export const hosts = ["authzen", "mcp", "ai-sdk", "claude-code", "openai-agents", "langchain"] as const;
export type Host = (typeof hosts)[number];

type Answer = Readonly<Record<string, unknown>>;
type Row = { readonly [E in Effect]: (document: DecisionDocument) => Answer };

/** The document as AuthZEN's `context`: the same members, and `reason`, which its profiles know. */
const authzenContext = (document: DecisionDocument): Answer => {
  const { decision: _, transform: __, obligations = [], ...members } = document;
  return {
    ...members,
    ...(document.reasons.length > 0 && { reason: explain(document) }),
    ...(obligations.length > 0 && { obligations }),
  };
};

const hook = (permissionDecision: string, document: DecisionDocument, more: Answer = {}): Answer => ({
  hookSpecificOutput: {
    hookEventName: "PreToolUse",
    permissionDecision,
    permissionDecisionReason: explain(document),
    ...more,
  },
});

const refusal = (document: DecisionDocument): Answer => ({
  content: [{ type: "text", text: explain(document, "model") }],
  isError: true,
});

const table: { readonly [H in Host]: Row } = {
  authzen: {
    allow: (document) => ({ decision: true, context: authzenContext(document) }),
    deny: (document) => ({ decision: false, context: authzenContext(document) }),
    // `context.effect` says that a person may be asked. `access_request` is for decision points that take such requests in.
    approve: (document) => ({ decision: false, context: authzenContext(document) }),
    transform: (document) => {
      const changed = { id: "transform", type: "transform", properties: { arguments: document.transform } };
      const obligations = [...(document.obligations ?? []), changed];
      return { decision: true, context: authzenContext({ ...document, obligations }) };
    },
  },
  mcp: {
    allow: () => ({ forward: true }),
    deny: (document) => ({ forward: false, result: refusal(document) }),
    approve: (document) => ({ forward: false, ask: true, result: refusal(document) }),
    transform: (document) => ({ forward: true, arguments: document.transform }),
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
    transform: (document) => hook("allow", document, { updatedInput: document.transform }),
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
    transform: (document) => ({ action: "call", args: document.transform }),
  },
};

/** What `host` has to be told: what is enforced, where that differs from what the policy said. */
export function answerFor(host: Host, document: DecisionDocument): Answer {
  return table[host][document.effective ?? document.effect](document);
}
