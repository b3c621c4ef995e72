// What types are known where: a tree of types by ref, in layers, each hiding the one below. Terms and refs in, types out; undefined
// means that nothing is known. Comprehensions are typed by the checker that the environment was made with.

import type { Body, Term } from "../../syntax/ast.ts";
import {
  anyType,
  arrayType,
  booleanType,
  dynamicProperty,
  nullType,
  numberType,
  type ObjectType,
  objectType,
  property,
  resolveType,
  setType,
  type StaticProperty,
  stringType,
  type Type,
} from "../../value/type.ts";
import { selectType, unionType, valuesType } from "../../value/type-algebra.ts";
import { object } from "../../value/object.ts";
import { number } from "../../value/number.ts";
import type { Value } from "../../value/value.ts";
import { set } from "../../value/set.ts";
import { isConstant, nodeKey } from "./trees.ts";

/** OPA keeps unknown members inside composite types; the types of value/ have no word for it, so it is undefined there too. */
export const unknownType = undefined as unknown as Type;

const NO_CHILDREN: ReadonlyMap<string, TypeNode> = new Map();

export class TypeNode {
  readonly key: Term | undefined;
  value: Type | undefined;
  #children: Map<string, TypeNode> | undefined;

  constructor(key?: Term) {
    this.key = key;
  }

  get children(): ReadonlyMap<string, TypeNode> {
    return this.#children ?? NO_CHILDREN;
  }

  child(key: Term): TypeNode | undefined {
    return this.#children?.get(nodeKey(key));
  }

  #grow(key: Term): TypeNode {
    const name = nodeKey(key);
    this.#children ??= new Map();
    let child = this.#children.get(name);
    if (child === undefined) this.#children.set(name, (child = new TypeNode(key)));
    return child;
  }

  putOne(key: Term, type: Type | undefined): void {
    this.#grow(key).value = type;
  }

  put(path: readonly Term[], type: Type | undefined): void {
    let node: TypeNode = this;
    for (const term of path) node = node.#grow(term);
    node.value = type;
  }

  /** Puts, and merges with objects on the way and with what lies below. `path` is ground. */
  insert(path: readonly Term[], type: Type, env: TypeEnv): void {
    let node: TypeNode = this;
    path.forEach((term, i) => {
      const child = node.child(term);
      const known = resolveType(child?.value);
      if (child !== undefined && known?.kind === "object" && i + 1 < path.length)
        child.value = insertInto(known, path.slice(i + 1), type, env);
      node = node.#grow(term);
    });
    node.value = mergeTypes(node.value, type);
    if (resolveType(type)?.kind !== "object" || node.children.size === 0) return;
    let merged = resolveType(node.value);
    for (const [leafPath, leaf] of node.#leaves([]))
      if (merged?.kind === "object") merged = insertInto(merged, leafPath, leaf, env);
    node.value = merged;
  }

  #leaves(prefix: readonly Term[]): [Term[], Type][] {
    return [...this.children.values()].flatMap((child): [Term[], Type][] => {
      const path = [...prefix, child.key as Term];
      return child.value !== undefined ? [[path, child.value]] : child.#leaves(path);
    });
  }
}

function insertInto(type: ObjectType, path: readonly Term[], value: Type, env: TypeEnv): ObjectType {
  const [first, ...rest] = path;
  if (first === undefined) return type;
  const key = env.typeOf(first);
  const member = rest.length === 0 ? value : insertInto(objectType([]), rest, value, env);
  const dynamic = dynamicProperty(
    unionType(type.dynamic?.key, key) ?? unknownType,
    unionType(type.dynamic?.value, member) ?? unknownType,
  );
  return objectType(type.static, dynamic);
}

/** Sets and objects without known members merge member by member; everything else becomes a union. */
export function mergeTypes(left: Type | undefined, right: Type | undefined): Type | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const [a, b] = [resolveType(left) as Type, resolveType(right) as Type];
  if (
    a.kind === "object" &&
    b.kind === "object" &&
    a.static.length === 0 &&
    b.static.length === 0 &&
    a.dynamic !== undefined &&
    b.dynamic !== undefined
  ) {
    const key = unionType(a.dynamic.key, b.dynamic.key) ?? unknownType;
    return objectType([], dynamicProperty(key, mergeTypes(a.dynamic.value, b.dynamic.value) ?? unknownType));
  }
  if (a.kind === "object" && a.static.length === 0 && b.kind === "any") {
    const i = b.of.findIndex((t) => t.kind === "object" && t.static.length === 0);
    const found = b.of[i];
    if (found?.kind === "object" && found.dynamic !== undefined && a.dynamic !== undefined) {
      const key = unionType(found.dynamic.key, a.dynamic.key) ?? unknownType;
      const merged = objectType(
        [],
        dynamicProperty(key, unionType(found.dynamic.value, a.dynamic.value) ?? unknownType),
      );
      return { kind: "any", of: b.of.map((t, j) => (j === i ? merged : t)) };
    }
  }
  if (a.kind === "set" && b.kind === "set") return setType(unionType(a.of, b.of));
  if (a.kind === "any" && b.kind !== "any") return mergeTypes(b, a);
  return unionType(a, b);
}

/** A constant term as the value that it stands for; undefined for what is no constant. */
export function constantValue(term: Term): Value | undefined {
  if (!isConstant(term)) return undefined;
  const all = (terms: readonly Term[]): Value[] => terms.map((t) => constantValue(t) as Value);
  switch (term.kind) {
    case "null":
      return null;
    case "boolean":
    case "string":
      return term.value;
    case "number":
      return number(term.text);
    case "array":
      return all(term.items);
    case "set":
      return set(all(term.items));
    case "object":
      return object(
        term.entries.map(([k, v]) => [constantValue(k) as Value, constantValue(v) as Value] as const),
      );
    default:
      return undefined;
  }
}

export function selectConstant(type: Type | undefined, term: Term): Type | undefined {
  const value = constantValue(term);
  return value === undefined ? undefined : selectType(type, value);
}

/** The type of a member of a member of … `type`; a union where elements are not known. */
export function selectRef(type: Type | undefined, ref: readonly Term[]): Type | undefined {
  const [head, ...tail] = ref;
  if (type === undefined || head === undefined) return type;
  const dynamic =
    head.kind === "var" ||
    head.kind === "ref" ||
    head.kind === "array" ||
    head.kind === "object" ||
    head.kind === "set";
  return selectRef(dynamic ? valuesType(type) : selectConstant(type, head), tail);
}

/** Types the body of a comprehension: the environment inside it, or undefined when the body has errors. */
export type BodyTyper = (env: TypeEnv, body: Body) => TypeEnv | undefined;

export class TypeEnv {
  readonly tree: TypeNode;
  /** Where types of variables go: `tree`, but for layers made for `with`. */
  readonly vars: TypeNode;
  readonly next: TypeEnv | undefined;
  readonly #typeBody: BodyTyper;

  constructor(typeBody: BodyTyper, next?: TypeEnv, tree: TypeNode = new TypeNode(), vars: TypeNode = tree) {
    this.tree = tree;
    this.vars = vars;
    this.next = next;
    this.#typeBody = typeBody;
  }

  wrap(): TypeEnv {
    return new TypeEnv(this.#typeBody, this);
  }

  /** A layer for one expression: variables typed in it outlive it. */
  wrapWith(tree: TypeNode = new TypeNode()): TypeEnv {
    return new TypeEnv(this.#typeBody, this, tree, this.vars);
  }

  typeOf(term: Term): Type | undefined {
    switch (term.kind) {
      case "null":
        return nullType;
      case "boolean":
        return booleanType;
      case "number":
        return numberType;
      case "string":
      case "template-string":
        return stringType;
      case "array": {
        const items = term.items.map((t) => this.typeOf(t) ?? unknownType);
        return arrayType(items, items.length === 0 ? anyType : undefined);
      }
      case "object":
        return this.#objectType(term.entries);
      case "set": {
        let of: Type | undefined;
        for (const item of term.items) of = unionType(of, this.typeOf(item));
        return setType(of ?? anyType);
      }
      case "array-comprehension": {
        const inner = this.#typeBody(this, term.body);
        return inner === undefined ? undefined : arrayType([], inner.typeOf(term.term));
      }
      case "set-comprehension": {
        const inner = this.#typeBody(this, term.body);
        return inner === undefined ? undefined : setType(inner.typeOf(term.term));
      }
      case "object-comprehension": {
        const inner = this.#typeBody(this, term.body);
        if (inner === undefined) return undefined;
        return objectType(
          [],
          dynamicProperty(inner.typeOf(term.key) ?? unknownType, inner.typeOf(term.value) ?? unknownType),
        );
      }
      case "ref":
        return this.typeOfRef(term.terms);
      case "var": {
        const node = this.tree.child(term);
        return node !== undefined ? node.value : this.next?.typeOf(term);
      }
      case "call":
        return undefined;
    }
  }

  #objectType(entries: readonly (readonly [Term, Term])[]): Type {
    const known: StaticProperty[] = [];
    let dynamic: ObjectType["dynamic"];
    for (const [k, v] of entries) {
      const key = constantValue(k);
      if (key !== undefined) known.push(property(key, this.typeOf(v) ?? unknownType));
      else dynamic = dynamicProperty(this.typeOf(k) ?? unknownType, this.typeOf(v) ?? unknownType);
    }
    return objectType(
      known,
      known.length === 0 && dynamic === undefined ? dynamicProperty(anyType, anyType) : dynamic,
    );
  }

  typeOfRef(ref: readonly Term[]): Type | undefined {
    const [head] = ref;
    const node = head === undefined ? undefined : this.tree.child(head);
    return node === undefined ? this.#below(ref) : this.#descend(node, ref, 1);
  }

  /** A document that nobody knows anything about can hold anything. */
  #below(ref: readonly Term[]): Type | undefined {
    if (this.next !== undefined) return this.next.typeOfRef(ref);
    return isDocument(ref[0]) ? anyType : undefined;
  }

  /** `i`: the first element that the node does not stand for. */
  #descend(node: TypeNode, ref: readonly Term[], i: number): Type | undefined {
    const head = ref[i];
    if (head === undefined) return extentOf(node);
    if (node.value !== undefined) {
      const child = node.child(head);
      return child === undefined ? selectRef(node.value, ref.slice(i)) : this.#descend(child, ref, i + 1);
    }
    if (!isConstant(head)) return selectRef(extentOf(node), ref.slice(i));
    const child = node.child(head);
    return child === undefined ? this.#below(ref) : this.#descend(child, ref, i + 1);
  }
}

export const isDocument = (term: Term | undefined): boolean =>
  term?.kind === "var" && (term.name === "data" || term.name === "input");

/** The type of everything under a node: an object that base documents may add to. */
export function extentOf(node: TypeNode): Type {
  if (node.value !== undefined) return node.value;
  const members: StaticProperty[] = [];
  for (const child of node.children.values()) {
    const type = extentOf(child);
    const { key } = child;
    if (key?.kind === "string" || key?.kind === "number" || key?.kind === "boolean")
      members.push(property(constantValue(key) as Value, type));
  }
  return objectType(members, dynamicProperty(stringType, anyType));
}
