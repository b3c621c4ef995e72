#!/usr/bin/env node
// Compiles src/runtime (AssemblyScript) to dist/runtime.wasm with MVP instructions only, and writes the facts the linker needs to
// dist/runtime.meta.json: where static data ends, the index of the `heap_base` global, the imports in order, the call graph.
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

async function compile() {
  const { error, stderr } = await asc.main(
    ["src/runtime/index.ts", "--baseDir", root, "-o", "dist/runtime.wasm", ...OPTIONS],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(resolve(base, name), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (name, contents, base) => writeFileSync(resolve(base, name), contents),
    },
  );
  const text = stderr.toString();
  if (text !== "") process.stderr.write(text);
  if (error) throw error;
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
    else if (op >= 0x28 && op <= 0x3e) {
      r.leb();
      constants.add(r.leb());
    } else if (op === 0x0e) for (let n = r.leb() + 1; n > 0; n--) r.leb();
    else if (op === 0x42 || (op >= 0x20 && op <= 0x24) || op === 0x0c || op === 0x0d) r.skipLeb();
    else if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0x3f || op === 0x40) r.u8();
    else if (op === 0x43) r.skip(4);
    else if (op === 0x44) r.skip(8);
    else if (op >= 0xc0) throw new Error(`instruction 0x${op.toString(16)} is not MVP`);
  }
  return { calls: [...calls].sort((a, b) => a - b), constants: [...constants], indirect };
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

mkdirSync(out, { recursive: true });
await compile();
const bytes = readFileSync(join(out, "runtime.wasm"));
const meta = facts(bytes);
writeFileSync(join(out, "runtime.meta.json"), `${JSON.stringify(meta)}\n`);
console.log(
  `runtime: ${bytes.length} bytes, ${meta.calls.length} functions, static data to ${meta.staticEnd}`,
);
