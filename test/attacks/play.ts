// Plays an attack against a host. In: an attack (attack.json) and something that hosts a guarded AI agent. What must hold: every call comes to
// the effect that the attack expects, and no call reaches its tool where that is not `allow`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";

export interface Call {
  /** Name of the tool, or the method once more. */
  readonly call: string;
  /** Of the protocol, where it is no call of a tool. `{folder}` in a URI is the task's. */
  readonly method?: "resources/read" | "prompts/get";
  /** `{"number": "…"}` is a number with these digits. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly expect: "allow" | "deny" | "approve";
  /** A reason that must be among those given. */
  readonly code?: string;
  /** Another server than the tool's own. */
  readonly server?: string;
  /** Claims in the AI agent's token in place of the right ones. */
  readonly token?: Readonly<Record<string, unknown>>;
  /** HTTP headers in place of the right ones; hosts without headers do not play such attacks. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Who approves exactly this call afterwards. */
  readonly approve?: string;
  /** What the tool gives. */
  readonly result?: unknown;
  readonly note?: string;
}

export type Step =
  | Call
  | { readonly said: string }
  | { readonly together: readonly Call[] }
  /** From now on the server shows another definition of this tool. */
  | { readonly change: string };

export interface Attack {
  readonly attack: string;
  /** What the site set: `data.site` without the catalogue. */
  readonly site: object;
  /** Tools that the task may use. */
  readonly tools?: readonly string[];
  /** Decision path; `ai/calls/decision` unless said. */
  readonly decision?: string;
  /** Files and links (`{"to": target}`) below a scratch folder, and the task's folder in it. */
  readonly files?: Readonly<Record<string, string | { readonly to: string }>>;
  readonly folder?: string;
  /** Hosts in which the attack can be tried at all; every one unless said. */
  readonly hosts?: readonly string[];
  readonly steps: readonly Step[];
}

/** What came of a call. */
export interface Outcome {
  readonly effect: string;
  readonly codes: readonly string[];
  /** Whether the tool was called. */
  readonly reached: boolean;
}

/** One AI agent at work on one task. */
export interface AttackTask {
  /** The user's own words. */
  said(text: string): Promise<void>;
  /** Makes the call as the AI agent would; where `approve` says so, a person approves exactly this call afterwards. */
  call(call: Call): Promise<Outcome>;
  change(tool: string): Promise<void>;
  close(): Promise<void>;
}

export interface AttackHost {
  readonly name: string;
  open(attack: Attack): Promise<AttackTask>;
}

const here = new URL("./", import.meta.url);

export const attacks: readonly (readonly [string, Attack])[] = readdirSync(here)
  .filter((name) => existsSync(new URL(`${name}/attack.json`, here)))
  .map((name) => [name, JSON.parse(readFileSync(new URL(`${name}/attack.json`, here), "utf8")) as Attack]);

export async function play(attack: Attack, host: AttackHost): Promise<void> {
  const task = await host.open(attack);
  try {
    for (const step of attack.steps) {
      if ("said" in step) await task.said(step.said);
      else if ("change" in step) await task.change(step.change);
      else if ("call" in step) check([step], [await task.call(step)]);
      else {
        const outcomes = await Promise.all(step.together.map((call) => task.call(call)));
        // Which of them comes first is not the AI agent's to say.
        check(byEffect(step.together, "expect"), byEffect(outcomes, "effect"));
      }
    }
  } finally {
    await task.close();
  }
}

function byEffect<T>(items: readonly T[], key: keyof T): T[] {
  return [...items].sort((a, b) => String(a[key]).localeCompare(String(b[key])));
}

function check(calls: readonly Call[], outcomes: readonly Outcome[]): void {
  for (const [i, call] of calls.entries()) {
    const { effect, codes, reached } = outcomes[i] as Outcome;
    const what = `${call.call} ${JSON.stringify(call.arguments)}`;
    expect([what, effect, reached], call.note).toEqual([what, call.expect, call.expect === "allow"]);
    if (call.code !== undefined) expect(codes, what).toContain(call.code);
  }
}
