// Vercel AI SDK 7 (`ai`): `toolApproval` decides every tool call before it runs, `guardTools` makes sure that nothing else runs and reports
// results, `policyClient` stands behind `@ai-sdk/policy-opa`. In: a guarded task, or a decision agent. Out: functions of the SDK's shapes.
// Nothing but a decision that allows lets a call run: undefined denies, a call that nobody asked about is asked about before it runs.

import { fromPlain, toPlain } from "../../value/json.ts";
import { isArray, isObject, type Value } from "../../value/value.ts";
import type { Decider } from "../decider.ts";
import { type Answered, decisionDocument, explain, settle, settleFailure } from "../effect.ts";
import { answerFor } from "../hosts.ts";
import {
  CANARY,
  type HostOptions,
  HostSession,
  plainArguments,
  requireFired,
  type SelfTest,
} from "./session.ts";

/** The SDK's `ToolApprovalStatus`, as far as it is given here. */
export type Approval =
  | { readonly type: "approved" }
  | { readonly type: "denied" | "user-approval"; readonly reason: string };

/** What the SDK hands to a `toolApproval` function. */
export interface ApprovalRequest {
  readonly toolCall: { readonly toolName: string; readonly toolCallId: string; readonly input: unknown };
  readonly messages: readonly unknown[];
}

interface ExecuteOptions {
  readonly toolCallId: string;
}

export interface AiSdkGuard {
  /** For `generateText`, `streamText` and `ToolLoopAgent`. */
  readonly toolApproval: (request: ApprovalRequest) => Promise<Approval>;
  /** The same tools, run only after a decision, with the arguments that were decided on; results are reported. */
  guardTools<T extends Readonly<Record<string, unknown>>>(tools: T): T;
  /**
   * Runs a scripted model through the SDK's own `generateText` with this `toolApproval` and these tools: throws unless the hook fired and the
   * call did not run. To be awaited before the first real call.
   */
  selfTest(generateText: GenerateText): Promise<SelfTest>;
}

// The SDK's generics do not concern the self-test; it is called as a function of one object.
// biome-ignore lint/suspicious/noExplicitAny: the parameter type of any version of `generateText` must fit
export type GenerateText = (options: any) => Promise<unknown>;

export function guardAiSdk(options: HostOptions & { readonly trustUserMessages?: boolean }): AiSdkGuard {
  const session = new HostSession(options, "ai-sdk");
  const told = new Set<string>();
  const hear = async (messages: readonly unknown[]): Promise<void> => {
    if (options.trustUserMessages !== true) return;
    for (const [i, text] of userTexts(messages)) {
      const id = `ai-sdk:${i}:${text}`;
      if (told.has(id)) continue;
      told.add(id);
      await options.task.userSaid(text, id);
    }
  };
  const guarded = new Set<string>();
  const toolApproval = async ({ toolCall, messages }: ApprovalRequest): Promise<Approval> => {
    const { toolCallId, toolName, input } = toolCall;
    await hear(messages);
    const approval = approvalIn(messages, toolCallId);
    const answer =
      approval === undefined
        ? await session.ask(toolCallId, toolName, input)
        : await session.approved(toolCallId, toolName, input, approval);
    const { decision, reason } = answerFor("ai-sdk", decisionDocument(answer));
    // A guarded tool runs with the arguments that were decided on; any other would run with those that the model gave.
    if (answer.forward && (decision === "allow" || guarded.has(toolName))) return { type: "approved" };
    if (answer.forward) await session.withdraw(toolCallId);
    // The SDK asks again before it runs what a person approved, and takes everything but `denied` for a yes.
    const isQuestion = decision === "requires-approval" && approval === undefined;
    return { type: isQuestion ? "user-approval" : "denied", reason: String(reason) };
  };
  const guardTools = <T extends Readonly<Record<string, unknown>>>(tools: T): T => {
    for (const name of Object.keys(tools)) guarded.add(name);
    return guardedTools(tools, session) as T;
  };
  return {
    toolApproval,
    guardTools,
    async selfTest(generateText) {
      const callId = `self-test-${crypto.randomUUID()}`;
      let ran = false;
      // Not guarded itself: nothing but `toolApproval` may stop it.
      const execute = (): void => {
        ran = true;
      };
      const inputSchema = jsonSchema({ type: "object", properties: {} });
      const tools = { [CANARY]: { inputSchema, execute } };
      await generateText({
        model: scriptedModel(callId),
        tools,
        toolApproval,
        prompt: "self-test",
        maxRetries: 0,
      });
      return requireFired("AI SDK", { fired: session.sawCanary(callId), blocked: !ran });
    },
  };
}

function guardedTools(
  tools: Readonly<Record<string, unknown>>,
  session: HostSession,
): Record<string, unknown> {
  // Tools may be named `__proto__` or `constructor`: entries become properties of their own.
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => {
      const execute = (tool as { execute?: unknown }).execute;
      if (typeof execute !== "function") return [name, tool];
      const guarded = async (input: unknown, given: ExecuteOptions): Promise<unknown> => {
        const { toolCallId } = given;
        const answer =
          session.answered(toolCallId, name, input) ?? (await session.ask(toolCallId, name, input));
        if (!answer.forward) throw new Error(explain(answer));
        let result: unknown;
        try {
          result = await settled(execute.call(tool, plainArguments(answer), given));
        } catch (error) {
          await session.returned(toolCallId, String(error), "failed");
          throw error;
        }
        await session.returned(toolCallId, result);
        return result;
      };
      return [name, { ...(tool as object), execute: guarded }];
    }),
  );
}

/** A tool may give its result bit by bit; the last one counts, and none is passed on before it is labelled. */
async function settled(result: unknown): Promise<unknown> {
  const isStream = typeof result === "object" && result !== null && Symbol.asyncIterator in result;
  if (!isStream) return result;
  let last: unknown;
  for await (const part of result as AsyncIterable<unknown>) last = part;
  return last;
}

type Part = Readonly<Record<string, unknown>>;

function partsOf(message: unknown): Part[] {
  const content = (message as { content?: unknown } | null)?.content;
  return Array.isArray(content)
    ? content.filter((part): part is Part => typeof part === "object" && part !== null)
    : [];
}

/** The id of the approval that a person gave to this call, if the conversation ends with one. */
function approvalIn(messages: readonly unknown[], toolCallId: string): string | undefined {
  const last = messages.at(-1);
  if ((last as { role?: unknown } | undefined)?.role !== "tool") return undefined;
  const asked = messages
    .flatMap(partsOf)
    .filter((part) => part.type === "tool-approval-request" && part.toolCallId === toolCallId);
  const given = partsOf(last).find(
    (part) =>
      part.type === "tool-approval-response" &&
      part.approved === true &&
      asked.some(({ approvalId }) => approvalId === part.approvalId),
  );
  return typeof given?.approvalId === "string" ? given.approvalId : undefined;
}

function userTexts(messages: readonly unknown[]): [number, string][] {
  return messages.flatMap((message, i): [number, string][] => {
    const { role, content } = message as { role?: unknown; content?: unknown };
    if (role !== "user") return [];
    if (typeof content === "string") return [[i, content]];
    return partsOf(message).flatMap(({ type, text }): [number, string][] =>
      type === "text" && typeof text === "string" ? [[i, text]] : [],
    );
  });
}

/** The SDK's `PolicyClient` (`@ai-sdk/policy-opa`). */
export interface PolicyClient {
  evaluate<TInput = unknown, TResult = unknown>(path: string, input: TInput): Promise<TResult>;
}

/**
 * For `opaPolicy` and `opaCapabilityMiddleware`: the policy sees the input that `@ai-sdk/policy-opa` makes, or that its `toInput` makes. That
 * package takes undefined for a yes; here undefined is a deny, as is everything that is neither a decision nor a list of tool names.
 */
export function policyClient(decider: Decider): PolicyClient {
  const evaluate = async (path: string, input: unknown): Promise<unknown> => {
    try {
      return policyResult(await decider.decide({ path, input: fromPlain(input ?? null) }));
    } catch (error) {
      return answerFor("ai-sdk", decisionDocument(settleFailure(error)));
    }
  };
  return { evaluate: evaluate as PolicyClient["evaluate"] };
}

const DECISIONS: ReadonlySet<unknown> = new Set(["allow", "deny", "requires-approval"]);

function policyResult(answered: Answered): unknown {
  const { result } = answered;
  if (result !== undefined && isToolList(result)) return toPlain(result);
  if (typeof result === "boolean") return plainResult(answered, result, { allow: result });
  if (result === undefined || !isObject(result) || result.get("effect") !== undefined)
    return answerFor("ai-sdk", decisionDocument(settle(answered)));
  const [decision, allow] = [result.get("decision"), result.get("allow")];
  if (DECISIONS.has(decision)) return plainResult(answered, decision === "allow", toPlain(result));
  if (decision === undefined && typeof allow === "boolean")
    return plainResult(answered, allow, toPlain(result));
  return answerFor("ai-sdk", decisionDocument(settle(answered)));
}

/** A decision in the package's own form, held to what holds for every decision: modes, and rules that deny and could not be evaluated. */
function plainResult(answered: Answered, isAllow: boolean, result: unknown): unknown {
  const effect = isAllow ? "allow" : "deny";
  const settled = settle({ ...answered, result: fromPlain({ effect, reasons: [] }) });
  const isKept = settled.effect === effect && settled.effective === effect;
  return isKept ? result : answerFor("ai-sdk", decisionDocument(settled));
}

function isToolList(result: Value): boolean {
  const list = isObject(result) ? result.get("tools") : result;
  if (list === undefined || list === null || typeof list !== "object") return false;
  if (isArray(list)) return list.every((name) => typeof name === "string");
  return list.kind === "set" && [...list.values()].every((name) => typeof name === "string");
}

/** The SDK's `Schema`, without its package. */
function jsonSchema(schema: object): object {
  return {
    [Symbol.for("vercel.ai.schema")]: true,
    jsonSchema: schema,
    validate: (value: unknown) => ({ success: true, value }),
  };
}

/** A language model (specification v3, which SDK 6 and 7 take) that calls the canary once and then stops. */
function scriptedModel(toolCallId: string): object {
  const usage = {
    inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 0, text: 0, reasoning: 0 },
  };
  const finishReason = { unified: "tool-calls", raw: "tool-calls" };
  const content = [{ type: "tool-call", toolCallId, toolName: CANARY, input: "{}" }];
  return {
    specificationVersion: "v3",
    provider: "reeve",
    modelId: "self-test",
    supportedUrls: {},
    doGenerate: async () => ({ content, finishReason, usage, warnings: [] }),
    doStream: async () => {
      throw new Error("the self-test does not stream");
    },
  };
}
