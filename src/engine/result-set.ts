// What an evaluation came to, as those who asked see it. In: Values and the builtins that failed on the way. Out: the same, as plain data and as
// JSON where that is wanted. Makes nothing that nobody asks for.

import type { ErrorCode, Location } from "../error.ts";
import { encode, toPlain } from "../value/json.ts";
import { object } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import { isObject } from "../value/value.ts";

/** A builtin that failed; the call was undefined. */
export interface BuiltinFailure {
  /** The builtin's name. */
  readonly name: string;
  readonly code: ErrorCode;
  /** `name: why`, as OPA prints it: the body says it all. */
  readonly message: string;
  readonly location: Location | undefined;
}

/** Results of an entrypoint: Values without loss, and plain data for those who want it. */
export class ResultSet {
  /** Builtins that failed on the way; each such call was undefined. */
  readonly errors: readonly BuiltinFailure[];
  readonly #values: readonly Value[] | undefined;
  readonly #value: Value | undefined;

  /** Of a whole result set; or, where `values` is undefined, of the one value of an entrypoint that answers without one. */
  constructor(
    values: readonly Value[] | undefined,
    value: Value | undefined,
    errors: readonly BuiltinFailure[],
  ) {
    this.#values = values;
    this.#value = value;
    this.errors = errors;
  }

  /** One object for each result: `{result: v}` for an entrypoint, bindings for a query. Empty: undefined. */
  get values(): readonly Value[] {
    const value = this.#value;
    return this.#values ?? (value === undefined ? [] : [object([["result", value]])]);
  }

  /** The answer of an entrypoint; undefined if it has none. */
  get value(): Value | undefined {
    const values = this.#values;
    if (values === undefined) return this.#value;
    const [first] = values;
    return first !== undefined && isObject(first) ? first.get("result") : undefined;
  }

  /** `values` as JSON.parse would give them: sets are arrays, numbers JavaScript's. */
  get results(): unknown[] {
    return this.values.map(toPlain);
  }

  /** The result set as JSON text, to the digit. */
  get json(): string {
    return encode(this.values, { escapeHtml: false });
  }
}
