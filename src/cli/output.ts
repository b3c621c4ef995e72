// How results and errors leave the process: OPA's pretty, json, raw, values and bindings formats, its error JSON and its exit codes.
// Takes values and diagnostics, writes text; decides nothing.

import { type Diagnostic, formatDiagnostic, PolicyError } from "../error.ts";
import { encode } from "../value/json.ts";
import type { Value } from "../value/value.ts";

/** Exit codes as OPA has them: 1 for `--fail`, bad usage and findings, 2 for errors of evaluation and loading in `eval`. */
export const EXIT_OK = 0;
export const EXIT_FAIL = 1;
export const EXIT_ERROR = 2;

/** One finding in OPA's JSON form. */
export interface OutputError {
  readonly message: string;
  readonly code?: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
  readonly details?: unknown;
}

/** Findings without a code of OPA's: it shows their message alone. */
const PLAIN: ReadonlySet<string> = new Set([
  "io_error",
  "invalid_parameter",
  "invalid_input",
  "bundle_error",
]);

/** Every finding inside a failure; a failure without findings is one itself. */
export function findingsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof PolicyError && error.diagnostics.length === 0 && error.cause instanceof PolicyError) {
    const inner = findingsOf(error.cause);
    if (inner.some(({ code }) => !PLAIN.has(code))) return inner;
  }
  if (!(error instanceof PolicyError))
    return [{ code: "io_error", message: error instanceof Error ? error.message : String(error) }];
  if (error.diagnostics.length > 0) return error.diagnostics;
  const { code, message, location } = error;
  return [{ code, message, ...(location && { location }) }];
}

/** Every finding inside a failure, in OPA's JSON form. */
export function outputErrors(error: unknown): OutputError[] {
  return findingsOf(error).map(diagnosticToOutput);
}

export function diagnosticToOutput(diagnostic: Diagnostic): OutputError {
  const { code, message, location, details } = diagnostic;
  return {
    message,
    ...(!PLAIN.has(code) && { code }),
    ...(location && { location: { file: location.file, row: location.row, col: location.col } }),
    ...(details !== undefined && { details }),
  };
}

/** `{"errors": [...]}` with two spaces of indentation. */
export function errorsJson(error: unknown): string {
  return `${indentJson(plainToJson({ errors: outputErrors(error) }))}\n`;
}

/** The human form: `1 error occurred: …` or `N errors occurred:` and a line each, as OPA prints them. */
export function prettyErrors(error: unknown, during = ""): string {
  const lines = findingsOf(error).map(findingText);
  return lines.length === 1
    ? `1 error occurred${during}: ${lines[0]}`
    : `${lines.length} errors occurred${during}:\n${lines.join("\n")}`;
}

/** The same, but what is said about a whole bundle stands without the count of errors. */
export function failureText(error: unknown, during = ""): string {
  const whole = error instanceof PolicyError && error.diagnostics.length === 0 && during === "";
  return whole && (error.code === "bundle_error" || error.code === "io_error")
    ? error.message
    : prettyErrors(error, during);
}

function findingText(finding: Diagnostic): string {
  return PLAIN.has(finding.code) && finding.location === undefined
    ? finding.message
    : formatDiagnostic(finding);
}

/** Two-space indentation of compact JSON text, as Go's encoder indents; no number is read, so no digit is lost. */
export function indentJson(compact: string, step = "  "): string {
  let out = "";
  let depth = 0;
  let inString = false;
  for (let i = 0; i < compact.length; i++) {
    const char = compact[i]!;
    if (inString) {
      out += char;
      if (char === "\\") out += compact[++i] ?? "";
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
      out += char;
    } else if (char === "{" || char === "[") {
      const closing = compact[i + 1];
      if (closing === "}" || closing === "]") {
        out += char + closing;
        i++;
      } else out += `${char}\n${step.repeat(++depth)}`;
    } else if (char === "}" || char === "]") out += `\n${step.repeat(--depth)}${char}`;
    else if (char === ",") out += `,\n${step.repeat(depth)}`;
    else if (char === ":") out += ": ";
    else out += char;
  }
  return out;
}

/** Go's encoder writes these as escapes wherever OPA prints JSON. */
export function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function valueToJson(value: Value): string {
  return escapeHtml(encode(value));
}

export function plainToJson(value: unknown): string {
  return escapeHtml(JSON.stringify(value));
}

/** A box-drawn table: headers centred, cells flush left, widths in code points. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = (text: string): number => [...text].length;
  const widths = headers.map((header, i) =>
    Math.max(width(header), ...rows.map((row) => width(row[i] ?? ""))),
  );
  const left = (text: string, size: number): string => text + " ".repeat(size - width(text));
  const centre = (text: string, size: number): string => {
    const before = Math.floor((size - width(text)) / 2);
    return " ".repeat(before) + text + " ".repeat(size - width(text) - before);
  };
  const line = (open: string, middle: string, close: string): string =>
    open + widths.map((size) => "─".repeat(size + 2)).join(middle) + close;
  const row = (cells: readonly string[], place: typeof left): string =>
    `│${cells.map((cell, i) => ` ${place(cell, widths[i]!)} `).join("│")}│`;
  return [
    line("┌", "┬", "┐"),
    row(headers, centre),
    ...(rows.length === 0 ? [] : [line("├", "┼", "┤"), ...rows.map((cells) => row(cells, left))]),
    line("└", "┴", "┘"),
    "",
  ].join("\n");
}
