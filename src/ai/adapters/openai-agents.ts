// OpenAI Agents SDK for JS (`@openai/agents`): `guardTool` gives a function tool `needsApproval`, an input guardrail that decides right before
// it runs, and an output guardrail that reports its result. In: a guarded task and the program's function tools. Out: tools of the same shape.
// An approval that the SDK reports counts for the one call that was waiting, never for the tool as a whole.

import { decisionDocument, explain } from "../effect.ts";
import { answerFor } from "../hosts.ts";
import type { CallAnswer } from "../task.ts";
import { CANARY, type HostOptions, HostSession, requireFired, type SelfTest } from "./session.ts";

/** The SDK's `RunContext`, as far as it is used here. */
interface RunContext {
  isToolApproved(approval: { toolName: string; callId: string }): boolean | undefined;
}

interface ToolCall {
  readonly callId: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

interface GuardrailData {
  readonly context: RunContext;
  readonly toolCall: ToolCall;
}

type Behavior = { readonly type: "allow" } | { readonly type: "rejectContent"; readonly message: string };

/** The SDK's tool guardrails. */
export interface InputGuardrail {
  readonly type: "tool_input";
  readonly name: string;
  run(data: GuardrailData): Promise<{ readonly behavior: Behavior }>;
}
export interface OutputGuardrail {
  readonly type: "tool_output";
  readonly name: string;
  run(data: GuardrailData & { readonly output: unknown }): Promise<{ readonly behavior: Behavior }>;
}

// The SDK's classes and tools are generic in context, parameters and result; none of it matters here.
// biome-ignore lint/suspicious/noExplicitAny: whatever version of the SDK is at hand must fit
type Foreign = any;

export interface OpenAiAgentsGuard {
  /** The same tool, decided. Only function tools can be: hosted tools run at the provider. */
  guardTool<T extends { readonly type: string; readonly name: string }>(tool: T): T;
  /** Why a call waits for approval, for the person who is asked. */
  reasonFor(callId: string): string | undefined;
  /**
   * Runs a scripted model through the SDK's own `Agent` and `Runner`: throws unless the guardrail fired and the call did not run. To be
   * awaited before the first real run.
   */
  selfTest(sdk: Sdk): Promise<SelfTest>;
}

/** `Agent`, `Runner` and `tool` of `@openai/agents` or `@openai/agents-core`. */
export interface Sdk {
  readonly Agent: new (options: Foreign) => Foreign;
  readonly Runner: new (options: Foreign) => { run(agent: Foreign, input: string): Promise<unknown> };
  readonly tool: (options: Foreign) => Foreign;
}

interface Calls {
  readonly session: HostSession;
  /** What the SDK made of the model's arguments (defaults of the tool's schema filled in): what runs, and what was decided on. */
  readonly inputs: Map<string, unknown>;
}

export function guardOpenAiAgents(options: HostOptions): OpenAiAgentsGuard {
  const session = new HostSession(options, "openai-agents");
  const calls: Calls = { session, inputs: new Map() };
  return {
    guardTool: (tool) => guardedTool(tool, calls),
    reasonFor: (callId) => session.reason(callId),
    async selfTest({ Agent, Runner, tool }) {
      const callId = `self-test-${crypto.randomUUID()}`;
      let ran = false;
      const canary = guardedTool(
        tool({
          name: CANARY,
          description: "self-test",
          strict: false,
          parameters: { type: "object", properties: {}, required: [], additionalProperties: true },
          execute: () => {
            ran = true;
            return "ran";
          },
        }),
        calls,
      );
      const agent = new Agent({ name: "reeve-self-test", model: scriptedModel(callId), tools: [canary] });
      await new Runner({ tracingDisabled: true }).run(agent, "self-test");
      return requireFired("OpenAI Agents", { fired: session.sawCanary(callId), blocked: !ran });
    },
  };
}

function guardedTool<T extends { readonly type: string; readonly name: string }>(tool: T, calls: Calls): T {
  if (tool.type !== "function")
    throw new Error(`\`${tool.name}\` is a ${tool.type} tool: it runs where it cannot be decided`);
  const given = tool as Foreign;
  const needsApproval = async (context: unknown, input: unknown, callId?: string): Promise<boolean> => {
    // What the program itself wants to be asked about stays so.
    if ((await given.needsApproval?.(context, input, callId)) === true) return true;
    if (callId === undefined) return true;
    calls.inputs.set(callId, input);
    const answer = await calls.session.ask(callId, tool.name, input);
    return answerFor("openai-agents", decisionDocument(answer)).needsApproval === true;
  };
  return {
    ...given,
    needsApproval,
    inputGuardrails: [...(given.inputGuardrails ?? []), inputGuardrail(calls)],
    outputGuardrails: [outputGuardrail(calls), ...(given.outputGuardrails ?? [])],
  } as T;
}

/** Stands last, right before the tool runs. */
function inputGuardrail({ session, inputs }: Calls): InputGuardrail {
  return {
    type: "tool_input",
    name: "reeve",
    async run({ context, toolCall }) {
      const { callId, name } = toolCall;
      const args = inputs.has(callId) ? inputs.get(callId) : readArguments(toolCall.arguments);
      const asked = session.answered(callId, name, args);
      const isApproved = context.isToolApproved({ toolName: name, callId }) === true;
      // The SDK may run guardrails before it asks a person, too: what waits for approval has not been approved yet.
      if (asked?.effective === "approve" && !isApproved) return { behavior: { type: "allow" } };
      const answer =
        asked?.forward === true
          ? asked
          : isApproved
            ? await session.approved(callId, name, args, `openai-agents:${callId}`)
            : (asked ?? (await session.ask(callId, name, args)));
      return { behavior: await behaviorOf(session, callId, answer) };
    },
  };
}

async function behaviorOf(session: HostSession, callId: string, answer: CallAnswer): Promise<Behavior> {
  const { behavior, needsApproval, message } = answerFor("openai-agents", decisionDocument(answer));
  if (answer.forward && behavior === "allow") return { type: "allow" };
  // The tool would run with the arguments of the model, not with those that were decided on.
  if (answer.forward) await session.withdraw(callId);
  return { type: "rejectContent", message: String(needsApproval === true ? explain(answer) : message) };
}

function outputGuardrail({ session, inputs }: Calls): OutputGuardrail {
  return {
    type: "tool_output",
    name: "reeve",
    async run({ toolCall, output }) {
      inputs.delete(toolCall.callId);
      await session.returned(toolCall.callId, output);
      return { behavior: { type: "allow" } };
    },
  };
}

/** Undefined when it is no JSON: then it is denied. */
function readArguments(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The SDK's `Model`: one call of the canary, then the end. */
function scriptedModel(callId: string): object {
  let turns = 0;
  const usage = { requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 };
  return {
    getResponse: async () => ({
      usage,
      output:
        turns++ === 0
          ? [{ type: "function_call", callId, name: CANARY, status: "completed", arguments: "{}" }]
          : [
              {
                type: "message",
                role: "assistant",
                status: "completed",
                content: [{ type: "output_text", text: "done" }],
              },
            ],
    }),
    getStreamedResponse() {
      throw new Error("the self-test does not stream");
    },
  };
}
