import fc from "fast-check";
import { expect, test } from "vitest";
import { checkConfig, parseConfig } from "../../src/decision/config.ts";
import { type LogEvent, newEvent } from "../../src/decision/log/event.ts";
import { mask } from "../../src/decision/log/mask.ts";
import { PolicyError } from "../../src/error.ts";
import { encode, fromPlain } from "../../src/value/json.ts";
import { PlainJson } from "../../src/value/plain-json.ts";

const names = [
  "services",
  "bundles",
  "keys",
  "decision_logs",
  "status",
  "labels",
  "s",
  "url",
  "reporting",
  "polling",
  "signing",
  "key",
  "__proto__",
  "constructor",
];
const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom("http://x", "s", "", 1, -1, 1.5, true, null, "periodic"),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("node"), { maxKeys: 5 }),
  ),
})).node;

test("any configuration is taken or refused in one line", () => {
  fc.assert(
    fc.property(value, (document) => {
      try {
        checkConfig(document);
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyError);
        expect(error).toMatchObject({ code: "config_error", message: expect.not.stringContaining("\n") });
      }
    }),
    { numRuns: 1000 },
  );
});

test("any text as well", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom(..."{}[]:,-& *!a1\n\"'|>%@`~") }), async (text) => {
      await parseConfig(text).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "config_error", message: expect.not.stringContaining("\n") });
      });
    }),
    { numRuns: 500 },
  );
});

const event = (input: unknown): LogEvent =>
  newEvent({
    labels: {},
    decisionId: "d",
    path: "p",
    bundles: {},
    // Half of the events have their input as a sidecar reads it.
    input: JSON.stringify(input).length % 2 === 0 ? new PlainJson(input) : fromPlain(input),
    result: fromPlain(input),
    timestampMs: 0,
    metrics: {},
    requestId: 1,
  });

test("whatever a mask says, a secret at a pointer it names is gone, or everything is", () => {
  const key = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 3 })
    .filter((text) => !text.includes("/"));
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (path, other) => {
      const input = path.reduceRight<unknown>(
        (inner, name) =>
          Object.fromEntries([
            ["other", other],
            [name, inner],
          ]),
        "S3CRET",
      );
      const masked = mask(event(input), fromPlain([`/input/${path.join("/")}`, "/result"]));
      const shown = masked.input instanceof PlainJson ? masked.input.value : masked.input;
      expect(encode(shown ?? null)).not.toContain("S3CRET");
      expect(masked.result).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("a mask of any form leaves an event", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (answer, input) => {
      const masked = mask(event(input), fromPlain(answer));
      expect(masked.others.decision_id).toBe("d");
    }),
  );
});
