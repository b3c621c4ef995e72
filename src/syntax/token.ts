// Token kinds and the keyword tables of the Rego versions. The name of a kind is the word OPA uses for it in messages
// (see tokenText for the two exceptions).

import type { RegoVersion } from "./ast.ts";

export type Keyword =
  | "package"
  | "import"
  | "as"
  | "default"
  | "else"
  | "not"
  | "some"
  | "with"
  | "null"
  | "true"
  | "false"
  | "in"
  | "every"
  | "contains"
  | "if"
  | "logical-and"
  | "logical-or";

export type TemplateToken =
  | "template-string-part"
  | "template-string-end"
  | "raw-template-string-part"
  | "raw-template-string-end";

export type TokenKind =
  | Keyword
  | TemplateToken
  | "illegal"
  | "eof"
  | "whitespace"
  | "comment"
  | "identifier"
  | "number"
  | "string"
  | "["
  | "]"
  | "{"
  | "}"
  | "("
  | ")"
  | ","
  | ":"
  | ";"
  | "."
  | "plus"
  | "minus"
  | "mul"
  | "div"
  | "rem"
  | "and"
  | "or"
  | "eq"
  | "equal"
  | "assign"
  | "neq"
  | "gt"
  | "lt"
  | "gte"
  | "lte";

export type Keywords = ReadonlyMap<string, TokenKind>;

/** Always keywords. */
export const BASE_KEYWORDS: Keywords = new Map<string, TokenKind>(
  (
    ["package", "import", "as", "default", "else", "not", "some", "with", "null", "true", "false"] as const
  ).map((word) => [word, word]),
);

/** Keywords in v1; to be imported in v0. */
export const V0_FUTURE_KEYWORDS: Keywords = new Map<string, TokenKind>([
  ["in", "in"],
  ["every", "every"],
  ["contains", "contains"],
  ["if", "if"],
]);

/** To be imported in every version. */
export const FUTURE_KEYWORDS: Keywords = new Map<string, TokenKind>([
  ["not", "not"],
  ["and", "logical-and"],
  ["or", "logical-or"],
]);

export const ALL_FUTURE_KEYWORDS: Keywords = new Map([...FUTURE_KEYWORDS, ...V0_FUTURE_KEYWORDS]);

const FUTURE_KINDS: ReadonlySet<TokenKind> = new Set(ALL_FUTURE_KEYWORDS.values());

const V0_WORDS: ReadonlySet<string> = new Set(BASE_KEYWORDS.keys());
const V1_WORDS: ReadonlySet<string> = new Set([...V0_WORDS, ...V0_FUTURE_KEYWORDS.keys()]);

export function isKeywordIn(word: string, version: RegoVersion): boolean {
  return (version === "v0" ? V0_WORDS : V1_WORDS).has(word);
}

/** `&` and the keyword `and` have the same word in messages, and so have `|` and `or`. */
export function tokenText(kind: TokenKind): string {
  if (kind === "logical-and") return "and";
  if (kind === "logical-or") return "or";
  return kind;
}

/** Whether messages call the token a keyword. */
export function isKeywordKind(kind: TokenKind): boolean {
  return BASE_KEYWORDS.has(kind) || FUTURE_KINDS.has(kind);
}
