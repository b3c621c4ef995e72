// What non-deterministic builtins answered within one decision, in OPA's shape: `{"rand.intn": {"[\"die\",6]": 3}}`. A decision that is given
// such a record asks it before it asks the world, so that a logged decision can be replayed. Values in, Values out.

import type { Builtin } from "../builtins/builtin.ts";
import { encode, toJsonValue } from "../value/json.ts";
import { object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isObject } from "../value/value.ts";

export class NdCache {
  readonly #calls = new Map<string, Map<string, Value>>();

  /** A record as a decision log has it. What is not of its shape is passed over. */
  constructor(record?: Value) {
    if (record === undefined || !isObject(record)) return;
    for (const [name, calls] of record.entries()) {
      if (typeof name !== "string" || !isObject(calls)) continue;
      for (const [operands, answer] of calls.entries()) {
        this.#put(name, typeof operands === "string" ? operands : encode(toJsonValue(operands)), answer);
      }
    }
  }

  get(builtin: Builtin, args: readonly Value[]): Value | undefined {
    return this.#calls.get(builtin.name)?.get(operandsText(args));
  }

  put(builtin: Builtin, args: readonly Value[], answer: Value): void {
    this.#put(builtin.name, operandsText(args), answer);
  }

  /** Undefined when nothing non-deterministic was called. */
  get record(): RegoObject | undefined {
    if (this.#calls.size === 0) return undefined;
    return object(Array.from(this.#calls, ([name, calls]): [Value, Value] => [name, object([...calls])]));
  }

  #put(name: string, operands: string, answer: Value): void {
    const calls = this.#calls.get(name) ?? new Map<string, Value>();
    this.#calls.set(name, calls.set(operands, answer));
  }
}

/** OPA keys by the array of operands; as the key of a JSON object that is its text. */
function operandsText(args: readonly Value[]): string {
  return encode(toJsonValue([...args]), { escapeHtml: false });
}
