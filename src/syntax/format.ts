// The formatter: the text of a module in, the same module laid out as `opa fmt` does it out, comments and blank lines kept; or the findings that keep it from
// being formatted. Also moves v0 modules to v1. Here: imports, rules and the module as a whole; terms are in format-term.ts.

import { compareStrings } from "../value/compare.ts";
import type { Diagnostic } from "../error.ts";
import type { Expr, Import, Module, Package, RefTerm, RegoVersion, Rule, Term } from "./ast.ts";
import {
  listItem,
  markLeadingUnion,
  NOWHERE,
  placeOf,
  writeBody,
  writeExpr,
  writeRef,
  writeSequence,
  writeTerm,
} from "./format-term.ts";
import { checkForV1 } from "./check-v1.ts";
import { closingRow, endRow, type Style, type Trouble, Writer } from "./format-writer.ts";
import { compareTerms, groundPrefix, isConstant } from "./order.ts";
import { INFIX_OPERATORS } from "./operators.ts";
import { parseModule } from "./parser.ts";
import { printRef, printRule, printTerm } from "./print.ts";
import { BASE_KEYWORDS, FUTURE_KEYWORDS, V0_FUTURE_KEYWORDS } from "./token.ts";
import { isCallTerms, mapRule, singleTerm, walkModule } from "./visit.ts";

export interface FormatOptions {
  readonly file: string;
  readonly regoVersion?: RegoVersion | undefined;
  /** Read as v0, written so that it is both v0 and v1 (with `import rego.v1`). */
  readonly v0ToV1?: boolean | undefined;
  /** Leaves out imports that v1 has made needless. */
  readonly dropV0Imports?: boolean | undefined;
  /** Names of deprecated builtins, which may not stand in v1 modules. */
  readonly deprecated?: ReadonlySet<string> | undefined;
  readonly builtins?: ReadonlySet<string> | undefined;
  /** False gives `opa fmt`'s text even where that text means something else than the source. */
  readonly verify?: boolean | undefined;
}

export type Formatted = { readonly text: string } | { readonly diagnostics: readonly Diagnostic[] };

export function formatModule(text: string, options: FormatOptions): Formatted {
  const target = options.v0ToV1 === true ? "v0v1" : (options.regoVersion ?? "v1");
  const source: RegoVersion = target === "v1" ? "v1" : "v0";
  const parse = { file: options.file, regoVersion: source, annotations: false, builtins: options.builtins };
  const { module, diagnostics } = parseModule(text, parse);
  if (module === undefined) return { diagnostics };
  if (target !== "v0") {
    const findings = checkForV1(module, options.deprecated ?? new Set());
    if (findings.length > 0) return { diagnostics: findings };
  }
  const formatted = layOut(module, target, options.dropV0Imports === true);
  if ("diagnostics" in formatted) return formatted;
  const again = parseModule(formatted.text, { ...parse, file: "formatted" });
  if (again.module === undefined) return { diagnostics: again.diagnostics };
  if (options.verify === false) return formatted;
  const changed = firstChange(module, again.module);
  return changed === undefined ? formatted : { diagnostics: [changed] };
}

/** The text of a module that was changed since it was parsed. */
export function formatParsed(module: Module, regoVersion: RegoVersion = "v1"): Formatted {
  return layOut(module, regoVersion, false);
}

/**
 * `opa fmt` loses code where comments stand between operands, and parentheses around `in` within `in`. We lay out as it does, but do not
 * hand out a text that means something else than the source.
 */
function firstChange(before: Module, after: Module): Diagnostic | undefined {
  const at = before.rules.findIndex((rule, i) => {
    const now = after.rules[i];
    return now === undefined || meaningOf(rule) !== meaningOf(now);
  });
  const location = before.rules[at]?.location ?? after.rules[before.rules.length]?.location;
  if (location === undefined) return undefined;
  const message = "the rule cannot be formatted: the formatted text would mean something else";
  return { code: "rego_unsupported_error", message, location };
}

/** `:=` and `=` in heads are one, and so are wildcards whether they were given a name or not. */
function meaningOf(rule: Rule): string {
  const spelled = mapRule(rule, { expr: asEquality });
  const text = printRule({ ...spelled, head: { ...spelled.head, assign: false } });
  return text.replace(/\b_\d+\b/g, "_");
}

/** `plus(a, b, c)` is written as what it means, `c = a + b`. */
function asEquality(expr: Expr): Expr {
  const { terms, location } = expr;
  if (!isCallTerms(terms) || terms.length !== 4) return expr;
  const [operator, left, right, result] = terms as readonly [RefTerm, Term, Term, Term];
  if (!INFIX_OPERATORS.has(printRef(operator.terms))) return expr;
  const eq: RefTerm = { kind: "ref", terms: [{ kind: "var", name: "eq", location }], location };
  return { ...expr, terms: [eq, result, { kind: "call", operator, args: [left, right], location }] };
}

type Target = "v0" | "v0v1" | "v1";

function layOut(module: Module, target: Target, dropImports: boolean): Formatted {
  const used = keywordsUsed(module);
  const imports = arrangeImports(module.imports, target, dropImports, used);
  const comments = module.comments.map((comment) => ({ ...comment, text: comment.text.trimEnd() }));
  const w = new Writer(styleOf(module, target), comments);
  writeModule(w, module, imports);
  if (w.refusals.length > 0) {
    const code = "rego_type_error";
    return { diagnostics: w.refusals.map((refusal) => ({ code, ...refusal })) };
  }
  return { text: w.out.endsWith("\n") ? `${w.out.replace(/\n+$/, "")}\n` : w.out };
}

// --- decisions for the module as a whole

function futureKeyword({ path }: Import): string | undefined {
  const [head, keywords, word, ...more] = path.terms;
  if (head.kind !== "var" || head.name !== "future" || keywords?.kind !== "string" || more.length > 0)
    return undefined;
  return keywords.value === "keywords" && word?.kind === "string" ? word.value : undefined;
}

const pathText = ({ path }: Import): string => printRef(path.terms);
const isRegoV1 = (node: Import): boolean => pathText(node) === "rego.v1";
const isAllKeywords = (node: Import): boolean => pathText(node) === "future.keywords";
const isFuture = ({ path: { terms } }: Import): boolean =>
  terms[0].kind === "var" && terms[0].name === "future";

function styleOf(module: Module, target: Target): Style {
  const v1 = target !== "v0";
  const words = module.imports.map(futureKeyword).filter((word) => word !== undefined);
  const all = module.imports.some((node) => isRegoV1(node) || isAllKeywords(node));
  const refHeads = module.rules.some(({ head }) => {
    const { length } = head.reference.terms;
    return length > 2 || (length === 2 && head.key !== undefined && head.value === undefined);
  });
  return {
    v1,
    contains: v1 || all || words.includes("contains"),
    ifs: v1 || all || words.includes("if"),
    refHeads,
    keywords: new Set([...BASE_KEYWORDS.keys(), ...(v1 ? V0_FUTURE_KEYWORDS.keys() : []), ...words]),
    wildcards: repeatedWildcards(module),
  };
}

/** A wildcard that was copied to several places is one variable, and needs a name to stay one. */
function repeatedWildcards(module: Module): Map<string, string> {
  const seen = new Map<string, Term>();
  const repeated = new Map<string, string>();
  walkModule(module, {
    term: (term) => {
      if (term.kind !== "var" || !term.name.startsWith("$")) return undefined;
      const first = seen.get(term.name);
      if (first === undefined) seen.set(term.name, term);
      else if (first !== term) repeated.set(term.name, `_${term.name.slice(1)}`);
      return undefined;
    },
  });
  return repeated;
}

/** Keywords that the formatted text needs to have imported. */
function keywordsUsed(module: Module): Set<string> {
  const used = new Set<string>();
  walkModule(module, {
    expr: ({ terms }) => {
      if (isCallTerms(terms)) {
        if (/^internal\.member_[23]$/.test(printTerm(terms[0]))) used.add("in");
      } else if (["every", "not", "and", "or"].includes(terms.kind)) used.add(terms.kind);
      return undefined;
    },
  });
  return used;
}

// --- imports

function arrangeImports(
  given: readonly Import[],
  target: Target,
  drop: boolean,
  used: ReadonlySet<string>,
): readonly Import[] {
  let imports: readonly Import[] = given;
  if (target === "v1" && drop) imports = imports.filter((node) => !isRegoV1(node));
  else if (target === "v0v1" && !imports.some(isRegoV1)) imports = [...imports, added(imports, "rego", "v1")];
  const hasV1 = imports.some(isRegoV1);
  if (target === "v0" && !hasV1) return [...used].reduce(withKeyword, imports);
  if (drop || hasV1) imports = imports.filter((node) => !isFuture(node));
  return [...used].filter((word) => FUTURE_KEYWORDS.has(word)).reduce(withKeyword, imports);
}

function withKeyword(imports: readonly Import[], word: string): readonly Import[] {
  const has = imports.some((node) => {
    const known = futureKeyword(node);
    return isAllKeywords(node) || known === word || (known === "every" && word === "in");
  });
  return has ? imports : [...imports, added(imports, "future", "keywords", word)];
}

/** A new import, one row below the last keyword import. */
function added(imports: readonly Import[], root: string, ...rest: readonly string[]): Import {
  const rows = imports.filter((node) => isFuture(node) || isRegoV1(node)).map((node) => node.location.row);
  const location = { ...NOWHERE, row: rows.length === 0 ? 1 : Math.max(...rows) + 1 };
  const parts = rest.map(
    (value): Term => ({ kind: "string", value, location: { ...location, text: value } }),
  );
  const path: RefTerm = { kind: "ref", terms: [{ kind: "var", name: root, location }, ...parts], location };
  return { kind: "import", path, location };
}

/** Groups stay apart, each one sorted; comments stay behind the import they stood behind. */
function writeImports(w: Writer, imports: readonly Import[]): void {
  const byRow = new Map(imports.map((node) => [node.location.row, node] as const).reverse());
  const behind = new Map<Import, string>();
  w.comments = w.comments.filter((comment) => {
    const node = byRow.get(comment.location.row);
    if (node !== undefined) behind.set(node, comment.text);
    return node === undefined;
  });
  for (const group of groupImports(imports)) {
    w.insertComments(group[0]!.location.row);
    const byPath = (a: Import, b: Import): number =>
      compareTerms(a.path, b.path) || compareStrings(a.alias ?? "", b.alias ?? "");
    for (const node of [...group].sort(byPath)) {
      w.startLine();
      w.write("import ");
      const waiting = w.comments;
      w.comments = [];
      writeRef(w, node.path.terms);
      w.comments = waiting;
      if (node.alias !== undefined) w.write(` as ${node.alias}`);
      const comment = behind.get(node);
      if (comment !== undefined) w.write(` #${comment}`);
      w.endLine();
    }
    w.blankLine();
  }
}

function groupImports(imports: readonly Import[]): Import[][] {
  const groups: Import[][] = [];
  let last: Import | undefined;
  for (const node of imports) {
    if (last === undefined || node.location.row - last.location.row > 1) groups.push([]);
    groups.at(-1)?.push(node);
    last = node;
  }
  return groups;
}

// --- the module

function writeModule(w: Writer, module: Module, imports: readonly Import[]): void {
  const firstRule = Math.min(...module.rules.map((rule) => rule.location.row));
  const isAdded = (node: Import): boolean => node.location.file === NOWHERE.file;
  // Behind a rule an import has no effect.
  const pullUp = imports.some((node) => isAdded(node) && node.location.row >= firstRule);
  const early = pullUp ? imports.filter(isAdded) : [];
  const others: (Import | Rule)[] = [...imports.filter((node) => !early.includes(node)), ...module.rules];
  others.sort((a, b) => a.location.row - b.location.row || a.location.col - b.location.col);
  writePackage(w, module.package);
  writeImports(w, early);
  for (let i = 0; i < others.length; ) {
    const start = i;
    const kind = others[i]!.kind;
    while (others[i]?.kind === kind) i++;
    const run = others.slice(start, i);
    if (kind === "import") writeImports(w, run as Import[]);
    else writeRules(w, run as Rule[]);
  }
  const rest = w.comments;
  for (const comment of rest) w.writeLine(`#${comment.text}`);
  if (rest.length > 0) w.write("\n");
}

function writePackage(w: Writer, node: Package): void {
  w.insertComments(node.location.row);
  w.startLine();
  w.write("package ");
  const [, first, ...rest] = node.path.terms;
  const name = first?.kind === "string" ? first.value : "";
  const waiting = w.comments;
  w.comments = [];
  const lineEnd = w.lineEnd;
  w.lineEnd = undefined;
  writeRef(w, [{ kind: "var", name, location: node.location }, ...rest]);
  w.comments = waiting;
  w.lineEnd = lineEnd;
  w.blankLine();
}

// --- rules

function writeRules(w: Writer, rules: readonly Rule[]): void {
  for (const [i, rule] of rules.entries()) {
    w.insertComments(rule.location.row);
    if (writeRule(w, rule, false) === "fatal") {
      w.refusals.push({ message: "original unformatted text is empty", location: rule.location });
    }
    const next = rules[i + 1];
    const adjacent = next !== undefined && next.location.row === rule.location.row + 1;
    if (adjacent && isOneLiner(w, rule) && isOneLiner(w, next)) continue;
    w.blankLine();
  }
}

/** Whether the rule may stand right above the next. */
function isOneLiner(w: Writer, rule: Rule): boolean {
  if (rule.body.length > 1 || rule.default || rule.else !== undefined) return false;
  if (rule.body[0] !== undefined && isSetTerm(rule.body[0])) return false;
  return w.style.ifs && (w.style.contains || rule.head.value !== undefined);
}

function isSetTerm(expr: Expr): boolean {
  return !expr.negated && singleTerm(expr)?.kind === "set";
}

function isJustTrue(rule: Rule): boolean {
  const [expr] = rule.body;
  if (expr === undefined || rule.body.length !== 1 || rule.else !== undefined) return false;
  const term = singleTerm(expr);
  return !expr.negated && expr.with.length === 0 && term?.kind === "boolean" && term.value;
}

function writeRule(w: Writer, rule: Rule, isElse: boolean): Trouble {
  if (!isElse) w.startLine();
  if (rule.default) w.write("default ");
  const bare = isJustTrue(rule);
  w.commentOnFinalLine = bare;
  const head = writeHead(w, rule, bare);
  if (head === "fatal") return w.drop(head);
  if (rule.body.length === 0 || bare) {
    w.endLine();
    return undefined;
  }
  w.commentOnFinalLine = true;
  const usesIf = w.style.ifs && (w.style.contains || rule.head.value !== undefined);
  if (usesIf) {
    w.write(" if");
    const [only] = rule.body;
    if (
      only !== undefined &&
      rule.body.length === 1 &&
      only.location.row === endRow(rule.head.location) &&
      !isSetTerm(only)
    ) {
      return writeInlineBody(w, rule, only);
    }
  }
  if (head === "comment" && w.comments.length > 0) w.write(" { ");
  else {
    w.write(" {");
    w.endLine();
  }
  if (usesIf && !isElse) markLeadingUnion(w, rule.body[0]!);
  return writeBlockBody(w, rule);
}

function writeInlineBody(w: Writer, rule: Rule, expr: Expr): Trouble {
  w.write(" ");
  const trouble = writeExpr(w, expr);
  if (trouble) return w.drop(trouble);
  w.endLine();
  const more = writeElse(w, rule);
  return more && w.drop(more);
}

function writeBlockBody(w: Writer, rule: Rule): Trouble {
  w.level++;
  if (writeBody(w, rule.body) === "fatal") return w.drop("fatal");
  const skip: readonly [string, string] | undefined =
    (rule.head.args?.length ?? 0) > 0 ? ["(", ")"] : rule.head.key !== undefined ? ["[", "]"] : undefined;
  const trouble = w.insertComments(closingRow("{", "}", rule.location, skip));
  if (trouble) return w.drop(trouble);
  w.level--;
  w.startLine();
  w.write("}");
  const more = writeElse(w, rule);
  return more && w.drop(more);
}

/** `else` stays behind the brace or on a line of its own, as the author had it; comments above it force the latter. */
function writeElse(w: Writer, rule: Rule): Trouble {
  if (rule.else === undefined) return undefined;
  const { location } = rule.else.head;
  const line = rule.location.text.split("\n")[rule.else.location.row - rule.location.row];
  const wasInline =
    rule.else.location.row > rule.location.row && line !== undefined && !line.trim().startsWith("else");
  const above =
    (w.comments[0] !== undefined && w.comments[0].location.row < location.row) || w.lineEnd !== undefined;
  if (!above && wasInline) w.write(" ");
  else {
    w.blankLine();
    w.startLine();
  }
  const trouble = w.insertComments(location.row);
  if (trouble) return w.drop(trouble);
  if (above && !wasInline) w.startLine();
  const { args: _args, value, ...head } = rule.else.head;
  const reference: RefTerm = { kind: "ref", terms: [{ kind: "var", name: "else", location }], location };
  const placed = value && { value: { ...value, location } };
  return writeRule(w, { ...rule.else, head: { ...head, name: "else", reference, ...placed } }, true);
}

function writeHead(w: Writer, rule: Rule, bare: boolean): Trouble {
  const { head } = rule;
  let ref: readonly Term[] = head.reference.terms;
  if (head.key !== undefined && head.value === undefined && ref.slice(1).every(isConstant))
    ref = groundPrefix(ref);
  const [first, second] = ref;
  if (w.style.refHeads || second === undefined || first === undefined) {
    const trouble = writeRef(w, ref);
    if (trouble) return w.drop(trouble);
  } else {
    // Comments inside the head are left where they are.
    if (placeOf(second).row === w.comments[0]?.location.row)
      return w.writeUnformatted(head.location, w.comments);
    w.write(`${printTerm(first)}[${printTerm(second)}]`);
  }
  if (head.args !== undefined && head.args.length > 0) {
    w.write("(");
    const close = closingRow("(", ")", head.location);
    const trouble = writeSequence(w, head.args, head.location, close, listItem(w, false));
    w.write(")");
    if (trouble) return trouble;
  }
  if (head.key !== undefined && head.value === undefined) {
    w.write(w.style.contains ? " contains " : "[");
    const trouble = writeTerm(w, head.key);
    if (trouble) return trouble;
    if (!w.style.contains) w.write("]");
  }
  return writeHeadValue(w, rule, bare);
}

/** `true` is implied where a body follows, and where the author did not write it. */
function writeHeadValue(w: Writer, { head, default: isDefault }: Rule, bare: boolean): Trouble {
  const { value } = head;
  if (value === undefined) return undefined;
  const isTrue = value.kind === "boolean" && value.value;
  if (head.key === undefined && isTrue && !bare && !isDefault) return undefined;
  const isConstant = w.style.v1 && bare && head.key === undefined && head.args === undefined;
  if (head.location === value.location && head.name !== "else" && isTrue && !isConstant) return undefined;
  w.write(head.assign || w.style.v1 ? " := " : " = ");
  return writeTerm(w, value);
}
