// Our own cases on our engine and on OPA's unmodified host; OPA's cases where their folder is there.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runCases } from "./run.ts";

const own = fileURLToPath(new URL("cases", import.meta.url));
const shared = fileURLToPath(new URL("../../../shared/conformance/cases", import.meta.url));
const runtime = readFileSync(fileURLToPath(new URL("../../dist/runtime.wasm", import.meta.url)));

describe("our own cases", () => {
  test.each(["engine", "opa-wasm"] as const)("on %s", { timeout: 60_000 }, async (host) => {
    const { text, failed, passed } = await runCases(own, { runtime, host });
    expect(failed, text).toBe(0);
    expect(passed).toBeGreaterThan(40);
  });
});

describe.runIf(existsSync(shared))("OPA's cases", () => {
  test.each(["engine", "opa-wasm"] as const)("on %s", { timeout: 600_000 }, async (host) => {
    const { text, failed, passed } = await runCases(shared, { runtime, host });
    expect(failed, text).toBe(0);
    expect(passed).toBeGreaterThan(1000);
  });
});
