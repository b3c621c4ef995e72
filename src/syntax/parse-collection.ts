// Arrays, sets, objects and their comprehensions, and lists of arguments. Functions take the cursor at the opening token, or behind it for
// lists, and leave it at the closing one; `undefined` means an error stands in the cursor.

import type { Body, Term } from "./ast.ts";
import { type Cursor, type Mutable, NO_LOCATION } from "./cursor.ts";
import { distinctTerms } from "./order.ts";
import type { TokenKind } from "./token.ts";

/** Terms up to `end`, on which the cursor stops; a comma may stand before it. */
export function parseList(cursor: Cursor, end: TokenKind, first: readonly Term[] = []): Term[] | undefined {
  const terms = [...first];
  while (cursor.kind !== end) {
    const term = cursor.grammar.infixInList(cursor);
    if (term === undefined) return undefined;
    terms.push(term);
    if (!parseComma(cursor, end)) return undefined;
    if (cursor.kind === end) break;
  }
  return terms;
}

/** Moves over a comma; at `end` there is none. */
function parseComma(cursor: Cursor, end: TokenKind): boolean {
  if (cursor.kind === end) return true;
  if (cursor.at(",")) {
    cursor.scan();
    return true;
  }
  cursor.illegal(`expected "," or "${end}"`);
  return false;
}

/** Gives the collection its place: from its opening token to the current one. */
function parseCollection(cursor: Cursor, parse: (cursor: Cursor) => Term | undefined): Term | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  cursor.scan();
  const term = parse(cursor);
  if (term === undefined) return undefined;
  location.text = cursor.text(start, cursor.state.end);
  (term as Mutable<Term>).location = location;
  return term;
}

function arrayOf(items: readonly Term[] | undefined): Term | undefined {
  return items && { kind: "array", items, location: NO_LOCATION };
}

function setOf(items: readonly Term[] | undefined): Term | undefined {
  return items && { kind: "set", items: distinctTerms(items), location: NO_LOCATION };
}

function objectOf(entries: readonly (readonly [Term, Term])[] | undefined): Term | undefined {
  return entries && { kind: "object", entries, location: NO_LOCATION };
}

/** A leading comma is allowed, and then it is no comprehension. */
function skipLeadingComma(cursor: Cursor): boolean {
  if (!cursor.at(",")) return false;
  cursor.scan();
  return true;
}

/**
 * `[x | …]` could be a comprehension or an array with a union in it: the comprehension is tried first, so the head is a single term.
 * The union remains possible where the body ends in a comma.
 */
export function parseArray(cursor: Cursor): Term | undefined {
  return parseCollection(cursor, () => {
    if (cursor.at("]")) return arrayOf([]);
    const comma = skipLeadingComma(cursor);
    const before = cursor.save();
    const term = cursor.grammar.term(cursor);
    if (term === undefined) return undefined;
    if (cursor.at("]")) return arrayOf([term]);
    if (cursor.at(",")) {
      cursor.scan();
      return arrayOf(parseList(cursor, "]", [term]));
    }
    if (cursor.at("or") && !comma) {
      const body = parseComprehensionBody(cursor, "]");
      if (body !== undefined) return { kind: "array-comprehension", term, body, location: NO_LOCATION };
      if (!cursor.at(",")) return undefined;
    }
    cursor.restore(before);
    return arrayOf(parseList(cursor, "]"));
  });
}

function parseComprehensionBody(cursor: Cursor, end: TokenKind): Body | undefined {
  cursor.scan();
  return cursor.grammar.body(cursor, end);
}

export function parseSetOrObject(cursor: Cursor): Term | undefined {
  return parseCollection(cursor, () => {
    if (cursor.at("}")) return objectOf([]);
    const comma = skipLeadingComma(cursor);
    const before = cursor.save();
    const term = cursor.grammar.term(cursor);
    if (term === undefined) return undefined;
    if (cursor.at("}") || cursor.at(",")) return parseSet(cursor, term);
    if (cursor.at("or") && !comma) return parseSetComprehension(cursor, term, before);
    if (cursor.at(":")) return parseObject(cursor, term, !comma);
    cursor.restore(before);
    const head = cursor.grammar.infixInList(cursor);
    if (head === undefined) return undefined;
    if (cursor.at("}") || cursor.at(",")) return parseSet(cursor, head);
    if (cursor.at(":")) return parseObject(cursor, head, !comma);
    cursor.illegal("non-terminated set");
    return undefined;
  });
}

function parseSet(cursor: Cursor, first: Term): Term | undefined {
  if (cursor.at(",")) cursor.scan();
  return setOf(parseList(cursor, "}", [first]));
}

function parseSetComprehension(cursor: Cursor, term: Term, before: Cursor["state"]): Term | undefined {
  const body = parseComprehensionBody(cursor, "}");
  if (body !== undefined) return { kind: "set-comprehension", term, body, location: NO_LOCATION };
  if (!cursor.at(",")) return undefined;
  cursor.restore(before);
  return setOf(parseList(cursor, "}"));
}

/** At the colon behind the first key. As with sets, a comprehension is tried first where one is possible. */
function parseObject(cursor: Cursor, key: Term, comprehension: boolean): Term | undefined {
  cursor.scan();
  const before = cursor.save();
  const value = cursor.grammar.term(cursor);
  if (value === undefined) return undefined;
  let relation = true;
  if (comprehension && (cursor.at("}") || cursor.at(",") || cursor.at("or"))) {
    relation = cursor.at("or");
    const object = relation ? parseObjectComprehension(cursor, key, value) : parseEntries(cursor, key, value);
    if (object !== undefined) return object;
  }
  cursor.restore(before);
  if (relation) {
    const infix = cursor.grammar.infixInList(cursor);
    if (infix === undefined) return undefined;
    if (cursor.at("}") || cursor.at(",")) return parseEntries(cursor, key, infix);
  }
  cursor.illegal("non-terminated object");
  return undefined;
}

function parseObjectComprehension(cursor: Cursor, key: Term, value: Term): Term | undefined {
  const body = parseComprehensionBody(cursor, "}");
  return body && { kind: "object-comprehension", key, value, body, location: NO_LOCATION };
}

function parseEntries(cursor: Cursor, key: Term, value: Term): Term | undefined {
  const entries: [Term, Term][] = [[key, value]];
  if (cursor.at(",")) cursor.scan();
  while (!cursor.at("}")) {
    const nextKey = cursor.grammar.infixInList(cursor);
    if (nextKey === undefined) return undefined;
    if (!cursor.at(":")) {
      cursor.illegal('expected ":"');
      return undefined;
    }
    cursor.scan();
    const nextValue = cursor.grammar.infixInList(cursor);
    if (nextValue === undefined) return undefined;
    entries.push([nextKey, nextValue]);
    if (!parseComma(cursor, "}")) return undefined;
    if (cursor.at("}")) break;
  }
  return objectOf(entries);
}
