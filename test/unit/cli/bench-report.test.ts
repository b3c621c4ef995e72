// What a benchmark came to, in each format.

import { expect, test } from "vitest";
import { amount, present } from "../../../src/cli/bench-report.ts";

const result = { runs: 4, ns: 1000, bytes: 401, extra: { b: 0.5, a: 12345.67 } };

test("pretty, gobench and JSON, names in order", () => {
  const pretty = present(result, { format: "pretty", benchmem: true });
  expect(pretty.split("\n").slice(1, 6)).toEqual([
    "│ samples │     4 │",
    "│ ns/op   │   250 │",
    "│ B/op    │   100 │",
    "│ a       │ 12346 │",
    "│ b       │ 0.500 │",
  ]);
  expect(present(result, { format: "gobench", benchmem: true })).toBe(
    "BenchmarkReeveEval\t       4\t       250 ns/op\t     12346 a\t         0.500 b\t     100 B/op\n",
  );
  const json = JSON.parse(present(result, { format: "json", benchmem: false })) as unknown;
  expect(json).toEqual({ N: 4, T: 1000, Bytes: 0, Extra: { a: 12345.67, b: 0.5 } });
});

test.each([
  [0, "         0"],
  [100, "       100"],
  [12.34, "        12.3"],
  [1.234, "         1.23"],
  [0.1, "         0.100"],
  [0.001, "         0.00100"],
  [0.0001, "         0.000100"],
])("%d as Go's benchmarks print it", (value, text) => {
  expect(amount(value)).toBe(text);
});
