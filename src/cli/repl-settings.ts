// What a session was told to show beside results, and how the commands that say so change it. Words in, new settings or a complaint out.

export interface ReplSettings {
  format: "json" | "pretty";
  prettyLimit: number;
  strictBuiltinErrors: boolean;
  /** `off`, or what is told of how a query was answered. */
  explain: string;
  metrics: boolean;
  instrument: boolean;
  profile: boolean;
  /** What types are known of a query's terms. */
  types: boolean;
}

const MODES = ["off", "full", "notes", "fails", "debug"];

export function initialSettings(format: "json" | "pretty"): ReplSettings {
  return {
    format,
    prettyLimit: 80,
    strictBuiltinErrors: false,
    explain: "off",
    metrics: false,
    instrument: false,
    profile: false,
    types: false,
  };
}

/** As `show debug` prints them. */
export function settingsText(settings: ReplSettings): string {
  const { explain, metrics, instrument, profile, strictBuiltinErrors } = settings;
  const shown = { explain, metrics, instrument, profile, "strict-builtin-errors": strictBuiltinErrors };
  return JSON.stringify(shown, null, "\t");
}

/** `trace` alone turns full traces on and off, `trace MODE` chooses. The complaint, if there is one. */
export function setTrace(settings: ReplSettings, mode: string | undefined): string | undefined {
  if (mode === undefined) return toggleExplain(settings, "full");
  if (!MODES.includes(mode)) return `invalid explain mode, expected one of: ${MODES.join(", ")}`;
  settings.explain = mode;
  return undefined;
}

export function toggleExplain(settings: ReplSettings, mode: string): undefined {
  settings.explain = settings.explain === mode ? "off" : mode;
}

/** Instrumentation is a part of metrics: it comes with them and goes with them. */
export function toggleMetrics(settings: ReplSettings): undefined {
  settings.metrics = !settings.metrics;
  if (!settings.metrics) settings.instrument = false;
}

export function toggleInstrument(settings: ReplSettings): undefined {
  settings.instrument = !settings.instrument;
  settings.metrics = settings.instrument;
}

export function setPrettyLimit(settings: ReplSettings, text: string | undefined): string | undefined {
  if (text === undefined) return "usage: pretty-limit <n>";
  if (!/^\d+$/.test(text)) return `${JSON.stringify(text)} is no whole number`;
  settings.prettyLimit = Number(text);
  return undefined;
}

/** Everything is evaluated as Wasm, whichever of OPA's targets is asked for. */
export function checkTarget(args: readonly string[]): string | undefined {
  if (args.length !== 1) return "code bad arguments: target <mode>: expects exactly one argument";
  const [target] = args;
  return target === "rego" || target === "wasm"
    ? undefined
    : `invalid target ${JSON.stringify(target)}:must be one of {rego,wasm}`;
}
