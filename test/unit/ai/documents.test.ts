import { describe, expect, test } from "vitest";
import { readCatalogue } from "../../../src/ai/catalogue.ts";
import { decisionShape, effects, requestShape } from "../../../src/ai/documents.ts";
import { decisionDocument, settle, settleFailure } from "../../../src/ai/effect.ts";
import { answerFor, hosts } from "../../../src/ai/hosts.ts";
import { reasonCodes } from "../../../src/ai/reasons.ts";
import { requestSchemaFor } from "../../../src/ai/request-schema.ts";
import { documentSchema, findings } from "../../../src/ai/schema.ts";
import { checkTexts } from "../../../src/build.ts";
import { checkSources } from "../../../src/compile/compile.ts";
import { fromPlain } from "../../../src/value/json.ts";
import { readdirSync, readFileSync } from "node:fs";

const authzen = {
  subject: { type: "user", id: "alice", properties: { department: "Sales" } },
  action: { name: "can_read", properties: { method: "GET" } },
  resource: { type: "account", id: "123" },
  context: { time: "1985-10-26T01:22-07:00", anything: [1] },
  unknown: true,
};

describe("the request document", () => {
  test("an AuthZEN evaluation request is one", () => {
    expect(findings(requestShape, fromPlain(authzen))).toEqual([]);
  });

  test.each([
    ["/subject", { ...authzen, subject: undefined }, "is missing"],
    ["/subject/id", { ...authzen, subject: { type: "user", id: "" } }, "must be a string that is not empty"],
    ["/action/name", { ...authzen, action: { name: 1 } }, "must be a string that is not empty"],
    ["/resource", { ...authzen, resource: [] }, "must be an object"],
  ])("says what is wrong at %s", (path, document, message) => {
    expect(findings(requestShape, fromPlain(document))).toContainEqual({ path, message });
  });

  const check = (rule: string, schema: unknown): unknown => {
    const text = `package p\nallow if ${rule}\n`;
    try {
      checkSources([{ file: "p.rego", text, regoVersion: "v1" }], { schemas: new Map([["schema", schema]]) });
      return "fine";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test("a policy that reads what cannot exist fails its check", () => {
    const schema = documentSchema(requestShape, "request");
    expect(check("input.agent.identity.verified", schema)).toBe("fine");
    expect(check("input.agent.identity.verfied", schema)).toBe("rego_type_error");
    expect(check("input.session.counters.tool_cals > 1", schema)).toBe("rego_type_error");
  });

  test("so does one that reads an argument the tool has not", () => {
    const inputSchema = { type: "object", properties: { to: { type: "string" } } };
    const schema = requestSchemaFor({ name: "pay", inputSchema });
    expect(check('input.action.arguments.to == "x"', schema)).toBe("fine");
    expect(check('input.action.arguments.recipient == "x"', schema)).toBe("rego_type_error");
  });
});

describe("the decision document", () => {
  test("what the library answers is one", () => {
    const decision = { effect: "deny", reasons: [{ code: "unknown_tool", message: "m" }], obligations: [] };
    expect(findings(decisionShape, fromPlain(decision))).toEqual([]);
    expect(findings(decisionShape, fromPlain({ effect: "perhaps", reasons: [] }))).toHaveLength(1);
  });

  test("so is what is handed out, for every effect, in both modes, and when there was no answer", () => {
    const around = {
      decisionId: "d1",
      bundles: { main: { revision: "7" } },
      digest: "sha256:00",
      decidingMs: 0.12345,
    };
    const given = {
      reasons: [{ code: "untrusted_argument", message: "from a file", path: "/to" }],
      obligations: [{ id: "o1", type: "notify", properties: { to: "x" } }],
      transform: { to: "x" },
      labels: { result: { "/id": "trusted" } },
      budget: [{ name: "calls", remaining: "1", limit: "2" }],
    };
    const settled = effects.flatMap((effect) =>
      (["enforce", "observe"] as const).map((mode) =>
        settle({ result: fromPlain({ effect, ...given }), mode }, new Set(["notify"])),
      ),
    );
    for (const one of [...settled, settle({ result: undefined }), settleFailure(new Error("x"))]) {
      const document = decisionDocument({ ...one, ...around });
      expect(findings(decisionShape, fromPlain(document))).toEqual([]);
      expect(document.decision).toBe(document.effective === "allow" || document.effective === "transform");
      expect(document).toMatchObject({ evaluation_id: "d1", digest: "sha256:00", deciding_ms: 0.123 });
      const known = new Set(Object.keys(documentSchema(decisionShape, "decision").properties as object));
      expect(Object.keys(document).filter((key) => !known.has(key))).toEqual([]);
    }
  });

  test("every code that the library gives is in the list", () => {
    const folder = new URL("../../../rego/ai/", import.meta.url);
    const files = readdirSync(folder).filter(
      (file) => file.endsWith(".rego") && !file.endsWith("_test.rego"),
    );
    const texts = files.map((file) => ({ file, text: readFileSync(new URL(file, folder), "utf8") }));
    expect(() => checkTexts(texts)).not.toThrow();
    const given = texts.flatMap(({ text }) =>
      [...text.matchAll(/"code": "(\w+)"/g)].map((match) => match[1]),
    );
    expect(given.length).toBeGreaterThan(20);
    expect(given.filter((code) => !reasonCodes.has(code ?? ""))).toEqual([]);
  });
});

describe("hosts", () => {
  const document = (effect: string) =>
    decisionDocument(
      settle({
        result: fromPlain({
          effect,
          reasons: [{ code: "untrusted_argument", message: "from a file", path: "/to" }],
          transform: { to: "x" },
        }),
      }),
    );

  test("the whole table", () => {
    const table = Object.fromEntries(
      hosts.map((host) => [
        host,
        Object.fromEntries(effects.map((effect) => [effect, answerFor(host, document(effect))])),
      ]),
    );
    expect(table).toMatchSnapshot();
  });

  test("neither a refusal nor a question ever reads as a yes", () => {
    for (const effect of ["deny", "approve"]) {
      const answer = (host: (typeof hosts)[number]) => JSON.stringify(answerFor(host, document(effect)));
      expect(answer("authzen")).toContain('"decision":false');
      expect(answer("mcp")).toContain('"forward":false');
      expect(answer("ai-sdk")).not.toContain('"allow"');
      expect(answer("claude-code")).not.toContain('"allow"');
      expect(answer("langchain")).not.toContain('"action":"call"');
    }
    expect(answerFor("openai-agents", document("deny")).behavior).toBe("rejectContent");
    expect(answerFor("openai-agents", document("approve")).needsApproval).toBe(true);
  });
});

test("a catalogue that is none is refused", () => {
  expect(() => readCatalogue(fromPlain({ version: "1", tools: {} }))).toThrow(/a catalogue starts with/);
});
