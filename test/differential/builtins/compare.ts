// Calls of builtins on three sides, compared. In: a seed and how many calls of each builtin. Out: a tally and every disagreement.

import { type Answer, askBody, askModule, askOpa, type Call, drawCall, drawn, firstOf } from "./calls.ts";
import { explained } from "./explained.ts";

export interface Disagreement {
  readonly call: Call;
  readonly who: "ours" | "host";
  readonly opa: Answer;
  readonly ours: Answer;
}

export interface BuiltinTally {
  builtins: number;
  calls: number;
  errors: number;
  undefineds: number;
  readonly disagreements: Map<string, Disagreement[]>;
}

export interface Request {
  readonly seed: number;
  /** Of each builtin. */
  readonly calls: number;
  readonly runtime: Uint8Array;
  readonly only?: RegExp | undefined;
}

const BATCH = 1000;

export async function compareBuiltins({ seed, calls, runtime, only }: Request): Promise<BuiltinTally> {
  const chosen = drawn.filter(({ name }) => only?.test(name) !== false);
  const tally: BuiltinTally = {
    builtins: chosen.length,
    calls: 0,
    errors: 0,
    undefineds: 0,
    disagreements: new Map(),
  };
  for (const v0 of [false, true]) {
    const all = chosen
      .filter(({ deprecated }) => (deprecated === true) === v0)
      .flatMap((builtin) =>
        Array.from({ length: calls }, (_, index) =>
          drawCall(builtin, seed * 1_000_003 + index * 7919 + hash(builtin.name)),
        ),
      );
    for (let from = 0; from < all.length; from += BATCH)
      await compareBatch(all.slice(from, from + BATCH), v0, runtime, tally);
  }
  return tally;
}

async function compareBatch(
  batch: readonly Call[],
  v0: boolean,
  runtime: Uint8Array,
  tally: BuiltinTally,
): Promise<void> {
  const [theirs, module] = await Promise.all([askOpa(batch, v0), askModule(batch, v0, runtime)]);
  for (const [index, call] of batch.entries()) {
    const opa = theirs[index]!;
    tally.calls++;
    if (opa === "undefined") tally.undefineds++;
    else if (!opa.startsWith("[")) tally.errors++;
    // What OPA answers only because of earlier calls (it keeps compiled patterns and results by keys that do not tell all) is asked alone.
    const judge = async (ours: Answer, want: Answer, shape: (answer: Answer) => Answer): Promise<Answer> =>
      ours === want || explained(call, want, ours) ? want : shape((await askOpa([call], v0))[0]!);
    const note = (who: "ours" | "host", ours: Answer, want: Answer): void => {
      if (ours === want || explained(call, want, ours)) return;
      const { name } = call.builtin;
      tally.disagreements.set(name, [
        ...(tally.disagreements.get(name) ?? []),
        { call, who, opa: want, ours },
      ]);
    };
    note("ours", module[index]!, await judge(module[index]!, opa, (answer) => answer));
    // `walk` relates: its body answers otherwise than its call.
    if (call.builtin.relation === true) continue;
    const body = await askBody(call);
    note("host", body, await judge(body, firstOf(opa), firstOf));
  }
}

/** So that builtins do not all draw from one seed. */
function hash(name: string): number {
  let sum = 7;
  for (const character of name) sum = (Math.imul(sum, 31) + character.codePointAt(0)!) >>> 0;
  return sum;
}
