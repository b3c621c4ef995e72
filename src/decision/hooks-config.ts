// The daemon's `hooks` section, which is Reeve's own: how the hooks of AI agents' hosts are decided. Plain data in, a checked configuration
// with every default filled in out.

import { choice, configError, record, type Shape, text } from "./shape.ts";

export const HOOKS_SHAPE: Shape = record({
  claude_code: record({
    decision: text,
    catalogue: text,
    ledger: text,
    subject: record({ type: text, id: text }),
    agent: record({ id: text }),
    allow: choice("allow", "pass"),
  }),
});

export interface ClaudeCodeConfig {
  /** Slash path of the decision. */
  readonly decision: string;
  /** Where the tool catalogue stands in the data. */
  readonly catalogue: string;
  /** SQLite file of the sessions' history; in memory without. */
  readonly ledger?: string;
  /** On whose behalf. */
  readonly subject: { readonly type: string; readonly id: string };
  readonly agent: { readonly id: string };
  readonly allow: "allow" | "pass";
}

export interface HooksConfig {
  /** Absent: there are no such hooks here. */
  readonly claudeCode?: ClaudeCodeConfig;
}

type Plain = Readonly<Record<string, unknown>>;
type PathOf = (given: unknown, otherwise: string, where: string) => string;

export function readHooks(given: Plain | null | undefined, pathOf: PathOf): HooksConfig {
  const raw = given?.claude_code as Plain | null | undefined;
  if (raw === undefined || raw === null) return {};
  const { type = "user", id } = (raw.subject ?? {}) as Readonly<Record<string, string | undefined>>;
  if (id === undefined || id === "")
    throw configError("`hooks.claude_code.subject.id` says who the user is: it is missing");
  const agent = ((raw.agent ?? {}) as { id?: string }).id ?? "claude-code";
  return {
    claudeCode: {
      decision: pathOf(raw.decision ?? undefined, "ai/calls/decision", "hooks.claude_code.decision"),
      catalogue: pathOf(raw.catalogue ?? undefined, "site/catalogue", "hooks.claude_code.catalogue"),
      ...(typeof raw.ledger === "string" && { ledger: raw.ledger }),
      subject: { type, id },
      agent: { id: agent },
      allow: raw.allow === "pass" ? "pass" : "allow",
    },
  };
}
