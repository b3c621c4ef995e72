// One task of an AI agent under guard: catalogue, ledger and provenance put together (the contract is in guard.ts). In: the user's words,
// calls, results. Out: for each call a decision that saw everything before it. The calls of a task are decided in a row; what fails on the
// way is a deny with a reason.

import { decisionIdOf } from "../decision/decision.ts";
import { PolicyError } from "../error.ts";
import { encode, fromPlain } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import { isObject, type RegoObject, type Value } from "../value/value.ts";
import { Accounts, type AccountStates, amountsOf, type Holders } from "./accounts.ts";
import type { Catalogue, ReadMethod, ToolFacts } from "./catalogue.ts";
import { secretPointers, withoutSecretResults } from "./secrets.ts";
import type { Decider } from "./decider.ts";
import type { SessionDocument } from "./documents.ts";
import { type Effect, type Settled, settle, settleFailure } from "./effect.ts";
import { type ResultLabels, resultLabels } from "./labels.ts";
import { type Approval, type LedgerOptions, TaskLedger } from "./ledger.ts";
import { parsePrograms, type ProgramParsers } from "./programs/program.ts";
import { Provenance } from "./provenance.ts";
import { actionDigest, REQUEST_VERSION, resourceOf } from "./request.ts";

/** What the owner of a task says of it. */
export interface TaskScope {
  /** The tools that the task may use, where its owner said so. */
  readonly tools?: readonly string[];
  /** Absolute real path of the folder it works in. */
  readonly folder?: string;
  /** The task that it was started for, where it is not the first: what the whole chain spends counts together. */
  readonly chain?: string;
  /** What a server shows of a tool now, for pins. */
  readonly shown?: (tool: string, server: string) => ToolFacts | undefined;
}

export interface TaskOptions extends TaskScope {
  readonly id: string;
  readonly catalogue: Catalogue | (() => Catalogue);
  readonly ledger: LedgerOptions;
  readonly decider: Decider;
  /** Decision path, as `ai/calls/decision`. */
  readonly path: string;
  /** Obligation types that the caller carries out. */
  readonly obligations?: ReadonlySet<string>;
  /** A call that was let through and not reported for so long is released. */
  readonly reportTimeoutMs?: number;
  /** Parsers for arguments that are programs; `loadProgramParsers` gives those that are installed. */
  readonly programs?: ProgramParsers;
  /** Budgets across tasks; those of one store are shared by its tasks. */
  readonly accounts?: Accounts;
}

export interface CallRequest {
  /** Unique in the task; an id that was used before is denied. */
  readonly id: string;
  /** What is asked for, where it is no call of a tool; `tool` is then the same. */
  readonly method?: ReadMethod;
  readonly tool: string;
  /** The server that would carry it out, as the catalogue names it. */
  readonly server: string;
  readonly arguments: RegoObject;
  /** Who acts, verified by the enforcement point; `subject` and `agent` as in the request document. */
  readonly subject: Value;
  readonly agent: Value;
  /** Hops from the subject to the agent, verified by the enforcement point; as in the request document. */
  readonly delegation?: Value;
  /** `time` is filled in where it is not given. */
  readonly context: RegoObject;
  /** Facts about the arguments that the enforcement point found out: resolved paths and the like. */
  readonly properties?: RegoObject;
}

export interface CallAnswer extends Settled {
  /** Whether to make the call, with `arguments`. The only thing to go by. */
  readonly forward: boolean;
  /** What was decided on, defaults filled in (and changed, where the policy transforms): what the tool must get. */
  readonly arguments: RegoObject;
  /** Of the action that was asked about: what an approval is for. */
  readonly digest: string;
  /** Empty when no decision could be made at all. */
  readonly decisionId: string;
  /** Revision of every active bundle by name, where the decider knows. */
  readonly bundles?: Readonly<Record<string, { readonly revision: string }>>;
  /** The request document as the policy saw it. */
  readonly input: RegoObject;
  readonly decidingMs: number;
}

/** What came of a call that was run. */
export interface CallOutcome {
  readonly answer: CallAnswer;
  /** Absent when the call was not made. */
  readonly result?: Value;
  readonly labels?: ResultLabels;
}

const REPORT_TIMEOUT_MS = 10 * 60_000;

export class GuardedTask {
  readonly #options: TaskOptions;
  readonly #ledger: TaskLedger;
  #catalogue: Catalogue;
  /** What the ledger's events are shown to. */
  readonly #seeing: { provenance: Provenance };
  readonly #accounts: Accounts;
  /** Results with secrets, which are in no store. */
  readonly #unstored: Parameters<Provenance["addResult"]>[] = [];

  private constructor(
    options: TaskOptions,
    ledger: TaskLedger,
    catalogue: Catalogue,
    seeing: { provenance: Provenance },
    accounts: Accounts,
  ) {
    this.#options = options;
    this.#ledger = ledger;
    this.#catalogue = catalogue;
    this.#seeing = seeing;
    this.#accounts = accounts;
  }

  /** Throws what the store throws. */
  static async open(options: TaskOptions): Promise<GuardedTask> {
    const catalogue = current(options);
    const provenance = new Provenance(catalogue);
    const seeing = { provenance };
    const accounts = options.accounts ?? new Accounts(options.ledger.store, options.ledger.nowMs);
    const ledger = await TaskLedger.open(
      options.id,
      options.ledger,
      (...seen) => seeing.provenance.see(...seen),
      () => accounts.reset(),
    );
    return new GuardedTask(options, ledger, catalogue, seeing, accounts);
  }

  get id(): string {
    return this.#options.id;
  }

  /** Whether it knows secrets: opened again, it would not know them. */
  get hasUnstored(): boolean {
    return this.#unstored.length > 0;
  }

  /** The user's own words. `id`: the same turn told twice counts once. */
  userSaid(text: string, id?: string): Promise<void> {
    return this.#ledger.exclusive(async () => {
      if (id !== undefined && this.#ledger.hasTurn(id)) return;
      await this.#ledger.append({ type: "user_turn", text, ...(id !== undefined && { id }) });
    });
  }

  /**
   * What a call returned, before the model sees it; `failed` releases what it reserved. Its content counts as seen either way. Throws what
   * the store throws: a result that could not be recorded must not be passed on.
   */
  returned(call: string, result: Value, outcome: "done" | "failed" = "done"): Promise<ResultLabels> {
    return this.#ledger.exclusive(async () => {
      await this.#ledger.append(
        outcome === "done" ? { type: "committed", call } : { type: "released", call, why: "failed" },
      );
      const key = this.#accountKey(call);
      await (outcome === "done" ? this.#accounts.reinstate(key) : this.#accounts.refund(key));
      const tool = this.#ledger.toolOf(call) ?? "";
      const shown = withoutSecretResults(this.#catalogue, tool, result);
      const text = encode(shown, { escapeHtml: false });
      const failed = outcome === "failed";
      await this.#ledger.append({ type: "returned", call, result: text, ...(failed && { failed }) });
      // What is secret is known to this process alone; after a restart its values are seen nowhere.
      if (shown !== result) {
        this.#unstored.push([call, tool, result, failed]);
        this.#seeing.provenance.addResult(call, tool, result, failed);
      }
      return resultLabels(this.#catalogue.tool(tool), failed);
    });
  }

  /** A call that was let through and then not made: gives back what it reserved. */
  withdrawn(call: string): Promise<void> {
    return this.#ledger.exclusive(async () => {
      await this.#ledger.append({ type: "released", call, why: "withdrawn" });
      await this.#accounts.refund(this.#accountKey(call));
    });
  }

  #accountKey(call: string): string {
    return `${this.id}\u0000${call}`;
  }

  /** Gives up calls that nobody reported. */
  async #expire(): Promise<void> {
    const before = this.#ledger.pending();
    await this.#ledger.expire(this.#options.reportTimeoutMs ?? REPORT_TIMEOUT_MS);
    const left = new Set(this.#ledger.pending());
    for (const call of before) if (!left.has(call)) await this.#accounts.refund(this.#accountKey(call), true);
  }

  #holders({ subject, agent }: Pick<CallRequest, "subject" | "agent">): Holders {
    const idOf = (principal: Value): string => {
      const id =
        principal !== null && typeof principal === "object" && isObject(principal) ? principal.get("id") : "";
      return typeof id === "string" ? id : "";
    };
    return {
      subject: idOf(subject),
      agent: idOf(agent),
      task: this.id,
      chain: this.#options.chain ?? this.id,
    };
  }

  /**
   * A person approved exactly the action of this digest, once; until `expiresAtMs`, where given. `id` is the approval's own: one that was
   * given before is not given again, and false comes back.
   */
  approved(digest: string, id: string, approver: string, expiresAtMs?: number): Promise<boolean> {
    const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
    return this.#ledger.exclusive(async () => {
      if (this.#ledger.hasApproval(id)) return false;
      await this.#ledger.append({ type: "approval", digest, id, approver, ...expiry });
      return true;
    });
  }

  /** Content that reached the model on another way than through a call: untrusted. */
  sawContent(source: string, content: Value): Promise<void> {
    const text = encode(content, { escapeHtml: false });
    return this.#ledger.exclusive(() => this.#ledger.append({ type: "seen", source, content: text }));
  }

  /** What policies see as `input.session`: every call with its status, counters, what is pending. */
  session(): SessionDocument {
    return this.#ledger.session(this.#seeing.provenance.labels);
  }

  /** The decision about one call; what it needs is reserved when `forward` is true. Calls asked about at once are decided in this order. */
  ask(request: CallRequest): Promise<CallAnswer> {
    return this.#ledger
      .exclusive(() => this.#decide(request))
      .catch((error: unknown) => ({
        ...settleFailure(error),
        forward: false,
        arguments: request.arguments,
        digest: "",
        decisionId: "",
        input: emptyObject,
        decidingMs: 0,
      }));
  }

  /**
   * Asks, calls and reports. `execute` gets the arguments to use; when it throws, the call has failed and the error is thrown on.
   * `isFailure` tells results that say that the call failed.
   */
  async run(
    request: CallRequest,
    execute: (args: RegoObject) => Promise<Value>,
    isFailure: (result: Value) => boolean = () => false,
  ): Promise<CallOutcome> {
    const answer = await this.ask(request);
    if (!answer.forward) return { answer };
    let result: Value;
    try {
      result = await execute(answer.arguments);
    } catch (error) {
      await this.returned(request.id, null, "failed");
      throw error;
    }
    const labels = await this.returned(request.id, result, isFailure(result) ? "failed" : "done");
    return { answer, result, labels };
  }

  /** Arguments as a person is shown them: without what the catalogue marks as secret. */
  shownArguments(tool: string, args: RegoObject): Value {
    return withoutSecretResults(this.#catalogue, tool, args);
  }

  /**
   * Whether the policy lets this tool be seen: the same policy, asked about the tool alone (`action.name` is `tools/list`, no arguments).
   * A reason with a `path` is about an argument; a tool that is denied for no other reason is shown. Nothing is reserved.
   */
  async shows(request: Omit<CallRequest, "id" | "arguments" | "properties">): Promise<boolean> {
    const holders = this.#holders(request);
    const concerns = this.#accounts.concerns(this.#catalogue, request.tool, {}, holders);
    const accounts = await this.#accounts.states(concerns);
    const call = { ...request, id: "", arguments: emptyObject };
    const input = this.#input(call, "tools/list", new Set(), "", accounts);
    const { document } = await this.#ask(input, request.tool, emptyObject);
    if (document.effective !== "deny") return true;
    return document.reasons.length > 0 && document.reasons.every(({ path }) => path !== undefined);
  }

  async #decide(request: CallRequest): Promise<CallAnswer> {
    const started = performance.now();
    let args = request.arguments;
    let digest = "";
    let input = emptyObject;
    let decisionId = "";
    let bundles: CallAnswer["bundles"];
    let document: Settled;
    let kept = false;
    try {
      await this.#refresh();
      await this.#expire();
      const completed = this.#catalogue.withDefaults(request.tool, request.arguments);
      args = completed.args;
      digest = actionDigest(request.tool, request.server, args);
      if (this.#ledger.toolOf(request.id) !== undefined)
        throw new PolicyError("invalid_parameter", `the task has a call \`${request.id}\` already`);
      const amounts = amountsOf(this.#catalogue, request.tool, args);
      const concerns = this.#accounts.concerns(
        this.#catalogue,
        request.tool,
        amounts,
        this.#holders(request),
      );
      ({ document, decisionId, bundles } = await this.#accounts.exclusive(concerns, async () => {
        const accounts = await this.#accounts.states(concerns);
        const name = request.method ?? "tools/call";
        input = this.#input({ ...request, arguments: args }, name, completed.filled, digest, accounts);
        const { id: call, tool } = request;
        await this.#ledger.append({ type: "proposed", call, tool, digest, amounts });
        const answered = await this.#ask(input, request.tool, args);
        const { effect, effective } = answered.document;
        const reserve = goesAhead(effective);
        if (reserve) await this.#accounts.charge(this.#accountKey(request.id), concerns);
        await this.#ledger.append({ type: "decided", call: request.id, effect, reserve });
        return { bundles: undefined, ...answered };
      }));
      kept = true;
    } catch (error) {
      document = settleFailure(error);
    }
    // INVARIANT: what could not be reserved is not let through.
    const forward = kept && goesAhead(document.effective);
    const changed = forward && document.effective === "transform" ? document.transform : undefined;
    const decidingMs = performance.now() - started;
    const known = bundles === undefined ? {} : { bundles };
    return {
      ...document,
      ...known,
      forward,
      arguments: changed ?? args,
      digest,
      decisionId,
      input,
      decidingMs,
    };
  }

  async #ask(
    input: RegoObject,
    tool: string,
    args: RegoObject,
  ): Promise<{ document: Settled; decisionId: string; bundles?: CallAnswer["bundles"] }> {
    const { obligations, path, decider } = this.#options;
    const holds = (text: string): boolean => this.#seeing.provenance.holdsSecret(text);
    const erase = secretPointers(this.#catalogue, tool, args, holds);
    try {
      const decision = await decider.decide({
        path,
        input,
        note: ({ failure, ...answered }) => {
          const { effect, effective, mode } =
            failure === undefined ? settle(answered, obligations) : settleFailure(failure);
          return { custom: { effect, effective, mode }, ...(erase.length > 0 && { erase }) };
        },
      });
      const { decisionId, bundles } = decision;
      const document = settle(decision, obligations);
      return bundles === undefined ? { document, decisionId } : { document, decisionId, bundles };
    } catch (error) {
      return { document: settleFailure(error), decisionId: decisionIdOf(error) ?? "" };
    }
  }

  /** A catalogue that came with a new bundle counts for the past as well: a field that it no longer trusts is not trusted any more. */
  async #refresh(): Promise<void> {
    const now = current(this.#options);
    if (now === this.#catalogue) return;
    this.#catalogue = now;
    const provenance = new Provenance(now);
    await this.#ledger.replay((...seen) => provenance.see(...seen));
    for (const result of this.#unstored) provenance.addResult(...result);
    this.#seeing.provenance = provenance;
  }

  #input(
    request: CallRequest,
    name: string,
    filled: ReadonlySet<string>,
    digest: string,
    accounts: AccountStates,
  ): RegoObject {
    const { id, tools, folder, shown } = this.#options;
    const isCall = name !== "tools/list";
    const isTool = name.startsWith("tools/");
    const facts = isTool ? shown?.(request.tool, request.server) : undefined;
    const given = [...(request.properties ?? emptyObject).entries()];
    const action: [Value, Value][] = [
      ["name", name],
      ["properties", object(isTool ? [["tool", request.tool], ...given] : given)],
      ["arguments", request.arguments],
    ];
    if (isCall) {
      action.push(["values", this.#seeing.provenance.label(request.tool, request.arguments, filled)]);
      const programs = this.#options.programs ?? new Map();
      const parsed = parsePrograms(this.#catalogue, request.tool, request.arguments, programs);
      if (parsed !== undefined) action.push(["parsed", parsed]);
      action.push(["asked", this.#seeing.provenance.asked(request.tool)]);
      action.push(["digest", digest]);
    }
    return object([
      ["version", REQUEST_VERSION],
      ["subject", request.subject],
      ["agent", request.agent],
      ...(request.delegation === undefined ? [] : [["delegation", request.delegation] as [Value, Value]]),
      ["task", fromPlain({ id, tools, folder })],
      ["action", object(action)],
      ["resource", resourceOf(name, request.server, request.tool, request.arguments)],
      ["tool", fromPlain({ ...facts, name: request.tool, server: request.server })],
      ["session", fromPlain({ ...this.session(), ...accounts })],
      ["context", this.#context(request.context, isCall ? this.#ledger.approvalOf(digest) : undefined)],
    ]);
  }

  /** What stands under `approval` is always the ledger's: whatever a host was handed by others does not count. */
  #context(given: RegoObject, approval: Approval | undefined): RegoObject {
    const entries = [...given.entries()].filter(([key]) => key !== "approval");
    const digest = approval?.digest;
    if (!given.has("time"))
      entries.push(["time", new Date(this.#options.ledger.nowMs()).toISOString()] as [Value, Value]);
    if (approval !== undefined)
      entries.push(["approval", fromPlain({ digest, id: approval.id, approver: approval.approver })]);
    return object(entries);
  }
}

function current(options: TaskOptions): Catalogue {
  return typeof options.catalogue === "function" ? options.catalogue() : options.catalogue;
}

function goesAhead(effect: Effect): boolean {
  return effect === "allow" || effect === "transform";
}
