// Where the time of repeated work goes. In: the work. Out: shares of time by part: rules by their path, the runtime and builtins by their function, the
// host by its function. Samples come from V8's own profiler; nothing is measured by the work itself.

import { Session } from "node:inspector/promises";

export interface Share {
  /** `rule data.authz.allow`, `runtime value_get`, `host write`. */
  readonly part: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** Below this share parts are put together. */
const LEAST = 0.005;

export async function sample(work: () => Promise<void>): Promise<Share[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: 100 });
    await session.post("Profiler.start");
    await work();
    const { profile } = await session.post("Profiler.stop");
    const parts = new Map(profile.nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
    const times = new Map<string, number>();
    let total = 0;
    profile.samples?.forEach((id, index) => {
      const part = parts.get(id);
      const time = profile.timeDeltas?.[index] ?? 0;
      if (part === undefined || time <= 0) return;
      times.set(part, (times.get(part) ?? 0) + time);
      total += time;
    });
    return shares(times, total);
  } finally {
    session.disconnect();
  }
}

function shares(times: ReadonlyMap<string, number>, total: number): Share[] {
  const all = Array.from(times, ([part, time]) => ({ part, share: total === 0 ? 0 : time / total }));
  const shown = all.filter(({ share }) => share >= LEAST).sort((a, b) => b.share - a.share);
  const rest = all.reduce((sum, { share }) => (share < LEAST ? sum + share : sum), 0);
  return rest > 0 ? [...shown, { part: "everything else", share: rest }] : shown;
}

/** Undefined for what is no work: waiting, and the profiler itself. */
function partOf({ functionName, url }: { functionName: string; url: string }): string | undefined {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName.startsWith("(")) return undefined;
  const rule = /^g\d+\.(.*)$/.exec(functionName)?.[1];
  if (rule !== undefined) return `rule ${rule.replace(/\/$/, "")}`;
  if (url.startsWith("wasm:")) {
    const name = functionName.replace(/^builtin_/, "builtin ");
    return name.startsWith("wasm-function")
      ? "runtime, internal: reading JSON, texts, memory"
      : `runtime ${name}`;
  }
  return `host ${functionName === "" ? "(anonymous)" : functionName}`;
}
