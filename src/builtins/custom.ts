// Builtins of the host's own: declared once (name, types, body), checked by the compiler, imported by the module, called at run time.
// A declaration in, a Builtin like every other out; bodies see and give plain data.

import { PolicyError } from "../error.ts";
import { fromPlain, toPlain } from "../value/json.ts";
import { typeFromJson } from "../value/type-json.ts";
import type { Value } from "../value/value.ts";
import type { Builtin } from "./builtin.ts";
import { builtin } from "./signature.ts";

export interface CustomBuiltin {
  /** Words joined by dots, `acme.score`. A name that Rego has already is refused. */
  readonly name: string;
  readonly description?: string;
  /** Types as capabilities.json spells them: `{ type: "string" }`, `{ type: "array", dynamic: { type: "any" } }`. */
  readonly args: readonly object[];
  readonly result: object;
  /** One answer for the same operands within a decision, recorded as `nd_builtin_cache`. */
  readonly nondeterministic?: boolean;
  /**
   * Operands as plain data: sets are arrays, numbers JavaScript's. `undefined` = no answer; what it throws makes the call fail, as any
   * builtin's. A promise makes the evaluation wait.
   */
  readonly body: (...operands: unknown[]) => unknown;
}

const NAME = /^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)*$/;

/** Throws `config_error` for a declaration that is none. */
export function customBuiltin(declaration: CustomBuiltin): Builtin {
  const { name, description = "", args, result, nondeterministic, body } = declaration;
  const wrong = (why: string): PolicyError => new PolicyError("config_error", `builtin \`${name}\`: ${why}`);
  if (typeof name !== "string" || !NAME.test(name)) throw wrong("its name must be words joined by dots");
  if (!Array.isArray(args)) throw wrong("`args` must be a list of types");
  if (typeof body !== "function") throw wrong("`body` must be a function");
  const typeOf = (json: unknown): ReturnType<typeof typeFromJson> => {
    try {
      return typeFromJson(json);
    } catch (cause) {
      throw new PolicyError("config_error", `builtin \`${name}\`: ${(cause as Error).message}`, { cause });
    }
  };
  return builtin({
    name,
    description,
    args: args.map((type, at) => ({ name: `x${at + 1}`, type: typeOf(type), description: "" })),
    result: { name: "result", type: typeOf(result), description: "" },
    examples: [],
    ...(nondeterministic === true ? { nondeterministic: true } : {}),
    host: (operands, context) => {
      const key = `custom ${name}`;
      if (nondeterministic !== true) return answerOf(body(...operands.map(toPlain)));
      // As OPA does with its own: the world is asked once for the same operands.
      const known = (context.cache.get(key) ?? new Map()) as Map<
        string,
        Value | undefined | Promise<Value | undefined>
      >;
      context.cache.set(key, known);
      const operandsKey = JSON.stringify(operands.map(toPlain));
      if (!known.has(operandsKey)) known.set(operandsKey, answerOf(body(...operands.map(toPlain))));
      return known.get(operandsKey);
    },
  });

  function answerOf(answer: unknown): Value | undefined | Promise<Value | undefined> {
    if (answer instanceof Promise) return answer.then((settled) => answerOf(settled));
    if (answer === undefined) return undefined;
    try {
      return fromPlain(answer);
    } catch (cause) {
      throw new PolicyError("eval_builtin_error", `its answer is no data: ${(cause as Error).message}`);
    }
  }
}

/** Rego's own builtins and the host's: none of the latter may take the name of one of the former, or of another. */
export function withCustom<T extends Pick<Builtin, "name">>(
  own: ReadonlyMap<string, T>,
  custom: readonly T[],
): ReadonlyMap<string, T> {
  const all = new Map(own);
  for (const each of custom) {
    if (all.has(each.name))
      throw new PolicyError("config_error", `builtin \`${each.name}\`: there is one of this name already`);
    all.set(each.name, each);
  }
  return all;
}
