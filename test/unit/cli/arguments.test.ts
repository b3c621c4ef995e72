// Arguments and settings in the forms that OPA's command line takes, and files that are written whole or not at all.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { overridden } from "../../../src/cli/config-overrides.ts";
import { statistics } from "../../../src/cli/metrics.ts";
import { parseDuration, writeWhole } from "../../../src/cli/options.ts";
import { misuse, plainArguments } from "../../../src/cli/usage.ts";

test("values behind `=` wherever OPA takes them", () => {
  const command = new Command()
    .option("-O, --optimize <n>")
    .option("--fail")
    .option("--check-result")
    .option("--no-check-result");
  expect(
    plainArguments(command, ["-O=1", "--fail=true", "--check-result=false", "--optimize=2", "--", "-O=1"]),
  ).toEqual(["-O", "1", "--fail", "--no-check-result", "--optimize=2", "--", "-O=1"]);
  expect(plainArguments(command, ["--fail=false"])).toEqual([]);
});

test("misuse in OPA's words", () => {
  expect(misuse("error: unknown option '--nope'\n")).toBe("Error: unknown flag: --nope\n");
  expect(
    misuse(
      "error: option '-f, --format <format>' argument 'x' is invalid. Allowed choices are pretty, json.\n",
    ),
  ).toBe('Error: invalid argument "x" for "-f, --format" flag: must be one of {pretty,json}\n');
});

test.each([
  ["0", 0],
  ["5m 30s", 330_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["10ms", 10],
])("duration %s", (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms);
});

test.each(["", "5", "x", "5s3"])("no duration: %j", (text) => {
  expect(() => parseDuration(text)).toThrow(/invalid duration/);
});

test("--set over a configuration leaves what was there", () => {
  const before = { services: { a: { url: "x" } } };
  const after = overridden(before, ["services.a.timeout=5,labels.x\\.y=true", "list={a,1,null}"], []);
  expect(after).toEqual({
    services: { a: { url: "x", timeout: 5 } },
    labels: { "x.y": true },
    list: ["a", 1, null],
  });
  expect(before).toEqual({ services: { a: { url: "x" } } });
  expect(() => overridden({}, ["__proto__.x=1"], [])).toThrow(/no key/);
  expect(() => overridden({}, ["x"], [])).toThrow(/key=value/);
});

test("a file is replaced whole, and nothing is left beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-cli-"));
  try {
    const file = join(folder, "a");
    writeFileSync(file, "old");
    writeWhole(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(() => writeWhole(folder, "x")).toThrow(/is a directory/);
    expect(() => writeWhole(join(folder, "no", "b"), "x")).toThrow(/no such file/);
    expect(readdirSync(folder)).toEqual(["a"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("statistics of OPA's histograms", () => {
  expect(statistics([3, 1, 2])).toMatchObject({ min: 1, max: 3, mean: 2, median: 2, count: 3, "99%": 3 });
  expect(statistics([1, 2, 3, 4]).median).toBe(2.5);
});
