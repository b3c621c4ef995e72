// A module as an outline of its tree, one node a line, indented by depth: what `opa parse` prints unless told otherwise.

import type { Body, Expr, Head, Module, Rule, Term, With } from "../syntax/ast.ts";
import { sortEntries, sortTerms } from "../syntax/order.ts";
import { printTerm } from "../syntax/print.ts";
import { isCallTerms } from "../syntax/visit.ts";

export function outline(module: Module): string {
  const out = new Outline();
  out.node("module", () => {
    out.node("package", () => out.term(module.package.path));
    for (const { path, alias } of module.imports) {
      out.node("import", () => {
        out.term(path);
        out.line(alias ?? "");
      });
    }
    for (const rule of module.rules) out.rule(rule);
    for (const _ of module.annotations) out.line("annotations");
    for (const _ of module.comments) out.line("comment");
  });
  return out.text;
}

class Outline {
  text = "";
  #depth = 0;

  line(name: string): void {
    this.text += `${" ".repeat(this.#depth)}${name}\n`;
  }

  node(name: string, inside: () => void): void {
    this.line(name);
    this.#depth++;
    inside();
    this.#depth--;
  }

  rule(rule: Rule): void {
    this.node("rule", () => {
      this.#head(rule.head);
      this.#body(rule.body);
      if (rule.else !== undefined) this.rule(rule.else);
    });
  }

  #head(head: Head): void {
    this.node("head", () => {
      this.term(head.reference);
      if (head.args !== undefined && head.args.length > 0)
        this.node("args", () => this.#terms(head.args ?? []));
      if (head.value !== undefined) this.term(head.value);
    });
  }

  #body(body: Body): void {
    this.node("body", () => {
      for (const [i, expr] of body.entries()) this.#expr(expr, i);
    });
  }

  #expr(expr: Expr, index: number): void {
    this.node(`expr ${expr.negated ? "negated " : ""}index=${index}`, () => {
      this.#exprTerms(expr.terms);
      for (const modifier of expr.with) this.#with(modifier);
    });
  }

  #with({ target, value }: With): void {
    this.node("with", () => this.#terms([target, value]));
  }

  #exprTerms(terms: Expr["terms"]): void {
    if (isCallTerms(terms)) return this.#terms(terms);
    switch (terms.kind) {
      case "some":
        return this.node("somedecl", () => this.#terms(terms.symbols));
      case "every":
        return this.node("every", () => {
          if (terms.key !== undefined) this.term(terms.key);
          this.#terms([terms.value, terms.domain]);
          this.#body(terms.body);
        });
      case "not":
        return this.node("not", () => this.#body(terms.body));
      case "and":
      case "or":
        return this.node(`logical${terms.kind}`, () => {
          this.#body(terms.lhs);
          this.#body(terms.rhs);
        });
      default:
        return this.term(terms);
    }
  }

  #terms(terms: readonly Term[]): void {
    for (const term of terms) this.term(term);
  }

  term(term: Term): void {
    switch (term.kind) {
      case "ref":
        return this.node("ref", () => this.#terms(term.terms));
      case "array":
        return this.node("array", () => this.#terms(term.items));
      case "set":
        return this.node("set", () => this.#terms(sortTerms(term.items)));
      case "object":
        return this.node("object", () => this.#terms(sortEntries(term.entries).flat()));
      case "array-comprehension":
      case "set-comprehension":
        return this.node(term.kind.replace("-", ""), () => {
          this.term(term.term);
          this.#body(term.body);
        });
      case "object-comprehension":
        return this.node("objectcomprehension", () => {
          this.#terms([term.key, term.value]);
          this.#body(term.body);
        });
      case "call":
        return this.node("call", () => this.#terms([term.operator, ...term.args]));
      case "template-string":
        return this.line("templatestring");
      default:
        return this.line(printTerm(term));
    }
  }
}
