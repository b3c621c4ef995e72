// One event as the daemons and `exec` log it, in OPA's three formats.

import { expect, test } from "vitest";
import { logLine } from "../../../src/cli/agent.ts";

test("json, json-pretty and text", () => {
  const more = { err: "no such file" };
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown;
  const line = logLine("error", "Unexpected error.", "json", undefined, more);
  expect(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1).toBe(true);
  expect(JSON.parse(line)).toEqual({ ...more, level: "error", msg: "Unexpected error.", time });
  expect(logLine("error", "Unexpected error.", "json-pretty", undefined, more)).toMatch(/^{\n {2}"err"/);
  expect(logLine("warn", "Unexpected error.", "text", undefined, more)).toBe(
    '[WARNING] Unexpected error.\n  err = "no such file"\n\n',
  );
  expect(JSON.parse(logLine("info", "x", "json", "2006"))).toMatchObject({
    time: String(new Date().getUTCFullYear()),
  });
});
