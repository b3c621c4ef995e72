// Arguments and settings in the forms that OPA's command line takes, and files that are written whole or not at all.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { afterEach, describe, expect, test, vi } from "vitest";
import { takeEnvironment } from "../../../src/cli/environment.ts";
import { overridden } from "../../../src/cli/config-overrides.ts";
import { statistics } from "../../../src/cli/metrics.ts";
import { collect, parseDuration, parseInteger, writeWhole } from "../../../src/cli/options.ts";
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

describe("flags from the environment", () => {
  const parsed = (env: Record<string, string>, args: readonly string[] = []): unknown => {
    const command = new Command("move-it")
      .exitOverride()
      .option("-d, --data <path>", "", collect)
      .option("--fail")
      .option("--benchmem", "", true)
      .option("--no-benchmem")
      .option("--pretty-limit <n>", "", parseInteger, 80)
      .addOption(new Option("-f, --format <format>").choices(["json", "raw"]).default("json"));
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    takeEnvironment(command);
    return command.parse([...args], { from: "user" }).opts();
  };
  afterEach(() => void vi.unstubAllEnvs());
  const plain = { benchmem: true, prettyLimit: 80, format: "json" };

  test.each([
    [{ OPA_MOVE_IT_PRETTY_LIMIT: "5", OPA_MOVE_IT_DATA: "a,b" }, [], { prettyLimit: 5, data: ["a,b"] }],
    [{ OPA_MOVE_IT_FORMAT: "raw", OPA_MOVE_IT_DATA: "a" }, ["-f", "json", "-d", "b"], { data: ["b"] }],
    [{ OPA_MOVE_IT_FAIL: "T", OPA_MOVE_IT_BENCHMEM: "0" }, [], { fail: true, benchmem: false }],
    [{ OPA_MOVE_IT_FORMAT: "", OPA_FORMAT: "raw", OPA_MOVE_IT_NOPE: "x" }, [], {}],
  ])("%j with %j", (env, args, changed) => {
    expect(parsed(env as unknown as Record<string, string>, args)).toEqual({ ...plain, ...changed });
  });

  test.each([
    [{ OPA_MOVE_IT_FORMAT: "xml" }, '"xml" for "-f, --format" flag: must be one of {json,raw}'],
    [{ OPA_MOVE_IT_FAIL: "x" }, '"x" for "--fail" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [{ OPA_MOVE_IT_PRETTY_LIMIT: "x" }, '"x" for "--pretty-limit" flag: must be a whole number'],
  ])("%j fits no flag", (env, why) => {
    expect(() => parsed(env as unknown as Record<string, string>)).toThrow(
      `error mapping environment variables to command flags: invalid argument ${why}`,
    );
  });
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
