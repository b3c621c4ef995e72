// Checks that what refs refer to can be there: members of objects with known keys, elements of arrays by number, nothing inside
// scalars and functions. Expressions in, findings out; variables in refs get the types of keys.

import type { Diagnostic } from "../../error.ts";
import type { Expr, RefTerm, Term } from "../../syntax/ast.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import { compare } from "../../value/compare.ts";
import { anyType, resolveType, stringType, type Type } from "../../value/type.ts";
import { keysType, valuesType } from "../../value/type-algebra.ts";
import type { Value } from "../../value/value.ts";
import { memberRefDetails, scalarRefDetails } from "./type-details.ts";
import {
  constantValue,
  extentOf,
  isDocument,
  selectConstant,
  type TypeEnv,
  type TypeNode,
} from "./type-env.ts";
import { unifies, unifyTerm } from "./unify-types.ts";
import { type Visitor, walkBody, walkExpr, walkTerm } from "../../syntax/visit.ts";
import { callOf, isComprehension, notOf, termOf } from "./walk.ts";

/** The author's spelling of a ref. */
export type RefRewriter = (ref: readonly Term[]) => readonly Term[];

export class RefChecker {
  /** Of the last expression. */
  errors: Diagnostic[] = [];
  readonly #env: TypeEnv;
  readonly #rewrite: RefRewriter;
  readonly #visitor: Visitor;

  constructor(env: TypeEnv, rewrite: RefRewriter) {
    this.#env = env;
    this.#rewrite = rewrite;
    this.#visitor = {
      term: (t) => {
        if (isComprehension(t)) return true;
        return t.kind === "ref" ? this.#ref(t) : false;
      },
      expr: (e) => {
        const term = termOf(e);
        const call = callOf(e);
        const not = notOf(e);
        if (call !== undefined) for (const t of call.slice(1)) walkTerm(t, this.#visitor);
        else if (term !== undefined) walkTerm(term, this.#visitor);
        else if (not !== undefined) walkBody(not.body, this.#visitor);
        else return false;
        return true;
      },
    };
  }

  expr(expr: Expr): void {
    if (this.errors.length > 0) this.errors = [];
    walkExpr(expr, this.#visitor);
  }

  #ref(ref: RefTerm): boolean {
    const type = this.#env.typeOfRef(ref.terms);
    const error =
      type?.kind === "function"
        ? this.#unsupported(ref.terms, ref.terms.length - 1, type)
        : this.#check(this.#env, this.#env.tree, ref.terms, 0);
    if (error === undefined) return false;
    this.errors.push(error);
    return type?.kind === "function";
  }

  #check(env: TypeEnv, node: TypeNode, ref: readonly Term[], i: number): Diagnostic | undefined {
    const head = ref[i];
    if (head === undefined) return undefined;
    // Packages have names: the first elements of a path are strings.
    if ((i === 1 || i === 2) && head.kind !== "var" && head.kind !== "string") {
      return this.#invalid(ref, i, this.#env.typeOf(head), stringType, childKeys(node));
    }
    if (head.kind === "var" && i !== 0) {
      const keys = keysType(extentOf(node));
      const known = this.#env.typeOf(head);
      if (known === undefined) this.#env.vars.putOne(head, keys);
      else if (!unifies(keys, known)) return this.#invalid(ref, i, known, keys, childKeys(node));
    }
    const child = node.child(head);
    if (child !== undefined)
      return child.value !== undefined
        ? this.#checkLeaf(child.value, ref, i + 1)
        : this.#check(env, child, ref, i + 1);
    if (env.next !== undefined) return this.#check(env.next, env.next.tree, ref, 0);
    if (!isDocument(ref[0])) return this.#checkLeaf(anyType, ref, 0);
    if (i === 0) return this.#checkLeaf(anyType, ref, 1);
    for (const other of node.children.values()) this.#check(env, other, ref, i + 1);
    return undefined;
  }

  #checkLeaf(type: Type | undefined, ref: readonly Term[], i: number): Diagnostic | undefined {
    const head = ref[i];
    if (head === undefined) return undefined;
    const keys = keysType(type);
    if (keys === undefined) return this.#unsupported(ref, i - 1, type);
    switch (head.kind) {
      case "var": {
        const known = this.#env.typeOf(head);
        if (known === undefined) this.#env.vars.putOne(head, keys);
        else if (!unifies(known, keys)) return this.#invalid(ref, i, known, keys, memberKeys(type));
        break;
      }
      case "ref": {
        const known = this.#env.typeOfRef(head.terms);
        if (known !== undefined && !unifies(known, keys))
          return this.#invalid(ref, i, known, keys, memberKeys(type));
        break;
      }
      case "array":
      case "object":
      case "set":
        if (!unifyTerm(this.#env, head, keys, false))
          return this.#invalid(ref, i, this.#env.typeOf(head), keys, undefined);
        break;
      default: {
        const member = selectConstant(type, head);
        return member === undefined
          ? this.#invalid(ref, i, undefined, keys, memberKeys(type))
          : this.#checkLeaf(member, ref, i + 1);
      }
    }
    return this.#checkLeaf(valuesType(type), ref, i + 1);
  }

  #invalid(
    ref: readonly Term[],
    i: number,
    have: Type | undefined,
    want: Type | undefined,
    oneOf: readonly Value[] | undefined,
  ): Diagnostic {
    const original = this.#rewrite(ref);
    const location = (ref[0] as Term).location;
    return {
      code: "rego_type_error",
      message: `undefined ref: ${printRef(original)}`,
      location,
      details: memberRefDetails(original, i, have, want, oneOf),
    };
  }

  #unsupported(ref: readonly Term[], i: number, have: Type | undefined): Diagnostic {
    const original = this.#rewrite(ref);
    const location = (ref[0] as Term).location;
    let message = `undefined ref: ${printRef(original)}`;
    if (have?.kind === "function") {
      // An element made by the compiler is no part of the name.
      const last = original[original.length - 1] as Term;
      const name = /__local[0-9]+__/.test(printTerm(last)) ? original.slice(0, -1) : original;
      message = `function ${printRef(name)} used as reference, not called`;
    }
    return { code: "rego_type_error", message, location, details: scalarRefDetails(original, i, have) };
  }
}

function sorted(values: Iterable<Value>): Value[] {
  return [...values].sort(compare).filter((v, i, all) => i === 0 || compare(all[i - 1] as Value, v) !== 0);
}

function childKeys(node: TypeNode): Value[] {
  const keys: Value[] = [];
  for (const { key } of node.children.values()) {
    const value = key === undefined ? undefined : constantValue(key);
    if (value !== undefined) keys.push(value);
  }
  return sorted(keys);
}

/** The known keys of an object type, or of all objects in a union. */
function memberKeys(type: Type | undefined): Value[] {
  const t = resolveType(type);
  if (t?.kind === "object") return sorted(t.static.map((p) => p.key));
  return t?.kind === "any" ? sorted(t.of.flatMap(memberKeys)) : [];
}
