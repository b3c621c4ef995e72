// rego.metadata.chain() and rego.metadata.rule() become constants: the rule's body starts with a variable that holds them, and the
// calls become uses of it. Cells in, new bodies out.

import type { Annotations, Body, Expr, Term, VarTerm } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import type { Location } from "../../error.ts";
import { eachRule } from "./cells.ts";
import { featuresOf } from "./features.ts";
import type { AnnotationsRef } from "./annotation-set.ts";
import type { Compilation } from "./compilation.ts";
import { walkBody } from "../../syntax/visit.ts";
import { callOf, equality, mapExpr, mapTerm, varTerm, walkHead } from "./walk.ts";

type Metadata = "chain" | "rule";

function metadataCall(expr: Expr): Metadata | undefined {
  const call = callOf(expr);
  if (call === undefined) return undefined;
  const name = printRef(call[0].terms);
  return name === "rego.metadata.chain" ? "chain" : name === "rego.metadata.rule" ? "rule" : undefined;
}

/** A JSON-like value (of a METADATA block) as a term. */
export function jsonTerm(value: unknown, location: Location): Term {
  if (value === null || value === undefined) return { kind: "null", location };
  if (typeof value === "boolean") return { kind: "boolean", value, location };
  if (typeof value === "string") return { kind: "string", value, location };
  if (typeof value === "number" || typeof value === "bigint")
    return { kind: "number", text: String(value), location };
  if (Array.isArray(value))
    return { kind: "array", items: value.map((v) => jsonTerm(v, location)), location };
  const tagged = value as { kind?: unknown; text?: unknown; entries?: unknown };
  if (tagged.kind === "number" && typeof tagged.text === "string")
    return { kind: "number", text: tagged.text, location };
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: "object",
    entries: entries.map(
      ([k, v]) => [{ kind: "string", value: k, location }, jsonTerm(v, location)] as const,
    ),
    location,
  };
}

function pathTerm(path: readonly Term[], location: Location): Term {
  return {
    kind: "array",
    items: path.map(
      (t): Term => (t.kind === "string" ? t : { kind: "string", value: printRef([t]), location }),
    ),
    location,
  };
}

function annotationsTerm(a: Annotations, location: Location): Term {
  const entries: (readonly [Term, Term])[] = [];
  const put = (key: string, value: Term): void => {
    entries.push([{ kind: "string", value: key, location }, value]);
  };
  const json = (value: unknown): Term => jsonTerm(value, location);
  const some = (value: Readonly<Record<string, unknown>> | undefined): boolean =>
    value !== undefined && Object.keys(value).length > 0;
  put("scope", json(a.scope));
  if ((a.title ?? "") !== "") put("title", json(a.title));
  if (a.entrypoint === true) put("entrypoint", json(true));
  if ((a.description ?? "") !== "") put("description", json(a.description));
  if ((a.organizations ?? []).length > 0) put("organizations", json(a.organizations));
  if ((a.relatedResources ?? []).length > 0) {
    put(
      "related_resources",
      json(
        a.relatedResources?.map((r) => ({
          ...(r.ref === "" ? {} : { ref: r.ref }),
          ...((r.description ?? "") === "" ? {} : { description: r.description }),
        })),
      ),
    );
  }
  if ((a.authors ?? []).length > 0) {
    put(
      "authors",
      json(
        a.authors?.map((r) => ({
          ...(r.name === "" ? {} : { name: r.name }),
          ...((r.email ?? "") === "" ? {} : { email: r.email }),
        })),
      ),
    );
  }
  if ((a.schemas ?? []).length > 0) {
    const schemas = (a.schemas ?? []).map((s): Term => {
      const fields: (readonly [Term, Term])[] = [[json("path"), pathTerm(s.path.terms, location)]];
      if (s.schema !== undefined) fields.push([json("schema"), pathTerm(s.schema.terms, location)]);
      if (s.definition !== undefined) fields.push([json("definition"), json(s.definition)]);
      return { kind: "object", entries: fields, location };
    });
    put("schemas", { kind: "array", items: schemas, location });
  }
  if (some(a.custom)) put("custom", json(a.custom));
  if (some(a.labels)) put("labels", json(a.labels));
  return { kind: "object", entries, location };
}

function chainTerm(chain: readonly AnnotationsRef[], location: Location): Term {
  const links = chain.map((link): Term => {
    const path: readonly [Term, Term] = [jsonTerm("path", location), pathTerm(link.path.slice(1), location)];
    const own =
      link.annotations === undefined
        ? []
        : [[jsonTerm("annotations", location), annotationsTerm(link.annotations, location)] as const];
    return { kind: "object", entries: [...own, path], location };
  });
  return { kind: "array", items: links, location };
}

/** The calls with the variable in their place. */
function replaceCalls(vars: Readonly<Record<Metadata, VarTerm | undefined>>): {
  body: (body: Body) => Body;
  term: (term: Term) => Term;
} {
  const mapper = {
    term: (term: Term): Term => mapTerm(term, mapper),
    body: (body: Body): Body => body.map(expr),
  };
  const expr = (e: Expr): Expr => {
    const which = metadataCall(e);
    const value = which === undefined ? undefined : vars[which];
    if (value === undefined) return mapExpr(e, mapper);
    const result = callOf(e)?.[1];
    const plain: Expr = {
      kind: "expr",
      terms: value,
      negated: false,
      with: [],
      generated: true,
      location: e.location,
    };
    return result === undefined ? plain : equality(result, value, e.location, true);
  };
  return mapper;
}

export function setAnnotations(compilation: Compilation): void {
  for (const { annotations, first } of compilation.annotations.redeclared) {
    const place = first.file === "" ? `${first.row}:${first.col}` : `${first.file}:${first.row}`;
    compilation.findings.add(
      "rego_type_error",
      annotations.location,
      `${annotations.scope} annotation redeclared: ${place}`,
    );
  }
}

export function rewriteMetadata(compilation: Compilation): void {
  const { annotations, builtins, locals } = compilation;
  eachRule(compilation.modules, (rule) => {
    const { calls: names } = featuresOf(rule);
    if (!names.has("rego.metadata.chain") && !names.has("rego.metadata.rule")) return false;
    const calls: Record<Metadata, Location | undefined> = { chain: undefined, rule: undefined };
    const visitor = {
      expr: (expr: Expr): false => {
        const which = metadataCall(expr);
        if (which !== undefined && builtins.has(`rego.metadata.${which}`)) calls[which] ??= expr.location;
        return false;
      },
    };
    walkHead(rule.head, visitor);
    walkBody(rule.body, visitor);
    if (calls.chain === undefined && calls.rule === undefined) return false;
    const start: Expr[] = [];
    const bind = (term: Term): VarTerm => {
      const variable = varTerm(locals.generate(), term.location);
      start.push(equality(variable, term, term.location, true));
      return variable;
    };
    const chain =
      calls.chain === undefined ? undefined : bind(chainTerm(annotations.chain(rule), calls.chain));
    let own: VarTerm | undefined;
    if (calls.rule !== undefined) {
      const [nearest] = [...annotations.ofRule(rule)].sort(
        (a, b) => (a.annotations?.location.row ?? 0) - (b.annotations?.location.row ?? 0),
      );
      own = bind(
        nearest?.annotations === undefined
          ? { kind: "object", entries: [], location: calls.rule }
          : annotationsTerm(nearest.annotations, calls.rule),
      );
    }
    const mapper = replaceCalls({ chain, rule: own });
    rule.body = [...start, ...mapper.body(rule.body)];
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.args === undefined ? {} : { args: head.args.map(mapper.term) }),
      ...(head.key === undefined ? {} : { key: mapper.term(head.key) }),
      ...(head.value === undefined ? {} : { value: mapper.term(head.value) }),
    };
    return false;
  });
}
