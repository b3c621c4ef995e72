// String literals and template strings. Functions take the cursor at the token and leave it there (strings), or at the last part of the template string;
// `undefined` means an error stands in the cursor.

import type { Expr, TemplateString, Term } from "./ast.ts";
import type { Cursor, Mutable } from "./cursor.ts";
import type { TokenKind } from "./token.ts";

/** Decodes a JSON string literal; undefined when it is none. Lone surrogates become U+FFFD, as in Go. */
function decode(literal: string): string | undefined {
  try {
    const text: unknown = JSON.parse(literal);
    if (typeof text !== "string") return undefined;
    return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (c) =>
      c.length === 2 ? c : "\ufffd",
    );
  } catch {
    return undefined;
  }
}

export function parseString(cursor: Cursor): Term | undefined {
  const { literal } = cursor.state;
  const location = cursor.location();
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return { kind: "string", value: inner, raw: true, location };
  const value = inner.includes("\\") ? decode(literal) : inner;
  if (value === undefined) {
    cursor.error(location, `illegal string literal: ${literal}`);
    return undefined;
  }
  return { kind: "string", value, location };
}

// --- template strings

export function parseTemplateString(cursor: Cursor, raw: boolean): Term | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  if (cursor.version === "v0") {
    cursor.error(location, "template strings are not supported by current capabilities");
    return undefined;
  }
  const parts: Mutable<TemplateString["parts"]> = [];
  for (;;) {
    const { literal } = cursor.state;
    const inner = literal.slice(1, -1);
    const text = raw || !inner.includes("\\") ? inner : decode(`"${inner}"`);
    if (text === undefined) {
      cursor.error(cursor.location(), `illegal template-string part: ${literal}`);
      return undefined;
    }
    if (text !== "") parts.push({ kind: "string", value: text, location: cursor.location() });
    if (cursor.at("template-string-end") || cursor.at("raw-template-string-end")) break;
    const part = parseTemplateExpr(cursor);
    if (part === undefined) return undefined;
    parts.push(part);
    cursor.scanTemplate(raw);
    if (!isTemplateToken(cursor.kind)) {
      cursor.error(cursor.location(), "expected template-string part");
      return undefined;
    }
  }
  location.text = cursor.text(start, cursor.state.end);
  return { kind: "template-string", parts, raw, location };
}

function isTemplateToken(kind: TokenKind): boolean {
  return kind.includes("template-string");
}

/** From the token before the expression to the `}` behind it. */
function parseTemplateExpr(cursor: Cursor): TemplateString["parts"][number] | undefined {
  const comments = cursor.state.comments;
  cursor.scan();
  const commented = cursor.state.comments !== comments;
  const expr = cursor.nested(() => cursor.grammar.literal(cursor), 2);
  if (expr === undefined) {
    cursor.error(cursor.location(), "invalid template-string expression");
    return undefined;
  }
  const unexpected = unexpectedInTemplate(expr);
  if (unexpected !== undefined) {
    cursor.error(expr.location, `unexpected ${unexpected} in template-string expression`);
    return undefined;
  }
  if (!cursor.at("}")) {
    cursor.error(cursor.location(), "expected } to end template string expression");
    return undefined;
  }
  const { terms } = expr;
  // Scalars are always defined, so they need no expression around them; a comment has to keep its place in one.
  if (!commented && "kind" in terms) {
    if (
      terms.kind === "string" ||
      terms.kind === "number" ||
      terms.kind === "boolean" ||
      terms.kind === "null"
    )
      return terms;
  }
  return expr;
}

function unexpectedInTemplate(expr: Expr): string | undefined {
  if (expr.negated) return "negation ('not')";
  if (!("kind" in expr.terms)) {
    const [head, ...rest] = expr.terms[0].terms;
    const name = rest.length === 0 && head.kind === "var" ? head.name : "";
    if (name === "eq") return "unification ('=')";
    if (name === "assign") return "assignment (':=')";
    return undefined;
  }
  if (expr.terms.kind === "every" || expr.terms.kind === "some") return `'${expr.terms.kind}'`;
  return undefined;
}
