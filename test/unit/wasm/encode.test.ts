import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, usesOf, decodeModule } from "../../../src/compile/wasm/decode.ts";
import { ByteWriter } from "../../../src/compile/wasm/encode.ts";
import { Code, LINK_CALL } from "../../../src/compile/wasm/instruction.ts";
import { runtime } from "./build.ts";

describe("LEB128", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer(), (u, i) => {
        const reader = new ByteReader(new ByteWriter().u32(u).s32(i).finish());
        expect([reader.u32(), reader.s32(), reader.done]).toEqual([u, i, true]);
      }),
    );
  });

  test("int64 as WebAssembly reads it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
        // (module (global (export "g") i64 (i64.const n)))
        const global = new ByteWriter().u32(1).byte(0x7e).byte(0).byte(0x42).s64(n).byte(0x0b).finish();
        const bytes = new ByteWriter()
          .raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
          .byte(6)
          .sized(global)
          .byte(7)
          .sized(new ByteWriter().u32(1).name("g").byte(3).u32(0).finish());
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes.finish()));
        expect((exports.g as { value: bigint }).value).toBe(n);
      }),
      { numRuns: 50 },
    );
  });
});

describe("decoding", () => {
  test("reads the runtime: every body, every call within bounds", () => {
    const module = decodeModule(runtime);
    expect(module.bodies.length).toBe(module.functions.length);
    const imported = module.imports.filter((item) => item.kind === 0).length;
    for (const body of module.bodies) {
      for (const { kind, value } of usesOf(body).links)
        expect(value).toBeLessThan(
          kind === LINK_CALL ? imported + module.bodies.length : module.globals.length,
        );
    }
    expect(module.exports.map((item) => item.name)).toContain("opa_json_parse");
  });

  test("refuses instructions beyond the first version rather than guess their length", () => {
    expect(() => usesOf(new Uint8Array([0, 0xfc, 0x08, 0, 0, 0x0b]))).toThrow(/0xfc/);
  });

  test("sees calls behind blocks, constants and tables of labels", () => {
    const code = new Code(1);
    const outer = code.block();
    code.i64(-(2n ** 40n));
    code.drop();
    code.get(0);
    code.brIf(outer);
    code.call(300);
    code.end();
    const body = code.finish();
    const { links, constants } = usesOf(body);
    expect(links).toMatchObject([{ kind: LINK_CALL, value: 300 }]);
    expect(new ByteReader(body, links[0]!.at).u32()).toBe(300);
    expect(constants).toEqual(new Set());
  });
});
