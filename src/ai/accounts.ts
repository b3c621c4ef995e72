// Budgets that last longer than a task: named limits on counts or amounts, per subject, agent, task or chain of tasks, in windows of time. In:
// the catalogue's budgets and what each call would add. Out: what has been used, for `input.session.budgets`. A call is charged when it is let
// through and refunded when it was not carried out; charges are events in the ledger's store, so that a restart forgets none.

import type { BudgetEntry, Catalogue } from "./catalogue.ts";
import { addDecimals, type LedgerStore, type StampedEvent } from "./ledger.ts";

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

interface Charge {
  readonly amount: string;
  readonly atMs: number;
  refunded: boolean;
}

interface Account {
  applied: number;
  readonly charges: Map<string, Charge>;
}

interface Concern {
  readonly name: string;
  readonly entry: BudgetEntry;
  readonly account: string;
  readonly asked: string;
}

export class Accounts {
  readonly #store: LedgerStore;
  readonly #nowMs: () => number;
  readonly #accounts = new Map<string, Account>();
  /** Which accounts a call was charged to. */
  readonly #charged = new Map<string, readonly { readonly account: string; readonly amount: string }[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: LedgerStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** The budgets that a call of this tool counts against. */
  concerns(
    catalogue: Catalogue,
    tool: string,
    amounts: Readonly<Record<string, string>>,
    holders: Holders,
  ): Concern[] {
    const known = new Map(Object.entries(amounts));
    return Object.entries(catalogue.document.budgets ?? {}).flatMap(([name, entry]) => {
      const asked = entry.amount === undefined ? "1" : known.get(entry.amount);
      const isMeant = entry.tools === undefined || entry.tools.includes(tool);
      if (!isMeant || asked === undefined) return [];
      return [
        {
          name,
          entry,
          asked,
          account: `\u0000budget\u0000${name}\u0000${entry.per}\u0000${holders[entry.per]}`,
        },
      ];
    });
  }

  /** Runs `work` when nobody else is between asking and charging: two tasks of one person cannot both spend what is left. */
  exclusive<T>(concerns: readonly Concern[], work: () => Promise<T>): Promise<T> {
    if (concerns.length === 0) return work();
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async states(concerns: readonly Concern[]): Promise<Record<string, BudgetState>> {
    const states: [string, BudgetState][] = [];
    for (const { name, entry, account, asked } of concerns)
      states.push([name, { used: await this.#used(account, entry), asked }]);
    return Object.fromEntries(states);
  }

  /** Throws what the store throws: what cannot be charged must not be let through. */
  async charge(call: string, concerns: readonly Concern[]): Promise<void> {
    for (const { account, asked } of concerns)
      await this.#append(account, { type: "charged", call, amount: asked });
    if (concerns.length > 0)
      this.#charged.set(
        call,
        concerns.map(({ account, asked }) => ({ account, amount: asked })),
      );
  }

  async refund(call: string): Promise<void> {
    for (const { account } of this.#charged.get(call) ?? [])
      await this.#append(account, { type: "refunded", call });
  }

  /** A call that was given up for lost was carried out after all. */
  async reinstate(call: string): Promise<void> {
    for (const { account, amount } of this.#charged.get(call) ?? [])
      if (this.#accounts.get(account)?.charges.get(call)?.refunded === true)
        await this.#append(account, { type: "charged", call, amount });
  }

  async #used(name: string, entry: BudgetEntry): Promise<string> {
    const account = await this.#read(name);
    const since =
      entry.window_s === undefined ? Number.NEGATIVE_INFINITY : this.#nowMs() - entry.window_s * 1000;
    let used = "0";
    for (const [call, charge] of account.charges) {
      if (charge.atMs <= since) account.charges.delete(call);
      else if (!charge.refunded) used = addDecimals(used, charge.amount);
    }
    return used;
  }

  async #append(name: string, event: Parameters<typeof stamped>[0]): Promise<void> {
    await this.#store.append(name, stamped(event, this.#nowMs()));
    await this.#read(name);
  }

  /** What the store has, whoever wrote it. */
  async #read(name: string): Promise<Account> {
    const account = this.#accounts.get(name) ?? { applied: 0, charges: new Map<string, Charge>() };
    this.#accounts.set(name, account);
    const events = await this.#store.read(name, account.applied);
    for (const event of events) {
      account.applied++;
      if (event.type === "charged")
        account.charges.set(event.call, { amount: event.amount, atMs: event.atMs, refunded: false });
      const charge = event.type === "refunded" ? account.charges.get(event.call) : undefined;
      if (charge !== undefined) charge.refunded = true;
    }
    return account;
  }
}

type AccountEvent =
  | { readonly type: "charged"; readonly call: string; readonly amount: string }
  | { readonly type: "refunded"; readonly call: string };

function stamped(event: AccountEvent, atMs: number): StampedEvent {
  return { ...event, atMs };
}
