// Infix operators: token kind (which is the builtin's name too), the symbol that authors write, and how tightly it binds. Higher binds
// tighter; all are left-associative. `:=` and `=` join two whole terms into an expression and are not in the table of levels.

import type { TokenKind } from "./token.ts";

export interface InfixOperator {
  readonly name: string;
  readonly symbol: string;
  readonly level: number;
}

const ROWS: readonly (readonly [TokenKind, string, number])[] = [
  ["equal", "==", 0],
  ["neq", "!=", 0],
  ["lt", "<", 0],
  ["gt", ">", 0],
  ["lte", "<=", 0],
  ["gte", ">=", 0],
  ["or", "|", 1],
  ["and", "&", 2],
  ["plus", "+", 3],
  ["minus", "-", 3],
  ["mul", "*", 4],
  ["div", "/", 4],
  ["rem", "%", 4],
];

/** Above every level of the table. */
export const TOP_LEVEL = 5;

export const INFIX_LEVELS: ReadonlyMap<TokenKind, number> = new Map(
  ROWS.map(([kind, , level]) => [kind, level]),
);

export const INFIX_OPERATORS: ReadonlyMap<string, InfixOperator> = new Map(
  ROWS.map(([name, symbol, level]) => [name, { name, symbol, level }]),
);

/** Every infix form by the name of its builtin, as the builtin declares it (`in` has two arities). */
export const INFIX_SYMBOLS: ReadonlyMap<string, string> = new Map<string, string>([
  ...ROWS.map(([name, symbol]) => [name, symbol] as const),
  ["eq", "="],
  ["assign", ":="],
  ["internal.member_2", "in"],
  ["internal.member_3", "in"],
]);
