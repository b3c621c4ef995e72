// One suite, many hosts: what every way to run a compiled policy must agree on. In: a way to load a module. Out: tests. The policies stand
// here as Rego; whoever runs the suite says how a module is loaded and asked.

import fc from "fast-check";
import { describe, expect, test } from "vitest";

export interface Host {
  /** The result of the entrypoint for an input that is not undefined; undefined if there is none. */
  ask(entrypoint: string, input: unknown): unknown;
  setData(data: object): void;
}

export type Load = (
  sources: Readonly<Record<string, string>>,
  entrypoints: readonly string[],
  data: object,
) => Host;

const AUTHZ = `package authz

default allow := false

allow if {
	not input.user.suspended
	some role in input.user.roles
	some grant in data.grants
	grant.role == role
	grant.action == input.action
}

allow if input.resource.owner == input.user.name

reasons contains "suspended" if input.user.suspended

reasons contains sprintf("hour %d", [input.context.hour]) if input.context.hour > 18

level := count(input.user.roles)

seen := object.get(input, ["user", "name"], "nobody")
`;

const SHAPES = `package shapes

whole := input

part := input.a.b

keys contains k if some k, _ in input

pairs[k] := v if some k, v in input.a

replaced := x if x := part with input.a.b as {"x": input.a}

many := [x | x := [input.k1, input.k2, input.k3, input.k4, input.k5, input.k6, input.k7, input.k8, input.k9][_]]

odd := input["__proto__"]

inherited := input.constructor

missing if not input.toString
`;

const word = fc.constantFrom("a", "b", "k1", "k9", "x", "read", "constructor", "toString", "é", "");
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, -4294967297),
    fc.string({ unit: "grapheme", maxLength: 30 }),
    word,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(word, tie("value"), { maxKeys: 12 }),
  ),
})).value;

const requests = fc.record(
  {
    user: fc.record(
      { name: word, roles: fc.array(word, { maxLength: 3 }), suspended: fc.boolean() },
      { requiredKeys: [] },
    ),
    action: fc.constantFrom("read", "write"),
    resource: fc.record({ owner: word }, { requiredKeys: [] }),
    context: fc.record({ hour: fc.integer({ min: 0, max: 23 }) }, { requiredKeys: [] }),
    rest: json,
  },
  { requiredKeys: [] },
);

/** `load` against `reference`: equal answers to everything. */
export function hostSuite(name: string, load: Load, reference: Load): void {
  describe(name, () => {
    const data = {
      grants: [
        { role: "a", action: "read" },
        { role: "x", action: "write" },
      ],
    };
    const policies = {
      authz: ["authz/allow", "authz/reasons", "authz/level", "authz/seen"],
      shapes: [
        "shapes/whole",
        "shapes/part",
        "shapes/keys",
        "shapes/pairs",
        "shapes/replaced",
        "shapes/many",
        "shapes/odd",
        "shapes/inherited",
        "shapes/missing",
      ],
    };
    const all = [...policies.authz, ...policies.shapes];
    const both = [load, reference].map((make) =>
      make({ "authz.rego": AUTHZ, "shapes.rego": SHAPES }, all, data),
    );
    const [host, other] = both as [Host, Host];

    test("requests are decided alike", () => {
      fc.assert(
        fc.property(requests, (input) => {
          for (const entrypoint of policies.authz)
            expect(host.ask(entrypoint, input)).toEqual(other.ask(entrypoint, input));
        }),
        { numRuns: 150 },
      );
    });

    test("documents of any shape are seen alike", () => {
      fc.assert(
        fc.property(json, (input) => {
          // OPA's host takes these for no input at all.
          if (!input) return;
          for (const entrypoint of policies.shapes)
            expect(host.ask(entrypoint, input)).toEqual(other.ask(entrypoint, input));
        }),
        { numRuns: 150 },
      );
    });

    test("new data changes the answer, and only then", () => {
      const input = { user: { roles: ["new"] }, action: "read" };
      expect(host.ask("authz/allow", input)).toBe(false);
      host.setData({ grants: [{ role: "new", action: "read" }] });
      expect(host.ask("authz/allow", input)).toBe(true);
      host.setData(data);
      expect(host.ask("authz/allow", input)).toBe(false);
    });
  });
}
