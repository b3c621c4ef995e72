import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Func, Stmt } from "../../../src/compile/ir/ir.ts";
import { PolicyError } from "../../../src/error.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { block, emitted, engineOf, local, type Parts, run, s, string } from "./build.ts";

const add = (from: number): Stmt => s({ kind: "ResultSetAddStmt", value: from });
const dot = (source: number, key: number, target: number): Stmt =>
  s({ kind: "DotStmt", source: local(source), key: string(key), target });

/** A function of input and data that runs `stmts` and returns local 2. */
const rule = (name: string, stmts: Stmt[], path?: string[]): Func => ({
  name,
  params: [0, 1],
  return: 2,
  blocks: [
    block(s({ kind: "ResetLocalStmt", target: 2 }), ...stmts),
    block(s({ kind: "IsDefinedStmt", source: 2 }), s({ kind: "ReturnLocalStmt", source: 2 })),
  ],
  ...(path === undefined ? {} : { path }),
});
const callRule = (func: string, result: number): Stmt =>
  s({ kind: "CallStmt", func, args: [local(0), local(1)], result });

const echo: Parts = { strings: ["x"], plan: [dot(0, 0, 3), add(3)] };

describe("the module", () => {
  test("is the same for the same plan, and smaller than the runtime with everything in it", () => {
    expect(emitted(echo).bytes).toEqual(emitted(echo).bytes);
    expect(WebAssembly.validate(emitted(echo).bytes as Uint8Array<ArrayBuffer>)).toBe(true);
  });

  test("imports and exports what OPA's ABI 1.3 says and nothing of the runtime's inside", () => {
    const module = new WebAssembly.Module(emitted(echo).bytes);
    const imports = WebAssembly.Module as unknown as {
      imports(m: unknown): { module: string; name: string }[];
      exports(m: unknown): { name: string }[];
    };
    expect(
      imports
        .imports(module)
        .map((item) => `${item.module}.${item.name}`)
        .sort(),
    ).toEqual(["memory", "opa_abort"].map((name) => `env.${name}`));
    const names = imports.exports(module).map((item) => item.name);
    for (const name of [
      "memory",
      "eval",
      "opa_eval",
      "builtins",
      "entrypoints",
      "opa_malloc",
      "opa_free",
      "opa_value_free",
      "opa_json_parse",
      "opa_value_parse",
      "opa_json_dump",
      "opa_value_dump",
      "opa_heap_ptr_get",
      "opa_heap_ptr_set",
      "opa_value_add_path",
      "opa_value_remove_path",
      "opa_heap_blocks_stash",
      "opa_heap_blocks_restore",
      "opa_heap_stash_clear",
      "opa_eval_ctx_new",
      "opa_eval_ctx_get_result",
      "opa_wasm_abi_version",
      "opa_wasm_abi_minor_version",
    ]) {
      expect(names).toContain(name);
    }
    expect(names).not.toContain("value_equal");
    expect(names).not.toContain("heap_base");
  });

  test("answers in OPA's own JavaScript host", () => {
    const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm");
    const policy = sdk.loadPolicySync(emitted(echo).bytes);
    expect(policy.evaluate({ x: [1, { y: "é" }] })).toEqual([[1, { y: "é" }]]);
    expect(policy.evaluate({})).toEqual([]);
  });

  test("with much static data still asks for two pages and puts the data in place itself", () => {
    const long = "é".repeat(150_000);
    const big: Parts = {
      strings: [long, "x"],
      plan: [
        s({ kind: "AssignVarStmt", source: string(0), target: 3 }),
        dot(0, 1, 4),
        s({ kind: "EqualStmt", a: local(3), b: local(4) }),
        add(4),
      ],
    };
    expect(run(big, { x: long })).toEqual([long]);
    expect(run(big, { x: "no" })).toEqual([]);
    const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm");
    expect(sdk.loadPolicySync(emitted(big).bytes, { initial: 2 }).evaluate({ x: long })).toEqual([long]);
  });
});

describe("constants", () => {
  test("a string constant is found as a key of a parsed object, whatever its bytes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 40 }),
        fc.array(fc.string({ maxLength: 8 }), { maxLength: 12 }),
        (key, others) => {
          const object = Object.fromEntries([
            ...others.filter((other) => other !== key).map((other) => [other, 0]),
            [key, 1],
          ]);
          if (key === "__proto__" || others.includes("__proto__")) return;
          expect(run({ strings: [key], plan: [dot(0, 0, 3), add(3)] }, object)).toEqual([1]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("numbers keep their literal and equal by value", () => {
    const literals = [
      "0",
      "-1",
      "9223372036854775807",
      "9223372036854775808",
      "-9223372036854775808",
      "1.0",
      "1e3",
      "123456789012345678901234567890.5",
    ];
    for (const text of literals) {
      const engine = engineOf({
        strings: [text, "x"],
        plan: [
          s({ kind: "MakeNumberRefStmt", index: 0, target: 3 }),
          dot(0, 1, 4),
          s({ kind: "EqualStmt", a: local(3), b: local(4) }),
          add(3),
        ],
      });
      expect(engine.evaluate(0, { json: `{"x":${text}}` }).json).toBe(`[${text}]`);
      expect(engine.evaluate(0, { json: `{"x":7}` }).json).toBe("[]");
    }
  });

  test("integer keys find text keys in base documents, not in values", () => {
    const plan = (source: number): Parts => ({
      strings: ["80"],
      plan: [
        s({ kind: "MakeNumberRefStmt", index: 0, target: 3 }),
        s({ kind: "DotStmt", source: local(source), key: local(3), target: 4 }),
        add(4),
      ],
    });
    expect(run(plan(1), undefined, { data: '{"80":"web"}' })).toEqual(["web"]);
    expect(run(plan(0), { 80: "web" })).toEqual([]);
  });
});

describe("rules", () => {
  const counted = (calls: Stmt[], body: Stmt[]): [Parts, () => number] => {
    let count = 0;
    return [
      { strings: ["x"], plan: calls, funcs: [rule("r", body)], builtins: [{ name: "host.tick", args: 0 }] },
      () => count++,
    ];
  };
  const tick = (result: number): Stmt => s({ kind: "CallStmt", func: "host.tick", args: [], result });

  test("are evaluated once, also when they are undefined", () => {
    for (const undefinedRule of [false, true]) {
      const body = [
        tick(3),
        ...(undefinedRule ? [s({ kind: "BreakStmt", index: 0 })] : []),
        s({ kind: "AssignVarOnceStmt", source: local(3), target: 2 }),
      ];
      const [parts, next] = counted(
        [
          s({
            kind: "BlockStmt",
            blocks: [block(callRule("r", 3), add(3)), block(callRule("r", 4), add(4))],
          }),
        ],
        body,
      );
      let calls = 0;
      const engine = engineOf(parts, {
        hosts: {
          "host.tick": () => {
            calls++;
            return String(next());
          },
        },
      });
      expect(engine.evaluate(0).results).toEqual(undefinedRule ? [] : ["0", "0"]);
      expect(calls).toBe(1);
      engine.evaluate(0);
      expect(calls).toBe(2);
    }
  });

  test("are evaluated anew inside `with`, and what they were outside holds again behind it", () => {
    const body = [dot(0, 0, 3), s({ kind: "AssignVarOnceStmt", source: local(3), target: 2 })];
    const inside = s({
      kind: "WithStmt",
      local: 0,
      path: [0],
      value: string(0),
      block: block(callRule("r", 4), add(4)),
    });
    const [parts] = counted([callRule("r", 3), inside, callRule("r", 5), add(5)], body);
    expect(run(parts, { x: "outer" }, { hosts: { "host.tick": () => null } })).toEqual(["x", "outer"]);
  });

  test("leave `with` in order when a break crosses it", () => {
    const crossing = s({
      kind: "WithStmt",
      local: 0,
      path: [],
      value: string(0),
      block: block(s({ kind: "BreakStmt", index: 1 })),
    });
    const parts: Parts = {
      strings: ["x"],
      plan: [s({ kind: "BlockStmt", blocks: [block(crossing)] }), add(0)],
    };
    expect(run(parts, "outer")).toEqual(["outer"]);
  });

  test("abort on a second, different value with OPA's words", () => {
    const twice = (params: number[], arity?: number): Func => ({
      name: "r",
      params,
      return: 2,
      blocks: [
        block(
          s({ kind: "ResetLocalStmt", target: 7 }),
          s({ kind: "AssignVarOnceStmt", source: string(0), target: 7 }),
          s({ kind: "AssignVarOnceStmt", source: string(1), target: 7 }),
        ),
      ],
      ...(arity === undefined ? {} : { arity }),
    });
    const call = (n: number): Stmt =>
      s({ kind: "CallStmt", func: "r", args: [local(0), local(1), string(0)].slice(0, n), result: 3 });
    const message = (params: number[], arity?: number): unknown => {
      try {
        return run({ strings: ["a", "b"], plan: [call(params.length)], funcs: [twice(params, arity)] });
      } catch (error) {
        const { code, message, location } = error as PolicyError;
        return [code, message, location?.file, location?.row];
      }
    };
    expect(message([0, 1])).toEqual([
      "eval_conflict_error",
      "complete rules must not produce multiple outputs",
      "p.rego",
      3,
    ]);
    expect(message([0, 1, 4])).toEqual([
      "eval_conflict_error",
      "functions must not produce multiple outputs for same inputs",
      "p.rego",
      3,
    ]);
    expect(message([0, 1, 4], 0)).toEqual([
      "eval_conflict_error",
      "complete rules must not produce multiple outputs",
      "p.rego",
      3,
    ]);
  });
});

describe("loops", () => {
  const scan = (...stmts: Stmt[]): Stmt =>
    s({ kind: "ScanStmt", source: 0, key: 5, value: 6, block: block(...stmts) });
  const yes = s({ kind: "AssignVarOnceStmt", source: { type: "bool", value: true }, target: 2 });
  const parts = (...stmts: Stmt[]): Parts => ({
    strings: ["x"],
    plan: [callRule("r", 3), add(3)],
    funcs: [rule("r", stmts)],
    builtins: [{ name: "host.tick", args: 0 }],
  });
  const turns = (body: Parts): [number, unknown] => {
    let count = 0;
    const engine = engineOf(body, { hosts: { "host.tick": () => String(count++) } });
    const { results } = engine.evaluate(0, {
      value: [
        [1, 2],
        [3, 4],
      ],
    });
    return [count, results];
  };
  const tick = s({ kind: "CallStmt", func: "host.tick", args: [], result: 7 });

  test("end when a constant is found, nested ones together", () => {
    const inner = s({ kind: "ScanStmt", source: 6, key: 8, value: 9, block: block(tick, yes) });
    expect(turns(parts(scan(inner)))).toEqual([1, [true]]);
  });

  test("go on when a turn leaves something behind", () => {
    const fill = [
      s({ kind: "MakeArrayStmt", capacity: 0, target: 8 }),
      scan(tick, s({ kind: "ArrayAppendStmt", value: local(7), array: 8 }), yes),
    ];
    expect(turns(parts(...fill))[0]).toBe(2);
    expect(() =>
      turns(parts(scan(tick, s({ kind: "AssignVarOnceStmt", source: local(7), target: 10 }), yes))),
    ).toThrow(/multiple outputs/);
    expect(turns(parts(scan(yes, tick)))[0]).toBe(2);
  });
});

describe("dynamic calls", () => {
  test("find the rule of exactly this path, for any set of rules", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 40 }),
        fc.string({ maxLength: 6 }),
        (names, other) => {
          const funcs = names.map((name, index) =>
            rule(
              `f${index}`,
              [s({ kind: "AssignVarOnceStmt", source: string(index + 2), target: 2 })],
              ["g0", "a", name],
            ),
          );
          const call = s({
            kind: "CallDynamicStmt",
            args: [0, 1],
            path: [string(0), string(1), local(0)],
            result: 3,
          });
          const inner = s({
            kind: "BlockStmt",
            blocks: [
              block(
                s({
                  kind: "BlockStmt",
                  blocks: [block(s({ kind: "BlockStmt", blocks: [block(call, add(3))] }))],
                }),
              ),
            ],
          });
          const engine = engineOf({ strings: ["g0", "a", ...names], plan: [inner], funcs });
          for (const name of [...names, other]) {
            expect(engine.evaluate(0, { value: name }).results).toEqual(names.includes(name) ? [name] : []);
          }
          expect(engine.evaluate(0, { value: 7 }).results).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("an undefined rule ends the lookup, a missing one lets data answer", () => {
    const funcs = [rule("f", [s({ kind: "BreakStmt", index: 0 })], ["g0", "r"])];
    const call = s({ kind: "CallDynamicStmt", args: [0, 1], path: [string(0), local(0)], result: 3 });
    const asked = s({
      kind: "BlockStmt",
      blocks: [
        block(call, s({ kind: "BreakStmt", index: 1 })),
        block(
          s({ kind: "DotStmt", source: local(1), key: local(0), target: 4 }),
          add(4),
          s({ kind: "BreakStmt", index: 1 }),
        ),
      ],
    });
    const parts: Parts = {
      strings: ["g0"],
      plan: [s({ kind: "BlockStmt", blocks: [block(s({ kind: "BlockStmt", blocks: [block(asked)] }))] })],
      funcs,
    };
    expect(run(parts, "r", { data: '{"r":1,"s":2}' })).toEqual([]);
    expect(run(parts, "s", { data: '{"r":1,"s":2}' })).toEqual([2]);
  });
});

describe("a plan that does not fit", () => {
  test("is refused: an unknown function, a builtin with too many arguments", () => {
    const call = (args: number): Stmt =>
      s({ kind: "CallStmt", func: "host.many", args: new Array(args).fill(string(0)), result: 3 });
    expect(() =>
      emitted({ strings: [""], plan: [call(5)], builtins: [{ name: "host.many", args: 5 }] }),
    ).toThrow(PolicyError);
    expect(() =>
      prepare({
        wasm: emitted({ strings: [""], plan: [call(4)], builtins: [{ name: "host.many", args: 4 }] }).bytes,
      }),
    ).toThrow(/host\.many/);
  });
});
