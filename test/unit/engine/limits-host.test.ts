// docs/limits.md, the rows of builtins that a host brings: aliases in YAML, bodies of `http.send`, calls that wait.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Builtin, HostBody } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { number } from "../../../src/value/number.ts";
import { wasmOf } from "../decision/harness.ts";

function engineOf(body: string, bodies: Readonly<Record<string, HostBody>> = {}) {
  const known = new Map(builtins);
  for (const [name, host] of Object.entries(bodies))
    known.set(name, { ...(known.get(name) as Builtin), host });
  return prepare({ wasm: wasmOf({ "l.rego": `package l\n\nx := ${body}\n` }, ["l/x"]), builtins: known });
}

test("YAML whose aliases multiply is refused before it is built", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 10; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ")}]`);
  const engine = engineOf(`yaml.unmarshal(${JSON.stringify(lines.join("\n"))})`);
  await expect(engine.evaluateAsync("l/x", undefined, { strict: true })).rejects.toMatchObject({
    code: "eval_builtin_error",
    message: expect.stringContaining("document contains excessive aliasing"),
  });
  expect((await engine.evaluateAsync("l/x")).value).toBe(undefined);
});

test("calls that wait: 10,000 in one evaluation, then an error", async () => {
  let drawn = 0;
  // Asked anew at each replay, so that every replay comes to a call that was not waited for yet.
  const engine = engineOf('net.lookup_ip_addr(format_int(rand.intn("a", 1000000), 10))', {
    "rand.intn": () => number(String(++drawn)),
    "net.lookup_ip_addr": async () => ["192.0.2.1"],
  });
  await expect(engine.evaluateAsync("l/x")).rejects.toMatchObject({
    code: "eval_limit_error",
    message: "more than 10000 calls had to wait",
  });
  expect(drawn).toBe(10_001);
});

describe("http.send", () => {
  const MEGABYTE = Buffer.alloc(1024 * 1024, 0x20);
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let left = Number(request.url?.slice(1));
      const more = (): void => {
        for (; left > 0; left--)
          if (!response.write(MEGABYTE)) {
            left--;
            response.once("drain", more);
            return;
          }
        response.end();
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test("bodies end at 64 MiB", async () => {
    const { port } = server.address() as AddressInfo;
    const send = (megabytes: number) =>
      engineOf(
        `http.send({"method": "GET", "url": "http://127.0.0.1:${port}/${megabytes}", "raise_error": false, "timeout": "60s"})`,
      ).evaluateAsync("l/x");
    const { results } = await send(65);
    expect(JSON.stringify(results)).toContain("body larger than 67108864 bytes");
    expect(JSON.stringify((await send(1)).results)).toContain('"status_code":200');
  }, 60_000);
});
