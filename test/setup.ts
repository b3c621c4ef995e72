// Runs before each test file: properties draw from one seed in CI, or from SEED=… wherever it is set.
import fc from "fast-check";

const seed = process.env.SEED ?? (process.env.CI === undefined ? undefined : "20260728");
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
