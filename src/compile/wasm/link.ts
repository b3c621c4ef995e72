// Makes a module of what a policy needs of the prebuilt runtime and of types, globals, functions, static data and exports that are added.
// Functions and globals are numbered in this order: what every module needs of the runtime, under the same numbers in all of them; what is
// added, and what of the runtime is asked for, as it comes; what that needs. So only bodies of the runtime are given other numbers when a module
// is linked, and of these only what is not in every module. The same calls in the same order give the same bytes. Knows nothing of policies.

import { PolicyError } from "../../error.ts";
import { type Core, coreOf, exportsOf, isFunction, renumbered, restOf } from "./core.ts";
import { decodeModule, type Module } from "./decode.ts";
import * as wasm from "./encode.ts";
import { ByteWriter, constantExpression, vector } from "./encode.ts";

const PAGE = 65536;
/** What every OPA host grants: a module that asks for more is not loaded by some of them. */
const MINIMUM_PAGES = 2;

interface AddedFunction {
  readonly type: number;
  body: Uint8Array | undefined;
}

export class Linker {
  readonly runtime: Module;
  /** Bytes of the static data that is appended; addresses start at `dataBase`. */
  readonly dataBase: number;
  readonly #core: Core;
  /** Behind the imports: functions of the runtime by their index there, and added ones. */
  readonly #functions: (number | AddedFunction)[];
  /** Numbers in the module of functions and globals of the runtime, imports among them. */
  readonly #numbers: Map<number, number>;
  readonly #globalNumbers: Map<number, number>;
  /** Functions of the runtime beyond the core that were asked for. */
  readonly #asked: number[] = [];
  readonly #types: Uint8Array[];
  readonly #typeIndex = new Map<string, number>();
  /** Types of functions of int32s, by twice the number of parameters and that of results, which is 0 or 1. */
  readonly #typesOfInts = new Map<number, number>();
  /** The new ones, encoded behind each other. */
  readonly #newGlobals = new ByteWriter(1024);
  #newGlobalCount = 0;
  readonly #exports: Uint8Array[] = [];
  readonly #placed: Uint8Array[] = [];
  readonly #custom: Uint8Array[] = [];
  #names: ReadonlyMap<number, string> | undefined;

  /**
   * `always`: exports of the runtime that every module needs, the same for all; `imports`: functions that this one imports. A host makes each of
   * them ready, which takes it longer than a hundred functions that nobody calls.
   */
  constructor(runtime: Uint8Array, always: readonly string[], imports: ReadonlySet<string>) {
    const module = decoded(runtime);
    this.runtime = module;
    this.#core = coreOf(module, always, imports);
    this.#functions = [...this.#core.functions];
    this.#numbers = new Map(this.#core.numbers);
    this.#globalNumbers = new Map(this.#core.globalNumbers);
    this.#types = module.types.map(({ params, results }, index) => {
      this.#typeIndex.set(typeKey(params, results), index);
      return encodeType(params, results);
    });
    const ends = module.data.map((item) => item.offset + item.bytes.length);
    this.dataBase = alignUp(Math.max(constantOf(this.#core.heapBase.init), ...ends), 16);
  }

  has(name: string): boolean {
    return isFunction(this.#core.exports.get(name));
  }

  /** Number of a function that the runtime exports; it is in the module from now on. */
  function(name: string): number {
    const found = this.#core.exports.get(name);
    if (!isFunction(found)) {
      throw new PolicyError("internal_error", `the runtime exports no function \`${name}\``);
    }
    const known = this.#numbers.get(found.index);
    if (known !== undefined) return known;
    this.#asked.push(found.index);
    return this.#add(found.index);
  }

  /** The next number for a function of the runtime. */
  #add(index: number): number {
    const number = this.#core.importedFunctions + this.#functions.push(index) - 1;
    this.#numbers.set(index, number);
    return number;
  }

  /** Number of a function that the module imports from `env`. */
  import(name: string): number {
    const functions = this.#core.imports.filter((item) => item.kind === wasm.KIND_FUNCTION);
    const number = functions.findIndex((item) => item.module === "env" && item.name === name);
    if (number < 0) throw new PolicyError("internal_error", `the module does not import \`env.${name}\``);
    return number;
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
    return this.#core.importedFunctions + this.#functions.push({ type, body: undefined }) - 1;
  }

  define(index: number, body: Uint8Array): void {
    const added = this.#functions[index - this.#core.importedFunctions];
    if (typeof added !== "object")
      throw new PolicyError("internal_error", "function defined that was not declared");
    added.body = body;
  }

  /** A new global: its index. */
  global(type: number, mutable: boolean, init: Uint8Array): number {
    this.#newGlobals
      .byte(type)
      .byte(mutable ? 1 : 0)
      .raw(init);
    return this.#core.globals.length + this.#newGlobalCount++;
  }

  export(name: string, kind: number, index: number): void {
    this.#exports.push(new ByteWriter().name(name).byte(kind).u32(index).finish());
  }

  /** Keeps a function that the runtime exports among the exports of the module. */
  reexport(name: string): void {
    if (this.has(name)) this.export(name, wasm.KIND_FUNCTION, this.function(name));
  }

  /** Static data at a fixed address below the runtime's own. */
  place(offset: number, bytes: Uint8Array): void {
    this.#placed.push(encodeData(offset, bytes));
  }

  /** A custom section, behind all others. */
  custom(name: string, content: Uint8Array): void {
    this.#custom.push(new ByteWriter(content.length + 64).name(name).raw(content).finish());
  }

  /** There is to be the section that tells profilers and debuggers what functions are called: these, and what the runtime exports. */
  nameFunctions(own: ReadonlyMap<number, string>): void {
    this.#names = own;
  }

  /** The module, with `data` at `dataBase`. */
  finish(data: Uint8Array): Uint8Array {
    const { runtime } = this;
    const end = alignUp(this.dataBase + data.length, 16);
    const rest = restOf(runtime, this.#core, this.#asked);
    for (const index of rest.functions) if (!this.#numbers.has(index)) this.#add(index);
    const globals = this.#globalSection(rest.globals, end);
    // Data that does not fit into the pages every host grants is put in place by the start function, after it made room.
    const late = end > MINIMUM_PAGES * PAGE;
    const segments = [...rest.data.map((item) => encodeData(item.offset, item.bytes)), ...this.#placed];
    const start = late ? this.#placeLate(end, data.length, segments.length) : undefined;
    const bodies = this.#functions.map((item, index) =>
      typeof item === "object"
        ? (item.body ?? missingBody())
        : (this.#core.bodies[index] ??
          renumbered(runtime.bodies[item - runtime.importedFunctions]!, this.#numbers, this.#globalNumbers)),
    );
    if (data.length > 0) segments.push(late ? encodePassive(data) : encodeData(this.dataBase, data));

    const size = bodies.reduce((sum, body) => sum + body.length + 5, data.length);
    const writer = new ByteWriter(size + (1 << 16)).raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const section = (id: number, content: Uint8Array): ByteWriter => writer.byte(id).sized(content);
    const types = new UsedTypes(this.#types);
    const imports = this.#core.imports.map((item) => encodeImport(item, types));
    const kinds = new ByteWriter(this.#functions.length * 2 + 8).u32(this.#functions.length);
    for (const item of this.#functions)
      kinds.u32(
        types.number(
          typeof item === "object"
            ? item.type
            : (runtime.functions[item - runtime.importedFunctions] as number),
        ),
      );
    section(wasm.SECTION_TYPE, vector(types.used));
    section(wasm.SECTION_IMPORT, vector(imports));
    section(wasm.SECTION_FUNCTION, kinds.written());
    section(wasm.SECTION_GLOBAL, globals);
    section(wasm.SECTION_EXPORT, vector(this.#exports));
    if (start !== undefined) section(wasm.SECTION_START, new ByteWriter(4).u32(start).finish());
    if (late) section(wasm.SECTION_DATA_COUNT, new ByteWriter(4).u32(segments.length).finish());
    const code = new ByteWriter(size + 8).u32(bodies.length);
    for (const body of bodies) code.sized(body);
    section(wasm.SECTION_CODE, code.written());
    section(wasm.SECTION_DATA, vector(segments));
    for (const content of this.#custom) section(wasm.SECTION_CUSTOM, content);
    if (this.#names !== undefined) section(wasm.SECTION_CUSTOM, this.#nameSection(this.#names));
    return writer.written();
  }

  /** Those of the core, those that were added, and those of the runtime that the rest needs. */
  #globalSection(rest: readonly number[], heapBase: number): Uint8Array {
    const { globals: core, heapBase: base } = this.#core;
    const added = core.length + this.#newGlobalCount;
    for (const [at, index] of rest.entries()) this.#globalNumbers.set(index, added + at);
    const writer = new ByteWriter(this.#newGlobals.length + 1024).u32(added + rest.length);
    const write = (index: number): void => {
      const global = this.runtime.globals[index]!;
      const init = global === base ? constantExpression(heapBase) : global.init;
      writer
        .byte(global.type)
        .byte(global.mutable ? 1 : 0)
        .raw(init);
    };
    core.forEach(write);
    writer.raw(this.#newGlobals.written());
    rest.forEach(write);
    return writer.written();
  }

  #nameSection(own: ReadonlyMap<number, string>): Uint8Array {
    const names = new Map<number, string>();
    for (const [name, { kind, index }] of this.#core.exports) {
      const number = kind === wasm.KIND_FUNCTION ? this.#numbers.get(index) : undefined;
      if (number !== undefined) names.set(number, name);
    }
    for (const [index, name] of own) names.set(index, name);
    const entries = [...names]
      .sort(([a], [b]) => a - b)
      .map(([index, name]) => new ByteWriter(name.length + 8).u32(index).name(name).finish());
    return new ByteWriter(1024).name("name").byte(1).sized(vector(entries)).finish();
  }

  /** A start function: grow the memory to `end`, copy the passive segment. */
  #placeLate(end: number, length: number, segment: number): number {
    const index = this.declare(0, 0);
    const pages = Math.ceil(end / PAGE);
    const body = new ByteWriter().u32(0);
    body.byte(0x3f).byte(0).byte(0x41).s32(pages).byte(0x48).byte(0x04).byte(wasm.TYPE_EMPTY); // memory.size < pages: if
    body.byte(0x41).s32(pages).byte(0x3f).byte(0).byte(0x6b).byte(0x40).byte(0); // memory.grow(pages - memory.size)
    body.byte(0x41).s32(-1).byte(0x46).byte(0x04).byte(wasm.TYPE_EMPTY).byte(0x00).byte(0x0b).byte(0x0b); // = -1: trap
    body.byte(0x41).s32(this.dataBase).byte(0x41).s32(0).byte(0x41).s32(length);
    body.byte(0xfc).u32(8).u32(segment).byte(0); // memory.init
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

/** Whether the runtime has a function of this name. */
export function runtimeHas(runtime: Uint8Array, name: string): boolean {
  return isFunction(exportsOf(decoded(runtime)).get(name));
}

/** Types by index, of which a module has those that are asked for. */
class UsedTypes {
  readonly used: Uint8Array[] = [];
  readonly #types: readonly Uint8Array[];
  readonly #numbers = new Map<number, number>();

  constructor(types: readonly Uint8Array[]) {
    this.#types = types;
  }

  number(type: number): number {
    let number = this.#numbers.get(type);
    if (number === undefined) {
      number = this.used.push(this.#types[type]!) - 1;
      this.#numbers.set(type, number);
    }
    return number;
  }
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

/** The memory is asked for without a maximum and with what every host grants. */
function encodeImport({ module, name, kind, type }: Module["imports"][number], types: UsedTypes): Uint8Array {
  const writer = new ByteWriter().name(module).name(name).byte(kind);
  if (kind === wasm.KIND_MEMORY) writer.byte(0).u32(MINIMUM_PAGES);
  else writer.u32(types.number(type));
  return writer.finish();
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
  if (init[0] !== 0x41) throw new PolicyError("internal_error", "the global `heap_base` is no constant");
  for (let at = 1; at < init.length - 1; at++) {
    const byte = init[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return value;
  }
  return value;
}
