// What inputs of a policy look like, told from the policy: every place that could hold the same value shares one Shape, with the fields that
// are read there and the constants it is compared with. In: checked modules and base data. Out: the Shape of `input`. Flow-insensitive: it
// may say too much, which costs generated inputs and no correctness. Over 450 lines because one walk over the tree holds it together.

import type { CompiledModules } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import type { Body, Expr, RefTerm, Rule, Term } from "../syntax/ast.ts";
import { isCallTerms, walkBody } from "../syntax/visit.ts";
import { decode } from "../value/json.ts";
import { isArray, isNumber, isObject, isSet, type RegoObject, type Value } from "../value/value.ts";

export type Scalar = string | number | boolean | null;
export type Kind = "string" | "number" | "boolean" | "array" | "object" | "time" | "ip" | "cidr" | "digits";

const MAX_DOCS = 400;
const MAX_SCALARS = 400;

/** One equivalence class of places. Always look through `shape()` before reading. */
export class Shape {
  #parent: Shape | undefined;
  readonly kinds = new Set<Kind>();
  readonly scalars = new Set<Scalar>();
  readonly fields = new Map<string, Shape>();
  /** Texts put together from the texts of other places. */
  readonly texts: (readonly Shape[])[] = [];
  member: Shape | undefined;
  key: Shape | undefined;
  readonly #docs = new Set<Value>();

  get root(): Shape {
    let at: Shape = this;
    while (at.#parent !== undefined) at = at.#parent;
    return at;
  }

  get docs(): ReadonlySet<Value> {
    return this.root.#docs;
  }

  addDoc(value: Value): void {
    const at = this.root;
    if (at.#docs.has(value) || at.#docs.size >= MAX_DOCS) return;
    at.#docs.add(value);
    if (value === null || typeof value === "boolean" || typeof value === "string") at.addScalar(value);
    else if (isNumber(value)) at.addScalar(Number(value.text));
    else at.#addCollection(value);
  }

  #addCollection(value: Value): void {
    if (isObject(value)) {
      this.kinds.add("object");
      for (const [name, child] of value.entries()) {
        if (typeof name === "string") this.fields.get(name)?.addDoc(child);
        this.key?.addDoc(name);
        this.member?.addDoc(child);
      }
    } else {
      const members = isArray(value) ? value : isSet(value) ? [...value.values()] : [];
      this.kinds.add("array");
      for (const child of members) this.root.member?.addDoc(child);
    }
  }

  addScalar(value: Scalar): void {
    const at = this.root;
    if (at.scalars.size < MAX_SCALARS) at.scalars.add(value);
  }

  addKind(kind: Kind): void {
    this.root.kinds.add(kind);
  }

  field(name: string): Shape {
    const at = this.root;
    let child = at.fields.get(name);
    if (child === undefined) {
      child = new Shape();
      at.fields.set(name, child);
      for (const doc of at.#docs) {
        const value = isObject(doc) ? doc.get(name) : undefined;
        if (value !== undefined) child.addDoc(value);
      }
    }
    return child.root;
  }

  members(): Shape {
    const at = this.root;
    if (at.member === undefined) {
      at.member = new Shape();
      for (const doc of [...at.#docs]) for (const value of membersOf(doc)) at.member.addDoc(value);
    }
    return at.member.root;
  }

  keys(): Shape {
    const at = this.root;
    if (at.key === undefined) {
      at.key = new Shape();
      for (const doc of [...at.#docs]) if (isObject(doc)) for (const key of doc.keys()) at.key.addDoc(key);
    }
    return at.key.root;
  }

  join(given: Shape): void {
    const [at, other] = [this.root, given.root];
    if (at === other) return;
    other.#parent = at;
    for (const kind of other.kinds) at.kinds.add(kind);
    for (const scalar of other.scalars) at.addScalar(scalar);
    at.texts.push(...other.texts);
    for (const doc of other.#docs) at.root.addDoc(doc);
    for (const [name, child] of other.fields) at.root.#adoptField(name, child);
    if (other.member !== undefined) at.root.#adoptMember(other.member);
    if (other.key !== undefined) at.root.#adoptKey(other.key);
  }

  // A child is taken over as it is where there is none yet: a new one would never end where a place is inside itself.
  #adoptField(name: string, child: Shape): void {
    const mine = this.fields.get(name);
    if (mine !== undefined) return mine.join(child);
    this.fields.set(name, child);
    for (const doc of [...this.#docs]) {
      const value = isObject(doc) ? doc.get(name) : undefined;
      if (value !== undefined) child.addDoc(value);
    }
  }

  #adoptMember(child: Shape): void {
    if (this.member !== undefined) return this.member.join(child);
    this.member = child;
    for (const doc of [...this.#docs]) for (const value of membersOf(doc)) child.addDoc(value);
  }

  #adoptKey(child: Shape): void {
    if (this.key !== undefined) return this.key.join(child);
    this.key = child;
    for (const doc of [...this.#docs]) if (isObject(doc)) for (const key of doc.keys()) child.addDoc(key);
  }
}

function membersOf(doc: Value): Iterable<Value> {
  if (doc === null || typeof doc !== "object") return [];
  if (isArray(doc)) return doc;
  if (isObject(doc)) return Array.from(doc.entries(), ([, value]) => value);
  return isSet(doc) ? doc.values() : [];
}

export interface Shapes {
  /** What the policy reads as `input`. */
  readonly input: Shape;
  /** What rules read that put another input in its place, by place (`file:row:col`). */
  readonly own: ReadonlyMap<string, Shape>;
}

export interface ShapeOptions {
  /** Packages (`data.a.b`) in which `input.a` and `input.b` are two inputs of the policy. */
  readonly paired: ReadonlySet<string>;
  /** Places of the rules that matter; absent: all. */
  readonly only?: ReadonlySet<string>;
}

export function inferShapes(compiled: CompiledModules, data: RegoObject, options: ShapeOptions): Shapes {
  return new Inference(compiled, data, options).run();
}

/** Builtins whose result may well be what the argument was. */
const SAME_TEXT: ReadonlySet<string> = new Set(
  [
    "lower upper trim trim_left trim_right trim_space trim_prefix trim_suffix replace abs ceil floor round format_int to_number",
    "plus minus",
  ]
    .join(" ")
    .split(" "),
);
const COMPARE: ReadonlySet<string> = new Set(["eq", "assign", "equal", "neq"]);
const ORDER: ReadonlySet<string> = new Set(["lt", "lte", "gt", "gte"]);
const KIND_OF: Readonly<Record<string, Kind>> = {
  is_string: "string",
  is_number: "number",
  is_boolean: "boolean",
  is_array: "array",
  is_set: "array",
  is_object: "object",
  "object.keys": "object",
  "object.get": "object",
  "time.parse_rfc3339_ns": "time",
  "json.unmarshal": "string",
  "regex.match": "string",
  to_number: "digits",
};

class Inference {
  readonly #compiled: CompiledModules;
  readonly #options: ShapeOptions;
  readonly #input = new Shape();
  readonly #data = new Shape();
  readonly #values = new Map<string, Shape>();
  readonly #params = new Map<string, Shape[]>();
  readonly #own = new Map<string, Shape>();
  #vars = new Map<string, Shape>();
  #root: Shape = this.#input;
  #paired = false;

  constructor(compiled: CompiledModules, data: RegoObject, options: ShapeOptions) {
    this.#compiled = compiled;
    this.#options = options;
    this.#data.addDoc(data);
  }

  run(): Shapes {
    for (const module of this.#compiled.modules) {
      const path = pathText(module.package.path.terms);
      for (const rule of module.rules) {
        const name = [path, ...groundSteps(rule.head.reference)].join("/");
        this.#values.set(name, this.#values.get(name) ?? new Shape());
        if (rule.head.args !== undefined && !this.#params.has(name))
          this.#params.set(
            name,
            rule.head.args.map(() => new Shape()),
          );
      }
    }
    for (const module of this.#compiled.modules) {
      const path = pathText(module.package.path.terms);
      this.#paired = this.#options.paired.has(path);
      for (const rule of module.rules) {
        const wanted = this.#options.only?.has(placeOf(rule.location)) ?? !isTest(rule);
        if (wanted) this.#rule(path, rule);
      }
    }
    return { input: this.#input.root, own: this.#own };
  }

  #rule(path: string, first: Rule): void {
    const replaces = !this.#paired && replacesInput(first);
    this.#root = replaces ? new Shape() : this.#input;
    if (replaces) this.#own.set(placeOf(first.location), this.#root);
    const name = [path, ...groundSteps(first.head.reference)].join("/");
    for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else) {
      this.#vars = new Map();
      const { head } = rule;
      head.args?.forEach((arg, i) => {
        const param = this.#params.get(name)?.[i];
        if (param !== undefined) this.#term(arg).join(param);
      });
      let value = this.#values.get(name) ?? new Shape();
      for (const step of first.head.reference.terms.slice(groundSteps(first.head.reference).length)) {
        value.keys().join(this.#term(step));
        value = value.members();
      }
      if (head.value !== undefined) value.join(this.#term(head.value));
      else if (head.key !== undefined) value.members().join(this.#term(head.key));
      this.#body(rule.body);
    }
    this.#root = this.#input;
  }

  #body(body: Body): void {
    for (const expr of body) this.#expr(expr);
  }

  #expr(expr: Expr): void {
    for (const { target, value } of expr.with) {
      const given = this.#term(value);
      if (target.kind === "ref" && isInput(target))
        (target.terms.length === 1 ? this.#input : this.#walk(this.#input, target.terms.slice(1))).join(
          given,
        );
      else if (target.kind === "ref" && target.terms[0].kind === "var" && target.terms[0].name === "data")
        this.#term(target).join(given);
    }
    const { terms } = expr;
    if (isCallTerms(terms)) {
      const [operator, ...args] = terms;
      this.#call(operator, args);
      return;
    }
    switch (terms.kind) {
      case "some":
        for (const symbol of terms.symbols) if (symbol.kind === "call") this.#term(symbol);
        return;
      case "every": {
        const domain = this.#term(terms.domain);
        domain.members().join(this.#term(terms.value));
        if (terms.key !== undefined) domain.keys().join(this.#term(terms.key));
        this.#body(terms.body);
        return;
      }
      case "not":
        this.#body(terms.body);
        return;
      case "and":
      case "or":
        this.#body(terms.lhs);
        this.#body(terms.rhs);
        return;
      default:
        this.#term(terms);
    }
  }

  #call(operator: RefTerm, args: readonly Term[]): Shape {
    const name = operator.terms
      .map((t) => (t.kind === "var" ? t.name : t.kind === "string" ? t.value : ""))
      .join(".");
    const puts = name === "concat" || name === "sprintf";
    // What is put into a text is no member of one list with its other parts.
    const shapes = args.map((arg) =>
      puts && arg.kind === "array" ? this.#parts(arg.items) : this.#term(arg),
    );
    const declared = this.#compiled.builtins.get(name);
    if (declared === undefined) return this.#user(operator, shapes);
    const result = shapes[declared.args.length] ?? new Shape();
    this.#builtin(name, shapes, result, args);
    return result.root;
  }

  #parts(items: readonly Term[]): Shape {
    for (const item of items) this.#term(item);
    return new Shape();
  }

  #user(operator: RefTerm, shapes: readonly Shape[]): Shape {
    const path = operator.terms
      .map((t) => (t.kind === "var" ? t.name : t.kind === "string" ? t.value : "?"))
      .join("/");
    const params = this.#params.get(path);
    const value = this.#values.get(path) ?? new Shape();
    params?.forEach((param, i) => {
      const given = shapes[i];
      if (given !== undefined) given.join(param);
    });
    const captured = params === undefined ? undefined : shapes[params.length];
    if (captured !== undefined) captured.join(value);
    return value.root;
  }

  #builtin(name: string, shapes: readonly Shape[], result: Shape, args: readonly Term[]): void {
    const [a, b, c] = shapes;
    if (a === undefined) return;
    const kind = KIND_OF[name];
    if (kind !== undefined) a.addKind(kind);
    if (b === undefined) return;
    if (COMPARE.has(name)) a.join(b);
    else if (ORDER.has(name)) {
      if (args.some((arg) => arg.kind === "number")) a.addKind("number");
      a.join(b);
    } else if (name === "internal.member_2") b.members().join(a);
    else if (name === "internal.member_3" && c !== undefined) {
      c.keys().join(a);
      c.members().join(b);
    } else if (name === "startswith") {
      a.addKind("string");
      a.root.texts.push([b.root, ANY]);
      a.root.texts.push([b.root]);
    } else if (name === "endswith" || name === "contains") {
      a.addKind("string");
      a.root.texts.push([ANY, b.root]);
    } else if (name === "concat") this.#concat(args, a, b, result);
    else if (name.startsWith("net.cidr_contains")) {
      a.addKind("cidr");
      b.addKind("ip");
      b.root.texts.push([a.root]);
    } else if (name === "object.get" && args[1]?.kind === "string") {
      const field = a.field(args[1].value);
      if (c !== undefined) field.join(c);
      field.join(result);
    } else if (name === "glob.match" && c !== undefined) c.root.texts.push([a.root]);
    else if (name === "split") result.members().addKind("string");
    else if (SAME_TEXT.has(name)) {
      if (name === "plus" || name === "minus") {
        for (const shape of [a, b, result]) shape.addKind("number");
        a.join(b);
      }
      if (result !== a) a.join(result);
    } else if (name === "or" || name === "and") {
      a.join(b);
      a.join(result);
    } else if (name === "trim_right" || name === "trim_left") a.join(result);
  }

  /** `concat(sep, [x, y])`: texts of x, the separator, texts of y. */
  #concat(args: readonly Term[], separator: Shape, items: Shape, result: Shape): void {
    const list = args[1];
    if (list?.kind !== "array") {
      items.members().addKind("string");
      return;
    }
    const parts: Shape[] = [];
    for (const [i, item] of list.items.entries()) {
      if (i > 0) parts.push(separator.root);
      const shape = this.#term(item);
      shape.addKind("string");
      parts.push(shape);
    }
    result.addKind("string");
    result.root.texts.push(parts);
  }

  #term(term: Term): Shape {
    switch (term.kind) {
      case "null":
        return scalar(null);
      case "boolean":
        return scalar(term.value, "boolean");
      case "string":
        return scalar(term.value, "string");
      case "number":
        return scalar(Number(term.text), "number");
      case "var":
        return this.#variable(term.name);
      case "ref":
        return this.#ref(term);
      case "array":
      case "set": {
        const shape = new Shape();
        shape.kinds.add("array");
        for (const item of term.items) shape.members().join(this.#term(item));
        return shape.root;
      }
      case "object":
        return this.#object(term.entries);
      case "call":
        return this.#call(term.operator, term.args);
      case "array-comprehension":
      case "set-comprehension": {
        this.#body(term.body);
        const shape = new Shape();
        shape.members().join(this.#term(term.term));
        return shape;
      }
      case "object-comprehension": {
        this.#body(term.body);
        const shape = new Shape();
        shape.keys().join(this.#term(term.key));
        shape.members().join(this.#term(term.value));
        return shape;
      }
      default:
        return new Shape();
    }
  }

  #object(entries: readonly (readonly [Term, Term])[]): Shape {
    const shape = new Shape();
    shape.kinds.add("object");
    const whole = entries.length === 0 ? undefined : groundJson({ kind: "object", entries });
    if (whole !== undefined) {
      shape.addDoc(decode(whole));
      return shape;
    }
    for (const [key, value] of entries) {
      const child = this.#term(value);
      if (key.kind === "string") shape.field(key.value).join(child);
      else shape.members().join(child);
    }
    return shape.root;
  }

  #variable(name: string): Shape {
    if (name === "input") return this.#root;
    if (name === "data") return this.#data;
    if (name.startsWith("$")) return new Shape();
    let shape = this.#vars.get(name);
    if (shape === undefined) this.#vars.set(name, (shape = new Shape()));
    return shape.root;
  }

  #ref(ref: RefTerm): Shape {
    const [head, ...steps] = ref.terms;
    if (head.kind !== "var") return this.#walk(this.#term(head), steps);
    if (head.name === "input") {
      const [first] = steps;
      if (this.#paired && first?.kind === "string" && (first.value === "a" || first.value === "b"))
        return this.#walk(this.#input, steps.slice(1));
      return this.#walk(this.#root, steps);
    }
    if (head.name !== "data") return this.#walk(this.#variable(head.name), steps);
    let path = "data";
    let found: [Shape, number] | undefined;
    for (const [i, step] of steps.entries()) {
      if (step.kind !== "string") break;
      path += `/${step.value}`;
      const value = this.#values.get(path);
      if (value !== undefined) found = [value, i + 1];
    }
    return found === undefined ? this.#walk(this.#data, steps) : this.#walk(found[0], steps.slice(found[1]));
  }

  #walk(from: Shape, steps: readonly Term[]): Shape {
    let at = from.root;
    for (const step of steps) {
      if (step.kind === "string") at = at.field(step.value);
      else {
        if (step.kind === "number") at.addKind("array");
        else at.keys().join(this.#term(step));
        // Members that were known by name are members all the same.
        at = at.root.members();
      }
    }
    return at.root;
  }
}

/** Any text at all. */
export const ANY = new Shape();

function scalar(value: Scalar, kind?: Kind): Shape {
  const shape = new Shape();
  shape.scalars.add(value);
  if (kind !== undefined) shape.kinds.add(kind);
  return shape;
}

/** JSON text of a term that holds no variable and no set. */
function groundJson(term: Pick<Term & { kind: "object" }, "kind" | "entries"> | Term): string | undefined {
  switch (term.kind) {
    case "null":
      return "null";
    case "boolean":
      return String(term.value);
    case "number":
      return term.text;
    case "string":
      return JSON.stringify(term.value);
    case "array": {
      const items = term.items.map(groundJson);
      return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
    }
    case "object": {
      const parts = term.entries.map(([key, value]) => {
        const text = groundJson(value);
        return key.kind !== "string" || text === undefined
          ? undefined
          : `${JSON.stringify(key.value)}:${text}`;
      });
      return parts.includes(undefined) ? undefined : `{${parts.join(",")}}`;
    }
    default:
      return undefined;
  }
}

function pathText(terms: readonly Term[]): string {
  return terms.map((t) => (t.kind === "var" ? t.name : t.kind === "string" ? t.value : "?")).join("/");
}

function groundSteps(reference: RefTerm): string[] {
  const steps: string[] = [];
  for (const [i, term] of reference.terms.entries()) {
    if (i === 0 && term.kind === "var") steps.push(term.name);
    else if (term.kind === "string") steps.push(term.value);
    else break;
  }
  return steps;
}

export function placeOf({ file, row, col }: Location): string {
  return `${file}:${row}:${col}`;
}

function isTest(rule: Rule): boolean {
  return groundSteps(rule.head.reference).some((step) => /^(todo_)?test_/.test(step));
}

function isInput(ref: RefTerm): boolean {
  return ref.terms[0].kind === "var" && ref.terms[0].name === "input";
}

/** Whether some expression is evaluated `with input as …`. */
export function replacesInput(rule: Rule): boolean {
  let found = false;
  walkBody(rule.body, {
    expr(expr) {
      found ||= expr.with.some(
        ({ target }) => target.kind === "ref" && isInput(target) && target.terms.length === 1,
      );
      return false;
    },
  });
  return found;
}
