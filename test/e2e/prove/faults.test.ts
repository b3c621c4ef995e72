// Planted faults: copies of our own policies, each with one realistic mistake, and the invariant that has to catch it.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ProveReport, proveInvariants } from "../../../src/test.ts";

const FOLDER = new URL("../../../rego/ai/", import.meta.url);
const texts = new Map(
  readdirSync(FOLDER)
    .filter(
      (name) => name.endsWith(".rego") && (!name.endsWith("_test.rego") || name.includes("_invariants_")),
    )
    .map((name) => [name, readFileSync(new URL(name, FOLDER), "utf8")]),
);

function proveWith(file?: string, from = "", to = "", only?: string): ProveReport {
  const modules = Array.from(texts, ([name, text]) => {
    if (name !== file) return { file: name, text };
    expect(text).toContain(from);
    return { file: name, text: text.replace(from, () => to) };
  });
  return proveInvariants(
    { modules },
    {
      runs: 20_000,
      seed: 7,
      ...(only !== undefined && { filter: (name: string) => name.endsWith(`invariant_${only}`) }),
    },
  );
}

const FAULTS: readonly [what: string, file: string, from: string, to: string, invariant: string][] = [
  [
    "a condition is missing: verified",
    "identity.rego",
    "\tinput.agent.identity.verified == true\n",
    "",
    "identity",
  ],
  [
    "a negation of an undefined value",
    "identity.rego",
    "input.agent.identity.verified == true",
    "not input.agent.identity.verified == false",
    "identity",
  ],
  ["an empty name passes", "identity.rego", '\tid != ""\n', "", "identity"],
  [
    "the other name is checked twice",
    "identity.rego",
    "named(input.subject.id)",
    "named(input.agent.id)",
    "identity",
  ],
  [
    "any role permits",
    "roles.rego",
    "input.tool.name in data.site.roles[role].tools",
    "data.site.roles[role].tools",
    "role",
  ],
  [
    "a role of anybody permits",
    "roles.rego",
    "some role in input.subject.properties.roles",
    "some role, _ in data.site.roles",
    "role",
  ],
  [
    "unknown arguments are not counted",
    "tools.rego",
    "name in described",
    "name in object.keys(input.action.arguments)",
    "described",
  ],
  ["reports about another text count", "paths.rego", "\treport.given == value\n", "", "path"],
  [
    "closing time included",
    "hours.rego",
    "clock < hours.closes",
    "clock <= array.concat(hours.closes, [0])",
    "hours",
  ],
  ["or for and: opening hours", "hours.rego", "\tclock >= hours.opens\n", "", "hours"],
  ["weekdays forgotten", "hours.rego", "\ttime.weekday([now, hours.zone]) in hours.days\n", "", "hours"],
  [
    "swapped networks",
    "networks.rego",
    "net.cidr_contains(network, input.context.network.ip)",
    "input.context.network.ip",
    "network",
  ],
  ["no approval", "tools.rego", "entry.approval == true", 'entry.approval == "true"', "approval"],
  [
    "no reasons for the default",
    "combining.rego",
    "\tcount(grants) > 0\n\tcount(approvals) > 0",
    "\tcount(grants) >= 0\n\tcount(approvals) >= 0",
    "total",
  ],
];

describe("planted faults", () => {
  it("nothing is wrong with the originals", () => {
    const { results } = proveWith();
    expect(results.map(({ name, status }) => [name, status])).toEqual(
      results.map(({ name }) => [name, "holds"]),
    );
    expect(results.length).toBe(9);
  }, 120_000);

  it.each(FAULTS)(
    "%s (%s)",
    (_, file, from, to, invariant) => {
      const [result] = proveWith(file, from, to, invariant).results;
      expect(result?.status, JSON.stringify(result)).toBe("broken");
    },
    60_000,
  );
});
