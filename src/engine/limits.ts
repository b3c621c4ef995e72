// Budgets of one evaluation: how much memory a module may take, how large input and output may be, how many steps it may go. In: limits as the embedder wrote
// them. Out: checked limits. A limit that is passed fails the evaluation with `eval_limit_error`, never silently.

import { PolicyError } from "../error.ts";

const PAGE = 65536;
/** Linear memory cannot be larger: 4 GiB. */
const MAX_PAGES = 65536;

export interface Limits {
  /** Linear memory of each instance. */
  readonly memoryBytes?: number;
  /** UTF-8 bytes of an input document. */
  readonly inputBytes?: number;
  /** Bytes of an answer as JSON, its texts unescaped: a small value may hold itself many times over. */
  readonly outputBytes?: number;
  /**
   * Turns of loops, calls of functions and blocks under `with` in one evaluation, rounded up to thousands: the bound on its time. What is
   * done once, as a rule is, counts nothing. Modules of `opa build` do not count steps.
   */
  readonly steps?: number;
  /** Builtin failures that one evaluation reports; further ones are dropped. */
  readonly failures?: number;
}

export interface CheckedLimits {
  readonly memoryPages: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** 0: no limit. */
  readonly thousandSteps: number;
  readonly failures: number;
}

export function checkLimits(limits: Limits = {}): CheckedLimits {
  const positive = (name: keyof Limits, otherwise: number): number => {
    const value = limits[name];
    if (value === undefined) return otherwise;
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new PolicyError("config_error", `limit \`${name}\` must be a positive integer`);
  };
  const memory = positive("memoryBytes", MAX_PAGES * PAGE);
  return {
    memoryPages: Math.min(MAX_PAGES, Math.ceil(memory / PAGE)),
    inputBytes: positive("inputBytes", 512 * 1024 * 1024),
    outputBytes: positive("outputBytes", 128 * 1024 * 1024),
    thousandSteps:
      limits.steps === undefined ? 0 : Math.min(2 ** 31 - 1, Math.ceil(positive("steps", 1) / 1000)),
    failures: positive("failures", 256),
  };
}

export function checkInputSize(bytes: number, limits: CheckedLimits): void {
  if (bytes > limits.inputBytes) {
    throw new PolicyError(
      "eval_limit_error",
      `input of ${bytes} bytes is larger than the limit of ${limits.inputBytes}`,
    );
  }
}

export function outputTooLarge(limit: number): PolicyError {
  return new PolicyError("eval_limit_error", `output is larger than the limit of ${limit} bytes`);
}
