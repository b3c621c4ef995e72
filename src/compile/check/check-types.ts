// The type checker: types rules in the order of their dependencies, checks calls against signatures, equalities and refs against what is
// known. Ordered rules or a query's body in, findings and a type environment out. Only what can never be true is an error.

import { type Diagnostic, sortDiagnostics } from "../../error.ts";
import type { Body, Expr, RefTerm, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import {
  anyType,
  dynamicProperty,
  type FunctionType,
  functionType,
  objectType,
  setType,
  type Type,
} from "../../value/type.ts";
import { isUnknownType, unionType } from "../../value/type-algebra.ts";
import { builtinTypes, newBuiltinTypes } from "./builtin-types.ts";
import { type RuleCell, isMultiValue, ruleRef } from "./cells.ts";
import { RefChecker, type RefRewriter } from "./check-refs.ts";
import type { Compilation, RuleType } from "./compilation.ts";
import { rulesReferredTo } from "./trees.ts";
import {
  argumentDetails,
  matchDetails,
  type Signature,
  signatureOf,
  type TypeDetails,
  unnamedSignature,
} from "./type-details.ts";
import { type BodyTyper, TypeEnv, TypeNode, unknownType } from "./type-env.ts";
import { unifies, unifyTerm, unifyTerms } from "./unify-types.ts";
import { walkExpr, walkTerm } from "../../syntax/visit.ts";
import { callOf, groundPrefix, isComprehension, isEquality, isGround, mapExpr, mapTerm } from "./walk.ts";

/** Types that annotations and `-s` give to documents while a rule is checked. */
export interface RuleSchemas {
  /** Puts types into the environment of one rule; findings come back. */
  apply(env: TypeEnv, rule: RuleCell): Diagnostic[];
}

export interface TypeContext {
  readonly compilation: Compilation;
  /** Generated name -> the term that it stands for. */
  readonly subjects: ReadonlyMap<string, Term>;
  readonly rewritten: readonly ReadonlyMap<string, string>[];
  readonly schemas?: RuleSchemas;
}

/** Spells refs as the author did: generated variables give way to names, or to the terms they stand for. */
export function refRewriter(
  subjects: ReadonlyMap<string, Term>,
  rewritten: readonly ReadonlyMap<string, string>[],
): RefRewriter {
  const mapper = {
    term: (term: Term): Term => {
      if (term.kind !== "var") return mapTerm(term, mapper);
      const subject = subjects.get(term.name);
      if (subject !== undefined) return mapTerm(subject, mapper);
      for (const names of rewritten) {
        const name = names.get(term.name);
        if (name !== undefined) return { ...term, name };
      }
      return term;
    },
    body: (body: Body): Body => body.map((expr) => mapExpr(expr, mapper)),
  };
  return (ref) => ref.map(mapper.term);
}

interface TypedRule {
  /** Undefined where nothing is known of it. */
  readonly type: RuleType | undefined;
  readonly errors: readonly Diagnostic[];
}

/** What an earlier check knows of the types of rules. */
export interface Recall {
  /** The type of a rule that need not be typed again. */
  known(rule: RuleCell): TypedRule | undefined;
  /** Is told what came out for a rule that was. */
  typed(rule: RuleCell, type: RuleType | undefined): void;
}

export class TypeChecker {
  readonly #context: TypeContext;
  readonly #rewrite: RefRewriter;
  readonly #withTrees = new Map<string, TypeNode | undefined>();

  constructor(context: TypeContext) {
    this.#context = context;
    this.#rewrite = refRewriter(context.subjects, context.rewritten);
  }

  /** The outermost layer: builtins, and the type of input where a schema gives one. */
  global(input?: Type): TypeEnv {
    const { builtins } = this.#context.compilation;
    const tree = input === undefined ? builtinTypes(builtins) : newBuiltinTypes(builtins);
    if (input !== undefined) tree.put([{ kind: "var", name: "input", location: nowhere }], input);
    const typeBody: BodyTyper = (outer, body) => {
      const { env: inner, errors } = this.body(outer, body);
      return errors.length === 0 ? inner : undefined;
    };
    return new TypeEnv(typeBody, undefined, tree);
  }

  /** All rules, each after those it refers to. `recall`: what is known to come out for a rule, which is then not looked at. */
  rules(
    global: TypeEnv,
    sorted: readonly RuleCell[],
    recall?: Recall,
  ): { env: TypeEnv; errors: Diagnostic[]; types: Map<RuleCell, RuleType | undefined> } {
    const env = global.wrap();
    const errors: Diagnostic[] = [];
    const types = new Map<RuleCell, RuleType | undefined>();
    for (const rule of sorted) {
      let typed = recall?.known(rule);
      if (typed === undefined) {
        typed = this.#rule(env, rule);
        recall?.typed(rule, typed.type);
      }
      const { type } = typed;
      if (typed.errors.length > 0) errors.push(...typed.errors);
      types.set(rule, type);
      if (type !== undefined) env.tree.insert(type.path, type.type, env);
    }
    return { env, errors: sortDiagnostics(errors), types };
  }

  #rule(outer: TypeEnv, rule: RuleCell): TypedRule {
    const layer = outer.wrap();
    const errors = this.#context.schemas?.apply(layer, rule) ?? [];
    const { env, errors: inBody } = this.body(layer, rule.body);
    const path = ruleRef(rule);
    if (inBody.length > 0) {
      outer.tree.put(path, anyType);
      return { type: undefined, errors: [...errors, ...inBody] };
    }
    const type =
      (rule.head.args ?? []).length > 0 ? this.#functionType(env, rule) : this.#documentType(env, rule);
    if (type === undefined) return { type, errors };
    const isDocument = rule.head.args === undefined || rule.head.args.length === 0;
    return { type: { path: isDocument ? groundPrefix(path) : path, type }, errors };
  }

  #functionType(env: TypeEnv, rule: RuleCell): Type {
    const args = rule.head.args ?? [];
    for (const arg of args) {
      walkTerm(arg, {
        term: (t) => {
          if (t.kind === "var" && env.typeOf(t) === undefined) env.vars.putOne(t, anyType);
          return false;
        },
      });
    }
    return functionType(
      args.map((t) => env.typeOf(t) ?? unknownType),
      rule.head.value === undefined ? undefined : env.typeOf(rule.head.value),
    );
  }

  #documentType(env: TypeEnv, rule: RuleCell): Type | undefined {
    const ref = ruleRef(rule);
    const dynamic = ref.slice(groundPrefix(ref).length);
    const { head } = rule;
    if (!isMultiValue(head))
      return head.value === undefined ? undefined : nestedObject(env, dynamic, env.typeOf(head.value));
    const key = head.key === undefined ? undefined : env.typeOf(head.key);
    return key === undefined ? undefined : nestedObject(env, dynamic, setType(key));
  }

  /** Types one body in a layer of its own. */
  body(outer: TypeEnv, body: Body): { env: TypeEnv; errors: Diagnostic[] } {
    const env = outer.wrap();
    const errors: Diagnostic[] = [];
    let plainRefs: RefChecker | undefined;
    for (const expr of body) {
      const inner = expr.with.length > 0 ? this.#withEnv(env, expr) : env;
      const closures = this.#closures(inner, expr);
      plainRefs ??= inner === env ? new RefChecker(env, this.#rewrite) : undefined;
      const refs =
        inner === env && plainRefs !== undefined ? plainRefs : new RefChecker(inner, this.#rewrite);
      refs.expr(expr);
      errors.push(...closures, ...refs.errors);
      const error = this.#expr(inner, expr);
      if (error === undefined) continue;
      // What is unknown because of an error inside is not worth a second message.
      const caused =
        (closures.length > 0 || refs.errors.length > 0) &&
        (error.details as TypeDetails | undefined)?.unknown === true;
      if (!caused) errors.push(error);
    }
    return { env, errors };
  }

  #closures(env: TypeEnv, expr: Expr): Diagnostic[] {
    if (isFlat(expr)) return NONE;
    let result: Diagnostic[] = [];
    walkExpr(expr, {
      term: (t) => {
        if (!isComprehension(t)) return false;
        const { errors } = this.body(env, (t as { body: Body }).body);
        if (errors.length > 0) result = errors;
        return errors.length > 0;
      },
    });
    return result;
  }

  #expr(env: TypeEnv, expr: Expr): Diagnostic | undefined {
    return this.#modifiers(env, expr) ?? this.#call(env, expr);
  }

  /** A function may only be replaced by one that takes as many arguments. */
  #modifiers(env: TypeEnv, expr: Expr): Diagnostic | undefined {
    for (const w of expr.with) {
      const target = env.typeOf(w.target);
      const value = env.typeOf(w.value);
      if (
        target?.kind !== "function" ||
        value?.kind !== "function" ||
        unifies(target, value) ||
        w.target.kind !== "ref"
      )
        continue;
      const want = this.#signature(w.target, target, false);
      return argumentError(w.location, printRef(w.target.terms), "arity mismatch", value.args, want);
    }
    return undefined;
  }

  #signature(name: RefTerm, type: FunctionType, withResult: boolean): Signature {
    const builtin = this.#context.compilation.builtins.get(printRef(name.terms));
    if (builtin !== undefined) return signatureOf(builtin, withResult);
    return {
      ...unnamedSignature(withResult && type.result !== undefined ? [...type.args, type.result] : type.args),
      variadic: type.variadic,
    };
  }

  #call(env: TypeEnv, expr: Expr): Diagnostic | undefined {
    const call = callOf(expr);
    if (call === undefined) return undefined;
    const [operator, ...args] = call;
    if (isEquality(expr)) return this.#equality(env, expr, operator, args);
    const type = env.typeOfRef(operator.terms);
    const name = printRef(operator.terms);
    if (type === undefined && this.#context.compilation.options.allowUndefinedFunctions === true)
      return undefined;
    if (type?.kind === "any" && type.of.length === 0) return undefined;
    if (type?.kind !== "function")
      return { code: "rego_type_error", message: `undefined function ${name}`, location: expr.location };
    const want = this.#signature(operator, type, true);
    const accepted = (i: number): Type | undefined => want.args[i]?.type ?? type.variadic;
    const have = args.map((t) => env.typeOf(t));
    if (args.length > want.args.length && type.variadic === undefined)
      return argumentError(expr.location, name, "too many arguments", have, want);
    if (args.length < type.args.length)
      return argumentError(expr.location, name, "too few arguments", have, want);
    for (const [i, arg] of args.entries()) {
      const known = have[i];
      if (!isUnknownType(known) && !unifies(known, accepted(i)))
        return argumentError(expr.location, name, "invalid argument(s)", have, want);
      if (!unifyTerm(env, arg, accepted(i), false))
        return argumentError(
          expr.location,
          name,
          "invalid argument(s)",
          args.map((t) => env.typeOf(t)),
          want,
        );
    }
    return undefined;
  }

  #equality(env: TypeEnv, expr: Expr, operator: RefTerm, args: readonly Term[]): Diagnostic | undefined {
    const [a, b] = args;
    const have = args.map((t) => env.typeOf(t));
    if (a === undefined || b === undefined || args.length > 2) {
      const problem = args.length < 2 ? "too few arguments" : "too many arguments";
      return argumentError(
        expr.location,
        printRef(operator.terms),
        problem,
        have,
        unnamedSignature([anyType, anyType]),
      );
    }
    const [typeA, typeB] = have;
    if (unifyTerms(env, a, typeA, b, typeB)) return undefined;
    const details = matchDetails(typeA, typeB, isUnknownType(typeA) || isUnknownType(typeB));
    return { code: "rego_type_error", message: "match error", location: expr.location, details };
  }

  /** What `with` replaces may have the replacement's type, and whatever depends on it any type. */
  #withEnv(env: TypeEnv, expr: Expr): TypeEnv {
    let layer = env;
    const replaced: [readonly Term[], Type][] = [];
    for (const w of expr.with) {
      if (w.target.kind !== "ref") continue;
      const target = env.typeOfRef(w.target.terms);
      const isFunction = target?.kind === "function";
      const tree = this.#relaxed(w.target, isFunction);
      if (tree !== undefined) layer = layer.wrapWith(tree);
      if (isFunction) continue;
      const value = isGround(w.target) && target !== undefined ? env.typeOf(w.value) : undefined;
      replaced.push([
        groundPrefix(w.target.terms),
        (value === undefined ? undefined : unionType(target, value)) ?? anyType,
      ]);
    }
    if (replaced.length === 0) return layer;
    layer = layer.wrapWith();
    for (const [path, type] of replaced) layer.tree.put(path, type);
    return layer;
  }

  #relaxed(target: RefTerm, isFunction: boolean): TypeNode | undefined {
    const name = printRef(target.terms);
    const key = isFunction ? `f:${name}` : name;
    if (this.#withTrees.has(key)) return this.#withTrees.get(key);
    let tree: TypeNode | undefined;
    for (const ref of this.#dependents(target)) {
      if (isFunction && printRef(ref) === name) continue;
      tree ??= new TypeNode();
      tree.put(ref, anyType);
    }
    this.#withTrees.set(key, tree);
    return tree;
  }

  /** The rules that a ref refers to, and those that need them. */
  #dependents(target: RefTerm): (readonly Term[])[] {
    const { graph, ruleTree } = this.#context.compilation;
    const seen = new Set<RuleCell>();
    const visit = (rule: RuleCell): void => {
      if (seen.has(rule)) return;
      seen.add(rule);
      for (const dependent of graph.dependents(rule)) visit(dependent);
    };
    for (const rule of rulesReferredTo(ruleTree, target.terms, true)) visit(rule);
    return [...seen].map((rule) => groundPrefix(ruleRef(rule)));
  }
}

const NONE: Diagnostic[] = [];

/** Operands are scalars, variables and refs of such: no closure is in it. */
function isFlat(expr: Expr): boolean {
  if (expr.with.length > 0) return false;
  const leaf = ({ kind }: Term): boolean =>
    kind === "string" || kind === "var" || kind === "number" || kind === "boolean" || kind === "null";
  const call = callOf(expr);
  if (call === undefined) return false;
  for (let i = 1; i < call.length; i++) {
    const term = call[i] as Term;
    if (!leaf(term) && !(term.kind === "ref" && term.terms.every(leaf))) return false;
  }
  return true;
}

const nowhere = { file: "", row: 0, col: 0, offset: 0, text: "" };

function argumentError(
  location: Diagnostic["location"],
  name: string,
  problem: string,
  have: readonly (Type | undefined)[],
  want: Signature,
): Diagnostic {
  const details = argumentDetails(
    have,
    want,
    have.some((t) => isUnknownType(t)),
  );
  return {
    code: "rego_type_error",
    message: `${name}: ${problem}`,
    ...(location === undefined ? {} : { location }),
    details,
  };
}

/** One object around another for each dynamic element of a rule's ref. */
function nestedObject(env: TypeEnv, path: readonly Term[], type: Type | undefined): Type | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return type;
  const value = nestedObject(env, rest, type);
  const key = value === undefined ? undefined : env.typeOf(head);
  return key === undefined || value === undefined ? undefined : objectType([], dynamicProperty(key, value));
}

/**
 * Have and want of a call with the wrong number of arguments, where the function's type is known: while modules are checked only
 * builtins have one, for queries the rules' functions too.
 */
export function arityDetails(compilation: Compilation): (expr: Expr) => TypeDetails | undefined {
  let env = compilation.typeEnv instanceof TypeEnv ? compilation.typeEnv : undefined;
  return (expr) => {
    env ??= new TypeChecker({ compilation, subjects: new Map(), rewritten: [] }).global();
    const known = env;
    const call = callOf(expr);
    const type = call === undefined ? undefined : known.typeOfRef(call[0].terms);
    if (call === undefined || type?.kind !== "function") return undefined;
    const builtin = compilation.builtins.get(printRef(call[0].terms));
    const want = builtin === undefined ? unnamedSignature(type.args) : signatureOf(builtin, false);
    return argumentDetails(
      call.slice(1).map((t) => known.typeOf(t)),
      want,
      false,
    );
  };
}

/** Checks all rules; the environment stays with the compilation for queries. */
export function checkTypes(
  compilation: Compilation,
  schemas?: RuleSchemas,
  input?: Type,
  recall?: (sorted: readonly RuleCell[]) => Recall,
): void {
  const checker = new TypeChecker({
    compilation,
    subjects: compilation.subjects,
    rewritten: [compilation.rewritten],
    ...(schemas === undefined ? {} : { schemas }),
  });
  const sorted = compilation.graph.sorted() ?? [];
  const { env, errors, types } = checker.rules(checker.global(input), sorted, recall?.(sorted));
  for (const error of errors) compilation.findings.push(error);
  compilation.typeEnv = env;
  compilation.types = types;
}
