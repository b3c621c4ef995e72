// One instantiated module with its data: parses input into it, runs an entrypoint, reads the answer out. In: documents. Out: Values and
// failures. Speaks OPA's ABI only where a module is not ours. One evaluation at a time; after a trap the instance is broken and thrown away.

import type { Builtin } from "../builtins/builtin.ts";
import { type ErrorCode, PolicyError } from "../error.ts";
import * as abi from "../runtime/abi.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject, isSet } from "../value/value.ts";
import type { Change } from "./changes.ts";
import { abortError, type BuiltinHost, callHost, type Run, Suspension } from "./imports.ts";
import { InputWriter, REFUSED } from "./input-cells.ts";
import { type Cells, type InputPlan, readCells, useGenerated } from "./input-plan.ts";
import type { GeneratedWriter } from "./input-plan.ts";
import { type CheckedLimits, checkInputSize } from "./limits.ts";
import { Memory } from "./memory.ts";
import { type Call, type Exports, exportsOf, instantiate } from "./module.ts";
import { type BuiltinFailure, ResultSet } from "./result-set.ts";
import { readRegoText } from "./rego-text.ts";
import { type Document, type Source, sourceOf } from "./source-text.ts";

export type { Document } from "./source-text.ts";

/** Hears of every mark that a marked module passes. */
export type MarkListener = (mark: number, values: readonly (Value | undefined)[]) => void;

export class Instance implements BuiltinHost {
  readonly entrypoints: ReadonlyMap<string, number>;
  readonly builtinNames: ReadonlyMap<number, string>;
  /** Set by a trap: memory may hold anything now. */
  broken = false;
  run: Run | undefined;
  readonly #exports: Exports;
  readonly #memory: Memory;
  readonly #limits: CheckedLimits;
  readonly #builtins: ReadonlyMap<string, Builtin>;
  /** Whether boxes are those of our runtime. */
  readonly #ours: boolean;
  readonly #cells: Cells | undefined;
  readonly #writer: InputWriter | undefined;
  /** By entrypoint: what of an input object is written; and the function that answers it, where one call does. */
  readonly #inputPlans: (InputPlan | undefined)[] = [];
  readonly #answers: (Call | undefined)[] = [];
  readonly #baseHeap: number;
  #data = 0;
  #dataHeap: number;
  /** Whether JSON can say all of the data; whether patches may have made indexes of it stale. */
  #plain = true;
  #stale = false;
  /** Names of failed host builtins, in order: modules of OPA keep no buffer. */
  #failures: BuiltinFailure[] = [];
  readonly #onMark: MarkListener | undefined;
  /** Values that came since the last mark. */
  #marked: (Value | undefined)[] = [];

  constructor(
    module: WebAssembly.Module,
    builtins: ReadonlyMap<string, Builtin>,
    limits: CheckedLimits,
    onMark?: MarkListener,
    writer?: GeneratedWriter,
  ) {
    // Has no data yet: `setData` comes before the first evaluation.
    this.#onMark = onMark;
    this.#builtins = builtins;
    this.#limits = limits;
    const { memory, instance } = instantiate(module, limits, (memory) => ({ env: this.#imports(memory) }));
    this.#exports = exportsOf(instance);
    this.#memory = new Memory(memory);
    this.#ours = this.#exports.failure_at !== undefined;
    const allocate = (bytes: number): number => this.#allocate(bytes);
    this.#cells = this.#ours ? readCells(module, allocate) : undefined;
    this.#writer = this.#cells === undefined ? undefined : new InputWriter(memory, allocate);
    if (writer !== undefined) useGenerated(this.#cells, module, writer);
    const all = this.#cells?.all ? this.#cells.plans : undefined;
    this.entrypoints = new Map(all?.map((name, id) => [name, id]) ?? this.#names("entrypoints"));
    this.builtinNames = new Map(all ? [] : this.#names("builtins").map(([name, id]) => [id, name]));
    for (const [name, id] of this.entrypoints) {
      this.#inputPlans[id] = this.#cells?.writers.get(name);
      this.#answers[id] = this.#cells?.plans.includes(name) === true ? this.#exports.answer : undefined;
    }
    this.#baseHeap = this.#exports.opa_heap_ptr_get();
    this.#dataHeap = this.#baseHeap;
  }

  #imports(memory: WebAssembly.Memory): Record<string, WebAssembly.ImportValue> {
    // As many parameters as the module's calls have arguments: V8 makes each import ready when it compiles a module, and once more when it
    // is given a function of fewer.
    return {
      memory,
      opa_abort: (address: number) => {
        const behind = address + this.#memory.terminatedBytes(address).length + 1;
        throw abortError(this.#memory.terminated(address), () => this.#memory.terminated(behind));
      },
      opa_println: () => {},
      opa_builtin0: (id: number, payload: number) =>
        id < 0 ? this.#mark(id, payload) : callHost(this, id, []),
      opa_builtin1: (id: number, _: number, a: number) => callHost(this, id, [a]),
      opa_builtin2: (id: number, _: number, a: number, b: number) => callHost(this, id, [a, b]),
      opa_builtin3: (id: number, _: number, a: number, b: number, c: number) => callHost(this, id, [a, b, c]),
      opa_builtin4: (id: number, _: number, a: number, b: number, c: number, d: number) =>
        callHost(this, id, [a, b, c, d]),
    };
  }

  /** Marked modules only: a value, or the mark that the values so far belong to. */
  #mark(id: number, payload: number): number {
    if (id === abi.MARK_VALUE) this.#marked.push(payload === 0 ? undefined : this.read(payload));
    else {
      this.#onMark?.(abi.MARK_FIRST - id, this.#marked);
      if (this.#marked.length > 0) this.#marked = [];
    }
    return 0;
  }

  #names(which: "builtins" | "entrypoints"): [string, number][] {
    const value = this.read(this.#exports[which]());
    if (!isObject(value)) throw new PolicyError("bundle_error", `\`${which}\` of the module is no object`);
    return Array.from(value.entries(), ([name, id]) => [
      name as string,
      Number((id as { text: string }).text),
    ]);
  }

  /** Memory below all data. */
  #allocate(bytes: number): number {
    const at = this.#exports.opa_malloc(bytes);
    this.#memory.reserve(at + bytes);
    return at;
  }

  get memoryBytes(): number {
    return this.#memory.size;
  }

  /** Bytes that the data takes, with what patches left behind. */
  get dataBytes(): number {
    return this.#dataHeap - this.#baseHeap;
  }

  /** Replaces the data. Throws `invalid_input` if it is no document; then the instance must not be used again. */
  setData(document: Document): void {
    this.#exports.opa_heap_stash_clear?.();
    this.#exports.opa_heap_ptr_set(this.#baseHeap);
    this.#plain = true;
    this.#data = this.#guard(() => this.#parseData(document));
    this.#guard(() => this.#exports.data_ready?.(this.#data));
    this.#stale = false;
    this.#dataHeap = this.#exports.opa_heap_ptr_get();
    this.#exports.opa_heap_blocks_stash?.();
  }

  /** The module changes its data in place, in time that does not grow with it: `change`, not `patchData`. */
  get changesInPlace(): boolean {
    return this.#exports.data_patch !== undefined;
  }

  /**
   * Changes the data: how many keys of the path lead to what was changed, and whether elements of an array have other numbers now. Undefined,
   * and nothing changed, where the path leads nowhere. After an error the instance must not be used again.
   */
  change({ op, path, value }: Change): { readonly depth: number; readonly renumbers: boolean } | undefined {
    return this.#guard(() => {
      const { data_patch, opa_heap_ptr_get, opa_heap_ptr_set } = this.#exports;
      opa_heap_ptr_set(this.#dataHeap);
      const address = value === undefined ? 0 : this.#parseData({ value });
      const above = opa_heap_ptr_get();
      const done = data_patch!(this.#data, this.#parseData({ value: path }), OPERATIONS[op], address);
      const code = done & ((1 << abi.PATCH_DEPTH_SHIFT) - 1);
      if (code === abi.PATCH_NOT_FOUND) return undefined;
      // The path stays only where its keys have become keys of the data.
      if (code === abi.PATCH_PUT) this.#dataHeap = above;
      else if (code !== abi.PATCH_ABSORBED) this.#dataHeap = opa_heap_ptr_get();
      this.#stale = this.#exports.data_ready !== undefined;
      return { depth: done >> abi.PATCH_DEPTH_SHIFT, renumbers: code === abi.PATCH_SHIFTED };
    });
  }

  /** Indexes that patches have made stale, built anew before they are asked. Where there is no memory for them, scans do. */
  #refresh(): void {
    this.#stale = false;
    this.#exports.opa_heap_ptr_set(this.#dataHeap);
    try {
      this.#exports.data_ready!(this.#data);
      this.#dataHeap = this.#exports.opa_heap_ptr_get();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
    }
  }

  /** Modules of other compilers: puts a value at a path of the data, or takes away what is there. False if the path leads nowhere. */
  patchData(path: readonly string[], value: Value | undefined): boolean {
    return this.#guard(() => {
      const { opa_heap_ptr_set, opa_heap_ptr_get, opa_value_add_path, opa_value_remove_path } = this.#exports;
      opa_heap_ptr_set(this.#dataHeap);
      this.#exports.opa_heap_blocks_restore?.();
      const at = this.#parse({ value: path }, "path");
      const code =
        value === undefined
          ? opa_value_remove_path(this.#data, at)
          : opa_value_add_path(this.#data, at, this.#parse({ value }, "data"));
      this.#exports.opa_heap_blocks_stash?.();
      this.#dataHeap = opa_heap_ptr_get();
      return code === abi.OPA_ERR_OK;
    });
  }

  /** The data as a document that another instance can load. */
  document(): Document {
    if (!this.#plain) return { value: this.data() };
    return this.#guard(() => {
      this.#exports.opa_heap_ptr_set(this.#dataHeap);
      return { json: this.#memory.terminatedBytes(this.#exports.opa_json_dump(this.#data)) };
    });
  }

  /** The data as it is now. */
  data(): Value {
    return this.read(this.#data);
  }

  evaluate(entrypoint: number, input: Document | undefined, run: Run): ResultSet {
    if (this.run !== undefined)
      throw new PolicyError("eval_internal_error", "instance is evaluating already");
    this.run = run;
    if (this.#failures.length > 0) this.#failures = [];
    try {
      return this.#evaluate(entrypoint, input);
    } catch (error) {
      if (error instanceof PolicyError && error.code === "eval_conflict_error") {
        const [first] = this.#failed();
        if (first !== undefined)
          run.failedBefore = new PolicyError(first.code, first.message, { location: first.location });
      }
      throw this.#failure(error);
    } finally {
      this.run = undefined;
    }
  }

  #evaluate(entrypoint: number, input: Document | undefined): ResultSet {
    if (this.#stale) this.#refresh();
    if (this.#limits.thousandSteps > 0) this.#exports.fuel_set?.(this.#limits.thousandSteps);
    const answer = this.#answers[entrypoint];
    if (answer !== undefined) return this.#answer(answer, entrypoint, input);
    const { eval: evaluate, opa_eval_ctx_new, opa_eval_ctx_get_result } = this.#exports;
    this.#exports.opa_heap_ptr_set(this.#dataHeap);
    const document = input === undefined ? 0 : this.#parseInput(sourceOf(input));
    const context = opa_eval_ctx_new();
    this.#exports.opa_eval_ctx_set_input(context, document);
    this.#exports.opa_eval_ctx_set_data(context, this.#data);
    this.#exports.opa_eval_ctx_set_entrypoint(context, entrypoint);
    evaluate(context);
    const results = opa_eval_ctx_get_result(context);
    return new ResultSet(this.#results(results), undefined, this.#failed());
  }

  /** One call into the module, and no result set. */
  #answer(answer: Call, entrypoint: number, input: Document | undefined): ResultSet {
    if (input === undefined) return this.#read(answer(entrypoint, 0, this.#data, this.#dataHeap));
    const plan = this.#inputPlans[entrypoint];
    if (plan !== undefined && "value" in input) {
      const end = this.#writer!.write(plan, this.#dataHeap, input.value);
      if (end !== REFUSED) {
        checkInputSize(end - this.#dataHeap, this.#limits);
        return this.#read(answer(entrypoint, this.#cells!.root, this.#data, end));
      }
    }
    const source = sourceOf(input);
    if (plan === undefined || !source.json) {
      const document = this.#parseInput(source);
      return this.#read(answer(entrypoint, document, this.#data, this.#exports.opa_heap_ptr_get()));
    }
    const length = this.#writeText(source.text);
    const address = this.#exports.answer_text!(entrypoint, this.#dataHeap, length, this.#data);
    if (address === abi.ANSWER_NO_JSON) throw noDocument("input");
    return this.#read(address);
  }

  /** What an answer's address stands for. */
  #read(answer: number): ResultSet {
    const errors = (answer & abi.ANSWER_FAILED) === 0 ? NONE : this.#failed();
    const address = answer & ~abi.ANSWER_FAILED;
    const value = address === 0 ? undefined : this.#memory.value(address, this.#limits.outputBytes);
    return new ResultSet(undefined, value, errors);
  }

  #results(address: number): readonly Value[] {
    const { outputBytes } = this.#limits;
    if (this.#ours) return this.#memory.results(address, outputBytes);
    const text = this.#memory.terminated(this.#exports.opa_value_dump(address), outputBytes);
    const results = readRegoText(text);
    if (isSet(results)) return [...results.values()];
    if (isArray(results)) return results;
    throw new PolicyError("eval_internal_error", "the result is no set");
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Errors that leave the module: ours pass, a trap breaks the instance. */
  #failure(error: unknown): unknown {
    if (error instanceof PolicyError || error instanceof Suspension) return error;
    this.broken = true;
    const why = error instanceof Error ? error.message : String(error);
    return new PolicyError("eval_internal_error", `the module trapped: ${why}`, { cause: error });
  }

  /** An input's text is written over the heap of the last evaluation: nothing else lives there yet. Its length in bytes. */
  #writeText(text: Uint8Array | string): number {
    checkInputSize(text.length, this.#limits);
    const length = this.#memory.writeSource(this.#dataHeap, text);
    checkInputSize(length, this.#limits);
    return length;
  }

  /** An input's text, read where it lies. */
  #parseInput(source: Source): number {
    const { json_parse_in_place, opa_heap_ptr_set, opa_json_parse, opa_value_parse } = this.#exports;
    const at = this.#dataHeap;
    const length = this.#writeText(source.text);
    opa_heap_ptr_set(at + length);
    const address = source.json
      ? (json_parse_in_place ?? opa_json_parse)(at, length)
      : opa_value_parse(at, length);
    if (address === 0) throw noDocument("input");
    return address;
  }

  /** The text is written above the heap, and gives its place to the values as it is read. */
  #parseData(document: Document): number {
    const { json_parse_moving, opa_heap_ptr_get } = this.#exports;
    const source = sourceOf(document);
    if (!source.json) this.#plain = false;
    if (json_parse_moving === undefined || !source.json) return this.#parse(document, "data");
    const bytes = bytesOf(source);
    const at = (opa_heap_ptr_get() + TEXT_ABOVE_HEAP) & ~7;
    this.#memory.writeSource(at, bytes);
    const address = json_parse_moving(at, bytes.length);
    if (address === 0) throw noDocument("data");
    return address;
  }

  /** Any other document: the parsed value keeps nothing of the text. */
  #parse(document: Document, what: string): number {
    const { opa_free, opa_json_parse, opa_malloc, opa_value_parse } = this.#exports;
    const source = sourceOf(document);
    const bytes = bytesOf(source);
    const at = opa_malloc(bytes.length);
    this.#memory.writeSource(at, bytes);
    const address = (source.json ? opa_json_parse : opa_value_parse)(at, bytes.length);
    if (address === 0) throw noDocument(what);
    if (!this.#ours) opa_free(at);
    return address;
  }

  #failed(): readonly BuiltinFailure[] {
    const { failure_at, failure_count } = this.#exports;
    if (failure_at === undefined || failure_count === undefined) return this.#failures;
    const count = Math.min(failure_count(), this.#limits.failures);
    return count === 0
      ? NONE
      : Array.from({ length: count }, (_, index) => this.#failureAt(failure_at(index)));
  }

  /** A record of the error buffer: kind, place (file and builtin's name), row, column, message. */
  #failureAt(record: number): BuiltinFailure {
    const word = (index: number): number => this.#memory.word(record + index * 4);
    const [file, name] = this.#memory.value(word(1)) as readonly string[];
    const message = this.#memory.value(word(4)) as string;
    return {
      name: name!,
      code: word(0) === abi.ERROR_TYPE ? "eval_type_error" : "eval_builtin_error",
      message,
      // A query has no file; plans name it `<query>`.
      location: { file: file === "<query>" ? "" : file!, row: word(2), col: word(3), offset: 0, text: "" },
    };
  }

  // What builtin calls need.

  builtin(id: number): Builtin {
    const name = this.builtinNames.get(id);
    const builtin = name === undefined ? undefined : this.#builtins.get(name);
    if (builtin === undefined) {
      throw new PolicyError("rego_unsupported_error", `the host has no builtin \`${name ?? `#${id}`}\``);
    }
    return builtin;
  }

  read(address: number): Value {
    if (this.#ours) return this.#memory.value(address);
    return readRegoText(this.#memory.terminated(this.#exports.opa_value_dump(address)));
  }

  write(value: Value): number {
    return this.#parse({ value }, "value");
  }

  failed(name: string, code: ErrorCode, message: string): void {
    const { fail, opa_malloc } = this.#exports;
    if (fail === undefined) {
      this.#failures.push({ name, code, message, location: undefined });
      return;
    }
    const box = opa_malloc(abi.BOX_SIZE + message.length * 3);
    this.#memory.reserve(box + abi.BOX_SIZE + message.length * 3);
    this.#memory.writeString(box, message);
    fail(code === "eval_type_error" ? abi.ERROR_TYPE : abi.ERROR_BUILTIN, box);
  }
}

const NONE: readonly BuiltinFailure[] = [];

function bytesOf({ text }: Source): Uint8Array {
  return typeof text === "string" ? encodeUtf8(text) : text;
}

function noDocument(what: string): PolicyError {
  return new PolicyError("invalid_input", `${what} is not a JSON document`);
}

const OPERATIONS: Readonly<Record<Change["op"], number>> = {
  upsert: abi.PATCH_UPSERT,
  replace: abi.PATCH_REPLACE,
  remove: abi.PATCH_REMOVE,
};

/** Bytes between the heap and a text that is about to be read: enough for what the reader needs before it first looks. */
const TEXT_ABOVE_HEAP = 16384;
