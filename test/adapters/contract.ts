// What holds in every host that can ask a person: the same calls, the same outcomes. In: how a host plays the turns of a model. Out: tests.

import { expect, test } from "vitest";
import type { GuardedTask } from "../../src/ai/task.ts";

/** A call that the model makes: the tool's name and its arguments. */
export type Call = readonly [tool: string, args: Record<string, unknown>];
export type Turns = readonly (readonly Call[])[];

export interface Played {
  /** `NAME JSON` of each tool that ran. */
  readonly log: readonly string[];
  /** Questions that a person was asked. */
  readonly asks: number;
  readonly task: GuardedTask;
}

/** To be called inside a `describe`. `play` runs the turns in the host, with guarded tools of these names (`act` unless said). */
export function callTests(play: (turns: Turns, names?: readonly string[]) => Promise<Played>): void {
  test.each([
    ["allow", 1, 0],
    ["deny", 0, 0],
    ["approve", 0, 1],
    ["undefined", 0, 0],
    ["conflict", 0, 0],
    ["obligation", 0, 0],
  ])("%s: runs %d, asks %d", async (effect, runs, asks) => {
    const played = await play([[["act", { effect }]]]);
    expect({ runs: played.log.length, asks: played.asks }).toEqual({ runs, asks });
  });

  test("parallel calls of one turn: once is once", async () => {
    const { log, task } = await play([
      [
        ["act", { effect: "once", n: 1 }],
        ["act", { effect: "once", n: 2 }],
      ],
    ]);
    expect(log).toEqual(['act {"effect":"once","n":1}']);
    expect(task.session().calls.map(({ status }) => status)).toEqual(["committed", "refused"]);
  });

  test.each(["__proto__", "constructor", "toString"])("a tool named %s is a tool", async (name) => {
    expect((await play([[[name, { effect: "allow" }]]], [name])).log).toHaveLength(1);
    expect((await play([[[name, { effect: "deny" }]]], [name])).log).toEqual([]);
  });
}
