// What the plan files share while one function or plan is written: the block being filled, locals, variables, the environment, and
// the tables of the whole Policy. The plan files call each other through the Rooms interface, which planner.ts fills, so that none
// of them has to import another.

import type { Location } from "../../error.ts";
import { PolicyError } from "../../error.ts";
import type { Body, Expr, RefTerm, Term } from "../../syntax/ast.ts";
import { utf8Length } from "../../value/utf8.ts";
import type { BuiltinDeclaration } from "../check/compilation.ts";
import type { At, Block, Func, Local, Operand, Stmt } from "../ir/ir.ts";
import { type Environment, environment, PLAIN, valueMocks } from "./environment.ts";
import { Scopes } from "./locals.ts";
import type { MarkKind, MarkNode, Marks } from "./marks.ts";
import type { Reach } from "./reach.ts";
import { type Group, sortedChildren, termKey, type TrieNode } from "./rule-trie.ts";

export type Then = () => void;
export type WithOperand = (operand: Operand) => void;

export interface Rooms {
  /** Plans a term and goes on with its value, once for each value it can have. */
  term(c: Context, term: Term, then: WithOperand): void;
  terms(c: Context, terms: readonly Term[], then: (operands: readonly Operand[]) => void): void;
  /** The value of a term that has at most one. */
  value(c: Context, term: Term): Operand;
  ref(c: Context, ref: RefTerm, then: WithOperand): void;
  unify(c: Context, a: Term, b: Term, then: Then): void;
  unifyOperand(c: Context, a: Operand, b: Term, then: Then): void;
  comprehension(c: Context, term: Term): Operand;
  body(c: Context, body: Body, then: Then): void;
  expr(c: Context, expr: Expr, then: Then): void;
  call(c: Context, operator: RefTerm, args: readonly Term[], then: Then): void;
  withs(c: Context, expr: Expr, then: Then): void;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type BareStmt = DistributiveOmit<Stmt, "at">;

/** A function that was called and has yet to be planned. */
export interface Wanted {
  readonly name: string;
  readonly generation: string;
  readonly group: Group;
  readonly env: Environment;
  /** The first steps below the group's path that are known: a constant, or undefined for one that is passed as an argument. */
  readonly keys: readonly (Term | undefined)[];
}

/** Texts and places by number. */
export class Tables {
  readonly strings: string[] = [];
  readonly files: string[] = [];
  readonly #stringIndex = new Map<string, number>();
  readonly #fileIndex = new Map<string, number>();
  readonly #positions = new WeakMap<Location, At>();

  string(text: string): number {
    return intern(this.strings, this.#stringIndex, text);
  }

  position(location: Location): At {
    let at = this.#positions.get(location);
    if (at === undefined) {
      const file = intern(this.files, this.#fileIndex, location.file === "" ? "<query>" : location.file);
      at = { file, row: location.row, col: location.col, ...endOf(location) };
      this.#positions.set(location, at);
    }
    return at;
  }
}

/** What else a function was made of than its own rules. */
export interface Notes {
  /** The functions that it calls, in the order in which it came upon them. */
  readonly wants: Pick<Wanted, "group" | "keys">[];
  /** The builtins that it calls. */
  readonly calls: Set<string>;
  /** False: it looked at more than that, such as the names of all rules below a path. */
  settled: boolean;
}

/** The tables of one Policy. */
export class Shared {
  readonly rooms: Rooms;
  readonly trie: TrieNode;
  readonly reach: Reach;
  readonly builtins: ReadonlyMap<string, BuiltinDeclaration>;
  readonly called = new Set<string>();
  readonly funcs: Func[] = [];
  readonly queue: Wanted[] = [];
  readonly tables: Tables;
  notes: Notes = { wants: [], calls: new Set(), settled: true };
  readonly #generations = new Map<string, string>([["", "g0"]]);
  readonly #wanted = new Map<string, Wanted>();
  /** Those of whole groups where nothing is replaced. */
  readonly #plain = new Map<Group, Wanted>();

  readonly marks: Marks | undefined;
  /** Whether rules stop once they have their one possible value. */
  readonly earlyExit: boolean;

  constructor(
    rooms: Rooms,
    trie: TrieNode,
    reach: Reach,
    builtins: ReadonlyMap<string, BuiltinDeclaration>,
    marks?: Marks,
    earlyExit = true,
    tables = new Tables(),
  ) {
    this.tables = tables;
    this.marks = marks;
    this.earlyExit = earlyExit && marks?.request.earlyExit !== false;
    this.rooms = rooms;
    this.trie = trie;
    this.reach = reach;
    this.builtins = builtins;
  }

  string(text: string): number {
    return this.tables.string(text);
  }

  position(location: Location): At {
    return this.tables.position(location);
  }

  /** A builtin is called. */
  call(name: string): void {
    this.called.add(name);
    this.notes.calls.add(name);
  }

  /** The children of a node, in the order in which `data[x]` enumerates them. */
  childrenOf(node: TrieNode): TrieNode[] {
    this.notes.settled = false;
    return sortedChildren(node);
  }

  /** The function that the group is in this environment; planned later if it is new. */
  want(group: Group, env: Environment, keys: Wanted["keys"] = []): Wanted {
    if (env.key === "") this.notes.wants.push({ group, keys });
    else this.notes.settled = false;
    const plain = env.key === "" && keys.length === 0;
    const known = plain ? this.#plain.get(group) : undefined;
    if (known !== undefined) return known;
    const relevant = this.reach.restrict(env, group);
    const part = keys.map((step) => `/${step === undefined ? "" : termKey(step)}`).join("");
    const key = `${relevant.key} ${group.key}${part}`;
    let wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      let generation = this.#generations.get(relevant.key);
      if (generation === undefined) {
        generation = `g${this.#generations.size}`;
        this.#generations.set(relevant.key, generation);
      }
      wanted = { name: `${generation}.${group.key}${part}`, generation, group, env: relevant, keys };
      this.#wanted.set(key, wanted);
      this.queue.push(wanted);
    }
    if (plain) this.#plain.set(group, wanted);
    return wanted;
  }
}

export type KindTest = "IsArrayStmt" | "IsObjectStmt" | "IsSetStmt";

/** One function or plan under construction. */
export class Context {
  readonly shared: Shared;
  block: Stmt[] = [];
  vars = new Scopes();
  env: Environment = PLAIN;
  /** What the functions that `env` replaces by values give. */
  mockValues: ReadonlyMap<string, Operand> = new Map();
  /** Locals that hold parts of base documents, found step by step: there, integer keys also mean texts. Variables are not among them. */
  readonly fromData = new Set<Local>([1]);
  /** Once this local is defined, no further solution matters. */
  done: Local | undefined;
  next: Local;
  at: At;

  constructor(shared: Shared, at: At, params = 2) {
    this.shared = shared;
    this.at = at;
    this.next = params;
  }

  get rooms(): Rooms {
    return this.shared.rooms;
  }

  local(): Local {
    return this.next++;
  }

  emit(stmt: BareStmt): void {
    this.block.push({ ...stmt, at: this.at } as Stmt);
  }

  /** Goes on if the value is of one of the kinds. */
  isOneOf(source: Operand, kinds: readonly KindTest[]): void {
    const [only] = kinds;
    if (only !== undefined && kinds.length === 1) return this.emit({ kind: only, source });
    this.blocks(() => {
      this.blocks(
        ...kinds.map((kind) => () => {
          this.emit({ kind, source });
          this.emit({ kind: "BreakStmt", index: 1 });
        }),
      );
      this.emit({ kind: "BreakStmt", index: 1 });
    });
  }

  /** Marks, for traces, what an expression that is only a ref came to. */
  markValue(node: Expr, value: Operand): void {
    const { marks } = this.shared;
    const { location } = node;
    if (marks?.request.events !== true || marks.muted || !marks.request.wants(location.file)) return;
    const mark = marks.add({ kind: "value", node, location, vars: ["$value"] });
    this.emit({ kind: "MarkStmt", mark, values: [value] });
  }

  /** Leaves a mark here, if marks are asked for at this place. */
  mark(kind: MarkKind, node: MarkNode, location: Location): void {
    const { marks } = this.shared;
    if (marks === undefined || marks.muted || location.row === 0 || !marks.request.wants(location.file))
      return;
    const { branches, events, passes, operands } = marks.request;
    if (operands === "all" && kind !== "eval") return;
    const asked =
      (branches === true && (kind === "enter" || kind === "leave")) || (passes === true && kind === "pass");
    if (events !== true && !asked && kind !== "eval" && kind !== "exit") return;
    const known =
      events === true && kind !== "leave" ? this.vars.all() : this.#operands(kind, node, operands);
    const mark = marks.add({ kind, node, location, vars: known.map(([name]) => name) });
    this.emit({ kind: "MarkStmt", mark, values: known.map(([, operand]) => operand) });
  }

  #operands(kind: MarkKind, node: MarkNode, which: "all" | "limits" | undefined): [string, Operand][] {
    if (which === undefined || kind !== "eval") return [];
    const { terms } = node as Expr;
    if (!Array.isArray(terms)) return [];
    const [, ...args] = terms as readonly Term[];
    if (which === "limits" && (args.length !== 2 || !args.some((arg) => arg.kind === "number"))) return [];
    const named = new Set<string>();
    for (const arg of args)
      for (const part of arg.kind === "ref" ? arg.terms : [arg])
        if (part.kind === "var") named.add(part.name);
    return this.vars.all().filter(([name]) => named.has(name));
  }

  /** Plans a closure: what it binds is forgotten afterwards, and its loops go on to the end. */
  closure<T>(plan: () => T): T {
    const { done } = this;
    this.done = undefined;
    const result = this.vars.within(plan);
    this.done = done;
    return result;
  }

  /** Runs `fill` with a fresh block and gives it back. */
  nested(fill: Then): Block {
    const outer = this.block;
    const stmts: Stmt[] = [];
    this.block = stmts;
    fill();
    this.block = outer;
    return { stmts };
  }

  /** A BlockStmt of blocks that are run one after the other, each in a scope of its own. */
  blocks(...fills: readonly Then[]): void {
    this.emit({ kind: "BlockStmt", blocks: fills.map((fill) => this.nested(() => this.vars.within(fill))) });
  }

  /** Runs `plan` with positions taken from `location`, if it has a place in a text. */
  locate<T>(location: Location, plan: () => T): T {
    const before = this.at;
    if (location.row > 0) this.at = this.shared.position(location);
    const result = plan();
    this.at = before;
    return result;
  }

  string(text: string): Operand {
    return { type: "string_index", value: this.shared.string(text) };
  }

  /** The statements of `plan` fail unless it came to its end at least once. */
  once(plan: (then: Then) => void): void {
    const { block } = this;
    const start = block.length;
    const found = this.local();
    let times = 0;
    let straight: Stmt | undefined;
    plan(() => {
      times++;
      this.emit({ kind: "AssignVarStmt", source: { type: "bool", value: true }, target: found });
      straight = this.block === block ? block.at(-1) : undefined;
    });
    // The usual case: one way through, and it ends in this very block. Then failing on the way is failing here.
    if (times === 1 && straight !== undefined && block.at(-1) === straight) {
      block.pop();
      return;
    }
    block.splice(start, 0, { kind: "ResetLocalStmt", target: found, at: this.at });
    this.emit({ kind: "IsDefinedStmt", source: found });
  }

  /** Calls the function of a group, or of the part of it below some keys, passing along what stands for replaced functions. */
  callGroup(group: Group, args: readonly Operand[], env = this.env, keys: Wanted["keys"] = []): Operand {
    const wanted = this.shared.want(group, env, keys);
    const mocks = valueMocks(wanted.env).map((name) => {
      const value = this.mockValues.get(name);
      if (value === undefined) throw this.fail(`no value stands for \`${name}\``);
      return value;
    });
    const result = this.local();
    this.emit({ kind: "CallStmt", func: wanted.name, args: [INPUT, DATA, ...mocks, ...args], result });
    return local(result);
  }

  /** Calls a function that stands for another: it runs without any replacement, but hidden documents stay hidden. */
  callUnmocked(group: Group, args: readonly Operand[]): Operand {
    return this.callGroup(group, args, environment(this.env.masks, new Map()));
  }

  fail(message: string): PolicyError {
    const { file, row, col } = this.at;
    const location = { file: this.shared.tables.files[file] ?? "", row, col, offset: 0, text: "" };
    return new PolicyError("internal_error", `planner: ${message}`, { location });
  }
}

export const INPUT: Operand = { type: "local", value: 0 };
export const DATA: Operand = { type: "local", value: 1 };

export function local(value: Local): Operand {
  return { type: "local", value };
}

export function bool(value: boolean): Operand {
  return { type: "bool", value };
}

function intern(list: string[], index: Map<string, number>, text: string): number {
  let found = index.get(text);
  if (found === undefined) {
    found = list.length;
    list.push(text);
    index.set(text, found);
  }
  return found;
}

/** Where the text of a node ends. */
function endOf({ row, col, text }: Location): { endRow: number; endCol: number } {
  let breaks = 0;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
    breaks++;
    start = at + 1;
  }
  const last = utf8Length(breaks === 0 ? text : text.slice(start));
  return { endRow: row + breaks, endCol: breaks === 0 ? col + last : last + 1 };
}
