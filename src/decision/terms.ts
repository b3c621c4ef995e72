// What a bundle says about its own use, in the `metadata` of its signed manifest: `mode` ("observe" or "enforce"), `max_age_s` (how old it may
// get, counted from the last time its service confirmed it) and `deny_rules` (lines that denials hang on, written by the build). Manifests
// in, terms out. What is malformed is refused: a limit that nobody can read is no limit.

import type { VerifiedBundle } from "../bundle/bundle.ts";
import { bundleError } from "../bundle/bundle.ts";
import type { Location } from "../error.ts";
import { toPlain } from "../value/json.ts";
import { isNumber, isObject } from "../value/value.ts";

export type Mode = "observe" | "enforce";

export interface Terms {
  readonly mode: Mode;
  readonly maxAgeMs: number | undefined;
  /** Ranges of lines by file; undefined: no rule is declared as a denial. */
  readonly denyRules: Readonly<Record<string, readonly (readonly [number, number])[]>> | undefined;
}

export function termsOf(bundle: Pick<VerifiedBundle, "manifest">): Terms {
  const { metadata } = bundle.manifest;
  const mode = metadata?.get("mode") ?? "enforce";
  if (mode !== "observe" && mode !== "enforce")
    throw bundleError("the manifest's metadata: `mode` must be `observe` or `enforce`");
  const age = metadata?.get("max_age_s");
  const maxAgeS =
    age !== undefined && age !== null && typeof age === "object" && isNumber(age)
      ? Number(age.text)
      : undefined;
  if (age !== undefined && !(maxAgeS !== undefined && maxAgeS > 0))
    throw bundleError("the manifest's metadata: `max_age_s` must be a number above zero");
  const rules = metadata?.get("deny_rules");
  if (rules !== undefined && (rules === null || typeof rules !== "object" || !isObject(rules)))
    throw bundleError("the manifest's metadata: `deny_rules` must be an object");
  return {
    mode,
    maxAgeMs: maxAgeS === undefined ? undefined : maxAgeS * 1000,
    denyRules: rules === undefined ? undefined : (toPlain(rules) as Terms["denyRules"]),
  };
}

/** `observe` only where every bundle that brings policy says so. */
export function modeOf(bundles: Iterable<VerifiedBundle>): Mode {
  const modes = [...bundles]
    .filter(({ modules, wasm }) => modules.length > 0 || wasm.length > 0)
    .map((bundle) => termsOf(bundle).mode);
  return modes.length > 0 && modes.every((mode) => mode === "observe") ? "observe" : "enforce";
}

/** Whether a denial may hang on what failed at this place. A place that is not known counts, where any rule is declared as a denial. */
export function hidesDenial(bundles: Iterable<VerifiedBundle>, location: Location | undefined): boolean {
  for (const bundle of bundles) {
    const { denyRules } = termsOf(bundle);
    if (denyRules === undefined) continue;
    if (location === undefined || location.file === "") return true;
    for (const [file, ranges] of Object.entries(denyRules)) {
      const isSame =
        location.file === file || location.file.endsWith(`/${file}`) || file.endsWith(`/${location.file}`);
      if (isSame && ranges.some(([from, to]) => location.row >= from && location.row <= to)) return true;
    }
  }
  return false;
}
