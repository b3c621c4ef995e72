// One emitter for each kind of plan statement. In: a statement and the function it stands in. Out: instructions in the function's code.
// A statement that is undefined leaves the innermost open block. The table at the end has an entry for every kind or does not compile.

import { fieldsOf } from "../ir/fields.ts";
import type { At, Operand, Stmt, StmtKind, StmtOf } from "../ir/ir.ts";
import * as abi from "../../runtime/abi.ts";
import {
  abortAt,
  breakOut,
  call,
  type Callee,
  failIf,
  failUnless,
  type FunctionContext,
  get,
  leaveLoops,
  push,
  pushRow,
  set,
} from "./context.ts";
import { not, scan, withStmt } from "./emit-nested.ts";
import { encodeUtf8 } from "./encode.ts";
import type { Address } from "./statics.ts";

type Emit<K extends StmtKind> = (context: FunctionContext, stmt: StmtOf<K>) => void;

const CONFLICT = "eval_conflict_error";

/** Puts a box of static data into a local. */
function constant(context: FunctionContext, address: Address, target: number): void {
  context.code.address(address);
  set(context, target);
}

/** Puts a word that is the same in every module into a local. */
function fixed(context: FunctionContext, word: number, target: number): void {
  context.code.i32(word);
  set(context, target);
}

function number(context: FunctionContext, text: string, target: number): void {
  constant(context, context.module.statics.number(text), target);
}

function isType(context: FunctionContext, source: Operand, tag: number): void {
  if (source.type !== "local") {
    breakOut(context, 0);
    return;
  }
  push(context, source);
  context.code.load8(abi.OFFSET_TAG);
  context.code.i32(tag);
  context.code.ne();
  failIf(context);
}

/** In the cold path of a builtin that gave nothing: notes why, with the place and the builtin's name. */
function noteFailure(context: FunctionContext, name: string, at: At): void {
  const { code, module } = context;
  code.address(module.statics.array([module.file(at.file), module.statics.string(name)]));
  pushRow(context, at);
  call(context, "failure_note");
}

const assignVarOnce: Emit<"AssignVarOnceStmt"> = (context, stmt) => {
  const { code } = context;
  get(context, stmt.target);
  code.if();
  get(context, stmt.target);
  push(context, stmt.source);
  equal(context, stmt.source);
  code.eqz();
  code.if();
  abortAt(context, stmt.at, CONFLICT, context.conflict);
  code.end();
  code.else();
  push(context, stmt.source);
  set(context, stmt.target);
  code.end();
  // A further turn of the loops around could only assign the same constant again.
  if (stmt.source.type !== "local") leaveLoops(context);
};

/** Values one by one, then the mark: all of them as calls of builtins with numbers below 0. */
const mark: Emit<"MarkStmt"> = ({ code, module, ...rest }, stmt) => {
  const context = { code, module, ...rest };
  for (const value of stmt.values) {
    code.i32(abi.MARK_VALUE);
    push(context, value);
    code.call(module.mark);
    code.drop();
  }
  code.i32(abi.MARK_FIRST - stmt.mark);
  code.i32(0);
  code.call(module.mark);
  code.drop();
};

const callStmt: Emit<"CallStmt"> = (context, stmt) => {
  const callee = context.module.callee(stmt.func);
  if (callee.kind === "policy") {
    for (const arg of stmt.args) push(context, arg);
    context.code.call(callee.index);
    context.code.tee(context.locals.of(stmt.result));
    failUnless(context);
  } else callBuiltin(context, stmt, callee);
};

function callBuiltin(
  context: FunctionContext,
  stmt: StmtOf<"CallStmt">,
  callee: Exclude<Callee, { kind: "policy" }>,
): void {
  const { code } = context;
  if (callee.kind === "host") {
    code.i32(callee.id);
    code.i32(0);
  }
  for (const arg of stmt.args) push(context, arg);
  code.call(callee.index);
  code.tee(context.locals.of(stmt.result));
  code.eqz();
  code.if();
  noteFailure(context, stmt.func, stmt.at);
  if (callee.result) breakOut(context, 0);
  code.end();
}

const callDynamic: Emit<"CallDynamicStmt"> = (context, stmt) => {
  const { code, module } = context;
  const path = stmt.path.map((key) =>
    key.type === "string_index" ? module.stringText(key.value) : undefined,
  );
  for (const arg of stmt.args) get(context, arg);
  for (const key of stmt.path) if (key.type !== "string_index") push(context, key);
  code.call(module.dispatcher(stmt.args.length, path));
  code.tee(context.locals.of(stmt.result));
  failUnless(context);
  get(context, stmt.result);
  code.i32(1);
  code.eq();
  code.if();
  // The rule exists but has no value: then data must not be asked, so the plan's whole lookup is left.
  code.i32(0);
  set(context, stmt.result);
  breakOut(context, 3);
  code.end();
};

const dot: Emit<"DotStmt"> = (context, stmt) => {
  const { code, known, locals, module } = context;
  if (stmt.source.type !== "local") return breakOut(context, 0);
  const target = locals.of(stmt.target);
  const { fromData = false, path: parent } = known.of(stmt.source.value);
  const ground = parent !== undefined && stmt.key.type === "string_index";
  const path = ground ? `${parent}.${JSON.stringify(module.stringText(stmt.key.value))}` : undefined;
  // The same ground path of input or data is looked up once in a loop, and once for several places: nothing in this function can change it.
  const cache = path !== undefined && isWorthKeeping(context, path) ? locals.cache(path) : undefined;
  if (cache !== undefined) {
    code.get(cache);
    code.tee(target);
    code.eqz();
    code.if();
  }
  lookup(context, stmt, fromData);
  if (cache !== undefined) {
    code.tee(target);
    code.set(cache);
    code.end();
    code.get(target);
  } else code.tee(target);
  failUnless(context);
  known.set(stmt.target, { path, fromData });
};

function isWorthKeeping({ frames, module, repeated }: FunctionContext, path: string): boolean {
  if (module.passes.loopInvariants !== false && frames.some((frame) => frame.loop)) return true;
  return module.passes.commonLookups !== false && repeated().has(path);
}

/** Pushes what stands under a key, or 0. */
function lookup(context: FunctionContext, stmt: StmtOf<"DotStmt">, fromData: boolean): void {
  push(context, stmt.source);
  push(context, stmt.key);
  if (fromData && isOfTwoKinds(context, stmt.key)) call(context, "data_get");
  else call(context, stmt.key.type === "string_index" ? "value_member" : "value_get");
}

/** Whether a key of a base document may be a number that is meant as a text, or the other way round: `data.ports[80]` finds the key "80". */
function isOfTwoKinds({ module }: FunctionContext, key: Operand): boolean {
  if (key.type === "local") return true;
  return key.type === "string_index" && /^[-+]?\d+(\.0*)?$/.test(module.stringText(key.value));
}

const len: Emit<"LenStmt"> = (context, stmt) => {
  const { code } = context;
  context.locals.scratch((length) => {
    push(context, stmt.source);
    call(context, "value_length");
    code.tee(length);
    code.i32(0);
    code.ltS();
    failIf(context);
    code.get(length);
    code.extend();
    call(context, "number_int");
    set(context, stmt.target);
  });
};

const objectInsertOnce: Emit<"ObjectInsertOnceStmt"> = (context, stmt) => {
  const { code } = context;
  get(context, stmt.object);
  push(context, stmt.key);
  push(context, stmt.value);
  call(context, "object_insert_once");
  code.eqz();
  code.if();
  abortAt(context, stmt.at, CONFLICT, "object keys must be unique");
  code.end();
};

const returnLocal: Emit<"ReturnLocalStmt"> = (context, stmt) => {
  const { code, exit, frames } = context;
  if (exit === undefined) return;
  get(context, stmt.source);
  code.set(exit.value);
  for (let inner = frames.length - 1; inner >= 0; inner--) frames[inner]?.leave?.();
  code.br(exit.label);
};

/** Comparison of two operands: fails if they are (not) equal. */
function compare(
  context: FunctionContext,
  a: Operand,
  b: Operand,
  fail: (context: FunctionContext) => void,
): void {
  push(context, a);
  push(context, b);
  equal(context, a, b);
  fail(context);
}

/** Whether the two values on the stack are equal, which are these operands: booleans have one address each (abi.ts). */
function equal(context: FunctionContext, ...operands: readonly Operand[]): void {
  if (operands.some(({ type }) => type === "bool")) context.code.eq();
  else call(context, "value_equal");
}

/** Equality with a constant text: most values differ in type or length already, which needs no call. */
function sameText(context: FunctionContext, value: Operand, text: Operand & { type: "string_index" }): void {
  const { code, module } = context;
  isType(context, value, abi.TAG_STRING);
  push(context, value);
  code.load(abi.OFFSET_N);
  code.i32(encodeUtf8(module.stringText(text.value)).length);
  code.ne();
  failIf(context);
  compare(context, value, text, failUnless);
}

const EMITTERS: { readonly [K in StmtKind]: Emit<K> } = {
  ArrayAppendStmt: (context, stmt) => {
    get(context, stmt.array);
    push(context, stmt.value);
    call(context, "array_append");
  },
  AssignIntStmt: (context, stmt) =>
    constant(context, context.module.statics.number(String(stmt.value)), stmt.target),
  AssignVarStmt: (context, stmt) => {
    push(context, stmt.source);
    set(context, stmt.target);
  },
  AssignVarOnceStmt: assignVarOnce,
  BlockStmt: (context, stmt) => context.blocks(stmt.blocks),
  BreakStmt: (context, stmt) => breakOut(context, stmt.index),
  CallStmt: callStmt,
  CallDynamicStmt: callDynamic,
  DotStmt: dot,
  EqualStmt: (context, stmt) => {
    if (stmt.a.type === "local" && stmt.b.type === "string_index") sameText(context, stmt.a, stmt.b);
    else if (stmt.b.type === "local" && stmt.a.type === "string_index") sameText(context, stmt.b, stmt.a);
    else compare(context, stmt.a, stmt.b, failUnless);
  },
  IsArrayStmt: (context, stmt) => isType(context, stmt.source, abi.TAG_ARRAY),
  IsDefinedStmt: (context, stmt) => {
    get(context, stmt.source);
    failUnless(context);
  },
  IsObjectStmt: (context, stmt) => isType(context, stmt.source, abi.TAG_OBJECT),
  IsSetStmt: (context, stmt) => isType(context, stmt.source, abi.TAG_SET),
  IsUndefinedStmt: (context, stmt) => {
    get(context, stmt.source);
    failIf(context);
  },
  LenStmt: len,
  MakeArrayStmt: (context, stmt) => {
    context.code.i32(stmt.capacity);
    call(context, "array_new");
    set(context, stmt.target);
  },
  MakeNullStmt: (context, stmt) => fixed(context, abi.ADDRESS_NULL, stmt.target),
  MakeNumberIntStmt: (context, stmt) => number(context, String(stmt.value), stmt.target),
  MakeNumberRefStmt: (context, stmt) => number(context, context.module.stringText(stmt.index), stmt.target),
  MakeObjectStmt: (context, stmt) => {
    call(context, "object_new");
    set(context, stmt.target);
  },
  MakeSetStmt: (context, stmt) => {
    call(context, "set_new");
    set(context, stmt.target);
  },
  MarkStmt: mark,
  NopStmt: () => {},
  NotEqualStmt: (context, stmt) => compare(context, stmt.a, stmt.b, failIf),
  NotStmt: not,
  ObjectInsertStmt: (context, stmt) => {
    get(context, stmt.object);
    push(context, stmt.key);
    push(context, stmt.value);
    call(context, "object_insert");
  },
  ObjectInsertOnceStmt: objectInsertOnce,
  ObjectMergeStmt: (context, stmt) => {
    get(context, stmt.a);
    get(context, stmt.b);
    call(context, "object_merge");
    set(context, stmt.target);
  },
  ResetLocalStmt: (context, stmt) => fixed(context, 0, stmt.target),
  ResultSetAddStmt: (context, stmt) => {
    if (context.results === undefined) return;
    context.code.get(context.results);
    get(context, stmt.value);
    call(context, "array_append");
  },
  ReturnLocalStmt: returnLocal,
  ScanStmt: scan,
  SetAddStmt: (context, stmt) => {
    get(context, stmt.set);
    push(context, stmt.value);
    call(context, "set_add");
  },
  WithStmt: withStmt,
};

export function emitStmt<K extends StmtKind>(context: FunctionContext, stmt: Stmt & { kind: K }): void {
  (EMITTERS[stmt.kind] as Emit<K>)(context, stmt as unknown as StmtOf<K>);
  if (stmt.kind === "DotStmt") return;
  for (const [, role, value] of fieldsOf(stmt)) if (role === "def") context.known.forget([value as number]);
}
