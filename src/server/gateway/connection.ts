// One MCP connection under guard, whatever carries it. In: messages of the client and of the server, one at a time. Out: what goes on to the
// other side. A `tools/call` is decided before it goes on, and what goes on is the message that was decided on, written anew (two readers
// may see two calls in one text: duplicate keys). A denied call never reaches the server; a result never reaches the client unrecorded.

import { type ReadMethod, readDefinitions } from "../../ai/catalogue.ts";
import type { DecisionDocument } from "../../ai/documents.ts";
import { decisionDocument, explain } from "../../ai/effect.ts";
import type { CallAnswer, CallRequest, GuardedTask } from "../../ai/guard.ts";
import { answerFor } from "../../ai/hosts.ts";
import type { ResultLabels } from "../../ai/labels.ts";
import type { Principal } from "../../ai/request.ts";
import { PolicyError } from "../../error.ts";
import { encode, fromPlain } from "../../value/json.ts";
import { emptyObject } from "../../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../../value/value.ts";
import { ApprovalTickets, elicitation, type TicketSubject } from "./approval.ts";
import { resultContent, texts } from "./content.ts";
import type { AskServer, Definitions } from "./definitions.ts";
import { forwardedReading, isReadMethod, readingOf } from "./reading.ts";
import {
  changed,
  DENIED,
  errorReply,
  idKey,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  objectAt,
  requestId,
  resultReply,
} from "./rpc.ts";

/** Who sends a message, and in which task. Settled by the enforcement point, never by what a message says. */
export interface Sender {
  readonly principal: Principal;
  readonly task: GuardedTask;
  /** What the sender calls the task. */
  readonly handle: string;
  /** Where this message came from, as its socket says. */
  readonly ip?: string;
}

export interface ConnectionOptions {
  /** What the server is called in requests and in the catalogue. */
  readonly serverId: string;
  readonly definitions: Definitions;
  readonly tickets: ApprovalTickets;
  readonly nowMs: () => number;
  /** What policies see as `input.context`. */
  readonly context: (sender: Sender) => RegoObject;
  /** The task's folder, where there is one. */
  readonly folder?: string;
  /** Arguments as they are decided on and forwarded, and facts about them (`action.properties`). */
  readonly prepare: (args: RegoObject) => { readonly args: RegoObject; readonly properties: RegoObject };
  /** The user's own words in a request's `_meta`, if they are proven: text and an id of the turn. */
  readonly userWords: (
    meta: RegoObject,
    sender: Sender,
  ) => Promise<{ readonly text: string; readonly id: string } | undefined>;
  /** Asks the server itself, beside what the client asks. */
  readonly ask: AskServer;
  /** One line of news for the operator (never the protocol's stream). */
  readonly log: (line: string) => void;
}

/** The answer reaches the model and counts as untrusted. */
const TASK_RESULT = "tasks/result";

/** What becomes of a message of the client. */
export type Ruling = { readonly toServer: RegoObject } | { readonly toClient: RegoObject } | "dropped";

/** Requests that may pass undecided. Others are refused: they may be calls by another name. */
const passing: ReadonlySet<string> = new Set([
  TASK_RESULT,
  ...["initialize", "server/discover", "ping", "tools/list", "logging/setLevel", "completion/complete"],
  ...["resources/list", "resources/templates/list", "resources/subscribe", "resources/unsubscribe"],
  ...["prompts/list", "tasks/get", "tasks/list", "tasks/cancel", "tasks/update", "subscriptions/listen"],
]);

const PROTOCOL_KEY = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities";
const APPROVAL_KEY = "reeve_approval";
export const DECISION_META = "reeve/decision";
export const LABELS_META = "reeve/labels";
/** Where a request carries the user's own words, signed. */
export const USER_META = "reeve/user";

type Pending = (response: RegoObject) => Promise<RegoObject>;

export class Connection {
  readonly #options: ConnectionOptions;
  /** Every request that went to the server, by its id. */
  readonly #pending = new Map<string, Pending>();
  /** Whose the connection is: what the server asks of the client reaches this task. */
  #sender: Sender | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Whether an answer from the server is still awaited. */
  get waiting(): boolean {
    return this.#pending.size > 0;
  }

  async fromClient(message: RegoObject, sender: Sender): Promise<Ruling> {
    this.#sender = sender;
    const method = message.get("method");
    if (method === undefined) return { toServer: message };
    if (typeof method !== "string")
      return { toClient: errorReply(null, INVALID_REQUEST, "`method` must be a string") };
    const id = requestId(message);
    if (id === undefined) {
      // A call that nobody waits for could not be refused to anybody: it stops here.
      if (message.has("id") || passing.has(method) || method === "tools/call" || isReadMethod(method))
        return {
          toClient: errorReply(
            null,
            INVALID_REQUEST,
            `\`${method}\` needs an \`id\` that is a string or a number`,
          ),
        };
      if (method.startsWith("notifications/")) return { toServer: message };
      this.#options.log(`dropped a notification \`${method}\` that the gateway does not know`);
      return "dropped";
    }
    try {
      return await this.#request(id, method, message, sender);
    } catch (error) {
      const code = error instanceof PolicyError ? error.code : "internal_error";
      const said = `the request could not be decided and was not made (${code})`;
      return { toClient: errorReply(id, INTERNAL_ERROR, said) };
    }
  }

  /** What the client gets to see of a message of the server; undefined when it is none of its business. */
  async fromServer(message: RegoObject): Promise<RegoObject | undefined> {
    const id = requestId(message);
    if (message.has("method")) return this.#fromServerItself(message, id);
    const key = id === undefined ? "" : idKey(id);
    const pending = this.#pending.get(key);
    if (id === undefined || pending === undefined) {
      this.#options.log("the MCP server answered a request that nobody made; dropped");
      return undefined;
    }
    this.#pending.delete(key);
    // One of the two: what is looked at is what goes on.
    const answer = message.has("result") ? changed(message, { error: undefined }) : message;
    try {
      return await pending(answer);
    } catch {
      // INVARIANT: a result that was not recorded is not passed on.
      return errorReply(id, INTERNAL_ERROR, "the result could not be recorded and is withheld");
    }
  }

  /** News, and requests of the server to the client, whose content may reach the model. */
  async #fromServerItself(message: RegoObject, id: Value | undefined): Promise<RegoObject | undefined> {
    if (message.get("method") === "notifications/tools/list_changed")
      this.#options.definitions.forget(this.#options.serverId);
    if (id === undefined) return message;
    try {
      await this.#sender?.task.sawContent(`server#${encode(id)}`, texts(message.get("params") ?? null));
      return message;
    } catch {
      this.#options.log("a request of the MCP server could not be recorded and was dropped");
      return undefined;
    }
  }

  async #request(id: Value, method: string, asked: RegoObject, sender: Sender): Promise<Ruling> {
    const params = objectAt(asked, "params") ?? emptyObject;
    const meta = objectAt(params, "_meta");
    const words = meta === undefined ? undefined : await this.#options.userWords(meta, sender);
    if (words !== undefined) await sender.task.userSaid(words.text, words.id);
    const message = withoutUserWords(asked);
    if (method !== "tools/call" && !isReadMethod(method) && !passing.has(method))
      return {
        toClient: errorReply(id, METHOD_NOT_FOUND, `the gateway does not know the method \`${method}\``),
      };
    // Two requests of one id: the answer to one could be taken for the answer to the other.
    if (this.#pending.has(idKey(id)))
      return { toClient: errorReply(id, INVALID_REQUEST, "a request with this `id` is not answered yet") };
    if (method === "tools/call") return this.#call(id, message, params, sender);
    if (isReadMethod(method)) return this.#read(id, method, message, params, sender);
    this.#wait(id, async (response) => {
      if (method === "tools/list") return this.#list(response, params, sender);
      const result = objectAt(response, "result");
      if (method === TASK_RESULT && result !== undefined)
        await sender.task.sawContent(`${method}#${encode(id)}`, texts(result));
      return response;
    });
    return { toServer: message };
  }

  #wait(id: Value, pending: Pending): void {
    this.#pending.set(idKey(id), pending);
  }

  /** A list is filtered by the same policy, asked about each tool alone. */
  async #list(response: RegoObject, params: RegoObject, sender: Sender): Promise<RegoObject> {
    const { definitions, serverId, ask } = this.#options;
    const result = objectAt(response, "result");
    const tools = result?.get("tools");
    if (result === undefined || tools === undefined || tools === null || typeof tools !== "object")
      return response;
    if (!isArray(tools)) return response;
    if (params.has("cursor") || result.has("nextCursor")) {
      if (!params.has("cursor")) definitions.forget(serverId);
      await definitions.load(serverId, ask, params.get("_meta"));
    } else definitions.show(serverId, readDefinitions(result));
    const shown: Value[] = [];
    for (const tool of tools) {
      const name = isObject(tool) ? tool.get("name") : undefined;
      if (typeof name !== "string") continue;
      const visible = await sender.task.shows({
        tool: name,
        server: serverId,
        ...who(sender),
        context: this.#options.context(sender),
      });
      if (visible) shown.push(tool);
    }
    const isModern = result.has("cacheScope") || result.has("resultType");
    const scope = isModern ? { cacheScope: "private" } : {};
    return changed(response, { result: changed(result, { tools: shown, ...scope }) });
  }

  async #call(id: Value, message: RegoObject, params: RegoObject, sender: Sender): Promise<Ruling> {
    const { serverId, definitions, ask, context, prepare } = this.#options;
    const tool = params.get("name");
    const given = params.get("arguments") ?? emptyObject;
    if (!objectAt(message, "params"))
      return { toClient: errorReply(id, INVALID_PARAMS, "`params` must be an object") };
    if (typeof tool !== "string" || tool === "")
      return { toClient: errorReply(id, INVALID_PARAMS, "`params.name` must be a tool's name") };
    if (typeof given !== "object" || given === null || !isObject(given))
      return { toClient: errorReply(id, INVALID_PARAMS, "`params.arguments` must be an object") };
    await definitions.load(serverId, ask, params.get("_meta"));
    const { args, properties } = prepare(given);
    const request = (): CallRequest => ({
      id: callId(),
      tool,
      server: serverId,
      arguments: args,
      properties,
      context: context(sender),
      ...who(sender),
    });
    let asked = request();
    let answer = await sender.task.ask(asked);
    let note: string | undefined;
    if (answer.effective === "approve" && isAnswer(params)) {
      note = await this.#approve(params, answer, sender);
      if (note === undefined) {
        asked = request();
        answer = await sender.task.ask(asked);
      }
    }
    if (!answer.forward) return { toClient: this.#refuse(id, params, answer, sender, note) };
    const call = asked.id;
    this.#wait(id, (response) => this.#return(response, call, answer, sender));
    const own = objectAt(message, "params") ?? emptyObject;
    return { toServer: changed(message, { params: forwarded(own, answer.arguments) }) };
  }

  /** Resources and prompts are decided like calls of tools that read. There is no result that says no: a denial is an error. */
  async #read(
    id: Value,
    method: ReadMethod,
    message: RegoObject,
    params: RegoObject,
    sender: Sender,
  ): Promise<Ruling> {
    const { serverId, context, folder } = this.#options;
    const reading = readingOf(method, params, folder);
    if (typeof reading === "string") return { toClient: errorReply(id, INVALID_PARAMS, reading) };
    const { args, properties } = reading;
    const asked = { id: callId(), method, tool: method, server: serverId, arguments: args, properties };
    const answer = await sender.task.ask({ ...asked, context: context(sender), ...who(sender) });
    if (!answer.forward) {
      const data = { [DECISION_META]: shown(answer) };
      return { toClient: errorReply(id, DENIED, explain(answer, "model"), data) };
    }
    this.#wait(id, async (response) => {
      const result = objectAt(response, "result");
      const content = texts(result ?? said(response));
      await sender.task.returned(asked.id, content, result === undefined ? "failed" : "done");
      return response;
    });
    return { toServer: changed(message, { params: forwardedReading(method, params, answer.arguments) }) };
  }

  /** Takes the answer to a question that was asked with a ticket; undefined when a person said yes. */
  async #approve(params: RegoObject, answer: CallAnswer, sender: Sender): Promise<string | undefined> {
    const state = params.get("requestState");
    const response = objectAt(objectAt(params, "inputResponses"), APPROVAL_KEY);
    if (typeof state !== "string") return "the approval names no question";
    const ticket = this.#options.tickets.check(state, this.#ticketFor(answer, sender));
    if (typeof ticket === "string") return ticket;
    if (response?.get("action") !== "accept" || objectAt(response, "content")?.get("approve") !== true)
      return "the approval was not given";
    const { id, digest, expiresAtMs } = ticket;
    const isNew = await sender.task.approved(digest, id, sender.principal.subject.id, expiresAtMs);
    return isNew ? undefined : "the approval was used before";
  }

  #ticketFor(answer: CallAnswer, { principal, task }: Sender): TicketSubject {
    const { subject, agent } = principal;
    return {
      digest: answer.digest,
      server: this.#options.serverId,
      task: task.id,
      principal: JSON.stringify([subject.type, subject.id, agent.id]),
    };
  }

  #refuse(
    id: Value,
    params: RegoObject,
    answer: CallAnswer,
    sender: Sender,
    note: string | undefined,
  ): RegoObject {
    const meta = { [DECISION_META]: shown(answer) };
    const modern = isModern(params);
    if (answer.effective === "approve" && note === undefined && modern && canElicit(params)) {
      const question = elicitation(
        explain(answer),
        params.get("name") as string,
        sender.task.shownArguments(params.get("name") as string, answer.arguments),
      );
      return resultReply(
        id,
        fromPlain({
          resultType: "input_required",
          inputRequests: { [APPROVAL_KEY]: { method: "elicitation/create", params: question } },
          requestState: this.#options.tickets.issue(this.#ticketFor(answer, sender)),
          _meta: meta,
        }),
      );
    }
    const told = answerFor("mcp", decisionDocument(answer)).result as object;
    const text = `${explain(answer, "model")} Not approved: ${note}.`;
    const result = {
      ...(modern && { resultType: "complete" }),
      ...told,
      ...(note !== undefined && { content: [{ type: "text", text }] }),
      _meta: meta,
    };
    return resultReply(id, fromPlain(result));
  }

  async #return(response: RegoObject, call: string, answer: CallAnswer, sender: Sender): Promise<RegoObject> {
    const result = objectAt(response, "result");
    if (result === undefined) {
      // An error is read by the model as well, and so is what is no result.
      await sender.task.returned(call, texts(said(response)), "failed");
      return response;
    }
    const extend = (labels: ResultLabels | undefined): RegoObject => {
      const meta = objectAt(result, "_meta") ?? emptyObject;
      const added = changed(meta, {
        [DECISION_META]: fromPlain(shown(answer)),
        ...(labels !== undefined && { [LABELS_META]: fromPlain(labels) }),
      });
      return changed(response, { result: changed(result, { _meta: added }) });
    };
    if (result.get("resultType") === "input_required") {
      // Not made yet: the server asks something first. What was approved stays approved for the call that follows.
      await sender.task.withdrawn(call);
      await sender.task.sawContent(`call:${call}`, texts(result.get("inputRequests") ?? null));
      await this.#restore(answer, sender);
      return extend(undefined);
    }
    const { value, beside } = resultContent(result);
    if (beside.length > 0) await sender.task.sawContent(`call:${call}`, beside);
    const outcome = result.get("isError") === true ? "failed" : "done";
    return extend(await sender.task.returned(call, value, outcome));
  }

  async #restore(answer: CallAnswer, sender: Sender): Promise<void> {
    const approval = objectAt(objectAt(answer.input, "context"), "approval");
    const approver = approval?.get("approver");
    if (typeof approver === "string")
      await sender.task.approved(answer.digest, callId(), approver, this.#options.nowMs() + RESTORED_MS);
  }
}

const RESTORED_MS = 10 * 60_000;

function callId(): string {
  return crypto.randomUUID();
}

function who({ principal }: Sender): { subject: Value; agent: Value } {
  return { subject: fromPlain(principal.subject), agent: fromPlain(principal.agent) };
}

/** Whether this call answers a question of the gateway's own. */
function isAnswer(params: RegoObject): boolean {
  const state = params.get("requestState");
  return typeof state === "string" && ApprovalTickets.isTicket(state);
}

/** What a message says, beside what it answers. */
function said(message: RegoObject): RegoObject {
  return changed(message, { jsonrpc: undefined, id: undefined });
}

function withoutUserWords(message: RegoObject): RegoObject {
  const params = objectAt(message, "params");
  const meta = objectAt(params, "_meta");
  if (params === undefined || meta?.has(USER_META) !== true) return message;
  return changed(message, { params: changed(params, { _meta: changed(meta, { [USER_META]: undefined }) }) });
}

/** The parameters that go on: the arguments that were decided on, without what was meant for the gateway. */
function forwarded(params: RegoObject, args: RegoObject): RegoObject {
  const rest = changed(params, { arguments: args });
  if (!isAnswer(params)) return rest;
  const responses = objectAt(params, "inputResponses") ?? emptyObject;
  const others = changed(responses, { [APPROVAL_KEY]: undefined });
  return changed(rest, { requestState: undefined, inputResponses: others.size === 0 ? undefined : others });
}

/** The revision that a request carries with it; earlier ones than 2026-07-28 carry none. */
export function protocolVersion(params: RegoObject): string | undefined {
  const version = objectAt(params, "_meta")?.get(PROTOCOL_KEY);
  return typeof version === "string" ? version : undefined;
}

export function isModern(params: RegoObject): boolean {
  return (protocolVersion(params) ?? "") >= "2026-07-28";
}

function canElicit(params: RegoObject): boolean {
  return objectAt(objectAt(objectAt(params, "_meta"), CAPABILITIES_KEY), "elicitation") !== undefined;
}

/** The decision as the client sees it. What the policy made of the arguments is for the server. */
function shown(answer: CallAnswer): DecisionDocument {
  const { transform: _, ...document } = decisionDocument(answer);
  return document;
}
