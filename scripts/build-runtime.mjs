#!/usr/bin/env node
// Compiles src/runtime (AssemblyScript) to dist/runtime.wasm with MVP instructions only, and writes the facts the linker needs to
// dist/runtime.meta.json: where static data ends, the index of the `heap_base` global, the imports in order, the call graph. A custom
// section `tables` of the binary says which exports may read which table; it comes from a build that no optimiser has touched.
// Fails if asc warns of an error, emits a start function or an import that is not OPA's.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist");

const OPTIONS = [
  ..."-O3 --runtime stub --noAssert --importMemory --initialMemory 2 --memoryBase 1024".split(" "),
  ..."--disable bulk-memory --disable sign-extension --disable nontrapping-f2i --disable simd --disableWarning 201".split(
    " ",
  ),
];

/** The binary, compiled with these options. */
async function compile(options) {
  let binary;
  const { error, stderr } = await asc.main(
    ["src/runtime/index.ts", "--baseDir", root, "-o", "dist/runtime.wasm", ...options],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(resolve(base, name), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (_name, contents) => {
        binary = Buffer.from(contents);
      },
    },
  );
  const text = stderr.toString();
  if (text !== "") process.stderr.write(text);
  if (error) throw error;
  return binary;
}

/** A reader over the binary; every method advances. */
function reader(bytes) {
  let at = 0;
  const u8 = () => bytes[at++];
  const leb = () => {
    let result = 0;
    let shift = 0;
    while (true) {
      const byte = u8();
      result += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) return result;
    }
  };
  const skipLeb = () => {
    while (u8() >= 128);
  };
  const signed = () => {
    let result = 0n;
    let shift = 0n;
    while (true) {
      const byte = u8();
      result |= BigInt(byte & 127) << shift;
      shift += 7n;
      if (byte < 128) return Number(byte & 64 ? result - (1n << shift) : result);
    }
  };
  const name = () => {
    const length = leb();
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString("utf8");
  };
  return {
    u8,
    leb,
    skipLeb,
    signed,
    name,
    skip: (n) => (at += n),
    position: () => at,
    seek: (to) => (at = to),
  };
}

function sections(bytes) {
  const r = reader(bytes);
  r.skip(8);
  const found = new Map();
  while (r.position() < bytes.length) {
    const id = r.u8();
    const size = r.leb();
    if (id !== 0) found.set(id, r.position());
    r.skip(size);
  }
  return found;
}

/** Functions called, and constants that may be addresses, in one body; throws on an instruction that is not MVP. */
function scanBody(r, end) {
  const calls = new Set();
  const constants = new Set();
  const globals = new Set();
  let indirect = false;
  for (let groups = r.leb(); groups > 0; groups--) {
    r.leb();
    r.u8();
  }
  while (r.position() < end) {
    const op = r.u8();
    if (op === 0x10) calls.add(r.leb());
    else if (op === 0x11) {
      r.leb();
      r.u8();
      indirect = true;
    } else if (op === 0x41) constants.add(r.signed());
    else if (op === 0x23) globals.add(r.leb());
    else if (op >= 0x28 && op <= 0x3e) {
      r.leb();
      constants.add(r.leb());
    } else if (op === 0x0e) for (let n = r.leb() + 1; n > 0; n--) r.leb();
    else if (op === 0x42 || (op >= 0x20 && op <= 0x22) || op === 0x24 || op === 0x0c || op === 0x0d)
      r.skipLeb();
    else if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0x3f || op === 0x40) r.u8();
    else if (op === 0x43) r.skip(4);
    else if (op === 0x44) r.skip(8);
    else if (op >= 0xc0) throw new Error(`instruction 0x${op.toString(16)} is not MVP`);
  }
  return { calls: [...calls].sort((a, b) => a - b), constants: [...constants], globals, indirect };
}

function facts(bytes) {
  const at = sections(bytes);
  const r = reader(bytes);
  const imports = [];
  r.seek(at.get(2));
  for (let n = r.leb(); n > 0; n--) {
    const module = r.name();
    const field = r.name();
    const kind = r.u8();
    if (kind === 0) {
      r.leb();
      imports.push(field);
    } else if (kind === 2) {
      if (r.leb() & 1) r.leb();
      r.leb();
    } else throw new Error(`unexpected import ${module}.${field}`);
    if (module !== "env") throw new Error(`unexpected import ${module}.${field}`);
  }
  const expected = [
    "opa_abort",
    "opa_builtin0",
    "opa_builtin1",
    "opa_builtin2",
    "opa_builtin3",
    "opa_builtin4",
  ];
  if ([...imports].sort().join() !== expected.join()) throw new Error(`imports are ${imports.join()}`);
  if (at.has(8))
    throw new Error("the runtime has a start function: a module-level initialiser is not constant");

  const functions = {};
  let heapBaseGlobal = -1;
  r.seek(at.get(7));
  for (let n = r.leb(); n > 0; n--) {
    const field = r.name();
    const kind = r.u8();
    const index = r.leb();
    if (kind === 0) functions[field] = index;
    if (kind === 3 && field === "heap_base") heapBaseGlobal = index;
  }
  if (heapBaseGlobal < 0) throw new Error("no exported global heap_base");

  const calls = [];
  const constants = [];
  r.seek(at.get(10));
  for (let n = r.leb(); n > 0; n--) {
    const size = r.leb();
    const end = r.position() + size;
    const body = scanBody(r, end);
    if (body.indirect) throw new Error("the runtime calls indirectly: the call graph would not be complete");
    calls.push(body.calls);
    constants.push(body.constants);
    r.seek(end);
  }

  const segments = [];
  if (at.has(11)) {
    r.seek(at.get(11));
    for (let n = r.leb(); n > 0; n--) {
      if (r.leb() !== 0 || r.u8() !== 0x41)
        throw new Error("data segment is not active at a constant address");
      const start = r.signed();
      r.u8();
      const length = r.leb();
      r.skip(length);
      segments.push({ start, length });
    }
  }
  const staticEnd = segments.reduce((end, segment) => Math.max(end, segment.start + segment.length), 1024);
  return {
    staticEnd: (staticEnd + 15) & ~15,
    heapBaseGlobal,
    imports,
    exports: functions,
    calls,
    segments: segmentUsers(segments, constants),
  };
}

/**
 * For each data segment the functions (counted without imports) that may read it. Strings and small tables are in use wherever a constant
 * lies in them; a large table only where its start (with a field offset folded in) or its end is named, or any size would keep it.
 */
function segmentUsers(segments, constants) {
  const LARGE = 512;
  const FIELD = 24;
  return segments.map(({ start, length }) => {
    const names = (c) =>
      length > LARGE
        ? (c >= start && c <= start + FIELD) || c === start + length
        : c >= start && c <= start + length;
    return { start, length, users: constants.flatMap((list, i) => (list.some(names) ? [i] : [])) };
  });
}

/** What static memory holds before anything runs, and where its segments lie. */
function image(bytes) {
  const segments = [];
  const r = reader(bytes);
  r.seek(sections(bytes).get(11));
  for (let n = r.leb(); n > 0; n--) {
    r.leb();
    r.u8();
    const start = r.signed();
    r.u8();
    const length = r.leb();
    segments.push({ start, bytes: bytes.subarray(r.position(), r.position() + length) });
    r.skip(length);
  }
  const memory = Buffer.alloc(Math.max(...segments.map(({ start, bytes }) => start + bytes.length)));
  for (const { start, bytes } of segments) memory.set(bytes, start);
  return { segments, memory };
}

/** Values of the immutable globals that begin with a constant. */
function globalConstants(bytes) {
  const at = sections(bytes).get(6);
  const values = new Map();
  if (at === undefined) return values;
  const r = reader(bytes);
  r.seek(at);
  const count = r.leb();
  for (let i = 0; i < count; i++) {
    r.u8();
    const mutable = r.u8() === 1;
    const op = r.u8();
    if (op === 0x41) {
      const value = r.signed();
      if (!mutable) values.set(i, value);
    } else if (op === 0x42) r.skipLeb();
    else r.skip(op === 0x43 ? 4 : 8);
    r.u8();
  }
  return values;
}

/** Segments from this length on are tables: the linker asks this list about them, and no constant it meets by chance. */
const TABLE = 192;
/** How far behind its start a program without optimisation may name a table. */
const FIELD = 24;

/** `[start, length, exports that may read it]` of each table. */
function tables(plain, optimised) {
  const { segments, memory } = image(plain);
  const after = image(optimised).memory;
  const { exports, calls, constants, imports } = rawFacts(plain);
  const callers = calls.map(() => []);
  calls.forEach((list, from) => {
    for (const to of list) if (to >= imports) callers[to - imports].push(from);
  });
  return segments
    .filter(({ bytes }) => bytes.length >= TABLE)
    .map(({ start, bytes }) => {
      if (!memory.subarray(start, start + bytes.length).equals(after.subarray(start, start + bytes.length)))
        throw new Error(`the optimiser moved the table at ${start}`);
      const reached = new Set();
      const pending = constants.flatMap((list, i) =>
        list.some((c) => c >= start && c <= start + FIELD) ? [i] : [],
      );
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        if (reached.has(next)) continue;
        reached.add(next);
        pending.push(...callers[next]);
      }
      const names = Object.keys(exports).filter((name) => reached.has(exports[name] - imports));
      if (names.length === 0) throw new Error(`nothing reads the table at ${start}`);
      return [start, bytes.length, names];
    });
}

/** Exports, calls and constants (those of globals included) of each function. */
function rawFacts(bytes) {
  const at = sections(bytes);
  const r = reader(bytes);
  let imports = 0;
  r.seek(at.get(2));
  for (let n = r.leb(); n > 0; n--) {
    r.name();
    r.name();
    if (r.u8() === 0) {
      r.leb();
      imports++;
    } else {
      if (r.leb() & 1) r.leb();
      r.leb();
    }
  }
  const exports = {};
  r.seek(at.get(7));
  for (let n = r.leb(); n > 0; n--) {
    const field = r.name();
    const kind = r.u8();
    const index = r.leb();
    if (kind === 0) exports[field] = index;
  }
  const known = globalConstants(bytes);
  const calls = [];
  const constants = [];
  r.seek(at.get(10));
  for (let n = r.leb(); n > 0; n--) {
    const size = r.leb();
    const end = r.position() + size;
    const body = scanBody(r, end);
    calls.push(body.calls);
    constants.push([...body.constants, ...[...body.globals].flatMap((i) => known.get(i) ?? [])]);
    r.seek(end);
  }
  return { imports, exports, calls, constants };
}

function leb(n) {
  const bytes = [];
  for (; n >= 128; n >>>= 7) bytes.push((n & 127) | 128);
  return Buffer.from([...bytes, n]);
}

function customSection(name, content) {
  const title = Buffer.from(name);
  const body = Buffer.concat([leb(title.length), title, Buffer.from(content)]);
  return Buffer.concat([Buffer.from([0]), leb(body.length), body]);
}

mkdirSync(out, { recursive: true });
const optimised = await compile(OPTIONS);
const plain = await compile(OPTIONS.map((option) => (option === "-O3" ? "-O0" : option)));
const bytes = Buffer.concat([optimised, customSection("tables", JSON.stringify(tables(plain, optimised)))]);
writeFileSync(join(out, "runtime.wasm"), bytes);
const meta = facts(bytes);
writeFileSync(join(out, "runtime.meta.json"), `${JSON.stringify(meta)}\n`);
console.log(
  `runtime: ${bytes.length} bytes, ${meta.calls.length} functions, static data to ${meta.staticEnd}`,
);
