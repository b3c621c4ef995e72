// What happened in a task: an append-only record and the counters that follow from it. In: events. Out: `input.session`. A call reserves its
// share when it is decided, commits when it was carried out and releases when it was not; what was reserved counts until then, so that
// calls made at once cannot overspend. State is only ever derived from events: a restart that reads them again knows the same.

import { PolicyError } from "../error.ts";
import type { SessionDocument } from "./documents.ts";

export type LedgerEvent =
  /** `id`: the same one twice is the same turn. */
  | { readonly type: "user_turn"; readonly text: string; readonly id?: string }
  | {
      readonly type: "proposed";
      readonly call: string;
      readonly tool: string;
      readonly digest: string;
      /** Budget name -> exact decimal. */
      readonly amounts?: Readonly<Record<string, string>>;
    }
  | { readonly type: "decided"; readonly call: string; readonly effect: string; readonly reserve: boolean }
  | { readonly type: "committed"; readonly call: string }
  | { readonly type: "released"; readonly call: string; readonly why: "failed" | "timeout" | "withdrawn" }
  /** JSON text of what the call returned; kept so that provenance survives a restart. `failed`: what it said instead. */
  | { readonly type: "returned"; readonly call: string; readonly result: string; readonly failed?: boolean }
  /** JSON text of content that reached the model on another way than through a call. */
  | { readonly type: "seen"; readonly source: string; readonly content: string }
  /** In an account of `accounts.ts`, not in a task. */
  | { readonly type: "charged"; readonly call: string; readonly amount: string; readonly tool?: string }
  | { readonly type: "refunded"; readonly call: string }
  | {
      readonly type: "approval";
      readonly digest: string;
      readonly id: string;
      readonly approver: string;
      readonly expiresAtMs?: number;
    };

/** A person's yes to exactly one action. */
export interface Approval {
  readonly digest: string;
  readonly id: string;
  readonly approver: string;
  readonly expiresAtMs?: number;
}

export type StampedEvent = LedgerEvent & { readonly atMs: number };

/** Where events are kept. `append` returns when the event is safe. */
export interface LedgerStore {
  append(task: string, event: StampedEvent): Promise<void> | void;
  /** The events of a task in their order, without the first `skip`. */
  read(task: string, skip?: number): Promise<readonly StampedEvent[]> | readonly StampedEvent[];
  /** Of a store that several processes share: runs `work` while no other may append. Without it there is a single writer. */
  locked?<T>(work: () => Promise<T>): Promise<T>;
}

export class MemoryLedgerStore implements LedgerStore {
  readonly #events = new Map<string, StampedEvent[]>();

  append(task: string, event: StampedEvent): void {
    const events = this.#events.get(task);
    if (events === undefined) this.#events.set(task, [event]);
    else events.push(event);
  }

  read(task: string, skip = 0): readonly StampedEvent[] {
    return (this.#events.get(task) ?? []).slice(skip);
  }
}

type Status = "proposed" | "reserved" | "committed" | "released" | "refused" | "unreported";

interface Call {
  readonly id: string;
  readonly tool: string;
  readonly digest: string;
  readonly turn: number;
  readonly amounts: ReadonlyMap<string, string>;
  status: Status;
  effect: string | undefined;
  decidedAtMs: number;
}

export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly nowMs: () => number;
}

/** Is shown each event that counts, whoever wrote it, in their order. */
export type Witness = (event: StampedEvent, toolOf: (call: string) => string | undefined) => void;

/** One task's ledger. `exclusive` puts what is done in a row: within the process always, across processes where the store can lock. */
export class TaskLedger {
  readonly task: string;
  readonly #store: LedgerStore;
  readonly #nowMs: () => number;
  readonly #witness: Witness;
  readonly #undone: () => void;
  readonly #calls = new Map<string, Call>();
  readonly #byTool = new Map<string, number>();
  readonly #amounts = new Map<string, string>();
  readonly #approvals = new Map<string, Approval>();
  readonly #approvalIds = new Set<string>();
  readonly #turnIds = new Set<string>();
  #turn = 0;
  #counted = 0;
  /** Events of the store that were applied. */
  #applied = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(task: string, options: LedgerOptions, witness: Witness, undone: () => void) {
    this.task = task;
    this.#store = options.store;
    this.#nowMs = options.nowMs;
    this.#witness = witness;
    this.#undone = undone;
  }

  /** Reads what is known of the task. `undone`: the store took back what was appended to it since the lock was taken, in any of its tasks. */
  static async open(
    task: string,
    options: LedgerOptions,
    witness: Witness = () => {},
    undone: () => void = () => {},
  ): Promise<TaskLedger> {
    const ledger = new TaskLedger(task, options, witness, undone);
    await ledger.#catchUp();
    return ledger;
  }

  /** Shows every event once more. */
  async replay(witness: Witness): Promise<void> {
    for (const event of await this.#store.read(this.task)) witness(event, (call) => this.toolOf(call));
  }

  /** Runs `work` when everything asked for before is done, with all that others wrote: no two decisions of a task see the same state. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = async (): Promise<T> => {
      if (this.#store.locked === undefined) return work();
      try {
        return await this.#store.locked(async () => {
          await this.#catchUp();
          return work();
        });
      } catch (error) {
        // What was appended is undone in the store: all of it is read anew.
        this.#reset();
        this.#undone();
        throw error;
      }
    };
    const result = this.#last.then(turn);
    this.#last = result.catch(() => {});
    return result;
  }

  #reset(): void {
    for (const known of [this.#calls, this.#byTool, this.#amounts, this.#approvals]) known.clear();
    for (const known of [this.#approvalIds, this.#turnIds]) known.clear();
    this.#turn = 0;
    this.#counted = 0;
    this.#applied = 0;
  }

  async #catchUp(): Promise<void> {
    for (const event of await this.#store.read(this.task, this.#applied)) this.#take(event);
  }

  /** Within `exclusive` only. */
  async append(event: LedgerEvent): Promise<void> {
    const stamped = { ...event, atMs: this.#nowMs() };
    // INVARIANT: first kept, then counted. A store that fails leaves the state as it was, and the caller refuses.
    await this.#store.append(this.task, stamped);
    this.#take(stamped);
  }

  #take(event: StampedEvent): void {
    this.#applied++;
    this.#apply(event);
    this.#witness(event, (call) => this.toolOf(call));
  }

  toolOf(call: string): string | undefined {
    return this.#calls.get(call)?.tool;
  }

  /** A person's approval of exactly this action, not used and not expired; a call that is let through uses it up. */
  approvalOf(digest: string): Approval | undefined {
    const approval = this.#approvals.get(digest);
    const expired = approval?.expiresAtMs !== undefined && this.#nowMs() > approval.expiresAtMs;
    return expired ? undefined : approval;
  }

  /** Whether this approval was given before, used or not. */
  hasApproval(id: string): boolean {
    return this.#approvalIds.has(id);
  }

  /** Whether this turn of the user was counted already. */
  hasTurn(id: string): boolean {
    return this.#turnIds.has(id);
  }

  /** Releases what was reserved longer than `timeoutMs` ago and never reported. */
  async expire(timeoutMs: number): Promise<void> {
    const now = this.#nowMs();
    for (const call of this.#calls.values()) {
      if (call.status === "reserved" && now - call.decidedAtMs > timeoutMs)
        await this.append({ type: "released", call: call.id, why: "timeout" });
    }
  }

  /** Calls that were let through and not reported back. */
  pending(): string[] {
    return [...this.#calls.values()].filter(({ status }) => status === "reserved").map(({ id }) => id);
  }

  session(labels: SessionDocument["labels"]): SessionDocument {
    const calls = [...this.#calls.values()];
    return {
      id: this.task,
      step: calls.length,
      turn: this.#turn,
      labels,
      calls: calls.map(({ id, tool, status, effect, digest, turn }) => ({
        id,
        tool,
        status,
        digest,
        turn,
        ...(effect !== undefined && { effect }),
      })),
      counters: {
        tool_calls: this.#counted,
        by_tool: Object.fromEntries(this.#byTool),
        amounts: Object.fromEntries(this.#amounts),
      },
      pending: this.pending(),
    };
  }

  #apply(event: StampedEvent): void {
    switch (event.type) {
      case "user_turn":
        if (event.id !== undefined && this.#turnIds.has(event.id)) return;
        if (event.id !== undefined) this.#turnIds.add(event.id);
        this.#turn++;
        return;
      case "approval":
        return this.#approve(event);
      case "proposed":
        // One id is one call: a second proposal under it changes nothing.
        if (!this.#calls.has(event.call))
          this.#calls.set(event.call, {
            id: event.call,
            tool: event.tool,
            digest: event.digest,
            turn: this.#turn,
            amounts: new Map(Object.entries(event.amounts ?? {})),
            status: "proposed",
            effect: undefined,
            decidedAtMs: event.atMs,
          });
        return;
      case "decided":
        return this.#decided(event);
      case "committed":
        return this.#settle(event.call, "committed");
      case "released":
        return this.#settle(event.call, event.why === "timeout" ? "unreported" : "released");
      case "returned":
      case "seen":
      case "charged":
      case "refunded":
        return;
    }
  }

  /** One approval is one event: the same id twice is the same approval, used or not. */
  #approve(event: Approval): void {
    if (this.#approvalIds.has(event.id)) return;
    this.#approvalIds.add(event.id);
    const { digest, id, approver, expiresAtMs } = event;
    this.#approvals.set(digest, { digest, id, approver, ...(expiresAtMs !== undefined && { expiresAtMs }) });
  }

  #decided(event: StampedEvent & { type: "decided" }): void {
    const call = this.#calls.get(event.call);
    if (call === undefined || call.status !== "proposed") return;
    call.effect = event.effect;
    call.decidedAtMs = event.atMs;
    call.status = event.reserve ? "reserved" : "refused";
    if (!event.reserve) return;
    // An approval is good for one call.
    this.#approvals.delete(call.digest);
    this.#count(call, 1n);
  }

  #settle(id: string, status: Status): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.status === "reserved") {
      call.status = status;
      if (status !== "committed") this.#count(call, -1n);
    } else if (call.status === "unreported" && status === "committed") {
      // Reported late: it was carried out after all, and counts.
      call.status = status;
      this.#count(call, 1n);
    }
  }

  #count(call: Call, sign: 1n | -1n): void {
    this.#counted += Number(sign);
    this.#byTool.set(call.tool, (this.#byTool.get(call.tool) ?? 0) + Number(sign));
    for (const [name, amount] of call.amounts)
      this.#amounts.set(name, addDecimals(this.#amounts.get(name) ?? "0", counted(amount), sign));
  }
}

/** A longer one would take more memory than any sum is worth. */
const MAX_DIGITS = 400;

/**
 * A JSON number without an exponent (`1.5e3` is `1500`), exactly. Throws `invalid_parameter` for one with more than 400 digits: what cannot be
 * counted must not be let through uncounted.
 */
export function plainDecimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const shift = Number(exponent);
  if (whole === "" || whole.length + fraction.length + Math.abs(shift) > MAX_DIGITS)
    throw new PolicyError("invalid_parameter", "an amount has too many digits to be counted");
  const digits = `${whole}${fraction}`;
  const point = whole.length + shift;
  const padded = digits.padStart(digits.length - Math.min(point, 0), "0").padEnd(point, "0");
  const at = Math.max(point, 0);
  return addDecimals(
    "0",
    `${sign}${padded.slice(0, at) || "0"}${at < padded.length ? `.${padded.slice(at)}` : ""}`,
  );
}

/** What an amount counts for: nothing negative gives a budget back. */
export function counted(amount: string): string {
  return amount.startsWith("-") ? "0" : amount;
}

/** `a + sign * b`, exactly. Both are plain decimals (`12`, `-0.5`). */
export function addDecimals(a: string, b: string, sign: 1n | -1n = 1n): string {
  const places = Math.max(fraction(a), fraction(b));
  const sum = scaled(a, places) + sign * scaled(b, places);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const rest = digits.slice(digits.length - places).replace(/0+$/, "");
  return `${sum < 0n ? "-" : ""}${whole}${rest === "" ? "" : `.${rest}`}`;
}

function fraction(text: string): number {
  const dot = text.indexOf(".");
  return dot === -1 ? 0 : text.length - dot - 1;
}

function scaled(text: string, places: number): bigint {
  const [whole = "0", rest = ""] = text.split(".");
  return BigInt(`${whole}${rest.padEnd(places, "0")}`);
}
