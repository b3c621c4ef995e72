// Bodies of the functions through which a module is driven: `eval`, `opa_eval`, the lists of names, and the step budget. In: the module
// under construction. Out: instructions. OPA's ABI 1.3; the context of an evaluation is drawn in runtime/context.ts.

import { ANSWER_NO_JSON, OFFSET_A, OFFSET_N } from "../../runtime/abi.ts";
import type { Cells } from "./cells.ts";
import type { Code } from "./instruction.ts";
import type { Statics } from "./statics.ts";

/** What these bodies need of the module. */
export interface EntryContext {
  readonly statics: Statics;
  readonly cells: Cells | undefined;
  runtime(name: string): number;
  /** Index of `env.opa_abort`. */
  readonly opaAbort: number;
  /** Globals, see ModuleContext. */
  readonly epoch: number;
  readonly lastEpoch: number;
  readonly fuel: number;
  /** An evaluation runs: what is parsed now does not last. */
  readonly busy: number;
}

const CONTEXT_INPUT = 0;
const CONTEXT_DATA = 4;
const CONTEXT_ENTRYPOINT = 8;
const CONTEXT_RESULT = 12;

/** What these bodies call in every module, beyond what OPA's ABI names. */
export const ENTRY_CALLS = ["eval_reset", "array_new", "set_new", "set_add", "object_new", "object_insert"];

/** The budget of hosts that set none. */
export const UNLIMITED = 2n ** 63n - 1n;

/** `charge(steps)`: loops pay for all their turns when they start, functions for each call. */
export function chargeBody(code: Code, module: EntryContext): void {
  code.globalGet(module.fuel);
  code.get(0);
  code.extend();
  code.sub64();
  code.globalSet(module.fuel);
  code.globalGet(module.fuel);
  code.i64(0n);
  code.ltS64();
  code.if();
  abort(code, module, "eval_limit_error: step limit reached");
  code.end();
}

/** `fuel_set(thousands)`: the budget from now on, in thousands of steps; 0 for none. */
export function fuelSetBody(code: Code, module: EntryContext): void {
  code.i64(UNLIMITED);
  code.globalSet(module.fuel);
  code.get(0);
  code.if();
  code.get(0);
  code.extend();
  code.i64(1000n);
  code.mul64();
  code.globalSet(module.fuel);
  code.end();
}

/** `eval(context)`: a new epoch, an empty error buffer and an empty result set, then the plan that the context names. */
export function evalBody(code: Code, module: EntryContext, plans: readonly number[]): void {
  const results = code.local();
  nextEpoch(code, module);
  code.call(module.runtime("eval_reset"));
  // A list, as `opa eval` gives it: solutions in their order, equal ones as often as they were found.
  code.i32(0);
  code.call(module.runtime("array_new"));
  code.set(results);
  code.get(0);
  code.get(results);
  code.store(CONTEXT_RESULT);
  plans.forEach((plan, id) => {
    code.get(0);
    code.load(CONTEXT_ENTRYPOINT);
    code.i32(id);
    code.eq();
    code.if();
    code.get(0);
    code.load(CONTEXT_INPUT);
    code.get(0);
    code.load(CONTEXT_DATA);
    code.get(results);
    code.call(plan);
    setBusy(code, module, 0);
    code.i32(0);
    code.return();
    code.end();
  });
  abort(code, module, "illegal entrypoint");
  code.i32(0);
}

/** `answer(entrypoint, input, data, heap)`: the value of an entrypoint as abi.ts says. As `eval`, but for the result set. */
export function answerBody(code: Code, module: EntryContext, plans: readonly (number | undefined)[]): void {
  code.get(3);
  code.call(module.runtime("opa_heap_ptr_set"));
  nextEpoch(code, module);
  code.call(module.runtime("eval_reset"));
  const done = code.block();
  plans.forEach((plan, id) => {
    if (plan === undefined) return;
    code.get(0);
    code.i32(id);
    code.eq();
    code.if();
    code.get(1);
    code.get(2);
    code.call(plan);
    code.set(3);
    code.br(done);
    code.end();
  });
  abort(code, module, "illegal entrypoint");
  code.end();
  setBusy(code, module, 0);
  code.get(3);
  code.call(module.runtime("failure_count"));
  code.i32(0);
  code.ne();
  code.or();
}

/** `answer_text(entrypoint, text, length, data)`: the same for an input that comes as JSON, of which only what is looked at is read. */
export function answerTextBody(code: Code, module: EntryContext, cells: Cells, answer: number): void {
  code.get(1);
  code.get(2);
  code.add();
  code.call(module.runtime("opa_heap_ptr_set"));
  code.get(1);
  code.get(2);
  code.address(cells.root.box);
  code.call(module.runtime("json_parse_cells"));
  code.tee(1);
  code.eqz();
  code.if();
  code.i32(ANSWER_NO_JSON);
  code.return();
  code.end();
  code.get(0);
  code.get(1);
  code.get(3);
  code.call(module.runtime("opa_heap_ptr_get"));
  code.call(answer);
}

function setBusy(code: Code, module: EntryContext, busy: 0 | 1): void {
  code.i32(busy);
  code.globalSet(module.busy);
}

function nextEpoch(code: Code, module: EntryContext): void {
  setBusy(code, module, 1);
  code.globalGet(module.lastEpoch);
  code.i64(1n);
  code.add64();
  code.globalSet(module.lastEpoch);
  code.globalGet(module.lastEpoch);
  code.globalSet(module.epoch);
}

/** `opa_eval(reserved, entrypoint, data, input, length, heap, format)`: the address of the result's text. */
export function oneShotBody(
  code: Code,
  module: EntryContext,
  evaluate: number,
  celled: readonly number[],
): void {
  const [entrypoint, data, input, length, heap, format] = [1, 2, 3, 4, 5, 6];
  const context = code.local();
  const document = code.local();
  code.get(heap);
  code.call(module.runtime("opa_heap_ptr_set"));
  code.get(length);
  code.if();
  readDocument(code, module, celled, { entrypoint, input, length, document });
  code.get(document);
  code.eqz();
  code.if();
  // No JSON: it may be the text of a Rego value, which OPA's module takes as well.
  code.get(input);
  code.get(length);
  code.call(module.runtime("opa_value_parse"));
  code.set(document);
  code.end();
  code.get(document);
  code.eqz();
  code.if();
  abort(code, module, "invalid input: not a JSON document");
  code.end();
  code.end();
  code.call(module.runtime("opa_eval_ctx_new"));
  code.tee(context);
  code.get(document);
  code.store(CONTEXT_INPUT);
  code.get(context);
  code.get(data);
  code.store(CONTEXT_DATA);
  code.get(context);
  code.get(entrypoint);
  code.store(CONTEXT_ENTRYPOINT);
  code.get(context);
  code.call(evaluate);
  code.drop();
  code.get(format);
  code.if();
  resultSet(code, module, context);
  code.call(module.runtime("opa_value_dump"));
  code.return();
  code.end();
  code.get(context);
  code.load(CONTEXT_RESULT);
  code.call(module.runtime("opa_json_dump"));
}

/** Into cells, for the entrypoints that look at nothing else; as a document for the others. */
function readDocument(
  code: Code,
  module: EntryContext,
  celled: readonly number[],
  locals: Readonly<Record<"entrypoint" | "input" | "length" | "document", number>>,
): void {
  const { cells } = module;
  const done = code.block();
  for (const id of cells === undefined ? [] : celled) {
    code.get(locals.entrypoint);
    code.i32(id);
    code.eq();
    code.if();
    code.get(locals.input);
    code.get(locals.length);
    code.address(cells!.root.box);
    code.call(module.runtime("json_parse_cells"));
    code.set(locals.document);
    code.br(done);
    code.end();
  }
  code.get(locals.input);
  code.get(locals.length);
  code.call(module.runtime("json_parse_in_place"));
  code.set(locals.document);
  code.end();
}

/** The results as a set, which is what OPA's own hosts expect in the text of Rego values. */
function resultSet(code: Code, module: EntryContext, context: number): void {
  const [list, set, index, address] = [code.local(), code.local(), code.local(), code.local()];
  code.get(context);
  code.load(CONTEXT_RESULT);
  code.set(list);
  code.get(list);
  code.load(OFFSET_A);
  code.set(address);
  code.call(module.runtime("set_new"));
  code.set(set);
  const done = code.block();
  const next = code.loop();
  code.get(index);
  code.get(list);
  code.load(OFFSET_N);
  code.eq();
  code.brIf(done);
  code.get(set);
  code.get(address);
  code.load(0);
  code.call(module.runtime("set_add"));
  code.get(address);
  code.i32(4);
  code.add();
  code.set(address);
  code.get(index);
  code.i32(1);
  code.add();
  code.set(index);
  code.br(next);
  code.end();
  code.end();
  code.get(set);
}

/** An object of names and numbers, made anew at each call: hosts ask once. */
export function namesBody(
  code: Code,
  module: EntryContext,
  names: readonly (readonly [string, number])[],
): void {
  const object = code.local();
  code.call(module.runtime("object_new"));
  code.set(object);
  for (const [name, id] of names) {
    code.get(object);
    code.address(module.statics.string(name));
    code.address(module.statics.number(String(id)));
    code.call(module.runtime("object_insert"));
  }
  code.get(object);
}

function abort(code: Code, module: EntryContext, message: string): void {
  code.address(module.statics.text(message));
  code.call(module.opaAbort);
  code.unreachable();
}
