// What the emitters of statements share: the module under construction, the function under construction and the blocks that are open
// in it. Statement emitters reach everything through these two objects; emit.ts makes them.

import type { At, Block, Local, Operand, Stmt } from "../ir/ir.ts";
import * as abi from "../../runtime/abi.ts";
import type { Passes } from "./passes.ts";
import type { VaryingPlace } from "./templates.ts";
import type { Traffic, Uses } from "./uses.ts";
import { type Known, localsAssigned, repeatsSilently } from "./facts.ts";
import { type ConstantCollection, type ConstantItem, constantAt } from "./constants.ts";
import type { Code, Label } from "./instruction.ts";
import type { Locals } from "./locals.ts";
import type { Address, Statics } from "./statics.ts";

/** Where a call goes. */
export type Callee =
  | { readonly kind: "policy"; readonly index: number }
  | { readonly kind: "native"; readonly index: number; readonly result: boolean }
  | { readonly kind: "host"; readonly index: number; readonly id: number; readonly result: boolean };

/** A key of a dynamic call: known now, or only when it is called. */
export type PathKey = string | undefined;

export interface ModuleContext {
  readonly statics: Statics;
  /** The fixed place of a part of the input, if the module has any for it. */
  cell(path: string): Address | undefined;
  /** The box of the input whose parts are at fixed places. */
  inputBox(): Address;
  /** Index of a function of the runtime. */
  runtime(name: string): number;
  callee(name: string): Callee;
  /** A function that takes `args` and the unknown keys: the rule's value, 0 if no rule hangs there, 1 if it is undefined. */
  dispatcher(args: number, path: readonly PathKey[]): number;
  /** The word with the address of an index of a base document by what stands at `places`; undefined if there are to be none. */
  dataIndex(path: readonly string[], places: readonly (readonly number[])[]): Address | undefined;
  readonly passes: Passes;
  readonly strings: readonly string[];
  /** A local that no plan has. */
  readonly freshHole: () => Local;
  /**
   * A function of the locals that blocks share with the rest of `outer`, and the two words that `body` gets; what they assign it leaves in
   * `spare` globals.
   */
  outline(
    outer: FunctionContext,
    across: Traffic,
    blocks: readonly Block[],
    body: (context: FunctionContext, number: number, row: number) => void,
  ): number;
  /** A global that holds a word from the end of a function to the statement behind its call. */
  spare(index: number): number;
  string(index: number): Address;
  stringText(index: number): string;
  file(index: number): Address;
  /** The import that marks go to: `opa_builtin0`, with a number that no builtin has. */
  readonly mark: number;
  /** A function that takes a number of steps off the budget of the evaluation and ends it when there is none left. */
  readonly charge: number;
  /** Globals: the epoch in which rule values hold, and the last one that was given out. */
  readonly epoch: number;
  readonly lastEpoch: number;
}

/** One block of the plan that is open. */
export interface Frame {
  readonly label: Label;
  /** Puts back what the block changed for its length. */
  readonly leave: (() => void) | undefined;
  /** Nothing follows the statement that opened it in the block around it, but for further turns of a loop. */
  readonly tail: boolean;
  /** The body of a scan: its end is the next turn. */
  readonly loop: boolean;
  /** What `loop` repeats. */
  readonly block: Block;
}

export interface FunctionContext {
  readonly module: ModuleContext;
  readonly code: Code;
  readonly locals: Locals;
  /** Plan locals that have their value when the function starts. */
  readonly params: readonly Local[];
  readonly frames: Frame[];
  /** Plan locals that some statement reads. */
  readonly reads: ReadonlySet<Local>;
  readonly known: Known;
  /** What a second, different value for a local assigned once is called. */
  readonly conflict: string;
  /** Where a value is put and where control goes to return it; plans have a result set instead. */
  readonly exit: { readonly value: number; readonly label: Label } | undefined;
  /** Wasm local of the result set; functions have none. */
  readonly results: number | undefined;
  /** What the function does with its locals, looked at when it is first asked for. */
  readonly uses: () => Uses;
  /** What is looked up in more than one place, as `Known` spells paths. */
  readonly repeated: () => ReadonlySet<string>;
  /** How often statements change the collection in a local. */
  readonly updates: () => ReadonlyMap<Local, number>;
  /** Locals that stand for words of a row, whose address is in a Wasm local. */
  readonly holes: Map<Local, { readonly row: number; readonly offset: number }>;
  /** Positions of statements that differ from row to row. */
  readonly places: Map<At, VaryingPlace>;
  /** Whether the statement at hand is the last of its block. */
  last: boolean;
  statement(stmt: Stmt): void;
  /** Emits the statements from here on that lead to one cell of the input: how many. */
  cellPath(stmts: readonly Stmt[], index: number): number;
  /** Blocks inside a statement, one after the other. */
  blocks(blocks: readonly Block[]): void;
}

/** Pushes the address of an operand's value. */
export function push(context: FunctionContext, operand: Operand): void {
  const { code, module } = context;
  if (operand.type === "local") get(context, operand.value);
  else if (operand.type === "string_index") code.address(module.string(operand.value));
  else code.i32(operand.value ? abi.ADDRESS_TRUE : abi.ADDRESS_FALSE);
}

/** Calls a function of the runtime. */
export function call(context: FunctionContext, name: string): void {
  context.code.call(context.module.runtime(name));
}

export function set(context: FunctionContext, target: number): void {
  context.code.set(context.locals.of(target));
}

export function get(context: FunctionContext, local: number): void {
  const hole = context.holes.get(local);
  if (hole === undefined) {
    context.code.get(context.locals.of(local));
    return;
  }
  context.code.get(hole.row);
  context.code.load(hole.offset);
}

/** Pushes file, row and column of a statement. */
function pushPosition(context: FunctionContext, at: At): void {
  context.code.address(context.module.file(at.file));
  pushRow(context, at);
}

/** Pushes row and column of a statement. */
export function pushRow(context: FunctionContext, at: At): void {
  const { code } = context;
  const { row, col } = context.places.get(at) ?? {};
  if (row === undefined) code.i32(at.row);
  else get(context, row);
  if (col === undefined) code.i32(at.col);
  else get(context, col);
}

const INPUT: Local = 0;

/** Puts what stands behind keys from a local into a Wasm local; 0 if there is nothing. */
export function emitPlace(
  context: FunctionContext,
  place: { readonly root: Local; readonly keys: readonly number[] },
  target: number,
): void {
  const { code, module, known } = context;
  const lookups = (keys: readonly number[]): void => {
    for (const key of keys) {
      code.address(module.string(key));
      code.call(module.runtime("value_member"));
    }
  };
  let path: string | undefined = place.root === 0 ? known.of(0).path : undefined;
  let cell: Address | undefined;
  let reached = 0;
  for (const [index, key] of place.keys.entries()) {
    path = path === undefined ? undefined : `${path}.${JSON.stringify(module.stringText(key))}`;
    const found = path === undefined ? undefined : module.cell(path);
    if (found !== undefined) [cell, reached] = [found, index + 1];
  }
  const begin = (): void => {
    get(context, place.root);
    lookups(place.keys.slice(0, reached));
  };
  if (cell === undefined) {
    begin();
    code.set(target);
  } else emitCell(context, cell, target, begin);
  if (reached === place.keys.length) return;
  code.get(target);
  lookups(place.keys.slice(reached));
  code.set(target);
}

/** Puts what stands in a cell into a Wasm local if a host wrote the input cell by cell, else what `lookup` pushes. The input is local 0 there. */
export function emitCell(context: FunctionContext, cell: Address, target: number, lookup: () => void): void {
  const { code, module } = context;
  get(context, INPUT);
  code.address(module.inputBox());
  code.eq();
  code.if();
  code.address(cell);
  code.load(0);
  code.set(target);
  code.else();
  lookup();
  code.set(target);
  code.end();
}

/** Label of the `index`-th open block, counted from the innermost. */
function frameAt(context: FunctionContext, index: number): Frame {
  return context.frames[context.frames.length - 1 - index] ?? context.frames[0]!;
}

/** Jumps to the end of the `index`-th open block and puts back what the blocks above it changed. */
export function breakOut(context: FunctionContext, index: number): void {
  for (let inner = 0; inner < index; inner++) frameAt(context, inner).leave?.();
  context.code.br(frameAt(context, index).label);
}

/** Leaves the innermost block if the number on the stack is not 0. */
export function failIf(context: FunctionContext): void {
  context.code.brIf(frameAt(context, 0).label);
}

export function failUnless(context: FunctionContext): void {
  context.code.eqz();
  failIf(context);
}

export interface BlockOptions {
  readonly leave?: () => void;
  readonly loop?: boolean;
  /** Whether it ends the statement that opened it; true unless told otherwise. */
  readonly final?: boolean;
}

/** Emits the statements of a block between `block` and `end`; a statement that fails leaves it. */
export function emitBlock(context: FunctionContext, block: Block, options: BlockOptions = {}): void {
  const label = context.code.block();
  emitBody(context, block, label, options);
  context.code.end();
}

/** Emits the statements of a block whose label is open already. */
export function emitBody(
  context: FunctionContext,
  block: Block,
  label: Label,
  options: BlockOptions = {},
): void {
  const { known, last } = context;
  // A further turn finds what the last one left.
  if (options.loop === true) known.forget(localsAssigned(block));
  const tail = last && options.final !== false;
  context.frames.push({ label, leave: options.leave, tail, loop: options.loop === true, block });
  for (let index = 0; index < block.stmts.length; index++) {
    const folded =
      context.module.passes.constants === false
        ? undefined
        : constantAt(block.stmts, index, context.updates(), context.uses().counts);
    if (folded !== undefined) {
      placeConstant(context, folded);
      index += folded.length - 1;
      continue;
    }
    context.last = index === block.stmts.length - 1;
    const steps = context.cellPath(block.stmts, index);
    if (steps === 0) context.statement(block.stmts[index]!);
    else index += steps - 1;
  }
  context.last = last;
  context.frames.pop();
  known.forget(localsAssigned(block));
}

/** A collection that is there before anything runs. */
function placeConstant(context: FunctionContext, { kind, target, items }: ConstantCollection): void {
  const { code, module, known } = context;
  const address = (item: ConstantItem): Address =>
    item.kind === "number" ? module.statics.number(module.stringText(item.index)) : module.string(item.index);
  if (kind === "array") code.address(module.statics.array(items.map(address)));
  else code.address(module.statics.set(items.map(({ index }) => module.stringText(index))));
  set(context, target);
  known.forget([target]);
}

/** Behind a statement whose repetition changes nothing: leaves the loops in which only such a repetition could follow. */
export function leaveLoops(context: FunctionContext): void {
  if (!context.last || context.module.passes.earlyExit === false) return;
  let levels = -1;
  for (let index = 0; index < context.frames.length; index++) {
    const frame = frameAt(context, index);
    if (frame.loop && !repeatsSilently(frame.block)) break;
    if (frame.loop) levels = index;
    if (!frame.tail) break;
  }
  // The frame of the outermost such loop is one turn; what leaves the loop is the block around it.
  if (levels >= 0) breakOut(context, levels + 1);
}

/** Ends the evaluation with an error of a place. */
export function abortAt(context: FunctionContext, at: At, code: string, message: string): void {
  const { module } = context;
  pushPosition(context, at);
  context.code.address(module.statics.string(code));
  context.code.address(module.statics.string(message));
  context.code.call(module.runtime("abort_at"));
  context.code.unreachable();
}
