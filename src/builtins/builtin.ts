// A builtin is one object: name, doc, signature, examples and body together. Everything that lists builtins (checker, capabilities.json,
// host imports, reference page) is derived from these objects; nothing else may list them.

import type { Value } from "../value/value.ts";
import type { Type } from "../value/type.ts";

/** What a host body may reach of the world; a decision can be replayed because everything non-deterministic passes here. */
export interface BuiltinContext {
  /** Nanoseconds since 1970, one value within a decision. */
  readonly nowNs: bigint;
  /** `length` random bytes. */
  random(length: number): Uint8Array;
  /** One value per (builtin, arguments) within a decision: OPA's per-query cache. */
  readonly cache: Map<string, unknown>;
  /** The environment, configuration and labels that `opa.runtime` shows. */
  readonly runtime: Value;
  /** Parser for `rego.parse_module`, injected because floor 1 rooms do not import each other. */
  readonly parseModule?: ((file: string, text: string) => Value) | undefined;
  /** Network access for `http.send` and `net.lookup_ip_addr`; absent where the host has none. */
  readonly network?: BuiltinNetwork | undefined;
  /** Receives what `print` writes. */
  readonly print?: ((message: string) => void) | undefined;
}

export interface BuiltinNetwork {
  fetch(request: {
    method: string;
    url: string;
    headers: Record<string, string>;
    body: Uint8Array | null;
    timeoutMs: number;
  }): Promise<{ status: number; statusText: string; headers: Record<string, string[]>; body: Uint8Array }>;
  lookup(host: string): Promise<string[]>;
}

export interface Argument {
  readonly name: string;
  readonly type: Type;
  readonly description: string;
}

/**
 * `undefined` = the builtin has no answer. A failure is thrown as PolicyError `eval_builtin_error` or `eval_type_error`; its message is what
 * OPA prints after `file:row: code: `, so it begins with the name of the builtin: `json.unmarshal: unexpected EOF`. Void builtins answer
 * `true`. A Promise means that the evaluation waits (suspend and replay); with the same arguments it must be answered from `cache` then.
 */
export type HostBody = (
  args: readonly Value[],
  context: BuiltinContext,
) => Value | undefined | Promise<Value | undefined>;

export interface Builtin {
  readonly name: string;
  readonly description: string;
  readonly args: readonly Argument[];
  /** Void builtins (`print`) have no result. */
  readonly result: Argument | undefined;
  /** `[Rego expression, expected JSON text]`; run through the whole pipeline by test/builtins.test.ts. */
  readonly examples: readonly (readonly [string, string])[];
  readonly infix?: string;
  readonly relation?: true;
  readonly deprecated?: true;
  readonly nondeterministic?: true;
  /** The last argument may stand any number of times, or not at all (`print`). */
  readonly variadic?: true;
  /** Which docs page it stands on (OPA's `categories`). */
  readonly categories?: readonly string[];
  /** The runtime has a body, `builtin_<name>` in src/runtime/builtins; the emitter itself goes by the runtime's exports. */
  readonly native?: true;
  /** Everything that can be called at run time has one: modules built by OPA import it, and it is the twin of a native body in tests. */
  readonly host?: HostBody;
  /** Never called at run time: the compiler rewrites it away (`assign`, `eq`, `rego.metadata.*`). */
  readonly compiled?: true;
}
