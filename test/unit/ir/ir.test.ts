// The plan contract against OPA's own plans where they are at hand, and against plans that are wrong on purpose.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Policy, Stmt } from "../../../src/compile/ir/ir.ts";
import { policyFromJson, policyToJson } from "../../../src/compile/ir/json.ts";
import { printPolicy } from "../../../src/compile/ir/print.ts";
import { validate } from "../../../src/compile/ir/validate.ts";
import { localCount, visitPolicy } from "../../../src/compile/ir/walk.ts";

const PLANS = new URL("../../../../shared/conformance/plans/", import.meta.url);

/** Drops what OPA writes in more than one way: empty lists, and the two spellings of `index`. */
function normal(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(normal);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).flatMap(([key, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    return [[key === "Index" ? "index" : key, normal(value)]] as const;
  });
  return Object.fromEntries(entries);
}

describe.runIf(existsSync(PLANS))("OPA's plans", () => {
  const files = existsSync(PLANS) ? readdirSync(PLANS) : [];
  test.each(files)("%s round-trips, validates and prints", (file) => {
    const cases = JSON.parse(gunzipSync(readFileSync(new URL(file, PLANS))).toString()) as Record<
      string,
      { plan: unknown }
    >;
    for (const [note, { plan }] of Object.entries(cases)) {
      const policy = policyFromJson(plan);
      expect(normal(policyToJson(policy)), note).toEqual(normal(plan));
      expect(policyFromJson(policyToJson(policy)), note).toEqual(policy);
      expect(validate(policy), note).toEqual([]);
      expect(printPolicy(policy), note).toContain("plan eval");
    }
  });
});

const at = { file: 0, row: 1, col: 1 };

function planOf(...stmts: Stmt[]): Policy {
  return {
    static: {
      strings: ["a", "1.50"],
      builtinFuncs: [{ name: "count", decl: { type: "function", args: [{}] } }],
      files: ["x.rego"],
    },
    plans: [{ name: "a/b", blocks: [{ stmts }] }],
    funcs: [
      {
        name: "f",
        params: [0, 1, 2],
        return: 3,
        blocks: [{ stmts: [{ kind: "ReturnLocalStmt", source: 3, at }] }],
      },
    ],
  };
}

describe("validate", () => {
  const local = (value: number) => ({ type: "local", value }) as const;
  const set: Stmt = { kind: "AssignVarStmt", source: { type: "bool", value: true }, target: 2, at };
  const wrong: [string, Stmt[]][] = [
    ["break 2 in only 1 blocks", [{ kind: "BreakStmt", index: 2, at }]],
    ["string index 7 out of bounds", [{ kind: "MakeNumberRefStmt", index: 7, target: 2, at }]],
    ["string index 2 out of bounds", [{ kind: "IsSetStmt", source: { type: "string_index", value: 2 }, at }]],
    ["file index 3 out of bounds", [{ kind: "NopStmt", at: { ...at, file: 3 } }]],
    ["unknown function `g`", [{ kind: "CallStmt", func: "g", args: [], result: 2, at }]],
    ["`count` takes 1 arguments, got 0", [{ kind: "CallStmt", func: "count", args: [], result: 2, at }]],
    ["`f` takes 3 arguments, got 1", [{ kind: "CallStmt", func: "f", args: [local(0)], result: 2, at }]],
    ["local 2 may be unassigned", [{ kind: "ResultSetAddStmt", value: 2, at }]],
    // Assigned in a scan that may be empty, in a negation, on one way through a block only, and reset again.
    [
      "local 2 may be unassigned",
      [
        { kind: "ScanStmt", source: 0, key: 3, value: 4, block: { stmts: [set] }, at },
        { kind: "ResultSetAddStmt", value: 2, at },
      ],
    ],
    [
      "local 2 may be unassigned",
      [
        { kind: "NotStmt", block: { stmts: [set] }, at },
        { kind: "ResultSetAddStmt", value: 2, at },
      ],
    ],
    [
      "local 2 may be unassigned",
      [
        { kind: "BlockStmt", blocks: [{ stmts: [{ kind: "IsSetStmt", source: local(0), at }, set] }], at },
        { kind: "ResultSetAddStmt", value: 2, at },
      ],
    ],
    [
      "local 2 may be unassigned",
      [set, { kind: "ResetLocalStmt", target: 2, at }, { kind: "ResultSetAddStmt", value: 2, at }],
    ],
  ];
  test.each(wrong)("refuses: %s", (message, stmts) => {
    const findings = validate(planOf(...stmts));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain(message);
    expect(findings[0]?.location?.file).toBe(stmts[0]?.at.file === 0 ? "x.rego" : "");
  });

  test("accepts a value that each way through a block assigns", () => {
    const either: Stmt = {
      kind: "BlockStmt",
      blocks: [
        {
          stmts: [
            {
              kind: "BlockStmt",
              blocks: [
                {
                  stmts: [
                    { kind: "DotStmt", source: local(0), key: local(1), target: 2, at },
                    { kind: "BreakStmt", index: 1, at },
                  ],
                },
              ],
              at,
            },
            set,
          ],
        },
      ],
      at,
    };
    expect(validate(planOf(either, { kind: "ResultSetAddStmt", value: 2, at }))).toEqual([]);
  });
});

describe("json", () => {
  test("names the place of what is wrong", () => {
    const plan = policyToJson(planOf({ kind: "NopStmt", at })) as {
      plans: { plans: { blocks: { stmts: { type: string }[] }[] }[] };
    };
    const stmt = plan.plans.plans[0]?.blocks[0]?.stmts[0];
    if (stmt) stmt.type = "JumpStmt";
    expect(() => policyFromJson(plan)).toThrow(
      "plan: plans.plans[0].blocks[0].stmts[0]: unknown statement `JumpStmt`",
    );
    expect(() => policyFromJson([])).toThrow("plan: plan: expected an object");
  });

  test("writes both spellings of a number's index and keeps ends of positions", () => {
    const policy = planOf({
      kind: "MakeNumberRefStmt",
      index: 1,
      target: 2,
      at: { ...at, endRow: 1, endCol: 5 },
    });
    const text = JSON.stringify(policyToJson(policy));
    expect(text).toContain('"index":1,"target":2,"Index":1');
    expect(policyFromJson(JSON.parse(text))).toEqual(policy);
  });
});

test("walk sees nested statements and counts locals", () => {
  const policy = planOf({
    kind: "ScanStmt",
    source: 0,
    key: 8,
    value: 9,
    block: { stmts: [{ kind: "NopStmt", at }] },
    at,
  });
  const seen: string[] = [];
  visitPolicy(policy, (stmt, depth) => seen.push(`${depth} ${stmt.kind}`));
  expect(seen).toEqual(["1 ScanStmt", "2 NopStmt", "1 ReturnLocalStmt"]);
  expect(localCount(policy.plans[0]?.blocks ?? [])).toBe(10);
});
