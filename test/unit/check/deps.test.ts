// Dependencies of queries: the documents read and the rules used, as `opa deps` 1.20.2 lists them.

import { expect, test } from "vitest";
import { dependenciesOf, dependencyTexts } from "../../../src/compile/check/deps.ts";
import { checkQuery } from "../../../src/compile/check/query.ts";
import { check } from "../../../src/compile/check/stages.ts";
import { parseQuery } from "../../../src/syntax/parser.ts";
import { modulesOf } from "./support.ts";

const policy = `package policy
import data.users
import input.request as req
allow if { is_admin; req.method == "GET" }
is_admin if { some u in users; u.name == req.user; "admin" in u.roles }
deny contains x if { x := data.block[input.z].list[_]; helper(x) }
helper(x) if { data.conf.h == x }
m[k] := v if { some k, v in data.things; other[k] }
other := {y | y := data.lib.vals[_]}
`;
const lib = `package lib
vals := [x | x = input.vals[_]; y = data.raw; y.z == x]
`;
const { compiled } = check(modulesOf([policy, lib]));

test.each([
  [
    "data.policy.allow",
    ["data.users", "input.request.method", "input.request.user"],
    ["data.policy.allow", "data.policy.is_admin"],
  ],
  ["data.policy.deny", ["data.block", "data.conf.h", "input.z"], ["data.policy.deny", "data.policy.helper"]],
  [
    "data.policy.m.x",
    ["data.raw", "data.things", "input.vals"],
    ["data.lib.vals", "data.policy.m", "data.policy.other"],
  ],
  ["data.policy.helper(input.q)", ["data.conf.h", "input.q"], ["data.policy.helper"]],
  ["x = data.nope.y; x.z", ["data.nope.y"], []],
  ["data.lib", ["data.raw", "input.vals"], ["data.lib.vals"]],
])("%s", (text, base, virtual) => {
  if (compiled === undefined) throw new Error("no modules");
  const { query } = checkQuery(compiled, parseQuery(text).body ?? []);
  expect(dependencyTexts(dependenciesOf(compiled, query?.body ?? []))).toEqual({ base, virtual });
});

test("else branches count", () => {
  const { compiled: modules } = check(
    modulesOf(["package a\np := 1 if { input.x } else := 2 if { input.y; data.z }"]),
  );
  if (modules === undefined) throw new Error("no modules");
  const { query } = checkQuery(modules, parseQuery("data.a.p").body ?? []);
  expect(dependencyTexts(dependenciesOf(modules, query?.body ?? [])).base).toEqual([
    "data.z",
    "input.x",
    "input.y",
  ]);
});
