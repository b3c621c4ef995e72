// The list of changes that somebody has agreed to. In: its text, a line each: entrypoint, kind of flip, rule with the digest of the change;
// `*` stands for anything, `#` begins a comment. Out: what is accepted, and which lines fitted nothing.

import { PolicyError } from "../error.ts";

export interface AcceptLine {
  readonly line: number;
  readonly text: string;
  readonly entrypoint: string;
  readonly kind: string;
  readonly rule: string;
}

export function readAccepted(text: string, file: string): AcceptLine[] {
  return text.split("\n").flatMap((whole, i): AcceptLine[] => {
    const line = whole.replace(/(^|\s)#.*$/, "").trim();
    if (line === "") return [];
    const [entrypoint, kind, rule, ...more] = line.split(/\s+/);
    if (entrypoint === undefined || kind === undefined || rule === undefined || more.length > 0)
      throw new PolicyError(
        "invalid_input",
        `${file}:${i + 1}: expected \`ENTRYPOINT KIND RULE\`, as \`reeve diff\` prints it`,
      );
    return [{ line: i + 1, text: line, entrypoint, kind, rule }];
  });
}

/** The line that accepts a flip, if there is one. */
export function acceptedBy(
  lines: readonly AcceptLine[],
  flip: { readonly entrypoint: string; readonly kind: string; readonly rule: string },
): AcceptLine | undefined {
  const fits = (pattern: string, text: string): boolean => pattern === "*" || pattern === text;
  return lines.find(
    ({ entrypoint, kind, rule }) =>
      fits(entrypoint, flip.entrypoint) && fits(kind, flip.kind) && fits(rule, flip.rule),
  );
}
