// Emits the blocks of a function, with runs of rules that a constant text chooses behind a table (rule-index.ts). In: blocks and the function
// they stand in. Out: instructions, and functions of their own for parts of large tables, because engines optimise small functions.

import type { Block } from "../ir/ir.ts";
import { emitBlock, emitPlace, type FunctionContext } from "./context.ts";
import { placeKey, type Segment, segments, type Traffic, traffic, Uses } from "./rule-index.ts";

/** Cases of one table, and of one function. */
const WIDTH = 64;

type Switch = Extract<Segment, { kind: "switch" }>;

/** `spent`: places that chose these blocks already. */
export function emitBlocks(
  context: FunctionContext,
  blocks: readonly Block[],
  spent: ReadonlySet<string> = new Set(),
  uses: Uses = new Uses(blocks),
): void {
  const { module } = context;
  if (!module.indexesRules) {
    for (const block of blocks) emitBlock(context, block);
    return;
  }
  for (const segment of segments(blocks, context.params, module.strings, spent)) {
    const plain = segment.kind === "plain";
    const across = plain ? undefined : traffic(segment.blocks, context.params, uses);
    if (plain) emitBlock(context, segment.block);
    else if (across === undefined) for (const block of segment.blocks) emitBlock(context, block);
    else choose(context, segment, across, new Set([...spent, placeKey(segment.place)]), uses);
  }
}

function choose(
  context: FunctionContext,
  { place, cases }: Switch,
  across: Traffic,
  spent: ReadonlySet<string>,
  uses: Uses,
): void {
  const { code, locals, module } = context;
  const skip = code.block();
  locals.scratch((index) => {
    emitPlace(context, place, index);
    code.i32(module.statics.table([...cases.keys()]));
    code.get(index);
    code.call(module.runtime("value_get"));
    code.tee(index);
    code.eqz();
    code.brIf(skip);
    code.get(index);
    code.i32(-1);
    code.add();
    code.set(index);
    table(context, [...cases.values()], index, across, spent, uses);
  });
  code.end();
}

/** Jumps to the case whose number is in a local; many cases are called in functions of WIDTH cases, or of WIDTH such functions. */
function table(
  context: FunctionContext,
  cases: readonly (readonly Block[])[],
  index: number,
  across: Traffic,
  spent: ReadonlySet<string>,
  uses: Uses,
): void {
  const { code, module } = context;
  let size = 1;
  while (size * WIDTH < cases.length) size *= WIDTH;
  const count = Math.ceil(cases.length / size);
  const end = code.block();
  const labels = Array.from({ length: count }, () => code.block());
  code.get(index);
  if (size > 1) {
    code.i32(Math.log2(size));
    code.shrU();
  }
  code.brTable(labels.toReversed(), end);
  for (let at = 0; at < count; at++) {
    code.end();
    if (size === 1) emitBlocks(context, cases[at]!, spent, uses);
    else {
      const part = cases.slice(at * size, (at + 1) * size);
      const called = module.outline(context, across, part.flat(), (inner, number) =>
        table(inner, part, number, across, spent, uses),
      );
      for (const local of across.shared) code.get(context.locals.of(local));
      code.get(index);
      code.i32(size - 1);
      code.and();
      code.call(called);
      if (across.assigned === undefined) code.drop();
      else code.set(context.locals.of(across.assigned));
    }
    code.br(end);
  }
  code.end();
}
