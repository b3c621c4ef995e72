// What every adapter shares: one guarded task, seen with the ids of a host's own calls. In: call ids, tool names and plain arguments as the
// host has them. Out: answers of the guard. A call that a host asks about again (after a person was asked, after a restart) gets a new id in the
// ledger; a person's approval counts for exactly the action that was waiting for it. Imports no host.

import { fromPlain, toPlain } from "../../value/json.ts";
import { equal } from "../../value/compare.ts";
import { emptyObject } from "../../value/object.ts";
import { isObject, type RegoObject, type Value } from "../../value/value.ts";
import { explain, refusal } from "../effect.ts";
import type { CallRecord } from "../documents.ts";
import type { CallAnswer, GuardedTask } from "../task.ts";

export interface HostOptions {
  /** The task that the host's calls belong to. Tell it what the user said (`task.userSaid`) before the model answers. */
  readonly task: GuardedTask;
  /** On whose behalf, as verified by the program around; `subject` of the request document. */
  readonly subject: { readonly type: string; readonly id: string; readonly properties?: object };
  /** The AI agent; `agent` of the request document. */
  readonly agent?: { readonly id: string; readonly identity?: object };
  /** The server of a tool, as the catalogue names it; `local` for all unless said. */
  readonly server?: (tool: string) => string;
  /** Further `context`, at each call. */
  readonly context?: () => Readonly<Record<string, unknown>>;
  /** Who stands behind an approval that the host reports; the subject unless said. */
  readonly approver?: string;
}

/** The name of the tool that self-tests call. It is never allowed, whatever a policy says. */
export const CANARY = "reeve_self_test";

/** What a self-test found. */
export interface SelfTest {
  readonly fired: boolean;
  readonly blocked: boolean;
}

/** Says so when a self-test did not go as it must: a host whose hook does not fire is not guarded. */
export function requireFired(host: string, { fired, blocked }: SelfTest): SelfTest {
  if (!fired) throw new Error(`${host}: the hook did not fire for a test call: calls are not decided here`);
  if (!blocked) throw new Error(`${host}: a test call that was denied was made all the same`);
  return { fired, blocked };
}

interface Asked {
  readonly id: string;
  readonly tool: string;
  readonly given: RegoObject;
  readonly answer: CallAnswer;
}

export class HostSession {
  readonly #options: HostOptions;
  readonly #channel: string;
  readonly #named: (name: string) => { readonly tool: string; readonly server: string };
  /** The last answer for a host's call, and the id under which it stands in the ledger. */
  readonly #answers = new Map<string, Asked>();
  readonly #canaries = new Set<string>();

  /** `named` tells tool and server from the name that the host has for a tool. */
  constructor(
    options: HostOptions,
    channel: string,
    named: (name: string) => { readonly tool: string; readonly server: string } = (tool) => ({
      tool,
      server: "local",
    }),
  ) {
    this.#options = options;
    this.#channel = channel;
    this.#named = named;
  }

  get task(): GuardedTask {
    return this.#options.task;
  }

  /** The decision about a call. Throws nothing: what cannot be asked is denied. */
  async ask(callId: string, tool: string, args: unknown): Promise<CallAnswer> {
    if (tool === CANARY) {
      this.#canaries.add(callId);
      return refused("default_deny", "the self-test's tool is never allowed");
    }
    const given = argumentsOf(args);
    if (given === undefined) return refused("malformed_arguments", "the arguments are not a JSON object");
    const id = this.#freshId(callId);
    const answer = await this.#options.task.ask({ ...this.#who(tool, given), id });
    this.#answers.set(callId, { id, tool, given, answer });
    return answer;
  }

  /** The host says that a person approved the call. It counts if this very action was waiting for approval; the policy is asked again. */
  async approved(callId: string, tool: string, args: unknown, approval: string): Promise<CallAnswer> {
    const waiting = await this.ask(callId, tool, args);
    return waiting.effective === "approve" ? this.confirm(callId, tool, args, waiting, approval) : waiting;
  }

  /** The same, for hosts that ask again before they say what the person answered: `waiting` is what the guard said last. */
  async confirm(
    callId: string,
    tool: string,
    args: unknown,
    waiting: CallAnswer,
    approval: string,
  ): Promise<CallAnswer> {
    if (!this.#wasWaiting(callId, waiting.digest))
      return refused("approval_required", "no call with these arguments was waiting for this approval");
    const { task, approver, subject } = this.#options;
    if (!(await task.approved(waiting.digest, approval, approver ?? subject.id)))
      return refused("approval_required", "this approval was used before");
    return this.ask(callId, tool, args);
  }

  /** Why the last answer for a call was what it was, in a sentence. */
  reason(callId: string): string | undefined {
    const known = this.#answers.get(callId);
    return known === undefined ? undefined : explain(known.answer);
  }

  /** The answer that was given for exactly this call, if it was. */
  answered(callId: string, tool: string, args: unknown): CallAnswer | undefined {
    const known = this.#answers.get(callId);
    if (known === undefined || known.tool !== tool) return undefined;
    const given = argumentsOf(args);
    return given !== undefined && equal(given, known.given) ? known.answer : undefined;
  }

  /** The last time that a call was asked about, out of the ledger: hosts may report from another process. */
  lastCall(callId: string): CallRecord | undefined {
    return this.#options.task.session().calls.findLast(({ id }) => isOf(callId, id));
  }

  /** What a call that went ahead returned. Throws what the store throws: then the result must not reach the model. */
  async returned(callId: string, result: unknown, outcome: "done" | "failed" = "done"): Promise<void> {
    const last = this.lastCall(callId);
    this.#answers.delete(callId);
    if (last?.status === "reserved" || last?.status === "unreported")
      await this.#options.task.returned(last.id, plainResult(result), outcome);
  }

  /** A call that was let through and that the host cannot make as it was decided: gives back what it reserved. */
  async withdraw(callId: string): Promise<void> {
    const known = this.#answers.get(callId);
    this.#answers.delete(callId);
    if (known?.answer.forward === true) await this.#options.task.withdrawn(known.id);
  }

  /** Whether the hook saw a self-test's call. */
  sawCanary(callId: string): boolean {
    return this.#canaries.has(callId);
  }

  #who(tool: string, args: RegoObject) {
    const { subject, agent = { id: "unknown" }, server, context } = this.#options;
    const named = this.#named(tool);
    return {
      tool: named.tool,
      server: server?.(tool) ?? named.server,
      arguments: args,
      subject: fromPlain(subject),
      agent: fromPlain({ identity: { verified: false }, ...agent }),
      context: fromPlain({ channel: this.#channel, ...context?.() }) as RegoObject,
    };
  }

  #freshId(callId: string): string {
    const used = new Set(this.#options.task.session().calls.map(({ id }) => id));
    for (let n = 1; ; n++) {
      const id = n === 1 ? ledgerId(callId) : `${ledgerId(callId)}#${n}`;
      if (!used.has(id)) return id;
    }
  }

  /** From the ledger, so that an approval may come after a restart. The last of them is the question that was just asked again. */
  #wasWaiting(callId: string, digest: string): boolean {
    const asked = this.#options.task
      .session()
      .calls.filter(
        ({ id, effect, digest: of }) => effect === "approve" && of === digest && isOf(callId, id),
      );
    return asked.length > 1;
  }
}

/** A host's id as the ledger has it. Models may write ids themselves: none of them reads as another one asked about again (`c1#2`). */
function ledgerId(callId: string): string {
  return callId.replaceAll("#", "##");
}

/** Whether a ledger's id is one of a host's call. */
function isOf(callId: string, id: string): boolean {
  const own = ledgerId(callId);
  return id === own || (id.startsWith(`${own}#`) && /^\d+$/.test(id.slice(own.length + 1)));
}

/** The arguments as an object of values; undefined when they are none. */
function argumentsOf(args: unknown): RegoObject | undefined {
  try {
    const given = fromPlain(args ?? emptyObject);
    return isObject(given) ? given : undefined;
  } catch {
    return undefined;
  }
}

/** Any result as a value: what is not JSON as its text. */
function plainResult(result: unknown): Value {
  try {
    return fromPlain(result ?? null);
  } catch {
    return String(result);
  }
}

function refused(code: string, message: string): CallAnswer {
  return {
    ...refusal(code, message),
    forward: false,
    arguments: emptyObject,
    digest: "",
    decisionId: "",
    input: emptyObject,
    decidingMs: 0,
  };
}

/** What the tool must get, as plain data. */
export function plainArguments(answer: CallAnswer): Record<string, unknown> {
  return toPlain(answer.arguments) as Record<string, unknown>;
}
