// Reads a WebAssembly binary into its sections, and from its function bodies where they call functions and use globals. In: bytes of the
// prebuilt runtime. Out: tables of which link.ts takes what a policy needs. Understands the MVP instructions (what the runtime may hold);
// anything else is refused rather than guessed.

import { PolicyError } from "../../error.ts";
import * as wasm from "./encode.ts";
import { LINK_CALL, LINK_GLOBAL, type Link } from "./instruction.ts";

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  /** Of a function: its type index. */
  readonly type: number;
}

export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  /** Initialiser, with its `end`. */
  readonly init: Uint8Array;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/** An active segment at a constant address. */
export interface DataSegment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Module {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** How many of the imports are functions: defined ones are counted behind them. */
  readonly importedFunctions: number;
  /** Type index of each defined function. */
  readonly functions: readonly number[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  /** Bodies without their size: local declarations, instructions, `end`. */
  readonly bodies: readonly Uint8Array[];
  readonly data: readonly DataSegment[];
  /** Tables of the data with the exports that may read them, as the runtime's build found out; empty where the module does not say. */
  readonly tables: readonly Table[];
}

export interface Table {
  readonly start: number;
  readonly length: number;
  readonly readers: readonly string[];
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get done(): boolean {
    return this.position >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.position++];
    if (value === undefined) throw malformed("ends too early");
    return value;
  }

  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed("holds a number that is too long");
  }

  /** Skips a LEB128 number of any width. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  s32(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return shift < 32 && (byte & 0x40) !== 0 ? value | (-1 << shift) : value;
    }
  }

  take(length: number): Uint8Array {
    if (this.position + length > this.bytes.length) throw malformed("ends too early");
    const part = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return part;
  }

  sized(): Uint8Array {
    return this.take(this.u32());
  }

  name(): string {
    const bytes = this.sized();
    try {
      return UTF8.decode(bytes);
    } catch {
      throw malformed("holds a name that is no UTF-8");
    }
  }

  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.u32(); left > 0; left--) items.push(read());
    return items;
  }
}

function malformed(what: string): PolicyError {
  return new PolicyError("internal_error", `the runtime module ${what}`);
}

export function decodeModule(bytes: Uint8Array): Module {
  const reader = new ByteReader(bytes);
  const magic = reader.take(8);
  if (magic.join() !== "0,97,115,109,1,0,0,0") throw malformed("is not a WebAssembly module of version 1");
  const raw = new Map<number, Uint8Array>();
  let tables: readonly Table[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.sized();
    if (id !== wasm.SECTION_CUSTOM) raw.set(id, content);
    else tables = readTables(content) ?? tables;
  }
  // Functions are numbered anew: whatever else could call one would have to be, too.
  for (const id of [wasm.SECTION_TABLE, wasm.SECTION_ELEMENT, wasm.SECTION_START])
    if (raw.has(id)) throw malformed("has a table or a start function");
  const section = <T>(id: number, read: (reader: ByteReader) => T, otherwise: T): T => {
    const content = raw.get(id);
    return content === undefined ? otherwise : read(new ByteReader(content));
  };
  const none: never[] = [];
  const imports = section<readonly Import[]>(wasm.SECTION_IMPORT, (r) => r.list(() => readImport(r)), none);
  return {
    types: section(wasm.SECTION_TYPE, (r) => r.list(() => readType(r)), none),
    imports,
    importedFunctions: imports.filter((item) => item.kind === wasm.KIND_FUNCTION).length,
    functions: section(wasm.SECTION_FUNCTION, (r) => r.list(() => r.u32()), none),
    globals: section(wasm.SECTION_GLOBAL, (r) => r.list(() => readGlobal(r)), none),
    exports: section(
      wasm.SECTION_EXPORT,
      (r) => r.list(() => ({ name: r.name(), kind: r.byte(), index: r.u32() })),
      none,
    ),
    bodies: section(wasm.SECTION_CODE, (r) => r.list(() => r.sized()), none),
    data: section(wasm.SECTION_DATA, (r) => r.list(() => readData(r)), none),
    tables,
  };
}

/** The section `tables` that scripts/build-runtime.mjs writes; undefined for any other one. */
function readTables(content: Uint8Array): readonly Table[] | undefined {
  const reader = new ByteReader(content);
  if (reader.name() !== "tables") return undefined;
  const rows = JSON.parse(UTF8.decode(content.subarray(reader.position))) as readonly (readonly [
    number,
    number,
    readonly string[],
  ])[];
  return rows.map(([start, length, readers]) => ({ start, length, readers }));
}

function readType(reader: ByteReader): FunctionType {
  if (reader.byte() !== 0x60) throw malformed("holds a type that is no function");
  return { params: reader.list(() => reader.byte()), results: reader.list(() => reader.byte()) };
}

function readImport(reader: ByteReader): Import {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  let type = 0;
  if (kind === wasm.KIND_FUNCTION) type = reader.u32();
  else if (kind === wasm.KIND_MEMORY) {
    if ((reader.byte() & 1) !== 0) reader.u32();
    reader.u32();
  } else throw malformed(`imports \`${module}.${name}\`, which is neither function nor memory`);
  return { module, name, kind, type };
}

function readGlobal(reader: ByteReader): Global {
  const type = reader.byte();
  const mutable = reader.byte() === 1;
  const start = reader.position;
  while (reader.bytes[reader.position] !== 0x0b) skipInstruction(reader, reader.byte());
  reader.position++;
  return { type, mutable, init: reader.bytes.subarray(start, reader.position) };
}

function readData(reader: ByteReader): DataSegment {
  if (reader.u32() !== 0) throw malformed("holds a data segment that is not active");
  return { offset: readOffset(reader), bytes: reader.sized() };
}

function readOffset(reader: ByteReader): number {
  if (reader.byte() !== 0x41) throw malformed("places a segment at an address that is no constant");
  const offset = reader.s32();
  if (reader.byte() !== 0x0b) throw malformed("places a segment at an address that is no constant");
  return offset;
}

export interface Uses {
  /** Calls and uses of globals, in their order. */
  readonly links: readonly Link[];
  /** Constants that may be addresses: `i32.const`, and offsets of loads and stores. */
  readonly constants: ReadonlySet<number>;
}

/** How the immediates of an instruction are encoded. */
const NONE = 1;
const NUMBER = 2;
const TWO_NUMBERS = 3;
const BYTE = 4;
const TABLE = 5;
const FOUR_BYTES = 6;
const EIGHT_BYTES = 7;

/** By opcode; 0: not in the first version of WebAssembly. */
const IMMEDIATES = immediates();

function immediates(): Uint8Array {
  const found = new Uint8Array(256);
  const fill = (kind: number, first: number, last = first): void => {
    found.fill(kind, first, last + 1);
  };
  fill(NONE, 0x00, 0x01); // unreachable, nop
  fill(NUMBER, 0x02, 0x04); // block, loop, if: block type
  fill(NONE, 0x05); // else
  fill(NONE, 0x0b); // end
  fill(NUMBER, 0x0c, 0x0d); // br, br_if
  fill(TABLE, 0x0e); // br_table
  fill(NONE, 0x0f); // return
  fill(NUMBER, 0x10); // call
  fill(NONE, 0x1a, 0x1b); // drop, select
  fill(NUMBER, 0x20, 0x24); // locals and globals
  fill(TWO_NUMBERS, 0x28, 0x3e); // loads and stores: alignment, offset
  fill(BYTE, 0x3f, 0x40); // memory.size, memory.grow
  fill(NUMBER, 0x41, 0x42); // i32.const, i64.const
  fill(FOUR_BYTES, 0x43); // f32.const
  fill(EIGHT_BYTES, 0x44); // f64.const
  fill(NONE, 0x45, 0xbf);
  return found;
}

/** The bodies of the runtime are asked about in every compilation. */
const scanned = new WeakMap<Uint8Array, Uses>();

/** What a body refers to. */
export function usesOf(body: Uint8Array): Uses {
  let uses = scanned.get(body);
  if (uses === undefined) {
    uses = scan(body);
    scanned.set(body, uses);
  }
  return uses;
}

function scan(body: Uint8Array): Uses {
  const reader = new ByteReader(body);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.byte();
  }
  const links: Link[] = [];
  const constants = new Set<number>();
  while (reader.position < body.length) {
    const opcode = body[reader.position++] as number;
    const at = reader.position;
    // By far the most: locals, constants, calls and memory; the rest is skipped by what follows it.
    if (opcode === 0x10) links.push({ at, kind: LINK_CALL, value: reader.u32() });
    else if (opcode === 0x23 || opcode === 0x24) links.push({ at, kind: LINK_GLOBAL, value: reader.u32() });
    else if (opcode === 0x41) constants.add(reader.s32());
    else if (opcode >= 0x28 && opcode <= 0x3e) {
      reader.skipNumber();
      constants.add(reader.u32());
    } else skipInstruction(reader, opcode);
  }
  return { links, constants };
}

/** Moves past the immediates of the instruction whose opcode was just read. */
function skipInstruction(reader: ByteReader, opcode: number): void {
  const kind = IMMEDIATES[opcode];
  if (kind === NONE) return;
  if (kind === NUMBER) reader.skipNumber();
  else if (kind === TWO_NUMBERS) {
    reader.skipNumber();
    reader.skipNumber();
  } else if (kind === BYTE) reader.byte();
  else if (kind === TABLE) for (let left = reader.u32() + 1; left > 0; left--) reader.skipNumber();
  else if (kind === FOUR_BYTES) reader.take(4);
  else if (kind === EIGHT_BYTES) reader.take(8);
  else throw malformed(`uses the instruction 0x${opcode.toString(16)}, which the runtime must not hold`);
}
