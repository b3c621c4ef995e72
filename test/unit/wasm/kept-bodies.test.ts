// Bodies that are kept are put into modules in which everything stands elsewhere: the bytes are those of a module that was emitted from nothing.

import { expect, test } from "vitest";
import { loadRuntime } from "../../../src/build.ts";
import { checkSources } from "../../../src/compile/compile.ts";
import type { Func, Policy } from "../../../src/compile/ir/ir.ts";
import { planEntrypoints } from "../../../src/compile/plan/planner.ts";
import { emit } from "../../../src/compile/wasm/emit.ts";
import { KeptBodies } from "../../../src/compile/wasm/kept-bodies.ts";

const RULES = `package p

plain if input.role == "admin"

helper(x) := y if {
	y := count(x)
	y > 3
}

calls if helper(input.list) == 4

listed contains x if some x in ["a", "b", input.c]

constants := {"texts": {"one", "two"}, "numbers": [1, 2.5, 10000000000000000000000], "orders": [["x", "y"], ["y", "x"]]}

nested[x].y := z if {
	some x, z in data.things
	not z == input.z
}

scan if {
	some grant in data.grants
	grant.role == input.role
	grant.action == "read"
}

position := sprintf("%d", [input.x])

fails := units.parse(input.size)

mocked if plain with input as {"role": "admin"}

whole if {
	plain
	count(input) > 1
}

dynamics contains x if data.q[x].deep == true

dynamic := data.q[input.which][input.other]

asked := http.send({"method": "get", "url": input.url})

chosen := "one" if input.n == 1

else := "two" if input.n == 2

table := 1 if input.t == "t1"

table := 2 if input.t == "t2"

table := 3 if input.t == "t3"

table := 4 if input.t == "t4"

table := 5 if input.t == "t5"

table := 6 if input.t == "t6"

repeated if {
	input.deep.path.one == 1
	input.deep.path.two == 2
	every x in input.deep.path.three { x > 0 }
}
`;

const OTHERS = `package q

one.deep if input.deep == 1

two.deep if input.deep == 2

three.deep if input.deep == 3
`;

const policy: Policy = planEntrypoints(
  checkSources([
    { file: "p.rego", text: RULES },
    { file: "q.rego", text: OTHERS },
  ]),
  RULES.match(/^[a-z]+/gm)!
    .filter((name) => !/package|else|helper|nested|listed|dynamics$/.test(name))
    .map((name) => `p/${name}`)
    .concat("p"),
);

const at = { file: 0, row: 1, col: 1 };

/** A function before all others that has texts, a global of its own, reads what no other does, and calls first what the last ones call. */
function grown(): Policy {
  const { strings, builtinFuncs, files } = policy.static;
  const first = strings.length;
  const texts = ["a text that nobody has", "another one", "key"];
  const func: Func = {
    name: "g0.data.first",
    params: [0, 1],
    return: 2,
    blocks: [
      {
        stmts: [
          {
            kind: "DotStmt",
            source: { type: "local", value: 0 },
            key: { type: "string_index", value: first + 2 },
            target: 3,
            at,
          },
          {
            kind: "CallStmt",
            func: "units.parse",
            args: [{ type: "string_index", value: first }],
            result: 4,
            at,
          },
          { kind: "AssignVarOnceStmt", source: { type: "string_index", value: first }, target: 2, at },
          { kind: "ReturnLocalStmt", source: 2, at },
        ],
      },
    ],
    path: ["g0", "first"],
    arity: 0,
  };
  const [plan, ...plans] = policy.plans;
  const call = {
    kind: "CallStmt",
    func: func.name,
    args: [
      { type: "local", value: 0 },
      { type: "local", value: 1 },
    ],
    result: 900,
    at,
  } as const;
  return {
    static: { strings: [...strings, ...texts], builtinFuncs, files },
    plans: [{ name: "first", blocks: [{ stmts: [call] }] }, plan!, ...plans],
    funcs: [func, ...policy.funcs],
  };
}

const bytes = (of: Policy, kept?: KeptBodies): string =>
  Buffer.from(emit(of, { runtime: loadRuntime() }, kept).bytes).toString("hex");

test("into a module with more before them, and back", () => {
  const [small, large] = [bytes(policy), bytes(grown())];
  const kept = new KeptBodies();
  const more = grown();
  expect(bytes(policy, kept)).toBe(small);
  expect(bytes(more, kept)).toBe(large);
  expect(bytes(policy, kept)).toBe(small);
  expect(bytes(more, kept)).toBe(large);
});

test("into a module with other imports, whose functions all have other numbers", () => {
  const { static: texts } = policy;
  const asking = { name: "opa.runtime", decl: { type: "function", args: [], result: { type: "any" } } };
  const more: Policy = {
    ...policy,
    static: { ...texts, builtinFuncs: [...texts.builtinFuncs, asking] },
  };
  const [small, large] = [bytes(policy), bytes(more)];
  expect(small).not.toBe(large);
  const kept = new KeptBodies();
  for (const [of, wanted] of [
    [policy, small],
    [more, large],
    [policy, small],
  ] as const)
    expect(bytes(of, kept)).toBe(wanted);
});

test("into a module that has no places for the input, and back", () => {
  // The only entrypoint left looks at the whole input.
  const fewer: Policy = { ...policy, plans: policy.plans.filter(({ name }) => name === "p/whole") };
  expect(fewer.plans.length).toBe(1);
  const kept = new KeptBodies();
  for (const of of [fewer, policy, fewer, policy]) expect(bytes(of, kept)).toBe(bytes(of));
});

test("into a module of which only later parts stand elsewhere", () => {
  const [func] = grown().funcs;
  const { strings, builtinFuncs, files } = policy.static;
  const texts = { strings: [...strings, "a text that nobody has"], builtinFuncs, files };
  // With an argument it keeps no value: the globals of all others stay where they are.
  const own: Func = {
    ...func!,
    params: [0, 1, 5],
    blocks: [
      {
        stmts: [
          {
            kind: "AssignVarOnceStmt",
            source: { type: "string_index", value: strings.length },
            target: 2,
            at,
          },
          { kind: "ReturnLocalStmt", source: 2, at },
        ],
      },
    ],
    arity: 1,
  };
  const kept = new KeptBodies();
  for (let place = 0; place <= policy.funcs.length; place++) {
    const more: Policy = { ...policy, static: texts, funcs: policy.funcs.toSpliced(place, 0, own) };
    expect(bytes(more, kept)).toBe(bytes(more));
  }
});

test("what a plan reads follows the functions that it calls", () => {
  const { strings } = policy.static;
  const plain = policy.funcs.findIndex(({ name }) => name === "g0.data.p.plain");
  const reading = (key: string): Policy => {
    const value = strings.indexOf(key);
    expect(value).toBeGreaterThan(-1);
    const blocks: Func["blocks"] = [
      {
        stmts: [
          {
            kind: "DotStmt",
            source: { type: "local", value: 0 },
            key: { type: "string_index", value },
            target: 3,
            at,
          },
          { kind: "AssignVarOnceStmt", source: { type: "local", value: 3 }, target: 2, at },
          { kind: "ReturnLocalStmt", source: 2, at },
        ],
      },
    ];
    const func: Func = { ...policy.funcs[plain]!, params: [0, 1], return: 2, blocks };
    return { ...policy, funcs: policy.funcs.with(plain, func) };
  };
  const kept = new KeptBodies();
  for (const of of [policy, reading("size"), reading("url"), policy]) expect(bytes(of, kept)).toBe(bytes(of));
});

test("most bodies are kept: not those with tables, or that call their host", () => {
  const kept = new KeptBodies();
  emit(policy, { runtime: loadRuntime() }, kept);
  const again = policy.funcs.filter((func) => !kept.funcs.has(func)).map(({ name }) => name);
  expect(again.sort()).toEqual(["g0.data.p.asked", "g0.data.p.table"]);
});

test("nothing is kept of functions that are gone", () => {
  const kept = new KeptBodies();
  const more = grown();
  emit(more, { runtime: loadRuntime() }, kept);
  emit(policy, { runtime: loadRuntime() }, kept);
  expect(kept.funcs.has(more.funcs[0]!)).toBe(false);
});
