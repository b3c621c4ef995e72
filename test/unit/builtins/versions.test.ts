// Capabilities of earlier versions: every builtin came once and stayed.

import { expect, test } from "vitest";
import { capabilities } from "../../../src/builtins/capabilities.ts";
import { capabilitiesOf, capabilityVersions } from "../../../src/builtins/versions.ts";

test("the newest version has everything, the oldest what OPA 0.17 had", () => {
  expect(capabilitiesOf("v1.20.2")).toEqual(capabilities());
  expect(capabilitiesOf("v0.17.0")?.builtins?.length).toBe(114);
  expect(Object.keys(capabilitiesOf("v0.17.0") ?? {})).toEqual(["builtins"]);
  expect(capabilitiesOf("v1.21.0")).toBeUndefined();
});

test("no version takes a builtin away", () => {
  let before = new Set<string>();
  for (const version of capabilityVersions()) {
    const names = new Set((capabilitiesOf(version)?.builtins ?? []).map(({ name }) => name));
    expect(
      [...before].filter((name) => !names.has(name)),
      version,
    ).toEqual([]);
    before = names;
  }
});
