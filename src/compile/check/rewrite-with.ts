// `with` modifiers: targets are checked, values that have to be evaluated are bound to variables before the expression. Bodies in,
// bodies out.

import { PolicyError } from "../../error.ts";
import type { Body, Expr, Term, With } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { eachRule, type RuleCell } from "./cells.ts";
import { featuresOf } from "./features.ts";
import type { BuiltinDeclaration, Compilation, Findings, LocalGenerator } from "./compilation.ts";
import { childOf, findNode, type RuleNode } from "./trees.ts";
import { varText } from "./vars.ts";
import { equality, mapExpr, mapTerm, refTerm, requiresEvaluation, varTerm } from "./walk.ts";

export interface WithContext {
  readonly compilation: Compilation;
  readonly findings: Findings;
  readonly locals: LocalGenerator;
  readonly unsafeBuiltins: ReadonlySet<string>;
}

const headName = (term: Term): string | undefined =>
  term.kind === "ref" && term.terms[0].kind === "var" ? term.terms[0].name : undefined;
const nameOf = (term: Term): string | undefined =>
  term.kind === "var" ? varText(term.name) : term.kind === "ref" ? printRef(term.terms) : undefined;
const isFunction = (rules: readonly RuleCell[]): boolean =>
  rules.some((rule) => (rule.head.args ?? []).length > 0);

export class WithRewriter {
  readonly #context: WithContext;
  /** Values done: expressions hoisted out of one expression share its modifiers, and so the variables of their values. */
  readonly #done = new Map<Term, Term>();

  constructor(context: WithContext) {
    this.#context = context;
  }

  term = (term: Term): Term => mapTerm(term, this);

  /** A body stops at its first bad target, as OPA's does; other bodies go on. */
  body = (body: Body): Body => {
    const result: Expr[] = [];
    for (const expr of body) {
      try {
        result.push(...this.#expr(expr));
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        this.#context.findings.add(error.code, error.location, error.message);
        return body;
      }
    }
    return result.map((expr) => mapExpr(expr, this));
  };

  #expr(expr: Expr): Expr[] {
    const support: Expr[] = [];
    const modifiers = expr.with.map((original): With => {
      const w = this.#asRefs(original);
      if (!this.#needsEvaluation(w)) return w;
      let value = this.#done.get(w.value);
      if (value === undefined) {
        value = varTerm(this.#context.locals.generate(), w.value.location);
        support.push(equality(value, w.value, w.value.location, true));
        this.#done.set(w.value, value);
      }
      return { ...w, value };
    });
    return [...support, modifiers.length === 0 ? expr : { ...expr, with: modifiers }];
  }

  /** A var that names a builtin is that builtin. */
  #asRefs(w: With): With {
    const { builtins } = this.#context.compilation;
    const asRef = (term: Term): Term =>
      term.kind === "var" && builtins.has(term.name) ? refTerm([term], term.location) : term;
    return { ...w, target: asRef(w.target), value: asRef(w.value) };
  }

  #isBuiltin(term: Term): boolean {
    const name = nameOf(term);
    if (name === undefined) return false;
    if (this.#context.unsafeBuiltins.has(name)) {
      throw new PolicyError(
        "rego_compile_error",
        `with keyword replacing built-in function: target must not be unsafe: ${JSON.stringify(name)}`,
        { location: term.location },
      );
    }
    return this.#context.compilation.builtins.has(name);
  }

  /** A function as a value: a rule or a builtin, left as it stands. */
  #isFunctionValue(value: Term): boolean {
    if (value.kind === "ref" && findNode(this.#context.compilation.ruleTree, value.terms) !== undefined)
      return true;
    return this.#isBuiltin(value);
  }

  /** Refuses bad targets; says whether the value has to be bound to a variable. */
  #needsEvaluation({ target, value }: With): boolean {
    const { compilation } = this.#context;
    const builtin = this.#isBuiltin(target);
    const head = headName(target);
    if (head === "data" && target.kind === "ref") {
      if (this.#replacesFunction(target.terms) && this.#isFunctionValue(value)) return false;
      if (value.kind === "ref" && isFunction(findNode(compilation.ruleTree, value.terms)?.values ?? []))
        return false;
    } else if (head === "input") {
      // Any path of the input document may be replaced.
    } else if (builtin) {
      const declaration = compilation.builtins.get(nameOf(target) ?? "");
      if (declaration !== undefined) refuseBuiltin(declaration, target);
      if (this.#isFunctionValue(value)) return false;
    } else if (
      compilation.options.allowUndefinedFunctions === true &&
      (target.kind === "ref" || target.kind === "var")
    )
      return false;
    else {
      throw new PolicyError(
        "rego_type_error",
        "with keyword target must reference existing input, data, or a function",
        { location: target.location },
      );
    }
    return requiresEvaluation(value);
  }

  #replacesFunction(ref: readonly [Term, ...Term[]]): boolean {
    let node: RuleNode | undefined = this.#context.compilation.ruleTree;
    for (const term of ref.slice(0, -1)) {
      const child: RuleNode | undefined = childOf(node, term);
      if (child === undefined) break;
      if (child.values.length > 0) {
        const location = ref[0].location;
        throw new PolicyError(
          "rego_compile_error",
          "with keyword cannot partially replace virtual document(s)",
          { location },
        );
      }
      node = child;
    }
    return isFunction(childOf(node, ref[ref.length - 1] as Term)?.values ?? []);
  }
}

function refuseBuiltin(builtin: BuiltinDeclaration, target: Term): void {
  const refuse = (what: string): never => {
    throw new PolicyError("rego_compile_error", `with keyword replacing built-in function: ${what}`, {
      location: target.location,
    });
  };
  const { name } = builtin;
  if (name === "eq" || name === "rego.metadata.chain" || name === "rego.metadata.rule")
    refuse(`replacement of ${JSON.stringify(name)} invalid`);
  if (name.startsWith("internal."))
    refuse(`replacement of internal function ${JSON.stringify(name)} invalid`);
  if (builtin.relation === true) refuse("target must not be a relation");
  if (builtin.result === undefined) refuse("target must not be a void function");
}

export function rewriteWiths(compilation: Compilation): void {
  const { findings, locals, options } = compilation;
  const rewriter = new WithRewriter({
    compilation,
    findings,
    locals,
    unsafeBuiltins: options.unsafeBuiltins ?? new Set(),
  });
  eachRule(compilation.modules, (rule) => {
    if (!featuresOf(rule).with) return false;
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.args === undefined ? {} : { args: head.args.map(rewriter.term) }),
      ...(head.key === undefined ? {} : { key: rewriter.term(head.key) }),
      ...(head.value === undefined ? {} : { value: rewriter.term(head.value) }),
    };
    rule.body = rewriter.body(rule.body);
    return false;
  });
}
