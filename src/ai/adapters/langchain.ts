// LangChain and LangGraph for JS (`langchain` 1.x): one middleware that decides every tool call, asks a person through an interrupt, and decides
// again what the person approved or edited. In: a guarded task and three things of the host (its message classes and `interrupt`). Out: what
// `createMiddleware` takes. A person's approval counts for the call that was shown; an edited call is a call of its own.

import { decisionDocument, explain } from "../effect.ts";
import { answerFor } from "../hosts.ts";
import type { CallAnswer } from "../task.ts";
import {
  CANARY,
  type HostOptions,
  HostSession,
  plainArguments,
  requireFired,
  type SelfTest,
} from "./session.ts";

// The host's classes, requests and results are generic in state and context; they are handed on as they are.
// biome-ignore lint/suspicious/noExplicitAny: whatever version of the host is at hand must fit
type Foreign = any;

/** What is needed of `langchain` and `@langchain/langgraph`. */
export interface LangChainHost {
  readonly ToolMessage: new (fields: Foreign) => Foreign;
  readonly AIMessage: new (fields: Foreign) => Foreign;
  /** Throws at first, and returns what the person answered when the run is resumed. */
  interrupt(value: unknown): unknown;
}

interface ToolCall {
  readonly id?: string;
  readonly name: string;
  readonly args: unknown;
}

type Handler = (request: Foreign) => Foreign;

export interface LangChainGuard {
  readonly name: string;
  readonly wrapToolCall: (request: Foreign, handler: Handler) => Promise<Foreign>;
  readonly wrapModelCall: (request: Foreign, handler: Handler) => Promise<Foreign>;
}

export interface LangChainAgent {
  invoke(state: Foreign, config?: Foreign): Promise<unknown>;
}

export interface LangChain {
  /** For `createMiddleware`. */
  readonly middleware: LangChainGuard;
  /**
   * Sends one message through the program's own agent, model calls answered by the middleware: throws unless a test call came through
   * `wrapToolCall` and did not run. To be awaited before the first real run.
   */
  selfTest(agent: LangChainAgent): Promise<SelfTest>;
}

export function guardLangChain(
  options: HostOptions & { readonly host: LangChainHost; readonly trustUserMessages?: boolean },
): LangChain {
  const session = new HostSession(options, "langchain");
  const { host } = options;
  /** Self-tests that run: the message that starts one, and the id of its call. */
  const tests = new Map<string, { readonly callId: string; blocked: boolean }>();
  return {
    middleware: {
      name: "Reeve",
      wrapToolCall: (request, handler) => decideCall(request, handler, session, host),
      async wrapModelCall(request, handler) {
        const messages = request.messages as readonly Foreign[];
        for (const [i, message] of messages.entries()) {
          if (typeOf(message) !== "human" || typeof message.content !== "string") continue;
          const test = tests.get(message.content);
          if (test !== undefined) return answerTest(test, messages, host);
          if (options.trustUserMessages === true)
            await options.task.userSaid(message.content, `langchain:${i}:${message.content}`);
        }
        return handler(request);
      },
    },
    async selfTest(agent) {
      const nonce = `reeve-self-test-${crypto.randomUUID()}`;
      const test = { callId: nonce, blocked: false };
      tests.set(nonce, test);
      try {
        const messages = [{ role: "user", content: nonce }];
        await agent.invoke({ messages }, { configurable: { thread_id: nonce } });
      } finally {
        tests.delete(nonce);
      }
      return requireFired("LangChain", { fired: session.sawCanary(nonce), blocked: test.blocked });
    },
  };
}

function typeOf(message: Foreign): unknown {
  return message.type ?? message.getType?.() ?? message._getType?.();
}

/** In place of the model: the test call first, then the end. */
function answerTest(
  test: { readonly callId: string; blocked: boolean },
  messages: readonly Foreign[],
  host: LangChainHost,
) {
  const result = messages.find(
    (message) => typeOf(message) === "tool" && message.tool_call_id === test.callId,
  );
  if (result === undefined)
    return new host.AIMessage({
      content: "",
      tool_calls: [{ id: test.callId, name: CANARY, args: {}, type: "tool_call" }],
    });
  test.blocked = result.status === "error";
  return new host.AIMessage({ content: "self-test over" });
}

async function decideCall(
  request: Foreign,
  handler: Handler,
  session: HostSession,
  host: LangChainHost,
): Promise<Foreign> {
  const given = request.toolCall as ToolCall;
  const refuse = (content: string): unknown =>
    new host.ToolMessage({ content, tool_call_id: given.id ?? "", name: given.name, status: "error" });
  if (typeof given.id !== "string") return refuse("Denied: the call has no id.");
  let call = given;
  let answer = await session.ask(given.id, call.name, call.args);
  while (!answer.forward) {
    const { action, message } = answerFor("langchain", decisionDocument(answer));
    if (action !== "interrupt") return refuse(String(message));
    const verdict = readVerdict(host.interrupt(question(call, answer)));
    if (verdict.type === "reject") return refuse(verdict.message);
    if (verdict.type === "approve") {
      answer = await session.confirm(
        given.id,
        call.name,
        call.args,
        answer,
        `langchain:${given.id}:${answer.digest}`,
      );
      // Approved and still not allowed: nobody is asked twice for the same.
      if (!answer.forward) return refuse(explain(answer));
    } else {
      call = { ...call, ...verdict.action };
      answer = await session.ask(given.id, call.name, call.args);
    }
  }
  return execute(request, handler, session, { ...call, args: plainArguments(answer) });
}

async function execute(
  request: Foreign,
  handler: Handler,
  session: HostSession,
  call: ToolCall,
): Promise<Foreign> {
  const callId = call.id as string;
  const toolCall = { ...request.toolCall, name: call.name, args: call.args };
  // Another tool than the model named: the host looks it up by its name.
  const tool = call.name === request.toolCall.name ? request.tool : undefined;
  let result: Foreign;
  try {
    result = await handler({ ...request, toolCall, tool });
  } catch (error) {
    await session.returned(callId, String(error), "failed");
    throw error;
  }
  await session.returned(callId, contentOf(result), result?.status === "error" ? "failed" : "done");
  return result;
}

/** What a tool message says; structured results come as JSON text. */
function contentOf(result: Foreign): unknown {
  const content: unknown = result?.content ?? result;
  if (typeof content !== "string" || !/^\s*[[{]/.test(content)) return content;
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

/** The payload of LangChain's own `humanInTheLoopMiddleware`, so that the same user interfaces understand it. */
function question(call: ToolCall, answer: CallAnswer): object {
  const { description, allowedDecisions } = answerFor("langchain", decisionDocument(answer));
  return {
    actionRequests: [{ name: call.name, args: call.args, description }],
    reviewConfigs: [{ actionName: call.name, allowedDecisions }],
  };
}

type Verdict =
  | { readonly type: "approve" }
  | { readonly type: "reject"; readonly message: string }
  | { readonly type: "edit"; readonly action: { readonly name: string; readonly args: object } };

/** Nothing but a well-formed answer of a person is a yes. */
function readVerdict(resumed: unknown): Verdict {
  const decisions = (resumed as { decisions?: unknown } | null | undefined)?.decisions;
  const [decision] = Array.isArray(decisions) && decisions.length === 1 ? (decisions as Foreign[]) : [];
  if (decision?.type === "approve") return { type: "approve" };
  const edited = decision?.type === "edit" ? decision.editedAction : undefined;
  if (typeof edited?.name === "string" && typeof edited.args === "object" && edited.args !== null)
    return { type: "edit", action: { name: edited.name, args: edited.args } };
  const message = typeof decision?.message === "string" ? decision.message : "A person refused this call.";
  return { type: "reject", message };
}
