// Appends types, globals, functions, static data and exports to the prebuilt runtime and writes the module. Indices of the runtime never
// move: everything new comes after it. The same calls in the same order give the same bytes. Knows nothing of policies.

import { PolicyError } from "../../error.ts";
import { type DataSegment, decodeModule, type Module, usesOf } from "./decode.ts";
import * as wasm from "./encode.ts";
import { ByteWriter, constantExpression, vector } from "./encode.ts";
import { EMPTY_BODY, neededData, prune, reachable } from "./prune.ts";

const PAGE = 65536;
/** What every OPA host grants: a module that asks for more is not loaded by some of them. */
const MINIMUM_PAGES = 2;
const HEAP_BASE = "heap_base";

interface AddedFunction {
  readonly type: number;
  body: Uint8Array | undefined;
  calls: Iterable<number> | undefined;
}

export class Linker {
  readonly runtime: Module;
  /** Bytes of the static data that is appended; addresses start at `dataBase`. */
  readonly dataBase: number;
  readonly #importedFunctions: number;
  readonly #types: Uint8Array[];
  readonly #typeIndex = new Map<string, number>();
  /** Types of functions of int32s, by twice the number of parameters and that of results, which is 0 or 1. */
  readonly #typesOfInts = new Map<number, number>();
  readonly #globals: Uint8Array[];
  /** The new ones, encoded behind each other. */
  readonly #newGlobals = new ByteWriter(1024);
  #newGlobalCount = 0;
  readonly #exports: Uint8Array[] = [];
  readonly #roots: number[] = [];
  readonly #functions: AddedFunction[] = [];
  readonly #placed: Uint8Array[] = [];
  readonly #custom: Uint8Array[] = [];
  readonly #runtimeExports: Map<string, { kind: number; index: number }>;
  readonly #heapBase: number;

  constructor(runtime: Uint8Array) {
    const module = decoded(runtime);
    this.runtime = module;
    this.#importedFunctions = module.imports.filter((item) => item.kind === wasm.KIND_FUNCTION).length;
    this.#types = module.types.map((type) => {
      const key = typeKey(type.params, type.results);
      if (!this.#typeIndex.has(key)) this.#typeIndex.set(key, this.#typeIndex.size);
      return encodeType(type.params, type.results);
    });
    module.types.forEach((type, index) => {
      this.#typeIndex.set(typeKey(type.params, type.results), index);
    });
    this.#globals = module.globals.map((global) => encodeGlobal(global.type, global.mutable, global.init));
    this.#runtimeExports = new Map(
      module.exports.map((item) => [item.name, { kind: item.kind, index: item.index }]),
    );
    const base = this.#runtimeExports.get(HEAP_BASE);
    const global = base === undefined ? undefined : module.globals[base.index];
    if (base === undefined || global === undefined) {
      throw new PolicyError("internal_error", `the runtime exports no global \`${HEAP_BASE}\``);
    }
    this.#heapBase = base.index;
    const ends = module.data.map((item) => item.offset + item.bytes.length);
    this.dataBase = alignUp(Math.max(constantOf(global.init), ...ends), 16);
  }

  has(name: string): boolean {
    return this.#runtimeExports.get(name)?.kind === wasm.KIND_FUNCTION;
  }

  /** Index of a function that the runtime exports. */
  function(name: string): number {
    const found = this.#runtimeExports.get(name);
    if (found?.kind !== wasm.KIND_FUNCTION) {
      throw new PolicyError("internal_error", `the runtime exports no function \`${name}\``);
    }
    return found.index;
  }

  /** Index of a function that the runtime imports from `env`. */
  import(name: string): number {
    const functions = this.runtime.imports.filter((item) => item.kind === wasm.KIND_FUNCTION);
    const index = functions.findIndex((item) => item.module === "env" && item.name === name);
    if (index < 0) throw new PolicyError("internal_error", `the runtime does not import \`env.${name}\``);
    return index;
  }

  /** A new function of i32 parameters and results: its index. Its body is given later with `define`. */
  declare(params: number, results: number): number {
    let type = this.#typesOfInts.get(params * 2 + results);
    if (type === undefined) {
      const key = typeKey(i32s(params), i32s(results));
      type = this.#typeIndex.get(key) ?? this.#types.length;
      if (type === this.#types.length) this.#types.push(encodeType(i32s(params), i32s(results)));
      this.#typeIndex.set(key, type);
      this.#typesOfInts.set(params * 2 + results, type);
    }
    this.#functions.push({ type, body: undefined, calls: undefined });
    return this.#importedFunctions + this.runtime.functions.length + this.#functions.length - 1;
  }

  /** `calls`: the functions of the runtime that the body calls, where that is known. */
  define(index: number, body: Uint8Array, calls?: Iterable<number>): void {
    const added = this.#functions[index - this.#importedFunctions - this.runtime.functions.length];
    if (added === undefined)
      throw new PolicyError("internal_error", "function defined that was not declared");
    added.body = body;
    added.calls = calls;
  }

  /** A new global: its index. */
  global(type: number, mutable: boolean, init: Uint8Array): number {
    this.#newGlobals
      .byte(type)
      .byte(mutable ? 1 : 0)
      .raw(init);
    return this.#globals.length + this.#newGlobalCount++;
  }

  export(name: string, kind: number, index: number): void {
    if (kind === wasm.KIND_FUNCTION) this.#roots.push(index);
    this.#exports.push(new ByteWriter().name(name).byte(kind).u32(index).finish());
  }

  /** Keeps an export of the runtime in the module. */
  reexport(name: string): void {
    const found = this.#runtimeExports.get(name);
    if (found !== undefined) this.export(name, found.kind, found.index);
  }

  /** Static data at a fixed address below the runtime's own. */
  place(offset: number, bytes: Uint8Array): void {
    this.#placed.push(encodeData(offset, bytes));
  }

  /** A custom section, behind all others. */
  custom(name: string, content: Uint8Array): void {
    this.#custom.push(new ByteWriter(content.length + 64).name(name).raw(content).finish());
  }

  /** The section that tells profilers and debuggers what functions are called: these, and what the runtime exports. */
  nameFunctions(own: ReadonlyMap<number, string>): void {
    const names = new Map<number, string>();
    for (const [name, { kind, index }] of this.#runtimeExports)
      if (kind === wasm.KIND_FUNCTION) names.set(index, name);
    for (const [index, name] of own) names.set(index, name);
    const entries = [...names]
      .sort(([a], [b]) => a - b)
      .map(([index, name]) => new ByteWriter(name.length + 8).u32(index).name(name).finish());
    this.custom("name", new ByteWriter(1024).byte(1).sized(vector(entries)).finish());
  }

  /** The module: the runtime with everything that was added, unneeded bodies emptied, `data` at `dataBase`. */
  finish(data: Uint8Array): Uint8Array {
    const { runtime } = this;
    const end = alignUp(this.dataBase + data.length, 16);
    this.#globals[this.#heapBase] = encodeGlobal(wasm.TYPE_I32, true, constantExpression(end));
    // Data that does not fit into the pages every host grants is put in place by the start function, after it made room.
    const late = end > MINIMUM_PAGES * PAGE;
    const roots = [...this.#roots, ...(runtime.start === undefined ? [] : [runtime.start])];
    for (const { body, calls } of this.#functions)
      roots.push(...(calls ?? usesOf(body ?? missingBody()).calls));
    const { living, kept } = neededBy(runtime, roots);
    const segments = [...kept.map((item) => encodeData(item.offset, item.bytes)), ...this.#placed];
    const start = late ? this.#placeLate(end, data.length, segments.length) : runtime.start;
    const bodies = [...living, ...this.#functions.map(({ body }) => body ?? missingBody())];
    if (data.length > 0) segments.push(late ? encodePassive(data) : encodeData(this.dataBase, data));

    const size = bodies.reduce((sum, body) => sum + body.length + 5, data.length);
    const writer = new ByteWriter(size + (1 << 16)).raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const section = (id: number, content: Uint8Array | undefined): void => {
      if (content !== undefined) writer.byte(id).sized(content);
    };
    section(wasm.SECTION_TYPE, vector(this.#types));
    section(wasm.SECTION_IMPORT, vector(runtime.imports.map(encodeImport)));
    // Nobody calls an emptied function, so its type may be any: one that compresses well.
    const kinds = runtime.functions.map((type, index) => (living[index] === EMPTY_BODY ? 0 : type));
    const types = [...kinds, ...this.#functions.map((item) => item.type)];
    const kindsOf = new ByteWriter(types.length * 2 + 8).u32(types.length);
    for (const type of types) kindsOf.u32(type);
    section(wasm.SECTION_FUNCTION, kindsOf.written());
    section(wasm.SECTION_TABLE, runtime.raw.get(wasm.SECTION_TABLE));
    const globals = new ByteWriter(this.#newGlobals.length + 1024).u32(
      this.#globals.length + this.#newGlobalCount,
    );
    for (const global of this.#globals) globals.raw(global);
    section(wasm.SECTION_GLOBAL, globals.raw(this.#newGlobals.written()).written());
    section(wasm.SECTION_EXPORT, vector(this.#exports));
    section(wasm.SECTION_START, start === undefined ? undefined : new ByteWriter(4).u32(start).finish());
    section(wasm.SECTION_ELEMENT, runtime.raw.get(wasm.SECTION_ELEMENT));
    if (late) section(wasm.SECTION_DATA_COUNT, new ByteWriter(4).u32(segments.length).finish());
    const code = new ByteWriter(size + 8).u32(bodies.length);
    for (const body of bodies) code.sized(body);
    section(wasm.SECTION_CODE, code.written());
    section(wasm.SECTION_DATA, vector(segments));
    for (const content of this.#custom) section(wasm.SECTION_CUSTOM, content);
    return writer.written();
  }

  /** A start function: grow the memory to `end`, copy the passive segment, then what the runtime's own start does. */
  #placeLate(end: number, length: number, segment: number): number {
    const index = this.declare(0, 0);
    const pages = Math.ceil(end / PAGE);
    const body = new ByteWriter().u32(0);
    body.byte(0x3f).byte(0).byte(0x41).s32(pages).byte(0x48).byte(0x04).byte(wasm.TYPE_EMPTY); // memory.size < pages: if
    body.byte(0x41).s32(pages).byte(0x3f).byte(0).byte(0x6b).byte(0x40).byte(0); // memory.grow(pages - memory.size)
    body.byte(0x41).s32(-1).byte(0x46).byte(0x04).byte(wasm.TYPE_EMPTY).byte(0x00).byte(0x0b).byte(0x0b); // = -1: trap
    body.byte(0x41).s32(this.dataBase).byte(0x41).s32(0).byte(0x41).s32(length);
    body.byte(0xfc).u32(8).u32(segment).byte(0); // memory.init
    if (this.runtime.start !== undefined) body.byte(0x10).u32(this.runtime.start);
    const bytes = body.byte(0x0b).finish();
    this.define(index, bytes);
    return index;
  }
}

const runtimes = new WeakMap<Uint8Array, Module>();

/** A process links many policies to one runtime. */
function decoded(runtime: Uint8Array): Module {
  let module = runtimes.get(runtime);
  if (module === undefined) runtimes.set(runtime, (module = decodeModule(runtime)));
  return module;
}

interface Needed {
  readonly roots: string;
  readonly living: readonly Uint8Array[];
  readonly kept: readonly DataSegment[];
}

const lastNeeded = new WeakMap<Module, Needed>();

/** What the runtime must keep for those who call these functions. The next policy often calls what the last one did. */
function neededBy(runtime: Module, called: readonly number[]): Needed {
  const imported = runtime.imports.filter((item) => item.kind === wasm.KIND_FUNCTION).length;
  const own = new Set(called.filter((index) => index < imported + runtime.functions.length));
  const roots = [...own].sort((a, b) => a - b).join();
  let needed = lastNeeded.get(runtime);
  if (needed?.roots !== roots) {
    const living = prune(runtime, reachable(runtime, own));
    needed = { roots, living, kept: neededData(runtime, living, own) };
    lastNeeded.set(runtime, needed);
  }
  return needed;
}

function missingBody(): never {
  throw new PolicyError("internal_error", "function declared that was not defined");
}

function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

function i32s(count: number): number[] {
  return new Array<number>(count).fill(wasm.TYPE_I32);
}

function typeKey(params: readonly number[], results: readonly number[]): string {
  return `${params.join()}:${results.join()}`;
}

function encodeType(params: readonly number[], results: readonly number[]): Uint8Array {
  const writer = new ByteWriter(16).byte(0x60).u32(params.length);
  for (const type of params) writer.byte(type);
  writer.u32(results.length);
  for (const type of results) writer.byte(type);
  return writer.finish();
}

function encodeGlobal(type: number, mutable: boolean, init: Uint8Array): Uint8Array {
  return new ByteWriter(16)
    .byte(type)
    .byte(mutable ? 1 : 0)
    .raw(init)
    .finish();
}

/** The memory is asked for without a maximum and with what every host grants; all else stays as the runtime has it. */
function encodeImport(item: Module["imports"][number]): Uint8Array {
  if (item.kind !== wasm.KIND_MEMORY) return item.bytes;
  return new ByteWriter()
    .name(item.module)
    .name(item.name)
    .byte(item.kind)
    .byte(0)
    .u32(MINIMUM_PAGES)
    .finish();
}

function encodeData(offset: number, bytes: Uint8Array): Uint8Array {
  return new ByteWriter(bytes.length + 16).u32(0).raw(constantExpression(offset)).sized(bytes).finish();
}

function encodePassive(bytes: Uint8Array): Uint8Array {
  return new ByteWriter(bytes.length + 8).u32(1).sized(bytes).finish();
}

function constantOf(init: Uint8Array): number {
  let value = 0;
  let shift = 0;
  if (init[0] !== 0x41) throw new PolicyError("internal_error", `the global \`${HEAP_BASE}\` is no constant`);
  for (let at = 1; at < init.length - 1; at++) {
    const byte = init[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return value;
  }
  return value;
}
