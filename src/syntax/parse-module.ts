// Statements of a module: package, imports with the keywords they turn on, rules, and expressions that stand for rules without body. Then the
// module as a whole: what must come first, and what Rego v1 asks of rules.

import type { Diagnostic, Location } from "../error.ts";
import type { Body, CallTerms, Expr, Head, Import, Module, Package, RefTerm, Rule, Term } from "./ast.ts";
import { type AnnotationBlock, attachAnnotations, type Target } from "./annotations.ts";
import type { Cursor } from "./cursor.ts";
import { termKindName } from "./order.ts";
import { globalName } from "./parse-term.ts";
import { trueBody } from "./parse-rule.ts";
import { printRef, printTerm } from "./print.ts";
import { ALL_FUTURE_KEYWORDS, isKeywordIn, V0_FUTURE_KEYWORDS } from "./token.ts";

export type Statement = Package | Import | Rule | { readonly kind: "body"; readonly body: Body };

export function parseStatements(cursor: Cursor, skipRules: boolean): Statement[] {
  const statements: Statement[] = [];
  while (!cursor.at("eof")) {
    const found = parseStatement(cursor, skipRules);
    if (found === undefined) break;
    statements.push(...found);
  }
  return statements;
}

/** Tries each form in turn; one that gives nothing but an error ends the parse. */
function parseStatement(cursor: Cursor, skipRules: boolean): readonly Statement[] | undefined {
  cursor.forget();
  const forms: (() => readonly Statement[] | undefined)[] = [];
  if (cursor.at("package")) forms.push(() => one(parsePackage(cursor)));
  if (cursor.at("import")) forms.push(() => one(parseImport(cursor)));
  if (!skipRules) forms.push(() => cursor.grammar.rules(cursor));
  for (const form of forms) {
    const before = cursor.save();
    const found = form();
    if (found !== undefined) return found;
    if (cursor.failed) return undefined;
    cursor.restore(before);
  }
  const body = cursor.grammar.query(cursor, true, "eof");
  return body && [{ kind: "body", body }];
}

function one<T>(value: T | undefined): readonly T[] | undefined {
  return value && [value];
}

/** Moves over `package` or `import` to the path; false when the keyword is a name (`import.x`) or no path follows. */
function toPath(cursor: Cursor): boolean {
  cursor.scanSpace();
  if (cursor.at(".") || cursor.at("[")) return false;
  if (cursor.at("whitespace")) cursor.scan();
  if (cursor.at("identifier")) return true;
  if (!cursor.isRefKeyword(cursor.kind)) {
    cursor.illegal();
    return false;
  }
  cursor.state.kind = "identifier";
  return true;
}

function parsePackage(cursor: Cursor): Package | undefined {
  const location = cursor.location();
  if (!toPath(cursor)) return undefined;
  const term = cursor.grammar.term(cursor);
  if (term === undefined) return undefined;
  const parts = term.kind === "var" ? [term] : term.kind === "ref" ? term.terms : undefined;
  const [head, ...rest] = parts ?? [];
  if (head === undefined) {
    cursor.illegal();
    return undefined;
  }
  if (head.kind !== "var") {
    cursor.error(head.location, `unexpected ${termKindName(head)} token: expecting var`);
    return undefined;
  }
  for (const part of rest) {
    if (part.kind === "string") continue;
    cursor.error(part.location, `unexpected ${termKindName(part)} token: expecting string`);
    return undefined;
  }
  const root: Term = { kind: "var", name: "data", location: head.location };
  const first: Term = { kind: "string", value: head.name, location: head.location };
  return {
    kind: "package",
    path: { kind: "ref", terms: [root, first, ...rest], location: term.location },
    location,
  };
}

// --- imports

const ROOTS = "{data, future, input, rego}";

function parseImport(cursor: Cursor): Import | undefined {
  const location = cursor.location();
  if (!toPath(cursor)) return undefined;
  const path = parseImportPath(cursor);
  if (path === undefined) return undefined;
  const [head] = path.terms;
  const root = head.kind === "var" ? head.name : "";
  if (!["data", "input", "future", "rego"].includes(root)) {
    cursor.hint("if this is unexpected, try updating OPA");
    cursor.error(
      path.location,
      `unexpected import path, must begin with one of: ${ROOTS}, got: ${printTerm(head)}`,
    );
    return undefined;
  }
  const node: Import = { kind: "import", path, location };
  if (cursor.at("as")) return parseAlias(cursor, node);
  const last = path.terms.at(-1) ?? head;
  const name = last.kind === "string" ? last.value : last.kind === "var" ? last.name : "";
  if ((root !== "future" || path.terms.length === 1) && isKeywordIn(name, cursor.version)) {
    cursor.hint("import a different path or use an alias");
    cursor.error(last.location, `unexpected import path, must not end with a keyword, got: ${name}`);
  }
  applyImport(cursor, node);
  return node;
}

function parseImportPath(cursor: Cursor): RefTerm | undefined {
  const term = cursor.withoutFutureKeywords(() => cursor.grammar.term(cursor));
  if (term?.kind === "var") return { kind: "ref", terms: [term], location: term.location };
  if (term?.kind === "ref") {
    const bad = term.terms.slice(1).find((part) => part.kind !== "string");
    if (bad === undefined) return term;
    cursor.error(bad.location, `unexpected ${termKindName(bad)} token: expecting string`);
    return undefined;
  }
  cursor.error(cursor.location(), "expected path");
  return undefined;
}

function parseAlias(cursor: Cursor, node: Import): Import | undefined {
  cursor.scan();
  const term = cursor.at("identifier") ? cursor.grammar.term(cursor) : undefined;
  if (term?.kind !== "var") {
    cursor.illegal("expected var");
    return undefined;
  }
  const aliased: Import = { ...node, alias: term.name };
  applyImport(cursor, aliased);
  return aliased;
}

/** Turns on the keywords that `future.keywords` and `rego.v1` stand for. */
function applyImport(cursor: Cursor, node: Import): void {
  const [head, ...rest] = node.path.terms.map((term) =>
    term.kind === "string" ? term.value : printTerm(term),
  );
  if (head === "rego") importRego(cursor, node, rest);
  if (head === "future") importFuture(cursor, node, rest);
}

function importRego(cursor: Cursor, { path, alias }: Import, rest: readonly string[]): void {
  if (rest.length !== 1 || rest[0] !== "v1") {
    cursor.error(path.location, `invalid import \`${printRef(path.terms)}\`, must be \`rego.v1\``);
  } else if (cursor.version === "v0") {
    if (alias !== undefined) cursor.error(path.location, "`rego` imports cannot be aliased");
    else cursor.addKeywords(V0_FUTURE_KEYWORDS);
  }
}

function importFuture(cursor: Cursor, { path, alias }: Import, rest: readonly string[]): void {
  const [first, word, ...more] = rest;
  if (first !== "keywords") {
    cursor.error(path.location, "invalid import, must be `future.keywords`");
  } else if (alias !== undefined) {
    cursor.error(path.location, "`future` imports cannot be aliased");
  } else if (word === undefined || more.length > 0) {
    cursor.addKeywords(ALL_FUTURE_KEYWORDS);
  } else {
    const kind = ALL_FUTURE_KEYWORDS.get(word);
    if (kind !== undefined) cursor.addKeywords([[word, kind]]);
    else {
      const known = [...ALL_FUTURE_KEYWORDS.keys()].sort().join(" ");
      cursor.error(path.location, `unexpected keyword, must be one of [${known}]`);
    }
  }
}

// --- the module as a whole

function finding(location: Location, message: string): Diagnostic {
  return { code: "rego_parse_error", message, location };
}

function locationOf(statement: Statement): Location {
  return statement.kind === "body" ? statement.body[0]!.location : statement.location;
}

export interface Assembled {
  readonly module: Module | undefined;
  readonly diagnostics: Diagnostic[];
}

/** Statements to a module. `builtins` are names that a rule without body must not have. */
export function assemble(
  cursor: Cursor,
  statements: readonly Statement[],
  blocks: readonly AnnotationBlock[],
  { builtins, v1Compatible }: { readonly builtins: ReadonlySet<string>; readonly v1Compatible: boolean },
): Assembled {
  const [first, ...rest] = statements;
  if (first === undefined) {
    const location = { file: cursor.file, row: 0, col: 0, offset: 0, text: "" };
    return { module: undefined, diagnostics: [finding(location, "empty module")] };
  }
  const diagnostics: Diagnostic[] = [];
  const imports: Import[] = [];
  const rules: Rule[] = [];
  const targets: Target[] = [{ kind: "package", row: locationOf(first).row, target: -1 }];
  if (first.kind !== "package") diagnostics.push(finding(locationOf(first), "package expected"));
  for (const statement of rest) {
    const kind = statement.kind === "body" ? "rule" : statement.kind;
    targets.push({ kind, row: locationOf(statement).row, target: kind === "rule" ? rules.length : -1 });
    if (statement.kind === "import") imports.push(statement);
    else if (statement.kind === "rule") rules.push(statement);
    else if (statement.kind === "package")
      diagnostics.push(finding(statement.location, "unexpected package"));
    else {
      const rule = ruleOfBody(statement.body, builtins);
      if (typeof rule === "string") diagnostics.push(finding(locationOf(statement), rule));
      else rules.push(rule);
    }
  }
  const isV1 =
    v1Compatible ||
    cursor.version === "v1" ||
    imports.some((node) => printRef(node.path.terms) === "rego.v1");
  if (isV1) {
    for (const rule of rules) {
      for (let link: Rule | undefined = rule; link !== undefined; link = link.else)
        diagnostics.push(...checkV1(link));
    }
  }
  if (diagnostics.length > 0 || first.kind !== "package") return { module: undefined, diagnostics };
  const attached = attachAnnotations(blocks, targets);
  if (attached.diagnostics.length > 0) return { module: undefined, diagnostics: attached.diagnostics };
  const module: Module = {
    kind: "module",
    package: first,
    imports,
    rules,
    comments: cursor.comments(),
    annotations: attached.annotations,
    regoVersion: isV1 ? "v1" : "v0",
    ...(isV1 && cursor.version === "v0" && !v1Compatible && { importsV1: true }),
    file: cursor.file,
  };
  return { module, diagnostics };
}

function checkV1(rule: Rule): Diagnostic[] {
  const { head } = rule;
  const what = (head.args?.length ?? 0) > 0 ? "function" : "rule";
  const found: Diagnostic[] = [];
  const report = (message: string): number => found.push(finding(rule.location, message));
  if (head.reference.terms.length < 2 && isKeywordIn(head.name, "v1")) {
    report(`${head.name} keyword cannot be used for rule name`);
  }
  if (rule.generatedBody === true && head.generatedValue === true) {
    report(`${what} must have value assignment and/or body declaration`);
  }
  if (rule.generatedBody !== true && head.if !== true && !rule.default) {
    report(`\`if\` keyword is required before ${what} body`);
  }
  if (head.value === undefined && head.key !== undefined && head.contains !== true) {
    report("`contains` keyword is required for partial set rules");
  }
  return found;
}

// --- rules without body

/** The rule that an expression stands for, or why it stands for none. */
function ruleOfBody(body: Body, builtins: ReadonlySet<string>): Rule | string {
  const [expr, ...more] = body;
  if (expr === undefined || more.length > 0) return "multiple expressions cannot be used for rule head";
  if (expr.with.length > 0) return "expressions using with keyword cannot be used for rule head";
  if (expr.negated) return "negated expressions cannot be used for rule head";
  const rule = ruleOfExpr(expr, builtins);
  return typeof rule === "string" ? rule : { ...rule, generatedBody: true };
}

function ruleOfExpr(expr: Expr, builtins: ReadonlySet<string>): Rule | string {
  const { terms } = expr;
  if (!("kind" in terms)) return ruleOfCall(expr, terms, builtins);
  switch (terms.kind) {
    case "some":
      return "'some' declarations cannot be used for rule head";
    case "every":
    case "not":
    case "and":
    case "or":
      return "expression cannot be used for rule head";
    case "ref":
      return ruleOfRef(terms);
    default:
      return `${termKindName(terms)} cannot be used for rule name`;
  }
}

function makeRule(head: Head, location: Location, bodyAt: Location): Rule {
  return { kind: "rule", default: false, head, body: trueBody(bodyAt), location };
}

/** `p.q.r` is true; `p.q` and `p[x]` are members of a set. */
function ruleOfRef(term: RefTerm): Rule | string {
  const { location } = term;
  const [first, second, ...more] = term.terms;
  if (second === undefined) return "refs cannot be used for rule head";
  if (first.kind !== "var") return `invalid rule head: ${printTerm(term)}`;
  if (more.length === 0) {
    const reference: RefTerm = { kind: "ref", terms: [first], location };
    return makeRule(
      { reference, name: first.name, key: second, assign: false, location },
      location,
      location,
    );
  }
  const value: Term = { kind: "boolean", value: true, location };
  return makeRule(
    { reference: term, name: "", value, generatedValue: true, assign: false, location },
    location,
    location,
  );
}

function ruleOfCall(expr: Expr, terms: CallTerms, builtins: ReadonlySet<string>): Rule | string {
  const name = globalName(terms);
  if (name === "eq" || name === "assign") {
    const [, left, right] = terms;
    if (left === undefined || right === undefined) return "assignment requires two operands";
    const rule = ruleOfEquality(left, right);
    if (typeof rule === "string") return rule;
    const head = { ...rule.head, assign: name === "assign", location: expr.location };
    return { ...rule, head, location: expr.location };
  }
  const [operator, ...args] = terms;
  if (builtins.has(printTerm(operator))) return "rule name conflicts with built-in function";
  if (args.length === 0) return "rule argument list must take at least one argument";
  if (operator.terms[0].kind !== "var") return `invalid rule head: ${printTerm(operator)}`;
  const { location } = operator;
  const value: Term = { kind: "boolean", value: true, location };
  return makeRule(
    { reference: operator, name: nameOf(operator), args, value, assign: false, location },
    location,
    location,
  );
}

function nameOf(reference: RefTerm): string {
  const [first, ...rest] = reference.terms;
  return rest.length === 0 && first.kind === "var" ? first.name : "";
}

/** `p = 1`, `p[x] = 1`, `f(x) = 1`; the caller sets places and `assign`. */
function ruleOfEquality(left: Term, value: Term): Rule | string {
  const { location } = left;
  const assign = false;
  if (left.kind === "call") {
    const reference = left.operator;
    if (reference.terms[0].kind !== "var") return `invalid rule head: ${printTerm(reference)}`;
    const args = left.args.length > 0 ? { args: left.args } : {};
    return makeRule(
      { reference, name: nameOf(reference), ...args, value, assign, location },
      location,
      value.location,
    );
  }
  if (left.kind === "var") {
    const reference: RefTerm = { kind: "ref", terms: [left], location };
    return makeRule({ reference, name: left.name, value, assign, location }, location, value.location);
  }
  if (left.kind !== "ref") return `${termKindName(left)} cannot be used for rule name`;
  const [first, key, ...more] = left.terms;
  if (first.kind !== "var") return `invalid rule head: ${printTerm(left)}`;
  const isPair = key !== undefined && more.length === 0;
  const name = isPair ? first.name : nameOf(left);
  return makeRule(
    { reference: left, name, ...(isPair && { key }), value, assign, location },
    location,
    value.location,
  );
}
