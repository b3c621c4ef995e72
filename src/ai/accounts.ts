// What outlasts a task: named limits on counts or amounts, per subject, agent, task or chain of tasks, in windows of time; and who has done one
// half of what takes two. In: the catalogue's budgets and duties, and what each call would add. Out: what has been used, for
// `input.session.budgets` and `.duties`. A call is charged when it is let through and refunded when it was not carried out; charges are events
// in the ledger's store, so that a restart forgets none.

import type { BudgetEntry, Catalogue, DutyEntry } from "./catalogue.ts";
import { isNumber, type RegoObject } from "../value/value.ts";
import { addDecimals, counted, type LedgerStore, plainDecimal } from "./ledger.ts";

/** Who a call counts for. */
export interface Holders {
  readonly subject: string;
  readonly agent: string;
  readonly task: string;
  readonly chain: string;
}

/** What a budget is at, and what this call would add; exact decimals. */
export interface BudgetState {
  readonly used: string;
  readonly asked: string;
}

/** The tools of a duty that its holder used, in any task. */
export interface DutyState {
  readonly used: readonly string[];
}

/** What policies see of the accounts that a call concerns. */
export interface AccountStates {
  readonly budgets: Readonly<Record<string, BudgetState>>;
  readonly duties: Readonly<Record<string, DutyState>>;
}

interface Charge {
  readonly amount: string;
  readonly tool: string;
  readonly atMs: number;
  refunded: boolean;
}

interface Account {
  applied: number;
  readonly charges: Map<string, Charge>;
}

export interface Concern {
  readonly kind: "budget" | "duty";
  readonly name: string;
  readonly entry: BudgetEntry | DutyEntry;
  readonly account: string;
  readonly asked: string;
  readonly tool: string;
}

/** What the arguments of a call would add to each amount that the catalogue names; exact decimals. */
export function amountsOf(catalogue: Catalogue, tool: string, args: RegoObject): Record<string, string> {
  const found = new Map<string, string>();
  for (const [name, entry] of catalogue.argumentsOf(tool)) {
    const value = args.get(name);
    if (entry.amount === undefined || value === undefined || value === null) continue;
    const digits = typeof value === "object" && isNumber(value) ? plainDecimal(value.text) : undefined;
    if (digits !== undefined) found.set(entry.amount, addDecimals(found.get(entry.amount) ?? "0", digits));
  }
  return Object.fromEntries(found);
}

/** What asks and charges on one store goes in a row, whichever guard it is of. */
const queues = new WeakMap<LedgerStore, Promise<unknown>>();

export class Accounts {
  readonly #store: LedgerStore;
  readonly #nowMs: () => number;
  readonly #accounts = new Map<string, Account>();
  /** Which accounts a call was charged to. */
  readonly #charged = new Map<string, readonly Concern[]>();

  constructor(store: LedgerStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** The budgets and duties that a call of this tool counts against. */
  concerns(
    catalogue: Catalogue,
    tool: string,
    amounts: Readonly<Record<string, string>>,
    holders: Holders,
  ): Concern[] {
    const known = new Map(Object.entries(amounts));
    const concern = (
      kind: Concern["kind"],
      name: string,
      entry: BudgetEntry | DutyEntry,
      asked: string,
    ): Concern => ({
      ...{ kind, name, entry, asked, tool },
      account: `\u0000${kind}\u0000${name}\u0000${entry.per}\u0000${holders[entry.per]}`,
    });
    const budgets = Object.entries(catalogue.document.budgets ?? {}).flatMap(([name, entry]) => {
      const asked = entry.amount === undefined ? "1" : known.get(entry.amount);
      const isMeant = entry.tools === undefined || entry.tools.includes(tool);
      return isMeant && asked !== undefined ? [concern("budget", name, entry, asked)] : [];
    });
    const duties = Object.entries(catalogue.document.duties ?? {})
      .filter(([, entry]) => entry.tools.includes(tool))
      .map(([name, entry]) => concern("duty", name, entry, "1"));
    return [...budgets, ...duties];
  }

  /** Runs `work` when nobody else is between asking and charging: two tasks of one person cannot both spend what is left. */
  exclusive<T>(concerns: readonly Concern[], work: () => Promise<T>): Promise<T> {
    if (concerns.length === 0) return work();
    const result = (queues.get(this.#store) ?? Promise.resolve()).then(work);
    queues.set(
      this.#store,
      result.catch(() => {}),
    );
    return result;
  }

  async states(concerns: readonly Concern[]): Promise<AccountStates> {
    const budgets: [string, BudgetState][] = [];
    const duties: [string, DutyState][] = [];
    for (const { kind, name, entry, account, asked } of concerns) {
      const charges = await this.#current(account, entry);
      if (kind === "duty")
        duties.push([name, { used: [...new Set(charges.map(({ tool }) => tool))].sort() }]);
      else
        budgets.push([
          name,
          { used: charges.reduce((sum, { amount }) => addDecimals(sum, amount), "0"), asked },
        ]);
    }
    return { budgets: Object.fromEntries(budgets), duties: Object.fromEntries(duties) };
  }

  /** Throws what the store throws: what cannot be charged must not be let through. */
  async charge(call: string, concerns: readonly Concern[]): Promise<void> {
    for (const concern of concerns) await this.#charge(call, concern);
    if (concerns.length > 0) this.#charged.set(call, concerns);
  }

  /** What the call was charged is free again; `lost`: nobody reported it, so that it may have been carried out and a duty stays done. */
  async refund(call: string, lost = false): Promise<void> {
    for (const { account, kind } of this.#charged.get(call) ?? [])
      if (!lost || kind === "budget") await this.#append(account, { type: "refunded", call });
  }

  /** A call that was given up for lost was carried out after all. */
  async reinstate(call: string): Promise<void> {
    for (const concern of this.#charged.get(call) ?? [])
      if ((await this.#read(concern.account)).charges.get(call)?.refunded === true)
        await this.#charge(call, concern);
  }

  /** Reads everything anew: the store took back what was appended to it. */
  reset(): void {
    this.#accounts.clear();
  }

  #charge(call: string, { account, asked, tool }: Concern): Promise<void> {
    return this.#append(account, { type: "charged", call, amount: counted(asked), tool });
  }

  /** What counts now. */
  async #current(name: string, { window_s }: BudgetEntry | DutyEntry): Promise<Charge[]> {
    const account = await this.#read(name);
    const windowMs = window_s === undefined ? Number.POSITIVE_INFINITY : window_s * 1000;
    const since = this.#nowMs() - windowMs;
    // Kept for as long again: a clock that jumps ahead and comes back must not have forgotten them.
    for (const [call, { atMs }] of account.charges)
      if (atMs <= since - windowMs) account.charges.delete(call);
    return [...account.charges.values()].filter(({ atMs, refunded }) => atMs > since && !refunded);
  }

  async #append(name: string, event: AccountEvent): Promise<void> {
    await this.#store.append(name, { ...event, atMs: this.#nowMs() });
    await this.#read(name);
  }

  /** What the store has, whoever wrote it. */
  async #read(name: string): Promise<Account> {
    const account = this.#accounts.get(name) ?? { applied: 0, charges: new Map<string, Charge>() };
    this.#accounts.set(name, account);
    const events = await this.#store.read(name, account.applied);
    for (const event of events) {
      account.applied++;
      if (event.type === "charged") {
        const { amount, tool = "", atMs } = event;
        account.charges.set(event.call, { amount, tool, atMs, refunded: false });
      }
      const charge = event.type === "refunded" ? account.charges.get(event.call) : undefined;
      if (charge !== undefined) charge.refunded = true;
    }
    return account;
  }
}

type AccountEvent =
  | { readonly type: "charged"; readonly call: string; readonly amount: string; readonly tool: string }
  | { readonly type: "refunded"; readonly call: string };
