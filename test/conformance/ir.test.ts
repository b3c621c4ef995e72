// OPA's own plans, all of them, on our emitter, runtime and engine; skipped only where the folder with the plans is not there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hasPlans, runPlans } from "./plans.ts";

const folder = fileURLToPath(new URL("../../../shared/conformance", import.meta.url));
const runtime = fileURLToPath(new URL("../../dist/runtime.wasm", import.meta.url));

describe.runIf(hasPlans(folder))("OPA's plans", () => {
  test("every plan gives what OPA says it gives", { timeout: 300_000 }, async () => {
    const { text, failed } = await runPlans(
      { cases: join(folder, "cases"), plans: join(folder, "plans") },
      { runtime: readFileSync(runtime) },
    );
    expect(failed, text).toBe(0);
  });
});
