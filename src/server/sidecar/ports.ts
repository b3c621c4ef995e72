// What the daemon's routes need of a decision agent and of a compiler. The agent comes from decision/, seen through what clients of OPA's
// API may see of it; the compiler from whoever starts the daemon, so that a daemon without one still answers from Wasm bundles.

import type { VerifiedBundle } from "../../bundle/bundle.ts";
import { resolve } from "../../decision/activate.ts";
import type { AuthzenConfig } from "../../decision/authzen-config.ts";
import type { Decision } from "../../decision/decision.ts";
import type { SourceModule } from "../../decision/ports.ts";
import type { DecisionAgent } from "../../decision/sdk.ts";
import type { StatusReport } from "../../decision/status.ts";
import { type Location, PolicyError } from "../../error.ts";
import type { RegoVersion } from "../../syntax/ast.ts";
import type { PlainJson } from "../../value/plain-json.ts";
import type { RegoObject, Value } from "../../value/value.ts";

export interface Question {
  /** Keys below `data`. */
  readonly keys: readonly string[];
  readonly input: Value | PlainJson | undefined;
  /** A builtin that fails is an error. */
  readonly strict: boolean;
  /** The daemon's own question, which is in no log: health rules, authorization of a request. */
  readonly unlogged?: boolean;
  readonly requestedBy: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface AgentPort {
  decide(question: Question): Promise<Decision>;
  report(): StatusReport;
  /** The bundles that are active, without what clients wrote. */
  bundles(): ReadonlyMap<string, VerifiedBundle>;
  /** Bundles that are configured and not active yet: what they own is not known. */
  pending(): readonly string[];
  /** Slash paths that are answered by policy. */
  entrypoints(): readonly string[];
  /** All base data that is active. */
  data(): RegoObject;
  /** Whether decisions are logged; their ids are shown then. */
  readonly logging: boolean;
  /** Slash path. */
  readonly defaultDecision: string;
  /** Slash path of what says who may use the daemon. */
  readonly authorizationDecision: string;
  /** The daemon's AuthZEN section. */
  readonly authzen: AuthzenConfig;
  /** Whether there is policy or data at these keys that can be asked for. */
  answers(keys: readonly string[]): boolean;
  /** What clients wrote, packed, activated like one more bundle. On failure the old one stays. */
  overlay(packed: Uint8Array): Promise<void>;
}

export interface QueryRequest {
  readonly text: string;
  readonly modules: readonly SourceModule[];
  readonly data: RegoObject;
  readonly input: Value | undefined;
  readonly regoVersion: RegoVersion;
  /** Starts a timer under OPA's name for a stage; the result stops it. */
  readonly start: (timer: string) => () => void;
}

/** Rego at run time. Both throw PolicyError with the findings. */
export interface CompilerPort {
  /** Parses and checks modules together. */
  check(modules: readonly SourceModule[]): void;
  /** Solutions of an ad-hoc query: the bindings of each. */
  query(request: QueryRequest): Promise<RegoObject[]>;
}

/** The name under which the agent holds what clients wrote. No configured bundle should have it. */
const OVERLAY = "<api>";

function withoutOverlay<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== OVERLAY));
}

/** How the agent names the file of a policy that a client put: in the overlay, as the `.rego` file it is there. An id may be any path. */
export function overlayFile(id: string): string {
  return `${id.replaceAll("%", "%25").replaceAll("/", "%2F")}.rego`;
}

/** A failure whose place is in a client's policy, placed under the id that the client gave it. */
function underOwnName(error: unknown): unknown {
  const { location } = error as { location?: Location };
  if (!(error instanceof PolicyError) || location?.file.startsWith(`${OVERLAY}/`) !== true) return error;
  const file = location.file
    .slice(OVERLAY.length + 1, -".rego".length)
    .replaceAll("%2F", "/")
    .replaceAll("%25", "%");
  const { code, message, diagnostics } = error;
  return new PolicyError(code, message, { location: { ...location, file }, diagnostics, cause: error });
}

function headersOf(
  headers: Question["headers"],
  wanted: readonly string[],
): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {};
  for (const name of wanted) {
    const value = headers[name];
    if (value !== undefined) found[name] = typeof value === "string" ? [value] : value;
  }
  return found;
}

export function agentPort(agent: DecisionAgent): AgentPort {
  const logged = (agent.config.decisionLogs?.requestHeaders ?? []).map((name) => name.toLowerCase());
  return {
    logging: agent.config.decisionLogs !== undefined,
    defaultDecision: agent.config.defaultDecision,
    authorizationDecision: agent.config.defaultAuthorizationDecision,
    async decide({ keys, input, strict, unlogged, requestedBy, headers }) {
      try {
        const decision = await agent.decide({
          path: keys,
          strict,
          ...(unlogged === true ? { unlogged } : {}),
          ...(logged.length === 0 ? {} : { requestHeaders: headersOf(headers, logged) }),
          ...(input === undefined ? {} : { input }),
          ...(requestedBy === undefined ? {} : { requestedBy }),
        });
        return OVERLAY in decision.bundles
          ? { ...decision, bundles: withoutOverlay(decision.bundles) }
          : decision;
      } catch (error) {
        throw underOwnName(error);
      }
    },
    report() {
      const { bundles = {}, ...report } = agent.status();
      const shown = withoutOverlay(bundles);
      return Object.keys(shown).length === 0 ? report : { ...report, bundles: shown };
    },
    bundles: () => new Map([...agent.state.bundles].filter(([name]) => name !== OVERLAY)),
    pending: () => [...agent.config.bundles.keys()].filter((name) => !agent.state.bundles.has(name)),
    entrypoints: () => [...agent.state.entrypoints.keys()],
    data: () => agent.state.data,
    authzen: agent.config.authzen,
    answers(keys) {
      try {
        const target = resolve(agent.state, keys);
        return target.kind === "policy" ? target.rest.length === 0 : target.value !== undefined;
      } catch {
        return false;
      }
    },
    overlay: (packed) => agent.offer(OVERLAY, packed),
  };
}
