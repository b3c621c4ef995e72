// A builtin is one object: name, doc, signature, examples and body together. Everything that lists builtins (checker, capabilities.json,
// host imports, reference page) is derived from these objects; nothing else may list them.

import type { Value } from "../value/value.ts";
import type { Type } from "../value/type.ts";
import type { InterQueryCache } from "./inter-query-cache.ts";

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
  /** Network access for `http.send` and `net.lookup_ip_addr`; absent: the platform's own. */
  readonly network?: BuiltinNetwork | undefined;
  /** Hosts that the network may be asked for (`allow_net` of capabilities); absent: all. */
  readonly allowNet?: readonly string[] | undefined;
  /** Answers that outlive the query; absent: none do. */
  readonly interQueryCache?: InterQueryCache | undefined;
  /** Receives what `print` writes. */
  readonly print?: ((message: string) => void) | undefined;
}

export interface NetworkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | null;
  readonly timeoutMs: number;
  /** Only where the request says something of TLS. */
  readonly tls?: TlsSettings;
}

export interface TlsSettings {
  /** PEM; absent: what the platform trusts. */
  readonly ca?: readonly string[];
  readonly withSystemCa?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
}

export interface NetworkResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, string[]>;
  readonly body: Uint8Array;
}

export interface BuiltinNetwork {
  /** Redirects are not followed. Rejects with an Error whose message says what failed, as Go puts it. */
  fetch(request: NetworkRequest): Promise<NetworkResponse>;
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
