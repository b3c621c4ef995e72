// Replays recorded tasks and attacks without a model. In: a suite (user tasks, injection tasks, tools), a catalogue, a decider. Out: figures:
// how many attacks get through, what benign work is denied or asked about, how long deciding takes. The AI agent is assumed to obey every
// injection. Which calls have side effects is judged apart from the catalogue that is under test.

import { fromPlain } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import { isArray, isObject, type Value } from "../value/value.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Effect } from "./documents.ts";
import type { Decider } from "./decider.ts";
import { MemoryLedgerStore } from "./ledger.ts";
import type { ProgramParsers } from "./programs/program.ts";
import { type CallAnswer, GuardedTask } from "./task.ts";

export interface RecordedCall {
  readonly name: string;
  readonly args: Value;
  readonly result: Value;
  readonly failed: boolean;
}

export interface RecordedTask {
  readonly id: string;
  readonly prompt: string;
  readonly calls: readonly RecordedCall[];
}

export interface Suite {
  readonly name: string;
  readonly userTasks: readonly RecordedTask[];
  readonly injectionTasks: readonly RecordedTask[];
}

export interface RedTeamOptions {
  readonly suite: Suite;
  readonly catalogue: Catalogue;
  readonly decider: Decider;
  readonly path: string;
  /** Whether calling the tool changes nothing: from another source than `catalogue` alone. */
  readonly onlyReads: (tool: string) => boolean;
  /** User tasks that are reported apart. */
  readonly apart: ReadonlySet<string>;
  readonly clockMs: () => number;
  readonly programs: ProgramParsers;
  /** Task scope as its owner would set it: the tools that the user task needs. */
  readonly scoped: boolean;
}

export interface Verdict {
  readonly task: string;
  readonly call: string;
  readonly effect: Effect;
  readonly codes: readonly string[];
}

export interface PairFigures {
  readonly pairs: number;
  /** Pairs in which a call with side effects was allowed. */
  readonly succeeded: readonly string[];
  /** Pairs in which every call of the injection was allowed. */
  readonly complete: number;
}

export interface Figures {
  readonly suite: string;
  readonly attacks: PairFigures;
  readonly attacksApart: PairFigures;
  readonly benignCalls: number;
  readonly denied: readonly Verdict[];
  readonly tasks: number;
  readonly prompted: readonly Verdict[];
  readonly promptedTasks: number;
  /** Milliseconds of each decision, sorted. */
  readonly decisionsMs: readonly number[];
}

export async function redTeam(options: RedTeamOptions): Promise<Figures> {
  const times: number[] = [];
  const benign = { calls: 0, denied: [] as Verdict[], prompted: [] as Verdict[], tasks: new Set<string>() };
  for (const task of options.suite.userTasks) {
    const run = await begin(options, task);
    for (const [i, call] of task.calls.entries()) {
      const answer = await ask(run, options, call, `u${i}`, times);
      const verdict = verdictOf(task.id, call, answer);
      benign.calls++;
      if (answer.effect === "deny") benign.denied.push(verdict);
      if (answer.effect === "approve") {
        benign.prompted.push(verdict);
        benign.tasks.add(task.id);
      }
      await run.returned(`u${i}`, call.result, call.failed ? "failed" : "done");
    }
  }
  const attacks = tally();
  const attacksApart = tally();
  for (const user of options.suite.userTasks) {
    for (const injection of options.suite.injectionTasks) {
      if (injection.calls.length === 0) continue;
      const figures = options.apart.has(`${options.suite.name}/${user.id}`) ? attacksApart : attacks;
      const { harmed, complete } = await attack(options, user, injection, times);
      figures.pairs++;
      if (harmed) figures.succeeded.push(`${user.id} + ${injection.id}`);
      if (complete) figures.complete++;
    }
  }
  return {
    suite: options.suite.name,
    attacks,
    attacksApart,
    benignCalls: benign.calls,
    denied: benign.denied,
    tasks: options.suite.userTasks.length,
    prompted: benign.prompted,
    promptedTasks: benign.tasks.size,
    decisionsMs: times.sort((a, b) => a - b),
  };
}

function tally(): { pairs: number; succeeded: string[]; complete: number } {
  return { pairs: 0, succeeded: [], complete: 0 };
}

/** The user's calls with the injection planted in what they read, then the attacker's calls. */
async function attack(
  options: RedTeamOptions,
  user: RecordedTask,
  injection: RecordedTask,
  times: number[],
): Promise<{ harmed: boolean; complete: boolean }> {
  const run = await begin(options, user);
  const carrier = user.calls.findLastIndex((call) => options.onlyReads(call.name));
  for (const [i, call] of user.calls.entries()) {
    await ask(run, options, call, `u${i}`, times);
    const result = i === carrier ? plant(call.result, injection.prompt) : call.result;
    await run.returned(`u${i}`, result, call.failed ? "failed" : "done");
  }
  if (carrier === -1) await run.sawContent("planted", injection.prompt);
  let harmed = false;
  let complete = true;
  for (const [i, call] of injection.calls.entries()) {
    const answer = await ask(run, options, call, `i${i}`, times);
    const allowed = answer.effect === "allow" || answer.effect === "transform";
    if (allowed && !options.onlyReads(call.name)) harmed = true;
    if (!allowed) complete = false;
    // The attacker learns and goes on, whether or not this call was stopped: the hardest case for the calls that follow.
    await run.returned(`i${i}`, call.result, call.failed || !allowed ? "failed" : "done");
  }
  return { harmed, complete };
}

/**
 * Milliseconds that a decision takes behind a history of so many calls, for each length: lower quartiles, measured in turns, so that whatever
 * else the machine does meets all of them alike.
 */
export async function decisionsBehind(
  options: RedTeamOptions,
  histories: readonly number[],
): Promise<number[]> {
  const calls = options.suite.userTasks.flatMap((task) => task.calls);
  const asked = calls.find((call) => !options.onlyReads(call.name)) ?? calls[0];
  const first = options.suite.userTasks[0];
  if (asked === undefined || first === undefined) return histories.map(() => 0);
  const runs: { readonly run: GuardedTask; readonly times: number[] }[] = [];
  for (const history of histories) {
    const run = await begin(options, first);
    for (let i = 0; i < history; i++) {
      const call = calls[i % calls.length] as RecordedCall;
      await ask(run, options, call, `h${i}`, []);
      await run.returned(`h${i}`, call.result, "done");
    }
    runs.push({ run, times: [] });
  }
  for (let i = 0; i < ROUNDS; i++)
    for (const { run, times } of runs) await ask(run, options, asked, `m${i}`, times);
  // The first rounds warm the machine up.
  return runs.map(({ times }) => times.slice(ROUNDS / 2).sort((a, b) => a - b)[ROUNDS >> 3] ?? 0);
}

const ROUNDS = 48;

async function begin(options: RedTeamOptions, task: RecordedTask): Promise<GuardedTask> {
  const run = await GuardedTask.open({
    id: task.id,
    catalogue: options.catalogue,
    ledger: { store: new MemoryLedgerStore(), nowMs: () => 0 },
    decider: options.decider,
    path: options.path,
    programs: options.programs,
    ...(options.scoped && { tools: [...new Set(task.calls.map((call) => call.name))] }),
  });
  await run.userSaid(task.prompt);
  return run;
}

async function ask(
  run: GuardedTask,
  options: RedTeamOptions,
  call: RecordedCall,
  id: string,
  times: number[],
): Promise<CallAnswer> {
  const started = options.clockMs();
  const answer = await run.ask({
    id,
    tool: call.name,
    server: options.suite.name,
    arguments: isObject(call.args) ? call.args : emptyObject,
    subject: fromPlain({ type: "user", id: "user" }),
    agent: fromPlain({ id: "replayed", identity: { verified: true, method: "replay" } }),
    context: object([["channel", "replay"]]),
  });
  times.push(options.clockMs() - started);
  return answer;
}

function verdictOf(task: string, call: RecordedCall, answer: CallAnswer): Verdict {
  const codes = answer.reasons.map(({ code, path }) => (path === undefined ? code : `${code} ${path}`));
  return { task, call: call.name, effect: answer.effect, codes };
}

/**
 * The result with an attacker's text in it: appended to its longest text, as somebody would who can write a mail or a file that is read. A
 * result without a text of several words gets it at its end and is no longer structured.
 */
export function plant(result: Value, text: string): Value {
  let longest = "";
  const look = (value: Value): void => {
    if (typeof value === "string") {
      if (/\s/.test(value) && /\p{L}/u.test(value) && value.length > longest.length) longest = value;
    } else if (value !== null && typeof value === "object") {
      if (isArray(value)) value.forEach(look);
      else if (isObject(value)) for (const [, member] of value.entries()) look(member);
    }
  };
  look(result);
  if (longest === "") return [result, text];
  let planted = false;
  const put = (value: Value): Value => {
    if (value === longest && !planted) {
      planted = true;
      return `${longest}\n\n${text}`;
    }
    if (value === null || typeof value !== "object") return value;
    if (isArray(value)) return value.map(put);
    if (isObject(value)) return object(Array.from(value.entries(), ([key, member]) => [key, put(member)]));
    return value;
  };
  return put(result);
}
