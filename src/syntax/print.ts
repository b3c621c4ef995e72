// The tree as canonical text, as OPA's String() methods give it: in messages, in traces, in `text` fields. Layout and comments of the source are
// format.ts's business. Infix calls print as calls (`plus(a, b)`), except `=` in expressions.

import type {
  Body,
  CallTerms,
  Expr,
  Head,
  Import,
  Logical,
  Module,
  NotBody,
  Package,
  Rule,
  Term,
  With,
} from "./ast.ts";
import type { RegoVersion } from "./ast.ts";
import { INFIX_OPERATORS } from "./operators.ts";
import { sortEntries, sortTerms } from "./order.ts";
import { isKeywordIn } from "./token.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");

/** A string literal as Go's strconv.Quote writes it. */
export function quote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    const short = ESCAPES[c];
    if (short !== undefined) out += short;
    else if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c)) out += c;
    else if (code < 0x80) out += `\\x${hex(code, 2)}`;
    else if (code >= 0xd800 && code <= 0xdfff) out += "\\ufffd";
    else out += code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }
  return `${out}"`;
}

export function isName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text);
}

function printVar(name: string): string {
  return name.startsWith("$") ? "_" : name;
}

export function printTerm(term: Term): string {
  switch (term.kind) {
    case "null":
      return "null";
    case "boolean":
      return String(term.value);
    case "number":
      return term.bare === true ? term.text.replace("0.", ".") : term.text;
    case "string":
      return quote(term.value);
    case "var":
      return printVar(term.name);
    case "ref":
      return printRef(term.terms);
    case "array":
      return `[${printList(term.items)}]`;
    case "set":
      return term.items.length === 0 ? "set()" : `{${printList(sortTerms(term.items))}}`;
    case "object": {
      const entries = sortEntries(term.entries).map(
        ([key, value]) => `${printTerm(key)}: ${printTerm(value)}`,
      );
      return `{${entries.join(", ")}}`;
    }
    case "array-comprehension":
      return `[${printHeadTerm(term.term)} | ${printBody(term.body)}]`;
    case "set-comprehension":
      return `{${printHeadTerm(term.term)} | ${printBody(term.body)}}`;
    case "object-comprehension":
      return `{${printHeadTerm(term.key)}: ${printHeadTerm(term.value)} | ${printBody(term.body)}}`;
    case "call":
      return `${printTerm(term.operator)}(${printList(term.args)})`;
    case "template-string":
      return `$"${term.parts.map(printPart).join("")}"`;
  }
}

function printList(terms: readonly Term[]): string {
  return terms.map(printTerm).join(", ");
}

/** In front of a comprehension's `|` operators are written infix and in parentheses. */
function printHeadTerm(term: Term): string {
  if (term.kind !== "call" || term.args.length !== 2) return printTerm(term);
  const operator = INFIX_OPERATORS.get(printTerm(term.operator));
  const [left, right] = term.args;
  if (operator === undefined || left === undefined || right === undefined) return printTerm(term);
  return `(${printHeadTerm(left)} ${operator.symbol} ${printHeadTerm(right)})`;
}

function printPart(part: Term | Expr): string {
  if (part.kind === "expr") return `{${printExpr(part)}}`;
  return part.kind === "string" ? escapeTemplateText(quote(part.value).slice(1, -1)) : printTerm(part);
}

/** `{` opens an expression, so text has `\{`; one that stands behind a backslash is taken for escaped already, as in OPA. */
export function escapeTemplateText(text: string): string {
  return text.replace(/(?<!\\)\{/g, "\\{");
}

/** A ref with `.name` where that can be written, and `["…"]` or `[x]` elsewhere. */
export function printRef(terms: readonly Term[]): string {
  const [head, ...rest] = terms;
  if (head === undefined) return "";
  let out = head.kind === "string" ? head.value : printTerm(head);
  for (const term of rest) {
    if (term.kind !== "string") out += `[${printTerm(term)}]`;
    else if (isName(term.value) && !isKeywordIn(term.value, "v1")) out += `.${term.value}`;
    else out += /[\\\p{Cc}]/u.test(term.value) ? `[${quote(term.value)}]` : `["${term.value}"]`;
  }
  return out;
}

export function printBody(body: Body): string {
  return body.map(printExpr).join("; ");
}

export function printExpr(expr: Expr): string {
  const modifiers = expr.with.map((modifier) => ` ${printWith(modifier)}`).join("");
  return `${expr.negated ? "not " : ""}${printExprTerms(expr.terms)}${modifiers}`;
}

export function printWith(modifier: With): string {
  return `with ${printTerm(modifier.target)} as ${printTerm(modifier.value)}`;
}

function isCall(terms: Expr["terms"]): terms is CallTerms {
  return Array.isArray(terms);
}

function printExprTerms(terms: Expr["terms"]): string {
  if (isCall(terms)) {
    const [operator, ...args] = terms;
    const [left, right] = args;
    if (printTerm(operator) === "eq" && args.length === 2 && left !== undefined && right !== undefined) {
      return `${printTerm(left)} = ${printTerm(right)}`;
    }
    return `${printTerm(operator)}(${printList(args)})`;
  }
  switch (terms.kind) {
    case "some":
      return `some ${printSymbols(terms.symbols)}`;
    case "every": {
      const key = terms.key === undefined ? "" : `${printTerm(terms.key)}, `;
      return `every ${key}${printTerm(terms.value)} in ${printTerm(terms.domain)} { ${printBody(terms.body)} }`;
    }
    case "not":
      return printNot(terms);
    case "and":
    case "or":
      return printLogical(terms);
    default:
      return printTerm(terms);
  }
}

function printSymbols(symbols: readonly Term[]): string {
  const [first] = symbols;
  if (first?.kind !== "call") return printList(symbols);
  const [xs, ...names] = [...first.args].reverse();
  return xs === undefined ? "" : `${printList(names.reverse())} in ${printTerm(xs)}`;
}

function printNot(terms: NotBody): string {
  const body = printBody(terms.body);
  const [only] = terms.body;
  if (terms.explicit === true || terms.body.length !== 1 || only === undefined) return `not {${body}}`;
  const kind = isCall(only.terms) ? "call-expr" : only.terms.kind;
  const grouped =
    only.with.length > 0 || kind === "or" || kind === "and" || kind === "not" || isBraceLed(only);
  return grouped ? `not (${body})` : `not ${body}`;
}

function printLogical(terms: Logical): string {
  const left = printOperand(terms.lhs, terms.explicitLhs === true, terms.kind, false);
  const right = printOperand(terms.rhs, terms.explicitRhs === true, terms.kind, true);
  return `${left} ${terms.kind} ${right}`;
}

function printOperand(body: Body, explicit: boolean, parent: "and" | "or", right: boolean): string {
  const [only] = body;
  if (explicit || body.length !== 1 || only === undefined) return `{ ${printBody(body)} }`;
  return needsParentheses(only, parent, right) ? `(${printBody(body)})` : printBody(body);
}

function needsParentheses(expr: Expr, parent: "and" | "or", right: boolean): boolean {
  if (expr.with.length > 0) return true;
  if (isCall(expr.terms)) return false;
  if (expr.terms.kind === "or") return parent === "and" || right;
  if (expr.terms.kind === "and") return parent === "and" && right;
  return isBraceLed(expr);
}

/** A value that begins with `{` would be read as a body in the place of an operand. */
function isBraceLed(expr: Expr): boolean {
  if (isCall(expr.terms)) return false;
  let { terms }: { terms: { readonly kind: string } } = expr as { terms: { readonly kind: string } };
  while (terms.kind === "ref") terms = (terms as unknown as { terms: readonly [Term] }).terms[0];
  if (terms.kind === "set") return (terms as unknown as { items: readonly Term[] }).items.length > 0;
  return (
    terms.kind === "object" || terms.kind === "set-comprehension" || terms.kind === "object-comprehension"
  );
}

// --- modules

export function printPackage(node: Package): string {
  return `package ${printRef(node.path.terms.slice(1))}`;
}

export function printImport(node: Import): string {
  const alias = node.alias === undefined ? "" : ` as ${node.alias}`;
  return `import ${printTerm(node.path)}${alias}`;
}

export function printHead(head: Head, version: RegoVersion = "v1"): string {
  let out = printRef(head.reference.terms);
  let contains = false;
  if (head.args !== undefined && head.args.length > 0) out += `(${printList(head.args)})`;
  else if (head.reference.terms.length === 1 && head.key !== undefined) {
    contains = version === "v1";
    out += contains ? ` contains ${printTerm(head.key)}` : `[${printTerm(head.key)}]`;
  }
  if (head.value !== undefined) out += ` ${head.assign ? ":=" : "="} ${printTerm(head.value)}`;
  else if (!contains && head.name === "" && head.key !== undefined) out += ` contains ${printTerm(head.key)}`;
  return out;
}

export function printRule(rule: Rule, version: RegoVersion = "v1"): string {
  const head = `${rule.default ? "default " : ""}${printHead(rule.head, version)}`;
  const body = rule.default ? "" : printRuleBody(rule, version);
  return head + body + printElse(rule.else, version);
}

function printRuleBody(rule: Rule, version: RegoVersion): string {
  return `${version === "v1" ? " if" : ""} { ${printBody(rule.body)} }`;
}

function printElse(rule: Rule | undefined, version: RegoVersion): string {
  if (rule === undefined) return "";
  const value = rule.head.value === undefined ? "" : `= ${printTerm(rule.head.value)}`;
  return ` else ${value}${printRuleBody(rule, version)}${printElse(rule.else, version)}`;
}

/** Without comments and annotations. */
export function printModule(module: Module): string {
  const imports = module.imports.map((node) => `\n${printImport(node)}`).join("");
  const rules = module.rules.map((rule) => `\n${printRule(rule, module.regoVersion)}`).join("");
  return `${printPackage(module.package)}\n${imports}${imports === "" ? "" : "\n"}${rules}`;
}
