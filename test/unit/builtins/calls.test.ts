// Calls of host bodies with what `opa eval` answers to them: results, undefinedness and messages. calls.json holds `[call, result or
// null, [code, message] or null]`; operands are ground terms.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BuiltinContext } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { readRegoText } from "../../../src/engine/rego-text.ts";
import { PolicyError } from "../../../src/error.ts";
import { compare } from "../../../src/value/compare.ts";
import { decode, encode, toJsonValue } from "../../../src/value/json.ts";
import type { Value } from "../../../src/value/value.ts";

type Call = readonly [call: string, result: string | null, error: readonly [string, string] | null];

const calls = JSON.parse(readFileSync(new URL("calls.json", import.meta.url), "utf8")) as readonly Call[];

const context: BuiltinContext = {
  nowNs: 0n,
  random: (length) => new Uint8Array(length),
  cache: new Map(),
  runtime: null,
};

async function answer(call: string): Promise<Value | undefined | readonly [string, string]> {
  const [, name = "", operands = ""] = /^([\w.]+)\((.*)\)$/s.exec(call) ?? [];
  try {
    return await builtins.get(name)?.host?.(readRegoText(`[${operands}]`) as readonly Value[], context);
  } catch (error) {
    return error instanceof PolicyError ? [error.code, error.message] : Promise.reject(error);
  }
}

async function judge(call: string, result: string | null, error: readonly [string, string] | null) {
  const got = await answer(call);
  if (error !== null) return expect(got).toEqual(error);
  if (result === null) return expect(got).toBeUndefined();
  const plain = toJsonValue(got as Value);
  expect(compare(plain, decode(result)) === 0 ? result : encode(plain)).toBe(result);
}

describe("host bodies answer as OPA does", () => {
  test.each(calls)("%s", judge);
});

describe("tokens without node:crypto, on WebCrypto", () => {
  beforeEach(() => void vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never));
  afterEach(() => void vi.restoreAllMocks());
  test.each(calls.filter(([call]) => call.startsWith("io.jwt.")))("%s", judge);
});
