// SQL through the parser `sql-parser-cst`. In: text and a dialect (`postgresql` unless said; `sqlite`, `mysql`, `mariadb`, `bigquery`). Out: every
// statement, those in subqueries and CTEs included, with its kind, whether it writes, and the tables it names. The package is optional;
// whoever imports this file has it. What functions do is not known: a SELECT that calls one with side effects reads as reading.

import { type DialectName, parse } from "sql-parser-cst";
import { notParsed } from "./program.ts";

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const DIALECTS: ReadonlySet<string> = new Set(["postgresql", "sqlite", "mysql", "mariadb", "bigquery"]);
const READING: ReadonlySet<string> = new Set(["select", "compound_select", "explain", "show"]);

export function parseSql(text: string, dialect = "postgresql"): object {
  if (!DIALECTS.has(dialect)) throw notParsed(`no SQL dialect \`${dialect}\` is known`);
  // MySQL and MariaDB run what stands in these comments; a CR ends a comment for some and not for others.
  if (/\/\*M?!/.test(text)) throw notParsed("it has a comment that is run");
  if (/\r(?!\n)/.test(text)) throw notParsed("it has a CR that ends no line");
  let program: Node;
  try {
    program = parse(text, { dialect: dialect as DialectName }) as unknown as Node;
  } catch (error) {
    throw notParsed(String((error as Error).message).split("\n")[0] ?? "");
  }
  const statements: object[] = [];
  walk(program, (node) => {
    if (!node.type.endsWith("_stmt")) return;
    const kind = node.type.replace(/_stmt$/, "");
    if (kind === "empty") return;
    const tables = tablesOf(node);
    const writes = !READING.has(kind) || clauses(node).some(({ type }) => /^into_/.test(type));
    const unbounded =
      (kind === "delete" || kind === "update") && !clauses(node).some(({ type }) => type === "where_clause");
    statements.push({ kind, writes, tables, unbounded });
  });
  if (statements.length === 0) throw notParsed("it has no statement");
  return { statements };
}

function clauses(node: Node): Node[] {
  return Array.isArray(node.clauses) ? (node.clauses as Node[]) : [];
}

/** Names of tables in the clauses of one statement; those in its subqueries belong to statements of their own. */
function tablesOf(statement: Node): string[] {
  const found = new Set<string>();
  const names = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(names);
    if (!isNode(node) || node.type.endsWith("_stmt")) return;
    if (node.type === "identifier" && typeof node.name === "string")
      return void found.add(node.name.toLowerCase());
    if (node.type === "member_expr") return void found.add(dotted(node).toLowerCase());
    if (node.type === "alias") return names(node.expr);
    for (const key of ["expr", "left", "right", "items", "tables", "table", "name", "tableKw"])
      names(node[key]);
  };
  const from = /^(?:from|update|insert|delete|merge|truncate|using|into_table|replace|table_clause)/;
  for (const clause of clauses(statement)) if (from.test(clause.type)) names(clause);
  for (const key of ["tables", "table", "name", "view", "views"]) names(statement[key]);
  return [...found].sort();
}

function dotted(node: Node): string {
  const side = (part: unknown): string => {
    if (!isNode(part)) return "";
    return part.type === "member_expr" ? dotted(part) : String(part.name ?? part.text ?? "");
  };
  return `${side(node.object)}.${side(node.property)}`;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function walk(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (const member of node) walk(member, see);
    return;
  }
  if (isNode(node)) see(node);
  for (const member of Object.values(node)) walk(member, see);
}
