// Emitters of statements that hold blocks with rules of their own: negation, iteration, replacement of documents. In: a statement and the
// function it stands in. Out: instructions. Parts of the table in emit-stmt.ts.

import type { StmtKind, StmtOf } from "../ir/ir.ts";
import * as abi from "../../runtime/abi.ts";
import {
  breakOut,
  call,
  emitBlock,
  emitBody,
  emitPlace,
  failIf,
  type FunctionContext,
  get,
  push,
  set,
} from "./context.ts";
import { dataPath, restrictions } from "./data-index.ts";
import { TYPE_I64 } from "./encode.ts";

type Emit<K extends StmtKind> = (context: FunctionContext, stmt: StmtOf<K>) => void;

export const not: Emit<"NotStmt"> = (context, stmt) => {
  const label = context.code.block();
  emitBody(context, stmt.block, label, { final: false });
  // The block succeeded, so its negation fails.
  breakOut(context, 0);
  context.code.end();
};

/** The value of this turn: elements of arrays are read on the spot, the rest by the runtime. */
function scanValue(context: FunctionContext, stmt: StmtOf<"ScanStmt">, index: number): void {
  const { code } = context;
  get(context, stmt.source);
  code.load8(abi.OFFSET_TAG);
  code.i32(abi.TAG_ARRAY);
  code.eq();
  code.if();
  get(context, stmt.source);
  code.load(abi.OFFSET_A);
  code.get(index);
  code.i32(2);
  code.shl();
  code.add();
  code.load(0);
  set(context, stmt.value);
  code.else();
  get(context, stmt.source);
  code.get(index);
  call(context, "scan_value");
  set(context, stmt.value);
  code.end();
}

/**
 * In an index where there is one: leaves the word of an index that holds for this scan in `index`, and the hash of what is looked for in
 * `hash`. Values that are undefined are left to the scan.
 */
function openIndex(context: FunctionContext, stmt: StmtOf<"ScanStmt">, index: number, hash: number): boolean {
  const { code, known, locals, module } = context;
  const path = dataPath(known.of(stmt.source).path);
  const asked = path === undefined ? [] : restrictions(stmt);
  if (path === undefined || asked.length === 0) return false;
  const cell = module.dataIndex(
    path,
    asked.map(({ keys }) => keys),
  );
  if (cell === undefined) return false;
  code.i32(0);
  code.set(index);
  const none = code.block();
  code.address(cell);
  code.load(0);
  code.eqz();
  code.brIf(none);
  code.address(cell);
  code.load(0);
  code.load(0);
  get(context, stmt.source);
  code.ne();
  code.brIf(none);
  code.i32(0);
  code.set(hash);
  locals.scratch((value) => {
    for (const { equals } of asked) {
      code.get(hash);
      if (equals.kind === "constant") push(context, equals.operand);
      else {
        code.drop();
        emitPlace(context, equals, value);
        code.get(value);
        code.eqz();
        code.brIf(none);
        code.get(hash);
        code.get(value);
      }
      call(context, "index_mix");
      code.set(hash);
    }
  });
  code.address(cell);
  code.load(0);
  code.set(index);
  code.end();
  return true;
}

export const scan: Emit<"ScanStmt"> = (context, stmt) => {
  const { locals } = context;
  locals.scratch((count) =>
    locals.scratch((at) =>
      locals.scratch((index) => locals.scratch((hash) => scanWith(context, stmt, count, at, index, hash))),
    ),
  );
};

function scanWith(
  context: FunctionContext,
  stmt: StmtOf<"ScanStmt">,
  count: number,
  at: number,
  index: number,
  hash: number,
): void {
  const { code, known, module, reads } = context;
  const done = code.block();
  get(context, stmt.source);
  call(context, "scan_open");
  code.tee(count);
  code.eqz();
  code.brIf(done);
  const indexed = openIndex(context, stmt, index, hash);
  code.i32(0);
  code.set(at);
  const counts = module.passes.fuel !== false;
  if (indexed) {
    code.get(index);
    code.if();
    code.get(index);
    code.get(hash);
    call(context, "index_first");
    code.tee(at);
    code.i32(0);
    code.ltS();
    code.brIf(done);
    code.i32(1);
    code.set(count);
    if (counts) code.else();
  }
  // What an index finds pays from its second entry on: one entry is no loop.
  if (counts) {
    code.get(count);
    code.call(module.charge);
  }
  if (indexed) code.end();
  const loop = code.loop();
  known.forget([stmt.key, stmt.value]);
  if (reads.has(stmt.key)) {
    get(context, stmt.source);
    code.get(at);
    call(context, "scan_key");
    set(context, stmt.key);
  }
  if (reads.has(stmt.value)) scanValue(context, stmt, at);
  emitBlock(context, stmt.block, { loop: true });
  if (indexed) {
    code.get(index);
    code.if();
    code.get(index);
    code.get(at);
    code.get(hash);
    call(context, "index_next");
    code.tee(at);
    code.i32(0);
    code.ltS();
    code.brIf(done);
    // Each further turn pays for itself: how many there are is not known before.
    if (counts) {
      code.i32(1);
      code.call(module.charge);
    }
    code.br(loop);
    code.end();
  }
  code.get(at);
  code.i32(1);
  code.add();
  code.tee(at);
  code.get(count);
  code.ltU();
  code.brIf(loop);
  code.end();
  code.end();
}

/** Replaces the local for the length of the block, in an epoch of its own: values of rules from outside do not hold inside. */
export const withStmt: Emit<"WithStmt"> = (context, stmt) => {
  const { code, locals, module } = context;
  const local = locals.of(stmt.local);
  locals.scratch((saved) =>
    locals.scratch((failed) =>
      locals.scratch((epoch) => {
        code.get(local);
        code.set(saved);
        if (stmt.path.length > 0) {
          code.get(local);
          code.address(module.statics.array(stmt.path.map((key) => module.string(key))));
        }
        push(context, stmt.value);
        if (stmt.path.length > 0) call(context, "with_put");
        code.set(local);
        if (module.passes.fuel !== false) {
          // In the new epoch every rule may run again.
          code.i32(1);
          code.call(module.charge);
        }
        code.globalGet(module.epoch);
        code.set(epoch);
        code.globalGet(module.lastEpoch);
        code.i64(1n);
        code.add64();
        code.globalSet(module.lastEpoch);
        code.globalGet(module.lastEpoch);
        code.globalSet(module.epoch);
        const leave = (): void => {
          code.get(saved);
          code.set(local);
          code.get(epoch);
          code.globalSet(module.epoch);
        };
        code.i32(1);
        code.set(failed);
        const label = code.block();
        emitBody(context, stmt.block, label, { leave, final: false });
        code.i32(0);
        code.set(failed);
        code.end();
        leave();
        code.get(failed);
        failIf(context);
      }, TYPE_I64),
    ),
  );
};
