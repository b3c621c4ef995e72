// Breaks a module's text: one to three tokens left out, doubled, swapped or put in from elsewhere. In: a text and a Random. Out: another text,
// often no longer Rego. Knows only how tokens look.

import type { Random } from "./random.ts";

const TOKEN = /#[^\n]*|`[^`]*`|"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|\d[\d.eE]*|:=|==|!=|<=|>=|\n|[ \t]+|[^\s\w]/g;

const POOL = [
  "package",
  "import",
  "as",
  "default",
  "else",
  "not",
  "some",
  "with",
  "null",
  "true",
  "false",
  "in",
  "every",
  "contains",
  "if",
  "x",
  "_",
  "input",
  "data",
  "p",
  "count",
  "1",
  "0",
  "1.5",
  "1e5",
  "01",
  '"s"',
  '"a\\qb"',
  '"',
  "`r`",
  "`",
  '$"{x}"',
  '$"a',
  "[",
  "]",
  "{",
  "}",
  "(",
  ")",
  ",",
  ":",
  ";",
  ".",
  ":=",
  "=",
  "==",
  "!=",
  "<",
  ">=",
  "+",
  "-",
  "*",
  "/",
  "%",
  "|",
  "&",
  "\n",
  " ",
  "# note\n",
  "\t",
  "é",
  "$",
  "@",
  "set()",
  "[]",
  "{}",
  "future.keywords.not",
  "rego.v1",
];

export function mutate(text: string, random: Random): string {
  let tokens: string[] = text.match(TOKEN) ?? [];
  for (
    let i = random.weighted([
      [6, 1],
      [2, 2],
      [1, 3],
    ]);
    i > 0;
    i--
  ) {
    if (tokens.length === 0) return text;
    const at = random.int(0, tokens.length - 1);
    const other = random.chance(0.4) ? random.pick(tokens) : random.pick(POOL);
    tokens = random.weighted<() => string[]>([
      [3, () => tokens.toSpliced(at, 1)],
      [3, () => tokens.toSpliced(at, 0, other)],
      [3, () => tokens.toSpliced(at, 1, other)],
      [1, () => tokens.toSpliced(at, 0, tokens[at]!)],
      [1, () => tokens.toSpliced(at, 2, ...tokens.slice(at, at + 2).reverse())],
      [0.5, () => tokens.slice(0, at)],
      [0.5, () => tokens.toSpliced(at, random.int(1, 12))],
    ])();
  }
  return tokens.join("");
}
