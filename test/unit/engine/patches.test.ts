// Data that is patched in place answers as data that is loaded anew: drawn patches of objects and arrays, indexed or not, against a model of
// plain data; instances that are made later, data that is compacted, and memory included.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostBuiltins } from "../../../src/builtins/host.ts";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { emit } from "../../../src/compile/wasm/emit.ts";
import { type DataPatch, type Engine, prepare } from "../../../src/engine/engine.ts";
import { equal } from "../../../src/value/compare.ts";
import { fromPlain } from "../../../src/value/json.ts";
import { number } from "../../../src/value/number.ts";
import type { RegoObject } from "../../../src/value/value.ts";
import { runtime } from "../wasm/build.ts";

const POLICY = `package p

by_role contains g.id if {
	some g in data.grants
	g.role == input.word
}

order := [k | some k, u in data.users; u.team == input.word]

deep contains k if {
	some k
	data.nested.items[k].a.b == input.word
}

pairs contains [g.id, k] if {
	some g in data.grants
	some k, u in data.users
	u.team == g.role
	u.id == input.word
}

again if rand.intn("again", 10) >= 0

answers := {"by_role": by_role, "order": order, "deep": deep, "pairs": pairs}
`;
const ENTRYPOINTS = ["p/by_role", "p/order", "p/deep", "p/pairs", "p/answers"];
const AGAIN = "p/again";
const WORDS = ["a", "b", "c", "d"];

const hosts = await hostBuiltins(["rand.intn"]);
const { policy } = compile(
  checkSources([{ file: "p.rego", text: POLICY }]),
  { entrypoints: [...ENTRYPOINTS, AGAIN] },
  { runtime, verify: true },
);
const wasm = emit(policy, { runtime }).bytes;

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** The rules of delta bundles on plain data: undefined where the patch does not fit. */
function model(
  at: Plain,
  { op, path, value }: { op: string; path: readonly string[]; value?: Plain },
): Plain | undefined {
  const [key, ...rest] = path as [string, ...string[]];
  if (Array.isArray(at)) {
    const end = op === "upsert" && rest.length === 0 ? at.length : at.length - 1;
    const index =
      key === "-" && op === "upsert" && rest.length === 0
        ? at.length
        : /^(0|[1-9]\d*)$/.test(key)
          ? Number(key)
          : -1;
    if (index < 0 || index > end) return undefined;
    const copy = [...at];
    if (rest.length > 0) {
      const inner = model(at[index]!, { op, path: rest, ...(value !== undefined && { value }) });
      if (inner === undefined) return undefined;
      copy[index] = inner;
    } else if (op === "replace") copy[index] = value!;
    else if (op === "upsert") copy.splice(index, 0, value!);
    else copy.splice(index, 1);
    return copy;
  }
  if (at === null || typeof at !== "object") return undefined;
  const known = Object.hasOwn(at, key) ? at[key] : undefined;
  if (known === undefined && op !== "upsert") return undefined;
  const { [key]: _, ...others } = at;
  if (rest.length === 0) return op === "remove" ? others : { ...at, [key]: value! };
  const inner = model(known ?? {}, { op, path: rest, ...(value !== undefined && { value }) });
  return inner === undefined ? undefined : { ...at, [key]: inner };
}

const word = fc.constantFrom(...WORDS);
const grant = fc.record({ id: word, role: fc.oneof(word, fc.constant(1)) }, { requiredKeys: ["id"] });
const user = fc.record({ id: word, team: word }, { requiredKeys: ["id"] });
const item = fc.oneof(fc.record({ a: fc.record({ b: word }) }), fc.record({ a: word }), fc.integer());
const userKey = fc.nat({ max: 30 }).map((n) => `u${n}`);
const position = fc.oneof(fc.nat({ max: 20 }).map(String), fc.constant("-"), fc.constant("01"));

const start = fc.record({
  grants: fc.array(grant, { maxLength: 24 }),
  users: fc.dictionary(userKey, user, { maxKeys: 24 }),
  nested: fc.record({ items: fc.dictionary(userKey, item, { maxKeys: 14 }), other: fc.integer() }),
  settings: fc.record({ level: fc.integer() }),
});

const op = fc.constantFrom("upsert", "upsert", "replace", "remove");
const at = (path: fc.Arbitrary<string>[], value: fc.Arbitrary<unknown>) =>
  fc.record({ op, path: fc.tuple(...path), value });
const key = (text: string) => fc.constant(text);
const patch = fc.oneof(
  at([key("grants"), position], grant),
  at([key("grants"), position, key("role")], word),
  at([key("grants")], fc.array(grant, { maxLength: 12 })),
  at([key("users"), userKey], user),
  at([key("users"), userKey, fc.constantFrom("id", "team")], word),
  at([key("nested"), key("items"), userKey], item),
  at([key("nested"), key("items"), userKey, key("a"), fc.constantFrom("b", "c")], word),
  at([key("nested")], fc.record({ items: fc.dictionary(userKey, item, { maxKeys: 14 }) })),
  at(
    [key("settings"), key("level")],
    fc.oneof(fc.integer(), fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  ),
  at([key("new"), userKey, word], fc.anything({ maxDepth: 2, values: [fc.integer(), fc.string()] })),
) as fc.Arbitrary<{ op: DataPatch["op"]; path: string[]; value: Plain }>;

const answersOf = (engine: Engine): string[] =>
  WORDS.flatMap((text) => ENTRYPOINTS.map((name) => engine.evaluate(name, { value: { word: text } }).json));

/** An engine with one instance, and what it answers from a second one that is made while the first one is evaluating. */
function engineOf(data: unknown): Engine & { readonly again: () => string[] } {
  let answers: string[] = [];
  const builtins = new Map([
    [
      "rand.intn",
      {
        ...hosts.get("rand.intn")!,
        host: () => {
          answers = answersOf(engine);
          return number("1");
        },
      },
    ],
  ]);
  const engine: Engine = prepare({ wasm, data: { value: data }, builtins });
  return Object.assign(engine, {
    again: () => {
      engine.evaluate(AGAIN);
      return answers;
    },
  });
}

const dataPatch = ({ op, path, value }: { op: DataPatch["op"]; path: string[]; value: Plain }): DataPatch =>
  op === "remove" ? { op, path } : { op, path, value: { value } };

describe("patches in place", () => {
  test("answer as data loaded anew", () => {
    fc.assert(
      fc.property(
        start,
        fc.array(fc.tuple(fc.array(patch, { minLength: 1, maxLength: 3 }), fc.boolean()), {
          minLength: 1,
          maxLength: 25,
        }),
        (from, steps) => {
          const engine = engineOf(from);
          let wanted = from as Plain;
          for (const [patches, asks] of steps) {
            const next = patches.reduce<Plain | undefined>(
              (data, one) => (data === undefined ? undefined : model(data, one)),
              wanted,
            );
            const apply = (): void => engine.patchData(patches.map(dataPatch));
            if (next === undefined) expect(apply).toThrow(/does not exist in data/);
            else apply();
            wanted = JSON.parse(JSON.stringify(next ?? wanted));
            if (asks) expect(answersOf(engine)).toEqual(answersOf(engineOf(wanted)));
          }
          expect(answersOf(engine)).toEqual(answersOf(engineOf(wanted)));
          expect(engine.again()).toEqual(answersOf(engineOf(wanted)));
          expect(equal(engine.data, fromPlain(wanted))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);

  test("leave objects of many keys in order, however many keys came and went", () => {
    const keys = fc.array(fc.tuple(fc.nat({ max: 1200 }), fc.boolean()), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 1000 }),
        fc.array(keys, { minLength: 1, maxLength: 4 }),
        (count, rounds) => {
          const users = Object.fromEntries(
            Array.from({ length: count }, (_, n) => [`u${n}`, { id: `${n}`, team: "a" }]),
          );
          const engine = engineOf({ users });
          for (const round of rounds) {
            for (const [n, adds] of round) {
              const id = `u${n}`;
              if (adds) users[id] = { id, team: "a" };
              else if (users[id] === undefined) continue;
              else delete users[id];
              const path = ["users", id];
              engine.patchData([
                adds ? { op: "upsert", path, value: { value: users[id] } } : { op: "remove", path },
              ]);
            }
            const [order] = engine.evaluate("p/order", { value: { word: "a" } }).results as [
              { result: string[] },
            ];
            expect(order.result).toEqual(Object.keys(users).sort());
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test("ten thousand of them take no memory, where numbers change", () => {
    const grants = Array.from({ length: 2000 }, (_, n) => ({ id: `g${n}`, role: WORDS[n % 4] }));
    const engine = engineOf({ grants, settings: { level: 0 } });
    const before = engine.memoryBytes;
    for (let n = 0; n < 10_000; n++)
      engine.patchData([{ op: "upsert", path: ["settings", "level"], value: { value: n } }]);
    expect(engine.memoryBytes).toBe(before);
    expect((engine.evaluate("p/by_role", { value: { word: "a" } }).value as { size: number }).size).toBe(500);
  });

  test("of texts, keys and elements in their tens of thousands, memory stays near what the data takes", () => {
    const users = Object.fromEntries(
      Array.from({ length: 2000 }, (_, n) => [`u${n}`, { id: `${n}`, team: "a" }]),
    );
    const engine = engineOf({ users, list: [] });
    const before = engine.memoryBytes;
    for (let n = 0; n < 10_000; n++) {
      engine.patchData([
        { op: "upsert", path: ["users", `u${n % 2000}`, "team"], value: { value: `team ${n} of many` } },
        { op: "upsert", path: ["users", `session ${n}`], value: { value: { id: "s", team: "b" } } },
        { op: "upsert", path: ["list", "0"], value: { value: n } },
      ]);
      engine.patchData([
        { op: "remove", path: ["users", `session ${n}`] },
        { op: "remove", path: ["list", "0"] },
      ]);
    }
    expect(engine.memoryBytes - before).toBeLessThan(3 << 20);
    expect((engine.data as RegoObject).get("list")).toEqual([]);
    expect(engine.again()).toEqual(answersOf(engine));
  }, 60_000);
});
