// Policy in, an ordinary OPA module (ABI 1.3) out: the prebuilt runtime with the policy's functions, plans and static data behind it.
// Deterministic: the same policy and runtime give the same bytes. Never sees a syntax tree; a policy must have passed ir/validate.ts. Over 450 lines:
// the one class that all emitters are handed, with nothing in it but what they ask for.

import type { Block, BuiltinFunc, Func, Plan, Policy, Stmt } from "../ir/ir.ts";
import { visitStmts } from "../ir/walk.ts";
import { PolicyError } from "../../error.ts";
import * as abi from "../../runtime/abi.ts";
import type { IndexSite } from "./data-index.ts";
import { emitBlocks } from "./emit-rules.ts";
import { type Callee, emitBlock, type FunctionContext, type ModuleContext, type PathKey } from "./context.ts";
import { dispatcherBody, ruleTree } from "./dispatch.ts";
import {
  type EntryContext,
  chargeBody,
  ENTRY_CALLS,
  answerBody,
  answerTextBody,
  evalBody,
  fuelSetBody,
  namesBody,
  oneShotBody,
  UNLIMITED,
} from "./entry.ts";
import { emitStmt } from "./emit-stmt.ts";
import {
  ByteWriter,
  constantExpression,
  encodeUtf8,
  KIND_FUNCTION,
  KIND_GLOBAL,
  KIND_MEMORY,
  TYPE_I32,
  TYPE_I64,
} from "./encode.ts";
import {
  heapSetBody,
  type IndexLifetime,
  indexTable,
  parseBody,
  patchBody,
  tabledBody,
} from "./index-lifetime.ts";
import { dotsBehind, emitCellPath } from "./cell-path.ts";
import { CELLS_SECTION, Cells } from "./cells.ts";
import { Code, LINK_CALL } from "./instruction.ts";
import type { KeptBodies, Shelf } from "./kept-bodies.ts";
import { Linker, runtimeHas } from "./link.ts";
import { Locals } from "./locals.ts";
import { updatesOf } from "./constants.ts";
import { Known, localsRead, repeatedPaths } from "./facts.ts";
import type { Passes } from "./passes.ts";
import { READS_SECTION, readSets, recordOf } from "./read-set.ts";
import { type Answerer, type Ask, type CellAsk, Recording } from "./recording.ts";
import { type Address, fixedBoxes, Statics } from "./statics.ts";
import { FIRST_HOLE } from "./templates.ts";
import { type Traffic, Uses } from "./uses.ts";

export type { Passes };

export interface EmitOptions {
  /** The prebuilt runtime, as scripts/build-runtime.mjs writes it. */
  readonly runtime: Uint8Array;
  /** What makes modules faster and changes no answer, by name; a pass that is `false` is left out. */
  readonly passes?: Passes | undefined;
  /** Functions carry their names, for profiles; nothing else differs. */
  readonly names?: boolean | undefined;
  /** The policy has marks. */
  readonly marks?: boolean | undefined;
}

export interface Emitted {
  readonly bytes: Uint8Array;
  /** Plan name to the id that `opa_eval` takes. */
  readonly entrypoints: Readonly<Record<string, number>>;
  /** Builtins that the host must supply, with the ids they are called by. */
  readonly builtins: Readonly<Record<string, number>>;
}

/** Of ABI 1.3, for hosts that patch data; an arena has nothing to clear. */
const STASH_CLEAR = "opa_heap_stash_clear";

/** Functions of OPA's ABI that the runtime has; `eval`, `opa_eval`, `builtins` and `entrypoints` are made here. */
const ABI_EXPORTS = [
  "opa_eval_ctx_new",
  "opa_eval_ctx_set_input",
  "opa_eval_ctx_set_data",
  "opa_eval_ctx_set_entrypoint",
  "opa_eval_ctx_get_result",
  "opa_malloc",
  "opa_free",
  "opa_value_free",
  "opa_json_parse",
  "opa_value_parse",
  "opa_json_dump",
  "opa_value_dump",
  "opa_heap_ptr_get",
  "opa_heap_ptr_set",
  "opa_heap_blocks_stash",
  "opa_heap_blocks_restore",
  STASH_CLEAR,
  "opa_value_add_path",
  "opa_value_remove_path",
];

/** What our own engine uses beyond OPA's ABI. */
const ENGINE_EXPORTS = [
  "failure_count",
  "failure_at",
  "fail",
  "json_parse_in_place",
  "json_parse_moving",
  "data_patch",
];

/** What every module needs of the runtime. */
const ALWAYS = [...ABI_EXPORTS, ...ENGINE_EXPORTS, ...ENTRY_CALLS];

const MAX_HOST_ARGUMENTS = 4;
/** The import that marks go to. */
const MARKED = "opa_builtin0";

/** What globals start with. */
const NO_EPOCH = new Uint8Array([0x42, 0x7f, 0x0b]);
const NO_VALUE = constantExpression(0);

/** `kept`: what the last module left, whose texts had the same numbers; the bytes are the same without it. */
export function emit(policy: Policy, options: EmitOptions, kept?: KeptBodies): Emitted {
  const emitted = new Emitter(policy, options, kept).run();
  kept?.turn();
  return emitted;
}

class Emitter implements ModuleContext, EntryContext, IndexLifetime, Answerer {
  readonly statics: Statics;
  readonly cells: Cells | undefined;
  readonly passes: Passes;
  readonly strings: readonly string[];
  readonly epoch: number;
  readonly lastEpoch: number;
  readonly charge: number;
  readonly fuel: number;
  readonly busy: number;
  readonly opaAbort: number;
  readonly #policy: Policy;
  readonly #linker: Linker;
  readonly #funcs = new Map<string, number>();
  readonly #builtinFuncs: ReadonlyMap<string, BuiltinFunc>;
  readonly #hostIds = new Map<string, number>();
  readonly #dispatchers = new Map<string, number>();
  readonly #tree;
  readonly #indexSites = new Map<string, IndexSite>();
  readonly #names: boolean;
  readonly #spare: number[] = [];
  #nextHole = FIRST_HOLE;
  readonly #reads: ReturnType<typeof readSets>;
  readonly #kept: KeptBodies | undefined;
  #recording: Recording | undefined;

  constructor(
    policy: Policy,
    { runtime, passes = {}, names = false, marks = false }: EmitOptions,
    kept?: KeptBodies,
  ) {
    this.#kept = kept;
    this.#names = names;
    this.#policy = policy;
    const imports = importsOf(policy, runtime, marks);
    kept?.fit(imports);
    this.#linker = new Linker(runtime, ALWAYS, imports);
    this.statics = new Statics(this.#linker.dataBase, kept?.encodings);
    this.#reads = readSets(policy, kept?.reads);
    this.strings = policy.static.strings;
    this.passes = passes;
    this.cells = passes.cells === false ? undefined : Cells.of(Object.values(this.#reads), this.statics);
    const zero = new Uint8Array([0x42, 0x00, 0x0b]);
    this.epoch = this.#linker.global(TYPE_I64, true, zero);
    this.lastEpoch = this.#linker.global(TYPE_I64, true, zero);
    this.fuel = this.#linker.global(
      TYPE_I64,
      true,
      new ByteWriter().byte(0x42).s64(UNLIMITED).byte(0x0b).finish(),
    );
    this.busy = this.#linker.global(TYPE_I32, true, constantExpression(0));
    this.opaAbort = this.#linker.import("opa_abort");
    this.charge = this.#define(1, 0, (code) => chargeBody(code, this));
    this.#builtinFuncs = new Map(policy.static.builtinFuncs.map((item) => [item.name, item]));
    this.#tree = ruleTree(policy.funcs);
  }

  run(): Emitted {
    const { plans, funcs } = this.#policy;
    const linker = this.#linker;
    for (const func of funcs) {
      if (this.#funcs.has(func.name))
        throw new PolicyError("internal_error", `function \`${func.name}\` is planned twice`);
      this.#funcs.set(func.name, linker.declare(func.params.length, 1));
    }
    for (const func of funcs)
      this.#body(this.#index(func), this.#kept?.funcs, func, (linked) => this.#func(func, linked));
    const planned = plans.map((plan) => this.#plan(plan));
    this.#exports(planned);
    linker.custom(READS_SECTION, encodeUtf8(JSON.stringify(this.#reads)));
    if (this.cells !== undefined) this.#answers(this.cells);
    this.#hostFunctions([...this.#indexSites.values()]);
    if (this.#names) linker.nameFunctions(new Map(Array.from(this.#funcs, ([name, index]) => [index, name])));
    linker.place(fixedBoxes().offset, fixedBoxes().bytes);
    return {
      bytes: linker.finish(this.statics.finish()),
      entrypoints: recordOf(plans.map((plan, id) => [plan.name, id])),
      builtins: Object.fromEntries(this.#hostIds),
    };
  }

  /** Defines a function: with the body that is kept of it, or with what `write` writes. */
  #body(index: number, shelf: Shelf | undefined, of: object, write: (linked: boolean) => Code): void {
    const linker = this.#linker;
    if (shelf === undefined) return linker.define(index, write(false).finish());
    let kept = shelf.take(of, this);
    if (kept === undefined) {
      const recording = new Recording();
      this.#listen(recording);
      const body = write(true).finishLinked();
      this.#listen(undefined);
      kept = recording.finish(
        body,
        ({ kind, value }) => value <= (kind === LINK_CALL ? this.charge : this.busy),
      );
      if (kept === undefined) return linker.define(index, body.bytes);
      shelf.put(of, kept);
    }
    linker.define(index, kept.bytes);
  }

  #listen(recording: Recording | undefined): void {
    this.#recording = recording;
    this.statics.listener = recording;
  }

  /** What `make` asks for is no business of the function that is being emitted: it only asks for the answer. */
  #unheard<T>(make: () => T): T {
    const recording = this.#recording;
    this.#listen(undefined);
    const made = make();
    this.#listen(recording);
    return made;
  }

  fits(asks: readonly CellAsk[]): boolean {
    return asks.every(({ path, found }) => (this.cells?.at(path) !== undefined) === found);
  }

  answer(ask: Ask, earlier: readonly number[]): number {
    switch (ask.kind) {
      case "string":
      case "number":
      case "text":
        return this.statics[ask.kind](ask.text);
      case "array":
        return this.statics.array(ask.elements.map((at) => earlier[at] as Address));
      case "set":
        return this.statics.set(ask.texts);
      case "input":
        return this.inputBox();
      case "cell":
        return this.cell(ask.path) ?? 0;
      case "index":
        return this.#dataIndex(ask.path, ask.places);
      case "function":
        return this.#index(ask);
      case "runtime":
        return this.runtime(ask.name);
      case "dispatcher":
        return this.#dispatcher(ask.args, ask.path);
      case "global":
        return this.#memo(ask.type);
    }
  }

  /** A global for what a rule keeps: an epoch, which is none at first, or a value. */
  #memo(type: number): number {
    const index = this.#linker.global(type, true, type === TYPE_I64 ? NO_EPOCH : NO_VALUE);
    this.#recording?.note({ kind: "global", type }, index);
    return index;
  }

  // What statement emitters ask for.

  get mark(): number {
    return this.#linker.import(MARKED);
  }

  cell(path: string): Address | undefined {
    const found = this.cells?.at(path);
    this.#recording?.noteCell(path, found);
    return found;
  }

  inputBox(): Address {
    const { box } = this.cells!.root;
    this.#recording?.note({ kind: "input" }, box);
    return box;
  }

  runtime(name: string): number {
    const index = this.#linker.function(name);
    // The others have the same number in every module.
    if (index > this.charge) this.#recording?.note({ kind: "runtime", name }, index);
    return index;
  }

  callee(name: string): Callee {
    const own = this.#funcs.get(name);
    if (own !== undefined) {
      this.#recording?.note({ kind: "function", name }, own);
      return { kind: "policy", index: own };
    }
    const builtin = this.#builtinFuncs.get(name);
    if (builtin === undefined)
      throw new PolicyError("internal_error", `the plan calls \`${name}\`, which it does not declare`);
    const result = hasResult(builtin);
    const native = nativeName(name);
    if (this.#linker.has(native)) {
      return { kind: "native", index: this.runtime(native), result };
    }
    const arity = argumentCount(builtin);
    if (arity > MAX_HOST_ARGUMENTS) {
      throw new PolicyError(
        "rego_unsupported_error",
        `builtin \`${name}\` takes more than ${MAX_HOST_ARGUMENTS} arguments`,
      );
    }
    // Its number is written into the body.
    this.#recording?.lose();
    let id = this.#hostIds.get(name);
    if (id === undefined) {
      id = this.#hostIds.size;
      this.#hostIds.set(name, id);
    }
    // A body that may hand the call on to the host takes what the host would get.
    const mixed = `mixed_${name.replaceAll(".", "_")}`;
    const index = this.#linker.has(mixed) ? this.runtime(mixed) : this.#linker.import(`opa_builtin${arity}`);
    return { kind: "host", index, id, result };
  }

  dispatcher(args: number, path: readonly PathKey[]): number {
    const index = this.#unheard(() => this.#dispatcher(args, path));
    this.#recording?.note({ kind: "dispatcher", args, path }, index);
    return index;
  }

  #dispatcher(args: number, path: readonly PathKey[]): number {
    const key = JSON.stringify([args, path.map((part) => part ?? 0)]);
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const unknown = path.filter((part) => part === undefined).length;
    const index = this.#linker.declare(args + unknown, 1);
    this.#dispatchers.set(key, index);
    this.#linker.define(
      index,
      dispatcherBody(this.#tree, args, path, this, (func) => this.#index(func)),
    );
    return index;
  }

  dataIndex(path: readonly string[], places: readonly (readonly number[])[]): Address | undefined {
    if (this.passes.dataIndex === false) return undefined;
    const cell = this.#unheard(() => this.#dataIndex(path, places));
    this.#recording?.note({ kind: "index", path, places }, cell);
    return cell;
  }

  #dataIndex(path: readonly string[], places: readonly (readonly number[])[]): Address {
    const key = JSON.stringify([path, places]);
    const known = this.#indexSites.get(key);
    if (known !== undefined) return known.cell;
    const { statics } = this;
    const arrays = places.map((keys) => statics.array(keys.map((at) => this.string(at))));
    const site = { cell: statics.variable(), path, places: statics.array(arrays) };
    this.#indexSites.set(key, site);
    return site.cell;
  }

  outline(
    outer: FunctionContext,
    { shared, assigned }: Traffic,
    blocks: readonly Block[],
    body: (context: FunctionContext, number: number, row: number) => void,
  ): number {
    this.#recording?.lose();
    const index = this.#linker.declare(shared.length + 2, 0);
    const code = new Code(shared.length + 2);
    const context = this.#context(
      code,
      new Locals(code, shared),
      blocks,
      { conflict: outer.conflict, exit: undefined, results: undefined, params: outer.params },
      outer,
    );
    for (const local of shared) context.known.set(local, outer.known.of(local));
    body(context, shared.length, shared.length + 1);
    assigned.forEach((local, at) => {
      code.get(context.locals.of(local));
      code.globalSet(this.spare(at));
    });
    this.#linker.define(index, code.finish());
    return index;
  }

  spare(index: number): number {
    this.#recording?.lose();
    while (this.#spare.length <= index)
      this.#spare.push(this.#linker.global(TYPE_I32, true, constantExpression(0)));
    return this.#spare[index]!;
  }

  readonly freshHole = (): number => this.#nextHole++;

  string(index: number): Address {
    return this.statics.string(this.stringText(index));
  }

  stringText(index: number): string {
    const text = this.#policy.static.strings[index];
    if (text === undefined) throw new PolicyError("internal_error", `the plan has no string ${index}`);
    return text;
  }

  file(index: number): Address {
    return this.statics.string(this.#policy.static.files[index] ?? "");
  }

  #index({ name }: Pick<Func, "name">): number {
    return this.#funcs.get(name) ?? this.callee(name).index;
  }

  /** A rule (input and data only) keeps its value for the epoch, undefined included; a function with arguments does not. */
  #func(func: Func, linked: boolean): Code {
    const code = new Code(func.params.length, linked);
    const locals = new Locals(code, func.params);
    const rule = func.params.length === 2 && this.passes.memo !== false;
    const memoEpoch = rule ? this.#memo(TYPE_I64) : 0;
    const memoValue = rule ? this.#memo(TYPE_I32) : 0;
    if (rule) {
      code.globalGet(this.epoch);
      code.globalGet(memoEpoch);
      code.eq64();
      code.if();
      code.globalGet(memoValue);
      code.return();
      code.end();
    }
    // A rule runs once in each epoch: whoever begins one has paid.
    if (this.passes.fuel !== false && !rule) {
      code.i32(1);
      code.call(this.charge);
    }
    const value = code.local();
    const label = code.block();
    const context = this.#context(code, locals, func.blocks, {
      conflict:
        (func.arity ?? func.params.length - 2) === 0
          ? "complete rules must not produce multiple outputs"
          : "functions must not produce multiple outputs for same inputs",
      exit: { value, label },
      results: undefined,
      params: func.params,
    });
    emitBlocks(context, func.blocks);
    code.end();
    if (rule) {
      code.get(value);
      code.globalSet(memoValue);
      code.globalGet(this.epoch);
      code.globalSet(memoEpoch);
    }
    code.get(value);
    return code;
  }

  /** A plan is a function of input, data and the result set. */
  #plan(plan: Plan): number {
    const index = this.#linker.declare(3, 0);
    this.#body(index, this.#kept?.plans, plan, (linked) => {
      const code = new Code(3, linked);
      const context = this.#context(code, new Locals(code, [0, 1]), plan.blocks, {
        conflict: "complete rules must not produce multiple outputs",
        exit: undefined,
        results: 2,
        params: [0, 1],
      });
      for (const block of plan.blocks) emitBlock(context, block);
      return code;
    });
    return index;
  }

  /** For our engine: entrypoints that answer one value or none, without a result set around it. */
  #answers(cells: Cells): void {
    const linker = this.#linker;
    const direct = this.#policy.plans.map((plan) => {
      const known = this.#kept?.singles.get(plan);
      const single = known === undefined ? withoutResultSet(plan, this.#policy.static.strings) : known;
      this.#kept?.singles.set(plan, single ?? null);
      if (single === undefined || single === null) return undefined;
      const index = linker.declare(2, 1);
      this.#body(index, this.#kept?.decides, plan, (linked) => {
        const code = new Code(2, linked);
        const value = code.local();
        const label = code.block();
        const context = this.#context(code, new Locals(code, [0, 1]), single, {
          conflict: "complete rules must not produce multiple outputs",
          exit: { value, label },
          results: undefined,
          params: [0, 1],
        });
        for (const block of single) emitBlock(context, block);
        code.end();
        code.get(value);
        return code;
      });
      return index;
    });
    const answer = this.#define(4, 1, (code) => answerBody(code, this, direct));
    linker.export("answer", KIND_FUNCTION, answer);
    linker.export(
      "answer_text",
      KIND_FUNCTION,
      this.#define(4, 1, (code) => answerTextBody(code, this, cells, answer)),
    );
    const plans = this.#policy.plans.filter((_, id) => direct[id] !== undefined).map(({ name }) => name);
    const all = new Set(plans).size === direct.length && this.#hostIds.size === 0;
    const drawing = { plans, ...(all && { all }), root: cells.root };
    linker.custom(CELLS_SECTION, encodeUtf8(JSON.stringify(drawing)));
  }

  #context(
    code: Code,
    locals: Locals,
    blocks: Func["blocks"],
    rest: Pick<FunctionContext, "conflict" | "exit" | "results" | "params">,
    outer?: FunctionContext,
  ): FunctionContext {
    let uses: Uses | undefined;
    let repeated: ReadonlySet<string> | undefined;
    let updates: ReadonlyMap<number, number> | undefined;
    const context: FunctionContext = {
      module: this,
      code,
      locals,
      frames: [],
      reads: localsRead(blocks),
      known: new Known(blocks),
      last: true,
      holes: new Map(),
      places: new Map(),
      uses: outer?.uses ?? (() => (uses ??= Uses.of(blocks))),
      repeated: () => (repeated ??= repeatedPaths(blocks, this.strings)),
      updates: outer?.updates ?? (() => (updates ??= updatesOf(blocks))),
      statement: (stmt) => emitStmt(context, stmt),
      cellPath: (stmts, index) =>
        emitCellPath(
          context,
          dotsBehind(stmts, index, () => context.uses().counts),
        ),
      blocks: (inner) => emitBlocks(context, inner, true),
      ...rest,
    };
    return context;
  }

  #exports(plans: readonly number[]): void {
    const linker = this.#linker;
    linker.export("memory", KIND_MEMORY, 0);
    const constant = (value: number): number => linker.global(TYPE_I32, false, constantExpression(value));
    linker.export("opa_wasm_abi_version", KIND_GLOBAL, constant(abi.ABI_VERSION));
    linker.export("opa_wasm_abi_minor_version", KIND_GLOBAL, constant(abi.ABI_MINOR_VERSION));
    const evaluate = this.#define(1, 1, (code) => evalBody(code, this, plans));
    linker.export("eval", KIND_FUNCTION, evaluate);
    const celled = this.#policy.plans.flatMap(({ name }, id) =>
      this.cells === undefined || this.#reads[name] === true ? [] : [id],
    );
    linker.export(
      "opa_eval",
      KIND_FUNCTION,
      this.#define(7, 1, (code) => oneShotBody(code, this, evaluate, celled)),
    );
    const entrypoints = this.#policy.plans.map((plan, id): [string, number] => [plan.name, id]);
    linker.export(
      "builtins",
      KIND_FUNCTION,
      this.#define(0, 1, (code) => namesBody(code, this, [...this.#hostIds])),
    );
    linker.export(
      "entrypoints",
      KIND_FUNCTION,
      this.#define(0, 1, (code) => namesBody(code, this, entrypoints)),
    );
    linker.export(
      "fuel_set",
      KIND_FUNCTION,
      this.#define(1, 0, (code) => fuelSetBody(code, this)),
    );
    if (!linker.has(STASH_CLEAR))
      linker.export(
        STASH_CLEAR,
        KIND_FUNCTION,
        this.#define(0, 0, () => {}),
      );
  }

  /** The runtime's part of the ABI; where there are indexes, documents come and go through functions that keep them in step. */
  #hostFunctions(sites: readonly IndexSite[]): void {
    const linker = this.#linker;
    const kept = new Map<string, number>();
    if (sites.length > 0) {
      const table = indexTable(this.statics, sites);
      linker.export(
        "data_ready",
        KIND_FUNCTION,
        this.#define(1, 0, (code) => tabledBody(code, this, table, "indexes_ready", 1)),
      );
      for (const name of ["opa_json_parse", "opa_value_parse"])
        kept.set(
          name,
          this.#define(2, 1, (code) => parseBody(code, this, table, this.runtime(name))),
        );
      kept.set(
        "opa_heap_ptr_set",
        this.#define(1, 0, (code) => heapSetBody(code, this, table)),
      );
      for (const [name, params] of [
        ["opa_value_add_path", 3],
        ["opa_value_remove_path", 2],
      ] as const)
        kept.set(
          name,
          this.#define(params, 1, (code) => patchBody(code, this, table, name, params)),
        );
      kept.set(
        "data_patch",
        this.#define(4, 1, (code) => tabledBody(code, this, table, "patch_indexed", 4)),
      );
    }
    for (const name of [...ABI_EXPORTS, ...ENGINE_EXPORTS]) {
      const index = kept.get(name);
      if (index === undefined) linker.reexport(name);
      else linker.export(name, KIND_FUNCTION, index);
    }
  }

  #define(params: number, results: number, write: (code: Code) => void): number {
    const index = this.#linker.declare(params, results);
    const code = new Code(params);
    write(code);
    this.#linker.define(index, code.finish());
    return index;
  }
}

function nativeName(builtin: string): string {
  return `builtin_${builtin.replaceAll(".", "_")}`;
}

/** The functions that a module of this policy imports. */
function importsOf({ static: { builtinFuncs } }: Policy, runtime: Uint8Array, marks: boolean): Set<string> {
  const hosts = builtinFuncs.filter(({ name }) => !runtimeHas(runtime, nativeName(name)));
  const calls = hosts.map((item) => `opa_builtin${argumentCount(item)}`);
  return new Set(["opa_abort", ...(marks ? [MARKED] : []), ...calls]);
}

/** The blocks of a plan that ends by adding `{"result": value}` and adds nothing else, with the value returned instead. */
function withoutResultSet(plan: Plan, strings: readonly string[]): readonly Block[] | undefined {
  const [block, ...more] = plan.blocks;
  const [make, insert, add] = block?.stmts.slice(-3) ?? [];
  if (block === undefined || more.length > 0) return undefined;
  if (
    make?.kind !== "MakeObjectStmt" ||
    insert?.kind !== "ObjectInsertStmt" ||
    add?.kind !== "ResultSetAddStmt"
  )
    return undefined;
  if (insert.object !== make.target || add.value !== make.target || insert.value.type !== "local")
    return undefined;
  if (insert.key.type !== "string_index" || strings[insert.key.value] !== "result") return undefined;
  let adds = 0;
  visitStmts(plan.blocks, (stmt) => {
    if (stmt.kind === "ResultSetAddStmt") adds++;
  });
  if (adds !== 1) return undefined;
  const answer: Stmt = { kind: "ReturnLocalStmt", source: insert.value.value, at: add.at };
  return [{ stmts: [...block.stmts.slice(0, -3), answer] }];
}

function hasResult(builtin: BuiltinFunc): boolean {
  const decl = builtin.decl as { result?: unknown } | undefined;
  return decl?.result !== undefined && decl.result !== null;
}

function argumentCount(builtin: BuiltinFunc): number {
  const decl = builtin.decl as { args?: readonly unknown[] | null } | undefined;
  return decl?.args?.length ?? 0;
}
