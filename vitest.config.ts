// In CI every property draws the same inputs, so that a red run points at the change and not at the draw; elsewhere each run draws anew.
// Limits of time allow for a machine that does other work beside the tests.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: availableParallelism(),
  },
});
