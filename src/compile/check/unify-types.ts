// Whether types can meet, and what that says about variables. Types and terms in; types of variables go to the environment.

import type { ObjectTerm, Term } from "../../syntax/ast.ts";
import { equalTerms } from "../../syntax/order.ts";
import {
  anyType,
  type ArrayType,
  type FunctionType,
  type ObjectType,
  resolveType,
  type Type,
} from "../../value/type.ts";
import { isUnknownType, selectType, unionType, valuesType } from "../../value/type-algebra.ts";
import { integer } from "../../value/number.ts";
import { isConstant } from "./trees.ts";
import { selectConstant, type TypeEnv } from "./type-env.ts";

const select = (type: ArrayType, i: number): Type | undefined => selectType(type, integer(i));

/** Whether some value can be of both types. */
export function unifies(left: Type | undefined, right: Type | undefined): boolean {
  const [a, b] = [resolveType(left), resolveType(right)];
  if (a === undefined || b === undefined) return false;
  if (a.kind === "any" && anyUnifies(a.of, b)) return true;
  if (b.kind === "any" && anyUnifies(b.of, a)) return true;
  if (a.kind === "any" || b.kind === "any") return false;
  if (a.kind === "array" && b.kind === "array") return arraysUnify(a, b);
  if (a.kind === "object" && b.kind === "object") return objectsUnify(a, b);
  if (a.kind === "set" && b.kind === "set") return unifies(a.of, b.of);
  if (a.kind === "function" && b.kind === "function") return functionsUnify(a, b);
  return a.kind === b.kind;
}

function anyUnifies(members: readonly Type[], b: Type): boolean {
  return b.kind !== "function" && (members.length === 0 || members.some((member) => unifies(member, b)));
}

function functionsUnify(a: FunctionType, b: FunctionType): boolean {
  return a.args.length === b.args.length && a.args.every((arg, i) => unifies(arg, b.args[i]));
}

function arraysUnify(a: ArrayType, b: ArrayType): boolean {
  const within = (x: ArrayType, y: ArrayType): boolean => x.static.every((t, i) => unifies(t, select(y, i)));
  return (
    within(a, b) &&
    within(b, a) &&
    (a.dynamic === undefined || b.dynamic === undefined || unifies(a.dynamic, b.dynamic))
  );
}

function objectsUnify(a: ObjectType, b: ObjectType): boolean {
  const within = (x: ObjectType, y: ObjectType): boolean =>
    x.static.every((p) => {
      const other = selectType(y, p.key);
      return other === undefined
        ? x.dynamic !== undefined || y.dynamic !== undefined
        : unifies(p.value, other);
    });
  return within(a, b) && within(b, a) && unknownOrUnify(a.dynamic?.value, b.dynamic?.value);
}

/** Values under keys that are not known one by one; the value of a comprehension may have no type yet. */
function unknownOrUnify(a: Type | undefined, b: Type | undefined): boolean {
  return a === undefined || b === undefined || unifies(a, b);
}

/** Fits a term to a type: variables without one get it. With `union` they may have several. */
export function unifyTerm(env: TypeEnv, term: Term, type: Type | undefined, union: boolean): boolean {
  switch (term.kind) {
    case "array":
    case "object":
    case "set": {
      const t = type?.kind === "recursive" && term.kind !== "set" ? resolveType(type) : type;
      return type?.kind === "recursive" && t?.kind === "any" ? false : unifyCollection(env, term, t, union);
    }
    case "var": {
      if (union) {
        env.vars.putOne(term, unionType(env.typeOf(term), type));
        return true;
      }
      const known = env.typeOf(term);
      if (known !== undefined) return unifies(known, type);
      env.vars.putOne(term, type);
      return true;
    }
    default:
      return unifies(env.typeOf(term), type);
  }
}

type Collection = Extract<Term, { kind: "array" | "object" | "set" }>;

function unifyCollection(env: TypeEnv, term: Collection, type: Type | undefined, union: boolean): boolean {
  if (type?.kind === "any") {
    if (type.of.length > 0) return type.of.map((t) => unifyTerm(env, term, t, true)).some(Boolean);
    const members = term.kind === "object" ? term.entries.flat() : term.items;
    for (const t of members) unifyTerm(env, t, anyType, true);
    return true;
  }
  if (term.kind === "array" && type?.kind === "array") {
    if (term.items.length !== type.static.length && type.dynamic === undefined) return false;
    return term.items.every((t, i) => unifyTerm(env, t, select(type, i), union));
  }
  if (term.kind === "object" && type?.kind === "object") return unifyObject(env, term, type, union);
  if (term.kind === "set" && type?.kind === "set") {
    const of = valuesType(type);
    return term.items.every((t) => unifyTerm(env, t, of, union));
  }
  return false;
}

function unifyObject(env: TypeEnv, term: ObjectTerm, type: ObjectType, union: boolean): boolean {
  if (term.entries.length !== type.static.length && type.dynamic === undefined) return false;
  return term.entries.every(([k, v]) => {
    if (isConstant(k)) {
      const member = selectConstant(type, k);
      return member !== undefined && unifyTerm(env, v, member, union);
    }
    unifyTerm(env, v, anyType, union);
    return true;
  });
}

/** Fits two terms to each other, given what is known of their types. */
export function unifyTerms(
  env: TypeEnv,
  a: Term,
  typeA: Type | undefined,
  b: Term,
  typeB: Type | undefined,
): boolean {
  const [openA, openB] = [isUnknownType(typeA), isUnknownType(typeB)];
  if (openA && !openB) return unifyTerm(env, a, typeB, false);
  if (openB && !openA) return unifyTerm(env, b, typeA, false);
  if (!openA && !openB) return unifies(typeA, typeB);
  if (a.kind === "array") return unifyOpenArray(env, a, b);
  if (a.kind === "object") return unifyOpenObject(env, a, b);
  if (a.kind === "var") {
    if (b.kind === "var") return unifyTerm(env, a, anyType, false) && unifyTerm(env, b, env.typeOf(a), false);
    if (b.kind === "array") return unifyOpenArray(env, b, a);
    if (b.kind === "object") return unifyOpenObject(env, b, a);
  }
  if (a.kind === "var" && typeA === undefined && typeB !== undefined) return unifyTerm(env, a, typeB, false);
  if (b.kind === "var" && typeB === undefined && typeA !== undefined) return unifyTerm(env, b, typeA, false);
  return false;
}

function unifyOpenArray(env: TypeEnv, a: Term & { kind: "array" }, b: Term): boolean {
  if (b.kind === "var") return unifyTerm(env, a, anyType, false) && unifyTerm(env, b, env.typeOf(a), false);
  if (b.kind !== "array" || a.items.length !== b.items.length) return false;
  return a.items.every((x, i) => {
    const y = b.items[i] as Term;
    return unifyTerms(env, x, env.typeOf(x), y, env.typeOf(y));
  });
}

function unifyOpenObject(env: TypeEnv, a: ObjectTerm, b: Term): boolean {
  if (b.kind === "var") return unifyTerm(env, a, anyType, false) && unifyTerm(env, b, env.typeOf(a), false);
  if (b.kind !== "object" || a.entries.length !== b.entries.length) return false;
  return a.entries.every(([k, x]) => {
    const y = b.entries.find(([k2]) => equalTerms(k, k2))?.[1];
    return y !== undefined && unifyTerms(env, x, env.typeOf(x), y, env.typeOf(y));
  });
}
