// `test.sleep`: lets a test wait, for tests of what takes long. Only tests know it.

import type { Builtin } from "../builtins/builtin.ts";
import { PolicyError } from "../error.ts";
import { nullType, stringType } from "../value/type.ts";

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
};

/** Milliseconds of a duration as Go writes it, `1.5s`; undefined if it is none. */
export function durationMs(text: string): number | undefined {
  if (!/^[+-]?(0|(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * (UNITS[unit as string] as number);
  return text.startsWith("-") ? -sum : sum;
}

export const sleepBuiltin: Builtin = {
  name: "test.sleep",
  description: "Waits for a while.",
  args: [{ name: "duration", type: stringType, description: "how long, as `10ms`" }],
  result: { name: "result", type: nullType, description: "always null" },
  examples: [],
  nondeterministic: true,
  host: ([duration]) => {
    const ms = typeof duration === "string" ? durationMs(duration) : undefined;
    if (ms === undefined) {
      throw new PolicyError(
        "eval_builtin_error",
        `test.sleep: time: invalid duration ${JSON.stringify(duration)}`,
      );
    }
    if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return null;
  },
};
