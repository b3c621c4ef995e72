// One task of an AI agent under guard: catalogue, ledger and provenance put together. In: the user's words, calls, results. Out: for each call
// a decision that saw everything before it. The calls of a task are decided in a row; what fails on the way is a deny with a reason.

import { PolicyError } from "../error.ts";
import { decode, encode, fromPlain } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import { isNumber, type RegoObject, type Value } from "../value/value.ts";
import type { Catalogue, ToolFacts } from "./catalogue.ts";
import { denied, type EffectDocument, readEffect } from "./effect.ts";
import type { Decider } from "./guard.ts";
import { addDecimals, type LedgerOptions, TaskLedger } from "./ledger.ts";
import { Provenance } from "./provenance.ts";
import { REQUEST_VERSION, actionDigest } from "./request.ts";
import { numberForm } from "./tokens.ts";

export interface TaskOptions {
  readonly id: string;
  readonly catalogue: Catalogue;
  readonly ledger: LedgerOptions;
  readonly decider: Decider;
  /** Decision path, as `ai/calls/decision`. */
  readonly path: string;
  /** Obligation types that the caller carries out. */
  readonly obligations?: ReadonlySet<string>;
  /** The tools that the task may use, where its owner said so. */
  readonly tools?: readonly string[];
  /** What the server shows of a tool now. */
  readonly shown?: (tool: string) => ToolFacts | undefined;
  /** A call that was let through and not reported for so long is released. */
  readonly reportTimeoutMs?: number;
}

export interface CallRequest {
  /** Unique in the task. */
  readonly id: string;
  readonly tool: string;
  readonly server: string;
  readonly arguments: RegoObject;
  /** Who acts, verified by the enforcement point; `subject` and `agent` as in the request document. */
  readonly subject: Value;
  readonly agent: Value;
  readonly context: RegoObject;
  readonly properties?: RegoObject;
}

export interface CallAnswer extends EffectDocument {
  readonly decisionId: string;
  readonly input: RegoObject;
  /** What was decided on, defaults filled in: what must be forwarded. */
  readonly arguments: RegoObject;
}

const REPORT_TIMEOUT_MS = 10 * 60_000;

export class GuardedTask {
  readonly #options: TaskOptions;
  readonly #ledger: TaskLedger;
  readonly #provenance: Provenance;

  private constructor(options: TaskOptions, ledger: TaskLedger, provenance: Provenance) {
    this.#options = options;
    this.#ledger = ledger;
    this.#provenance = provenance;
  }

  static async open(options: TaskOptions): Promise<GuardedTask> {
    const provenance = new Provenance(options.catalogue);
    const ledger = await TaskLedger.open(options.id, options.ledger, (event, toolOf) => {
      if (event.type === "user_turn") provenance.addUserWords(event.text);
      if (event.type === "returned")
        provenance.addResult(event.call, toolOf(event.call) ?? "", decode(event.result));
    });
    return new GuardedTask(options, ledger, provenance);
  }

  async userSaid(text: string): Promise<void> {
    await this.#ledger.append({ type: "user_turn", text });
    this.#provenance.addUserWords(text);
  }

  /** What a call returned; `failed` releases what it reserved. Its content counts as seen either way. */
  async returned(call: string, result: Value, outcome: "done" | "failed" = "done"): Promise<void> {
    await this.#ledger.append(
      outcome === "done" ? { type: "committed", call } : { type: "released", call, why: "failed" },
    );
    await this.#ledger.append({ type: "returned", call, result: encode(result, { escapeHtml: false }) });
    this.#provenance.addResult(call, this.#ledger.toolOf(call) ?? "", result);
  }

  /** A person approved exactly this action, once. */
  async approved(digest: string, id: string, approver: string): Promise<void> {
    await this.#ledger.append({ type: "approval", digest, id, approver });
  }

  /** Content that reached the model on another way than through a call: untrusted. */
  sawContent(source: string, content: Value): void {
    this.#provenance.addResult(source, "", content);
  }

  ask(request: CallRequest): Promise<CallAnswer> {
    return this.#ledger.exclusive(() => this.#decide(request));
  }

  async #decide(request: CallRequest): Promise<CallAnswer> {
    const { catalogue } = this.#options;
    await this.#ledger.expire(this.#options.reportTimeoutMs ?? REPORT_TIMEOUT_MS);
    if (this.#ledger.toolOf(request.id) !== undefined)
      throw new PolicyError("invalid_parameter", `the task has a call \`${request.id}\` already`);
    const { args, filled } = catalogue.withDefaults(request.tool, request.arguments);
    const digest = actionDigest(request.tool, request.server, args);
    const input = this.#input({ ...request, arguments: args }, filled, digest);
    await this.#ledger.append({
      type: "proposed",
      call: request.id,
      tool: request.tool,
      digest,
      amounts: this.#amounts(request.tool, args),
    });
    let document: EffectDocument;
    let decisionId = "";
    try {
      const decision = await this.#options.decider.decide({ path: this.#options.path, input });
      decisionId = decision.decisionId;
      document = readEffect(decision.result, this.#options.obligations);
    } catch (error) {
      const code = error instanceof PolicyError ? error.code : "internal_error";
      document = denied(code, error instanceof PolicyError ? error.message : "the decision failed");
    }
    const reserve = document.effect === "allow" || document.effect === "transform";
    await this.#ledger.append({ type: "decided", call: request.id, effect: document.effect, reserve });
    return { ...document, decisionId, input, arguments: args };
  }

  #input(request: CallRequest, filled: ReadonlySet<string>, digest: string): RegoObject {
    const { id, tools, shown } = this.#options;
    const approval = this.#ledger.approvalOf(digest);
    const context =
      approval === undefined
        ? request.context
        : object([...request.context.entries(), ["approval", fromPlain({ ...approval, digest })]]);
    const facts = shown?.(request.tool);
    return object([
      ["version", REQUEST_VERSION],
      ["subject", request.subject],
      ["agent", request.agent],
      ["task", fromPlain({ id, tools })],
      [
        "action",
        object([
          ["name", "tools/call"],
          ["properties", object([["tool", request.tool], ...(request.properties ?? emptyObject).entries()])],
          ["arguments", request.arguments],
          ["values", this.#provenance.label(request.tool, request.arguments, filled)],
          ["digest", digest],
        ]),
      ],
      ["resource", fromPlain({ type: "mcp_tool", id: `${request.server}#${request.tool}` })],
      ["tool", fromPlain({ ...facts, name: request.tool, server: request.server })],
      ["session", fromPlain(this.#ledger.session(this.#provenance.labels))],
      ["context", context],
    ]);
  }

  #amounts(tool: string, args: RegoObject): Record<string, string> {
    const found = new Map<string, string>();
    for (const [name, entry] of this.#options.catalogue.argumentsOf(tool)) {
      const value = args.get(name);
      if (entry.amount === undefined || value === undefined || value === null) continue;
      const digits = typeof value === "object" && isNumber(value) ? numberForm(value.text) : undefined;
      if (digits !== undefined) found.set(entry.amount, addDecimals(found.get(entry.amount) ?? "0", digits));
    }
    return Object.fromEntries(found);
  }
}
