// Small plans by hand, and the engine that runs them. In: statements. Out: a Policy, a module, its answer.

import { readFileSync } from "node:fs";
import type { Builtin } from "../../../src/builtins/builtin.ts";
import type { Block, Func, Operand, Policy, Stmt } from "../../../src/compile/ir/ir.ts";
import { validate } from "../../../src/compile/ir/validate.ts";
import { type Emitted, emit } from "../../../src/compile/wasm/emit.ts";
import { type Engine, prepare } from "../../../src/engine/engine.ts";
import type { Value } from "../../../src/value/value.ts";

export const runtime: Uint8Array = readFileSync(new URL("../../../dist/runtime.wasm", import.meta.url));

type Fields<S> = S extends { at: unknown } ? Omit<S, "at"> : never;

export const at = { file: 0, row: 3, col: 5 };

export const s = (stmt: Fields<Stmt>): Stmt => ({ ...stmt, at }) as Stmt;
export const local = (value: number): Operand => ({ type: "local", value });
export const string = (value: number): Operand => ({ type: "string_index", value });
export const block = (...stmts: Stmt[]): Block => ({ stmts });

export interface Parts {
  readonly strings?: readonly string[];
  readonly plan: readonly Stmt[];
  readonly funcs?: readonly Func[];
  readonly builtins?: readonly { name: string; args: number; result?: boolean }[];
}

export function policyOf(parts: Parts): Policy {
  const any = { type: "any" };
  const policy: Policy = {
    static: {
      strings: parts.strings ?? [],
      files: ["p.rego"],
      builtinFuncs: (parts.builtins ?? []).map(({ name, args, result }) => ({
        name,
        decl: {
          type: "function",
          args: new Array(args).fill(any),
          ...(result === false ? {} : { result: any }),
        },
      })),
    },
    plans: [{ name: "eval", blocks: [block(...parts.plan)] }],
    funcs: parts.funcs ?? [],
  };
  const findings = validate(policy);
  if (findings.length > 0) throw new Error(findings.map((finding) => finding.message).join("\n"));
  return policy;
}

export function emitted(parts: Parts): Emitted {
  return emit(policyOf(parts), { runtime });
}

export interface RunOptions {
  readonly data?: Value | string;
  readonly hosts?: Readonly<Record<string, NonNullable<Builtin["host"]>>>;
}

export function engineOf(parts: Parts, options: RunOptions = {}): Engine {
  const builtins = new Map(
    Object.entries(options.hosts ?? {}).map(([name, host]): [string, Builtin] => [
      name,
      { name, description: "", args: [], result: undefined, examples: [], host },
    ]),
  );
  return prepare({
    wasm: emitted(parts).bytes,
    builtins,
    ...(options.data === undefined ? {} : { data: options.data }),
  });
}

/** The result set as plain data. */
export function run(parts: Parts, input?: unknown, options: RunOptions = {}): unknown {
  return engineOf(parts, options).evaluate("eval", input === undefined ? undefined : { value: input })
    .results;
}
