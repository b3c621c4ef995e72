// The judge: one long-lived `opa run --server` on a socket of its own. In: modules, data, a path with an input. Out: what OPA says, as text
// that keeps every digit. Needs `opa` on the PATH and nothing else.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "../../src/value/json.ts";
import { isArray, isObject, type Value } from "../../src/value/value.ts";
import type { DrawnCase } from "./modules.ts";

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly place: string;
}

/** A result as JSON text, an error, or undefined. */
export type Answer =
  | { readonly kind: "result"; readonly json: string }
  | { readonly kind: "undefined" }
  | { readonly kind: "error"; readonly findings: readonly Finding[] }
  | { readonly kind: "unjudged"; readonly why: string };

interface Reply {
  readonly status: number;
  readonly body: string;
}

export class Opa {
  readonly #folder = mkdtempSync(join(tmpdir(), "differential-"));
  readonly #socket = join(this.#folder, "opa.sock");
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #loaded: string[] = [];
  #died = false;

  /** `flags`: `--v0-compatible` for modules of that version. */
  constructor(flags: readonly string[] = []) {
    this.#flags = flags;
  }

  async start(): Promise<void> {
    this.#died = false;
    this.#loaded = [];
    const child = spawn(
      "opa",
      [
        "run",
        "--server",
        "-a",
        `unix://${this.#socket}`,
        "--log-level",
        "error",
        "--disable-telemetry",
        ...this.#flags,
      ],
      {
        stdio: "ignore",
      },
    );
    this.#process = child;
    child.once("exit", () => {
      if (this.#process === child) this.#died = true;
    });
    child.once("error", () => {
      this.#died = true;
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      if (this.#died) throw new Error("`opa` does not start: is it on the PATH?");
      const ready = await this.#send("GET", "/health").catch(() => undefined);
      if (ready?.status === 200) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("`opa` does not answer");
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.#agent.destroy();
    child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Kills what is busy with something that takes too long, and begins anew. */
  async restart(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    child?.kill("SIGKILL");
    rmSync(this.#socket, { force: true });
    await this.start();
  }

  /** Replaces modules and data. Undefined if all is well; otherwise how many modules were loaded, and what OPA finds in the next one. */
  async load(
    item: Pick<DrawnCase, "modules" | "data">,
  ): Promise<{ loaded: number; findings: readonly Finding[] } | undefined> {
    if (this.#died) await this.restart();
    for (const file of this.#loaded.reverse()) await this.#send("DELETE", `/v1/policies/${file}`);
    this.#loaded = [];
    const put = await this.#send("PUT", "/v1/data", item.data);
    if (put.status !== 204) throw new Error(`opa refuses the data: ${put.body}`);
    for (const { file, text } of item.modules) {
      const reply = await this.#send("PUT", `/v1/policies/${file}`, text);
      if (reply.status !== 200) return { loaded: this.#loaded.length, findings: findingsOf(reply.body) };
      this.#loaded.push(file);
    }
    return undefined;
  }

  /** One of the loaded modules in another form; what OPA finds in it if it refuses it, and then all is as before. */
  async replace({ file, text }: { file: string; text: string }): Promise<readonly Finding[] | undefined> {
    const reply = await this.#send("PUT", `/v1/policies/${file}`, text);
    return reply.status === 200 ? undefined : findingsOf(reply.body);
  }

  async ask(path: string, input: string | undefined, strict: boolean): Promise<Answer> {
    const url = `/v1/data/${path.split("/").map(encodeURIComponent).join("/")}${strict ? "?strict-builtin-errors=true" : ""}`;
    let reply: Reply;
    try {
      reply = await this.#send("POST", url, input === undefined ? "{}" : `{"input":${input}}`);
    } catch (error) {
      return { kind: "unjudged", why: `opa: ${(error as Error).message}` };
    }
    if (reply.status !== 200) return { kind: "error", findings: findingsOf(reply.body) };
    const json = resultText(reply.body);
    return json === undefined ? { kind: "undefined" } : { kind: "result", json };
  }

  /** The bindings of a query's solutions. */
  async query(text: string, input: string | undefined): Promise<Answer> {
    const asked = `{"query":${JSON.stringify(text)}${input === undefined ? "" : `,"input":${input}`}}`;
    let reply: Reply;
    try {
      reply = await this.#send("POST", "/v1/query", asked);
    } catch (error) {
      return { kind: "unjudged", why: `opa: ${(error as Error).message}` };
    }
    if (reply.status !== 200) return { kind: "error", findings: findingsOf(reply.body) };
    const json = resultText(reply.body);
    return json === undefined ? { kind: "undefined" } : { kind: "result", json };
  }

  /** The same question to a fresh `opa eval`, with flags: what depends on OPA's indexing or early exit shows here. */
  async askAlone(
    item: DrawnCase,
    path: string,
    input: string | undefined,
    strict: boolean,
    flags: readonly string[],
  ): Promise<Answer> {
    const folder = mkdtempSync(join(this.#folder, "alone-"));
    for (const { file, text } of item.modules) writeFileSync(join(folder, file), text);
    writeFileSync(join(folder, "data.json"), item.data);
    const args = [
      "eval",
      ...this.#flags,
      ...flags,
      ...item.modules.flatMap(({ file }) => ["-d", file]),
      "-d",
      "data.json",
    ];
    if (input !== undefined) {
      writeFileSync(join(folder, "input.txt"), input);
      args.push("-i", "input.txt");
    }
    if (strict) args.push("--strict-builtin-errors");
    args.push(
      `data${path
        .split("/")
        .map((step) => `[${JSON.stringify(step)}]`)
        .join("")}`,
    );
    const output = await new Promise<string>((done) => {
      execFile("opa", args, { cwd: folder, timeout: 10_000, maxBuffer: 1 << 26 }, (_error, stdout) =>
        done(stdout),
      );
    });
    rmSync(folder, { recursive: true, force: true });
    if (output === "") return { kind: "unjudged", why: "opa eval says nothing" };
    const reply = decode(output);
    const errors = at(reply, "errors");
    if (errors !== undefined) return { kind: "error", findings: findingsOf(`{"errors":${encode(errors)}}`) };
    const result = at(reply, "result");
    const value = result !== undefined && isArray(result) ? first(at(result[0]!, "expressions")) : undefined;
    return value === undefined ? { kind: "undefined" } : { kind: "result", json: encode(value) };
  }

  #send(method: string, path: string, body = ""): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.#socket,
          method,
          path,
          agent: this.#agent,
          timeout: 5_000,
          headers: { "content-length": Buffer.byteLength(body) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
          );
          response.on("error", reject);
        },
      );
      sent.on("error", reject);
      sent.on("timeout", () => sent.destroy(new Error("timeout")));
      sent.end(body);
    });
  }
}

function at(value: Value, key: string): Value | undefined {
  return isObject(value) ? value.get(key) : undefined;
}

function first(expressions: Value | undefined): Value | undefined {
  return expressions !== undefined && isArray(expressions) ? at(expressions[0]!, "value") : undefined;
}

/** The value of `result`, as it stands in the reply: JSON.parse would round its numbers. */
function resultText(body: string): string | undefined {
  const begin = '{"result":';
  if (!body.startsWith(begin)) return undefined;
  const warning = body.lastIndexOf(',"warning":{"code":"api_usage_warning"');
  return warning === -1 ? body.slice(begin.length, body.lastIndexOf("}")) : body.slice(begin.length, warning);
}

function findingsOf(body: string): Finding[] {
  const reply = JSON.parse(body) as {
    code: string;
    message: string;
    errors?: { code: string; message: string; location?: { file: string; row: number; col: number } }[];
  };
  return (reply.errors ?? [reply]).map((error) => ({
    code: error.code,
    message: error.message,
    place:
      "location" in error && error.location
        ? `${error.location.file}:${error.location.row}:${error.location.col}`
        : "",
  }));
}
