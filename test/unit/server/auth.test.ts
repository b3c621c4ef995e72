// Tokens and scopes: what is refused, with which status, and that a configuration with a mistake is not half accepted.

import { mkdtempSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  identifyCaller,
  parseAccess,
  readAccessFile,
  requireScope,
  tokenDigest,
} from "../../../src/server/auth.ts";
import { statusOf } from "../../../src/server/http.ts";

const access = parseAccess({
  tokens: [
    { name: "ci", token: "ci-token-0123456789", scopes: ["publish:ai-*", "read:ai-tools"] },
    {
      name: "edge",
      sha256: tokenDigest("edge-token-0123456789").toUpperCase(),
      scopes: ["read:*", "report"],
    },
  ],
});

function bearing(authorization?: string): IncomingMessage {
  return { headers: authorization === undefined ? {} : { authorization } } as IncomingMessage;
}

function refusal(run: () => unknown): { status: number; message: string } {
  try {
    run();
  } catch (error) {
    return { status: statusOf(error), message: (error as Error).message };
  }
  throw new Error("nothing was refused");
}

describe("scopes", () => {
  test("a token does what its scopes say", () => {
    expect(requireScope(access, bearing("Bearer ci-token-0123456789"), "publish:ai-tools").name).toBe("ci");
    expect(requireScope(access, bearing("bearer edge-token-0123456789"), "read:team/x").name).toBe("edge");
    expect(requireScope(access, bearing("Bearer edge-token-0123456789"), "report").name).toBe("edge");
  });

  test.each(["publish:billing", "read:ai-tools-2", "report", "query", "publish:*"])("and not %s", (scope) => {
    expect(refusal(() => requireScope(access, bearing("Bearer ci-token-0123456789"), scope))).toEqual({
      status: 403,
      message: `the token does not permit \`${scope}\``,
    });
  });

  test.each([undefined, "Bearer wrong-token-0123456789", "Basic Y2k6Y2k=", "Bearer", "Bearer a b"])(
    "without a known token (%s) nothing is done",
    (header) => {
      expect(refusal(() => requireScope(access, bearing(header), "read:ai-tools")).status).toBe(401);
    },
  );

  test("what anonymous callers may do must be said", () => {
    const open = parseAccess({ tokens: [], anonymous: ["read:*"] });
    expect(requireScope(open, bearing(), "read:x").name).toBe("anonymous");
    expect(refusal(() => requireScope(open, bearing(), "report")).status).toBe(401);
    expect(refusal(() => identifyCaller(open, bearing("Bearer whatever-0123456789"))).status).toBe(401);
  });
});

describe("configuration", () => {
  test.each([
    ["a list", [], "`access` must be an object"],
    ["an unknown key", { tokenz: [] }, "`access` has an unknown key `tokenz`"],
    ["a wrong type", { tokens: {} }, "`tokens` must be a list"],
    ["no name", { tokens: [{ token: "0123456789abcdef", scopes: [] }] }, "`tokens[0].name` must be a string"],
    [
      "no token",
      { tokens: [{ name: "a", scopes: [] }] },
      "`tokens[0]` needs `token` or `sha256`, and not both",
    ],
    [
      "a short token",
      { tokens: [{ name: "a", token: "short", scopes: [] }] },
      "`tokens[0].token` must have at least 16 characters",
    ],
    [
      "a digest that is none",
      { tokens: [{ name: "a", sha256: "00", scopes: [] }] },
      "`tokens[0].sha256` must be 64 hex digits",
    ],
    [
      "an unknown scope",
      { tokens: [{ name: "a", token: "0123456789abcdef", scopes: ["admin"] }] },
      "`tokens[0].scopes` has an unknown scope `admin` (publish:<bundle>, read:<bundle>, report, query, decide)",
    ],
    [
      "no scopes",
      { tokens: [{ name: "a", token: "0123456789abcdef" }] },
      "`tokens[0].scopes` must be a list",
    ],
    [
      "one token twice",
      {
        tokens: [
          { name: "a", token: "0123456789abcdef", scopes: [] },
          { name: "b", sha256: tokenDigest("0123456789abcdef"), scopes: [] },
        ],
      },
      "two entries have the same token",
    ],
  ])("with %s is refused", (_what, value, message) => {
    expect(() => parseAccess(value)).toThrow(message);
  });

  test("comes from a file", () => {
    const file = join(mkdtempSync(join(tmpdir(), "reeve-")), "access.yaml");
    writeFileSync(file, "tokens:\n  - {name: ci, token: 0123456789abcdefX, scopes: [report]}\n");
    expect(readAccessFile(file).tokens[0]?.sha256).toBe(tokenDigest("0123456789abcdefX"));
    writeFileSync(file, "tokens: [");
    expect(() => readAccessFile(file)).toThrow(
      "is not YAML: yaml: line 1: did not find expected node content",
    );
    expect(() => readAccessFile(`${file}.missing`)).toThrow("cannot read the access file");
  });
});
