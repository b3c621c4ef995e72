// Claude Code and the Claude Agent SDK: one hook event in (as JSON), the hook's JSON out. PreToolUse decides, PostToolUse and PostToolUseFailure
// report, UserPromptSubmit tells the user's own words. Used as a callback of the SDK, as a command and over HTTP alike. Whatever fails before
// a call denies it; a call that ran without having been decided stops the session, since then the hook does not cover it.

import { PolicyError } from "../../error.ts";
import { equal } from "../../value/compare.ts";
import { encode, fromPlain, toPlain } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import { isObject, type RegoObject, type Value } from "../../value/value.ts";
import { decisionDocument, explain, refusal } from "../effect.ts";
import type { Guard, TaskScope } from "../guard.ts";
import { answerFor } from "../hosts.ts";
import { CANARY, type HostOptions, HostSession } from "./session.ts";

export interface ClaudeCodeOptions extends Omit<HostOptions, "task"> {
  /** Each session of Claude Code is a task. */
  readonly guard: Guard;
  readonly scope?: TaskScope;
  /**
   * `allow` answers for Claude Code's own permission rules, too; with `pass` they are still asked where the policy allows. A call whose
   * arguments are changed is always answered with `allow`.
   */
  readonly allow?: "allow" | "pass";
}

export interface ClaudeCodeGuard {
  /** One event, plain or a Value (digits are kept then); what the host must be told. Throws nothing. */
  handle(event: unknown): Promise<RegoObject>;
  /** `hooks` of the Agent SDK's `query`. */
  readonly hooks: Record<HookEvent, HookMatcher[]>;
}

export const hookEvents = ["PreToolUse", "PostToolUse", "PostToolUseFailure", "UserPromptSubmit"] as const;
export type HookEvent = (typeof hookEvents)[number];

/** The SDK's `HookCallbackMatcher`. */
export interface HookMatcher {
  readonly hooks: ((event: unknown) => Promise<Record<string, unknown>>)[];
  readonly onFailure: "block";
}

/** Sources of a prompt that is the user's own (others are wake-ups and polls). Older versions name no source. */
const OWN_WORDS: ReadonlySet<unknown> = new Set([undefined, "user", "sdk"]);

export function guardClaudeCode(options: ClaudeCodeOptions): ClaudeCodeGuard {
  const sessions = new Map<string, Promise<HostSession>>();
  const open = (id: string): Promise<HostSession> => {
    const known = sessions.get(id);
    if (known !== undefined) return known;
    const opened = options.guard
      .task(`claude-code:${id}`, options.scope)
      .then((task) => new HostSession({ ...options, task }, "claude-code", claudeCodeTool));
    sessions.set(id, opened);
    opened.catch(() => sessions.delete(id));
    return opened;
  };
  const handle = async (given: unknown): Promise<RegoObject> => {
    let name: unknown;
    try {
      const event = fromPlain(given);
      if (!isObject(event)) throw malformed("an event is an object");
      name = event.get("hook_event_name");
      const handler = typeof name === "string" ? handlers.get(name) : undefined;
      if (handler === undefined) return NOTHING;
      return await handler(event, await open(textOf(event, "session_id")), options);
    } catch (error) {
      return failed(
        name,
        error instanceof PolicyError ? error : new PolicyError("internal_error", "the hook failed"),
      );
    }
  };
  const callback = async (event: unknown): Promise<Record<string, unknown>> =>
    toPlain(await handle(event)) as Record<string, unknown>;
  const matcher: HookMatcher = { hooks: [callback], onFailure: "block" };
  return {
    handle,
    hooks: Object.fromEntries(
      hookEvents.map((event) => [event, [matcher]]),
    ) as unknown as ClaudeCodeGuard["hooks"],
  };
}

const NOTHING = object([]);

type Handler = (event: RegoObject, session: HostSession, options: ClaudeCodeOptions) => Promise<RegoObject>;

const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["PreToolUse", preToolUse],
  [
    "PostToolUse",
    (event, session) => postToolUse(event, session, event.get("tool_response") ?? null, "done"),
  ],
  [
    "PostToolUseFailure",
    (event, session) => postToolUse(event, session, event.get("error") ?? null, "failed"),
  ],
  ["UserPromptSubmit", userPrompt],
]);

function malformed(message: string): PolicyError {
  return new PolicyError("invalid_parameter", message);
}

function textOf(event: RegoObject, name: string): string {
  const value = event.get(name);
  if (typeof value !== "string" || value === "") throw malformed(`the hook's event has no \`${name}\``);
  return value;
}

/** Tools of MCP servers are called `mcp__SERVER__TOOL`; all others are Claude Code's own. */
export function claudeCodeTool(name: string): { readonly server: string; readonly tool: string } {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/s.exec(name) ?? [];
  return server === undefined || tool === undefined
    ? { server: "claude-code", tool: name }
    : { server, tool };
}

interface Call {
  readonly id: string;
  readonly tool: string;
  readonly input: Value;
}

function callOf(event: RegoObject): Call {
  return {
    id: textOf(event, "tool_use_id"),
    tool: textOf(event, "tool_name"),
    input: event.get("tool_input") ?? NOTHING,
  };
}

async function preToolUse(
  event: RegoObject,
  session: HostSession,
  options: ClaudeCodeOptions,
): Promise<RegoObject> {
  const { id, tool, input } = callOf(event);
  const isTest = encode(input).includes(CANARY);
  const answer = await session.ask(id, isTest ? CANARY : tool, input);
  const isChanged = answer.forward && isObject(input) && !equal(input, answer.arguments);
  if (answer.forward && !isChanged && options.allow === "pass") return NOTHING;
  const told = fromPlain(answerFor("claude-code", decisionDocument(answer))) as RegoObject;
  const specific = told.get("hookSpecificOutput") as RegoObject;
  // The arguments themselves, not the table's copy: no digit is lost.
  return isChanged
    ? object([["hookSpecificOutput", object([...specific.entries(), ["updatedInput", answer.arguments]])]])
    : told;
}

async function postToolUse(
  event: RegoObject,
  session: HostSession,
  result: Value,
  outcome: "done" | "failed",
): Promise<RegoObject> {
  const { id, tool, input } = callOf(event);
  const asked = session.lastCall(id);
  // Content is content: it counts as seen whether or not the call should have been made.
  if (asked === undefined || (asked.status === "refused" && asked.effect !== "approve")) {
    await session.task.sawContent(`claude-code:${id}`, result);
    return stop(
      asked === undefined
        ? `\`${tool}\` ran without having been decided: the PreToolUse hook does not cover this session`
        : `\`${tool}\` ran although it was denied`,
    );
  }
  if (asked.status === "refused") {
    // It ran, so the person who was asked said yes.
    const answer = await session.approved(id, tool, input, `claude-code:${id}`);
    if (!answer.forward) {
      await session.task.sawContent(`claude-code:${id}`, result);
      return stop(`\`${tool}\` ran, and was not what was shown for approval: ${explain(answer)}`);
    }
  }
  await session.returned(id, result, outcome);
  return NOTHING;
}

async function userPrompt(event: RegoObject, session: HostSession): Promise<RegoObject> {
  const prompt = textOf(event, "prompt");
  const [source, id] = [event.get("source"), event.get("prompt_id")];
  if (OWN_WORDS.has(source))
    await session.task.userSaid(prompt, typeof id === "string" ? `claude-code:${id}` : undefined);
  else await session.task.sawContent(`claude-code:${String(source)}`, prompt);
  return NOTHING;
}

function stop(reason: string): RegoObject {
  return object([
    ["continue", false],
    ["stopReason", `Reeve: ${reason}`],
  ]);
}

/** What could not be decided is denied, what could not be recorded goes no further. */
function failed(event: unknown, error: PolicyError): RegoObject {
  if (event === "UserPromptSubmit")
    return object([
      ["decision", "block"],
      ["reason", `Reeve: ${error.message}`],
    ]);
  if (event === "PostToolUse" || event === "PostToolUseFailure") return stop(error.message);
  return fromPlain(
    answerFor("claude-code", decisionDocument(refusal(error.code, error.message))),
  ) as RegoObject;
}
