// The one error class, its codes, source locations and diagnostics. Everything that can go wrong in Reeve is
// either a Diagnostic (a value: parse and check gather them) or a thrown PolicyError. Never a bare Error.

/** A place in a source text. `row` and `col` count from 1; `col` counts UTF-8 bytes as OPA does; `offset` is in UTF-8 bytes. */
export interface Location {
  readonly file: string;
  readonly row: number;
  readonly col: number;
  readonly offset: number;
  /** The source text of the node, as OPA keeps it (may be empty for generated nodes). */
  readonly text: string;
}

/** Codes as OPA spells them where OPA has one; the rest is Reeve's own. A code never changes its meaning. */
export type ErrorCode =
  | "rego_parse_error"
  | "rego_compile_error"
  | "rego_type_error"
  | "rego_unsafe_var_error"
  | "rego_recursion_error"
  | "rego_unsupported_error"
  | "eval_internal_error"
  | "eval_cancel_error"
  | "eval_conflict_error"
  | "eval_type_error"
  | "eval_builtin_error"
  | "eval_with_merge_error"
  | "eval_limit_error"
  | "bundle_error"
  | "signature_error"
  | "config_error"
  | "storage_not_found_error"
  | "invalid_parameter"
  | "invalid_input"
  | "unauthorized"
  | "resource_not_found"
  | "resource_conflict"
  | "undefined_document"
  | "decision_error"
  | "policy_stale"
  | "policy_unverified"
  | "decision_log_full"
  | "io_error"
  | "internal_error";

/** One finding about a source text. Parse and check return them together, sorted by place. */
export interface Diagnostic {
  readonly code: ErrorCode;
  /** Lower case, no final stop, user text in backticks where the text is ours; OPA's own words where OPA has the message. */
  readonly message: string;
  readonly location?: Location;
  /** Further lines OPA prints below a finding (type errors: have/want). */
  readonly details?: unknown;
}

/** The only class that Reeve throws. */
export class PolicyError extends Error {
  readonly code: ErrorCode;
  readonly location: Location | undefined;
  /** The findings behind this failure, when there is more than one. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { location?: Location | undefined; diagnostics?: readonly Diagnostic[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PolicyError";
    this.code = code;
    this.location = options.location;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** The lines that OPA prints below a finding: the source line with a caret, or what was had and what was wanted. */
export function detailLines(details: unknown): readonly string[] {
  const { lines, line, idx } = (details ?? {}) as { lines?: readonly string[]; line?: string; idx?: number };
  if (lines !== undefined) return lines;
  if (line === undefined || idx === undefined) return [];
  const shown = line.replace(/^\t+/, "");
  // Of OPA's index, which counts bytes, the characters; tabs stay, so that the caret stands below its place.
  const before = new TextDecoder().decode(new TextEncoder().encode(line).subarray(0, Math.max(idx, 0)));
  return [shown, `${before.slice(line.length - shown.length).replace(/[^\t]/gu, " ")}^`];
}

/** `file:row: code: message`, the form in which OPA prints a finding, with its details below. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const below = detailLines(diagnostic.details).map((line) => `\n\t${line}`);
  return headline(diagnostic) + below.join("");
}

function headline(diagnostic: Diagnostic): string {
  const { location } = diagnostic;
  const text = `${diagnostic.code}: ${diagnostic.message}`;
  if (location === undefined) return text;
  return location.file === ""
    ? `${location.row}:${location.col}: ${text}`
    : `${location.file}:${location.row}: ${text}`;
}

/** Orders findings by file, row, column, then message, so that a run always prints the same. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...diagnostics].sort((a, b) => {
    const [la, lb] = [a.location, b.location];
    if (la === undefined || lb === undefined) {
      if (la !== lb) return la === undefined ? -1 : 1;
      return byText(a.message, b.message);
    }
    return byText(la.file, lb.file) || la.row - lb.row || la.col - lb.col || byText(a.message, b.message);
  });
}

/** One PolicyError out of several findings: the first one's code, all of them attached; sorted unless their order has a meaning. */
export function failWith(
  diagnostics: readonly Diagnostic[],
  options: { readonly asGiven?: boolean } = {},
): PolicyError {
  const sorted = options.asGiven === true ? [...diagnostics] : sortDiagnostics(diagnostics);
  const first = sorted[0];
  if (first === undefined) return new PolicyError("internal_error", "failure without a diagnostic");
  const message =
    sorted.length === 1
      ? formatDiagnostic(first)
      : `${sorted.length} errors occurred:\n${sorted.map(formatDiagnostic).join("\n")}`;
  return new PolicyError(first.code, message, { location: first.location, diagnostics: sorted });
}
