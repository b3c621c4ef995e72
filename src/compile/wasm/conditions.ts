// What a block asks of values before it does anything that leaves a trace. In: a block. Out: by place, the constant texts of which the value must
// be one, begin with one or end with one. A block whose condition does not hold may be left out: nobody can tell. Values that are no texts
// are told apart: a builtin that gets one fails, and that must be noted, so such a block is tried then.

import type { Block, Local, Operand, Stmt, StmtOf } from "../ir/ir.ts";
import { type Scope, usesOf } from "./uses.ts";

/** Keys from a local that stands before the block: `input.user.name` is local 0 and `user`, `name`. */
export interface Place {
  readonly root: Local;
  readonly keys: readonly number[];
}

export interface Condition {
  readonly place: Place;
  readonly kind: "exact" | "starts" | "ends";
  readonly texts: readonly string[];
  /** Values that are no texts may hold as well, or leave a trace. */
  readonly other: boolean;
}

export function placeKey({ root, keys }: Place): string {
  return `${root}:${keys.join()}`;
}

type Test = Pick<Condition, "kind" | "texts" | "other">;
/** A constant: a text, a collection of constants, or something else that is the same each time. */
type Constant = { readonly text: string } | Collection | "null" | "other";
interface Collection {
  readonly items: Constant[];
  readonly array: boolean;
}

/** Signs of globs that can be wrong, which is an error whatever the value is. */
const GLOB_STRUCTURE = /[[\]{}\\,!]/;
const LONGEST_GLOB = 1000;

export function conditions(block: Block, scope: Scope, strings: readonly string[]): Map<string, Condition> {
  return new Reader(block, scope, strings).read();
}

class Reader {
  readonly #block: Block;
  readonly #scope: Scope;
  readonly #strings: readonly string[];
  readonly #places = new Map<Local, Place>();
  readonly #constants = new Map<Local, Constant>();
  /** Answers of tests: nothing holds unless they are true. */
  readonly #tests = new Map<Local, { readonly place: Place; readonly test: Test }>();
  readonly #found = new Map<string, Condition>();

  constructor(block: Block, scope: Scope, strings: readonly string[]) {
    this.#block = block;
    this.#scope = scope;
    this.#strings = strings;
  }

  read(): Map<string, Condition> {
    if (usesOf(this.#block).escapes) return this.#found;
    let noisy = false;
    for (const stmt of this.#block.stmts) {
      const goes = this.#stmt(stmt);
      // Behind a call that can fail, only its own answer still tells something.
      if (!goes || noisy) break;
      noisy = stmt.kind === "CallStmt" && !SILENT.has(stmt.func);
    }
    return this.#found;
  }

  /** Whether nothing but locals of this block has changed. */
  #stmt(stmt: Stmt): boolean {
    switch (stmt.kind) {
      case "DotStmt":
        return this.#define(stmt.target, () => {
          const from = this.#placeOf(stmt.source);
          if (from !== undefined && stmt.key.type === "string_index")
            this.#places.set(stmt.target, { root: from.root, keys: [...from.keys, stmt.key.value] });
        });
      case "AssignVarStmt":
        return this.#define(stmt.target, () => {
          const place = this.#placeOf(stmt.source);
          if (place !== undefined) this.#places.set(stmt.target, place);
          const constant = this.#constantOf(stmt.source);
          if (constant !== undefined) this.#constants.set(stmt.target, constant);
        });
      case "EqualStmt":
        this.#equal(stmt.a, stmt.b);
        this.#equal(stmt.b, stmt.a);
        return true;
      case "NotEqualStmt":
        if (stmt.a.type === "local" && stmt.b.type === "bool" && !stmt.b.value) this.#holds(stmt.a.value);
        return true;
      case "MakeNumberIntStmt":
      case "MakeNumberRefStmt":
        return this.#define(stmt.target, () => this.#constants.set(stmt.target, "other"));
      case "MakeNullStmt":
        return this.#define(stmt.target, () => this.#constants.set(stmt.target, "null"));
      case "MakeArrayStmt":
      case "MakeSetStmt": {
        const collection = { items: [], array: stmt.kind === "MakeArrayStmt" };
        return this.#define(stmt.target, () => this.#constants.set(stmt.target, collection));
      }
      case "ArrayAppendStmt":
        return this.#add(stmt.array, stmt.value);
      case "SetAddStmt":
        return this.#add(stmt.set, stmt.value);
      case "CallStmt":
        return this.#call(stmt);
      case "IsUndefinedStmt":
      case "IsDefinedStmt":
      case "IsArrayStmt":
      case "IsObjectStmt":
      case "IsSetStmt":
      case "NopStmt":
        return true;
      default:
        return false;
    }
  }

  #define(target: Local, note: () => void): boolean {
    if (this.#scope.isShared(target, usesOf(this.#block))) return false;
    this.#places.delete(target);
    this.#constants.delete(target);
    this.#tests.delete(target);
    note();
    return true;
  }

  #add(collection: Local, value: Operand): boolean {
    const known = this.#constants.get(collection);
    if (!isCollection(known)) return false;
    const constant = this.#constantOf(value);
    if (constant === undefined) this.#constants.delete(collection);
    else known.items.push(constant);
    return true;
  }

  #placeOf(operand: Operand): Place | undefined {
    if (operand.type !== "local") return undefined;
    const { value } = operand;
    const known = this.#places.get(value);
    if (known !== undefined) return known;
    const uses = usesOf(this.#block);
    // What stands here before the block, and is the same all through the blocks around: arguments, and locals of blocks around.
    const steady = !uses.assigned.has(value) && (this.#scope.params.has(value) || this.#scope.nested);
    return steady ? { root: value, keys: [] } : undefined;
  }

  #constantOf(operand: Operand): Constant | undefined {
    if (operand.type === "string_index") return { text: this.#strings[operand.value] ?? "" };
    if (operand.type === "bool") return "other";
    return this.#constants.get(operand.value);
  }

  #equal(value: Operand, to: Operand): void {
    const place = this.#placeOf(value);
    const constant = this.#constantOf(to);
    if (place !== undefined && constant !== undefined) this.#note(place, among("exact", [constant]));
    if (value.type === "local" && to.type === "bool" && to.value) this.#holds(value.value);
  }

  #holds(answer: Local): void {
    const asked = this.#tests.get(answer);
    if (asked !== undefined) this.#note(asked.place, asked.test);
  }

  #note(place: Place, test: Test): void {
    const key = placeKey(place);
    if (!this.#found.has(key)) this.#found.set(key, { place, ...test });
  }

  #call({ func, args, result }: StmtOf<"CallStmt">): boolean {
    const [subject, test] = this.#test(func, args);
    const place = subject === undefined ? undefined : this.#placeOf(subject);
    if (!SILENT.has(func) && (test === undefined || place === undefined)) return false;
    return this.#define(result, () => {
      if (test !== undefined && place !== undefined) this.#tests.set(result, { place, test });
    });
  }

  /** What is looked at, and what it is held against. */
  #test(func: string, args: readonly Operand[]): readonly [Operand | undefined, Test | undefined] {
    const [first, second, third] = args;
    if (first === undefined || second === undefined) return [undefined, undefined];
    const constant = this.#constantOf(second);
    const items = constant === undefined ? undefined : itemsOf(constant);
    switch (func) {
      case MEMBER:
        return [first, isCollection(constant) ? among("exact", constant.items) : undefined];
      case "startswith":
        return [first, isText(constant) ? among("starts", [constant], true) : undefined];
      case "endswith":
        return [first, isText(constant) ? among("ends", [constant], true) : undefined];
      case "strings.any_prefix_match":
        return [first, items?.every(isText) === true ? among("starts", items, true) : undefined];
      case "strings.any_suffix_match":
        return [first, items?.every(isText) === true ? among("ends", items, true) : undefined];
      case "glob.match":
        return [third, globTest(this.#constantOf(first), constant)];
      default:
        return [undefined, undefined];
    }
  }
}

const MEMBER = "internal.member_2";
/** Calls that leave no trace whatever they get. */
const SILENT: ReadonlySet<string> = new Set([MEMBER, "is_string"]);

function isText(constant: Constant | undefined): constant is { readonly text: string } {
  return typeof constant === "object" && "text" in constant;
}

function isCollection(constant: Constant | undefined): constant is Collection {
  return typeof constant === "object" && "items" in constant;
}

function itemsOf(constant: Constant): readonly Constant[] {
  return isCollection(constant) ? constant.items : [constant];
}

function among(kind: Test["kind"], constants: readonly Constant[], other = false): Test {
  const texts = constants.filter(isText).map(({ text }) => text);
  return { kind, texts: [...new Set(texts)], other: other || texts.length < constants.length };
}

/** The literal text at the start of a glob, or at its end, which whatever matches it has there. */
function globTest(pattern: Constant | undefined, delimiters: Constant | undefined): Test | undefined {
  if (!isText(pattern) || pattern.text.length > LONGEST_GLOB || GLOB_STRUCTURE.test(pattern.text))
    return undefined;
  if (delimiters === undefined || !isDelimiters(delimiters)) return undefined;
  const { text } = pattern;
  const start = text.search(/[*?]/);
  if (start < 0) return { kind: "exact", texts: [text], other: true };
  if (start > 0) return { kind: "starts", texts: [text.slice(0, start)], other: true };
  const end = Math.max(text.lastIndexOf("*"), text.lastIndexOf("?")) + 1;
  return end < text.length ? { kind: "ends", texts: [text.slice(end)], other: true } : undefined;
}

/** An array of characters, or null; others are left to the builtin. */
function isDelimiters(constant: Constant): boolean {
  if (constant === "null") return true;
  if (!isCollection(constant) || !constant.array) return false;
  return constant.items.every((item) => isText(item) && [...item.text].length === 1);
}
