// Emits blocks that stand one after the other, with runs of them that a constant text chooses behind tables (rule-index.ts), and those of one shape
// as one body (templates.ts). In: blocks and the function they stand in. Out: instructions, and functions of their own for parts of large
// tables, because engines optimise small functions.
//
//   decision   list of (template, row) …, -1     or     fork: -2 - level, table, list or fork of values that are no texts

import type { Block } from "../ir/ir.ts";
import * as abi from "../../runtime/abi.ts";
import { emitBlock, emitPlace, type FunctionContext, get, set } from "./context.ts";
import { localsAssigned } from "./facts.ts";
import { type Choice, type Decision, type Level, segments } from "./rule-index.ts";
import { type Hole, type Instance, type Template, templates } from "./templates.ts";
import { trie } from "./trie.ts";
import { Scope, type Traffic, traffic, usesOf } from "./uses.ts";

/** Cases of one table, and of one function. */
const WIDTH = 64;
const END = -1;
const FORK = -2;
/** Fewer blocks inside others are not looked at. */
const NESTED_WORTH_IT = 6;

/** The blocks of a function, or, `nested`, of a statement somewhere inside it. */
export function emitBlocks(context: FunctionContext, blocks: readonly Block[], nested = false): void {
  const { module } = context;
  if (module.passes.ruleIndex === false || (nested && blocks.length < NESTED_WORTH_IT))
    return plain(context, blocks, nested);
  const scope = new Scope(context.uses(), context.params, nested);
  const found = segments(blocks, scope, module.strings);
  if (found.every(({ kind }) => kind === "plain")) return plain(context, blocks, nested);
  found.forEach((segment, index) => {
    const final = !nested || index === found.length - 1;
    if (segment.kind === "plain") emitBlock(context, segment.block, { final });
    else choose(context, segment, scope);
  });
}

function plain(context: FunctionContext, blocks: readonly Block[], nested: boolean): void {
  blocks.forEach((block, index) => {
    emitBlock(context, block, { final: !nested || index === blocks.length - 1 });
  });
}

function choose(context: FunctionContext, choice: Choice, scope: Scope): void {
  const { code, known, locals, module } = context;
  const { templates: bodies, instances } = templates(
    choice.blocks,
    scope,
    module.passes.mergeRules !== false,
    module.freshHole,
  );
  const across = traffic(
    bodies.map(({ block }) => block),
    scope,
    new Set(bodies.flatMap(({ holes }) => holes)),
  );
  // A later turn finds what the ones before left.
  for (const { block } of bodies) known.forget(localsAssigned(block));
  const drawing = new Drawing(context, choice, instances);
  const skip = code.block();
  locals.scratch((entry) =>
    locals.scratch((row) => {
      locals.scratch((value) => {
        choice.levels.forEach((level, at) => {
          emitLevel(context, level, at, { drawing, entry, value, skip });
        });
      });
      const turn = code.loop();
      code.get(entry);
      code.load(4);
      code.set(row);
      if (bodies.length === 1) emitTemplate(context, bodies[0]!, row, scope);
      else
        locals.scratch((number) => {
          code.get(entry);
          code.load(0);
          code.set(number);
          table(context, { cases: bodies, number, row, across, scope });
        });
      code.get(entry);
      code.i32(8);
      code.add();
      code.tee(entry);
      code.load(0);
      code.i32(END);
      code.ne();
      code.brIf(turn);
      code.end();
    }),
  );
  code.end();
}

interface Lookup {
  readonly drawing: Drawing;
  /** Wasm locals: the decision so far, and the value that is looked at. */
  readonly entry: number;
  readonly value: number;
  readonly skip: number;
}

/** Goes on from a fork of this level to what it leads to. */
function emitLevel(
  context: FunctionContext,
  level: Level,
  at: number,
  { drawing, entry, value, skip }: Lookup,
): void {
  const { code, module } = context;
  const root = at === 0 ? drawing.root() : undefined;
  const inner = at === 0 ? undefined : code.block();
  if (inner !== undefined) {
    code.get(entry);
    code.load(0);
    code.i32(FORK - at);
    code.ne();
    code.brIf(inner);
  }
  emitPlace(context, level.place, value);
  code.get(value);
  code.eqz();
  code.brIf(skip);
  const find = (): void => {
    if (root !== undefined) code.i32(root.table);
    else {
      code.get(entry);
      code.load(4);
    }
    code.get(value);
    const name = { exact: "value_get", starts: "trie_find", ends: "trie_find_end" }[level.kind];
    code.call(module.runtime(name));
    code.set(entry);
  };
  if (level.kind === "exact" && !level.other) find();
  else {
    code.get(value);
    code.load8(abi.OFFSET_TAG);
    code.i32(abi.TAG_STRING);
    code.eq();
    code.if();
    find();
    code.else();
    if (root !== undefined) code.i32(root.other);
    else {
      code.get(entry);
      code.load(8);
    }
    code.set(entry);
    code.end();
  }
  code.get(entry);
  code.eqz();
  code.brIf(skip);
  if (inner !== undefined) code.end();
}

interface Cases {
  readonly cases: readonly Template[];
  /** Wasm locals: the number of the template, and its row. */
  readonly number: number;
  readonly row: number;
  readonly across: Traffic;
  readonly scope: Scope;
}

/** Jumps to the case whose number is in a local; many cases are called in functions of WIDTH cases, or of WIDTH such functions. */
function table(context: FunctionContext, { cases, number, row, across, scope }: Cases): void {
  const { code, module } = context;
  let size = 1;
  while (size * WIDTH < cases.length) size *= WIDTH;
  const count = Math.ceil(cases.length / size);
  const end = code.block();
  const labels = Array.from({ length: count }, () => code.block());
  code.get(number);
  if (size > 1) {
    code.i32(Math.log2(size));
    code.shrU();
  }
  code.brTable(labels.toReversed(), end);
  for (let at = 0; at < count; at++) {
    code.end();
    if (size === 1) emitTemplate(context, cases[at]!, row, scope);
    else {
      const part = cases.slice(at * size, (at + 1) * size);
      const blocks = part.map(({ block }) => block);
      const called = module.outline(context, across, blocks, (inner, innerNumber, innerRow) =>
        table(inner, { cases: part, number: innerNumber, row: innerRow, across, scope }),
      );
      for (const local of across.shared) get(context, local);
      code.get(number);
      code.i32(size - 1);
      code.and();
      code.get(row);
      code.call(called);
      across.assigned.forEach((local, index) => {
        code.globalGet(module.spare(index));
        set(context, local);
      });
    }
    code.br(end);
  }
  code.end();
}

function emitTemplate(
  context: FunctionContext,
  { block, holes, places }: Template,
  row: number,
  scope: Scope,
): void {
  const { code, locals } = context;
  const uses = usesOf(block);
  // What an earlier turn left there was never there for this one.
  for (const local of uses.carried) {
    if (scope.isShared(local, uses) || holes.includes(local)) continue;
    code.i32(0);
    code.set(locals.of(local));
  }
  holes.forEach((hole, index) => {
    context.holes.set(hole, { row, offset: index * 4 });
  });
  for (const [at, varying] of places) context.places.set(at, varying);
  emitBlock(context, block, { final: false });
}

/** Decisions as static data. */
class Drawing {
  readonly #context: FunctionContext;
  readonly #choice: Choice;
  readonly #instances: readonly Instance[];
  readonly #rows = new Map<number, number>();

  constructor(context: FunctionContext, choice: Choice, instances: readonly Instance[]) {
    this.#context = context;
    this.#choice = choice;
    this.#instances = instances;
  }

  root(): { readonly table: number; readonly other: number } {
    const { tree } = this.#choice;
    if (!("level" in tree)) return { table: 0, other: this.#address(tree) };
    return { table: this.#table(tree), other: this.#address(tree.other) };
  }

  #address(decision: Decision): number {
    const { statics } = this.#context.module;
    if ("level" in decision)
      return statics.words([FORK - decision.level, this.#table(decision), this.#address(decision.other)]);
    if (decision.length === 0) return 0;
    const entries = decision.flatMap((block) => [this.#instances[block]!.template, this.#row(block)]);
    return statics.words([...entries, END]);
  }

  #table(fork: Exclude<Decision, readonly number[]>): number {
    const { statics } = this.#context.module;
    const { kind } = this.#choice.levels[fork.level]!;
    const drawn = Array.from(fork.texts, ([text, { exact, longer }]) => ({
      text,
      exact: this.#address(exact),
      longer: kind === "exact" ? 0 : this.#address(longer),
    }));
    if (kind !== "exact") return trie(statics, drawn, kind === "ends");
    return statics.table(new Map(drawn.map(({ text, exact }) => [text, exact])));
  }

  #row(block: number): number {
    const { module } = this.#context;
    const known = this.#rows.get(block);
    if (known !== undefined) return known;
    const { row } = this.#instances[block]!;
    const word = (hole: Hole): number => {
      if (hole.kind === "word") return hole.value;
      return hole.kind === "string"
        ? module.string(hole.index)
        : module.statics.number(module.stringText(hole.index));
    };
    const address = row.length === 0 ? 0 : module.statics.words(row.map(word));
    this.#rows.set(block, address);
    return address;
  }
}
