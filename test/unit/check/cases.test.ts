// What check finds and what it makes of modules, case by case. cases.json holds modules written for this test with the findings, or the
// rewritten rules, that OPA 1.20.2 gives for them (generated names numbered anew in each rule).

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { check } from "../../../src/compile/check/stages.ts";
import { printRule } from "../../../src/syntax/print.ts";
import { modulesOf, renumbered, show } from "./support.ts";

interface Case {
  readonly modules: readonly string[];
  readonly strict?: boolean;
  readonly print?: boolean;
  readonly v0?: boolean;
  readonly findings?: readonly string[];
  readonly rules?: readonly (readonly string[])[];
}

const cases = JSON.parse(readFileSync(new URL("./cases.json", import.meta.url), "utf8")) as readonly Case[];

/**
 * OPA places a ref of a package by the last use of the package in the file, and orders findings by that; ours stands where the ref stands.
 * Where several findings have one place, OPA's order is that of a map.
 */
function inOrder(findings: readonly string[]): string[] {
  const isShared = (finding: string): boolean => /undefined ref: data|used as reference/.test(finding);
  const place = /^\d+: [^:]*:\d+: /;
  if (findings.some(isShared))
    return findings.map((one) => (isShared(one) ? one.replace(place, "") : one)).sort();
  const places = findings.map((one) => place.exec(one)?.[0]);
  return findings
    .map((one, i) => ({ one, first: places.indexOf(places[i]) }))
    .sort((a, b) => a.first - b.first || (a.one < b.one ? -1 : 1))
    .map(({ one }) => one);
}

const title = ({ modules, strict, print, v0 }: Case): string =>
  `${strict === true ? "[strict] " : ""}${print === true ? "[print] " : ""}${v0 === true ? "[v0] " : ""}${modules.join(" --- ").replaceAll("\n", " | ")}`;

describe("findings", () => {
  test.each(cases.filter((c) => c.findings !== undefined).map((c) => [title(c), c] as const))(
    "%s",
    (_, c) => {
      const { compiled, diagnostics } = check(modulesOf(c.modules, c.v0), {
        strict: c.strict === true,
        print: c.print === true,
      });
      expect(compiled).toBeUndefined();
      expect(inOrder(diagnostics.map(show))).toEqual(inOrder(c.findings ?? []));
    },
  );
});

describe("rewritten rules", () => {
  test.each(cases.filter((c) => c.rules !== undefined).map((c) => [title(c), c] as const))("%s", (_, c) => {
    const { compiled, diagnostics } = check(modulesOf(c.modules, c.v0), { print: c.print === true });
    expect(diagnostics.map(show)).toEqual([]);
    const rules = compiled?.modules.map((module) =>
      module.rules.map((rule) => renumbered(printRule(rule, module.regoVersion))),
    );
    expect(rules).toEqual(c.rules);
  });
});
