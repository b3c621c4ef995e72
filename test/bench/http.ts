// The decision agent as a daemon beside `opa run --server`: the same policy, data and requests over HTTP with keep-alive, decision logging on, one load
// generator. In: nothing. Out: throughput and latencies of each. The generator speaks HTTP on raw sockets, so that most of both cores is left
// to the server; answers are compared before anything is timed.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUTHZ, grants, inputs } from "./authz.ts";
import { opaVersion } from "./modules.ts";

const CONNECTIONS = 16;
const WARM_MS = 1500;
const ROUND_MS = 1500;
const ROUNDS = 3;

export interface Load {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

/** One connection: sends the next request when the answer to the last one is complete. */
class Client {
  readonly times: number[] = [];
  readonly #requests: readonly Buffer[];
  readonly #port: number;

  constructor(port: number, requests: readonly Buffer[]) {
    this.#port = port;
    this.#requests = requests;
  }

  /** Until the time is over; `answer` sees each body. */
  run(until: number, first: number, answer?: (body: string, request: number) => void): Promise<void> {
    return new Promise((resolve, reject) => this.#talk(until, first, answer, resolve, reject));
  }

  #talk(
    until: number,
    first: number,
    answer: ((body: string, request: number) => void) | undefined,
    resolve: () => void,
    reject: (error: Error) => void,
  ): void {
    const socket = connect(this.#port, "127.0.0.1");
    socket.setNoDelay(true);
    let at = first;
    let began = 0n;
    let pending = Buffer.alloc(0);
    const send = (): void => {
      began = process.hrtime.bigint();
      socket.write(this.#requests[at % this.#requests.length]!);
    };
    socket.on("connect", send);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const head = pending.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = /content-length: (\d+)/i.exec(pending.toString("latin1", 0, head))?.[1];
      if (length === undefined) return void reject(new Error("an answer without a length"));
      if (pending.length < head + 4 + Number(length)) return;
      this.times.push(Number(process.hrtime.bigint() - began));
      answer?.(pending.toString("utf8", head + 4), at % this.#requests.length);
      pending = Buffer.alloc(0);
      at++;
      if (Date.now() < until) return send();
      socket.end();
      resolve();
    });
  }
}

const wire = (input: unknown): Buffer => {
  const body = JSON.stringify({ input });
  return Buffer.from(
    `POST /v1/data/authz/allow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
};

async function load(port: number, requests: readonly Buffer[], forMs: number): Promise<number[]> {
  const until = Date.now() + forMs;
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(port, requests));
  await Promise.all(clients.map((client, index) => client.run(until, index * 4)));
  return clients.flatMap(({ times }) => times);
}

/** The results of every request, in order. */
async function answers(port: number, requests: readonly Buffer[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let request = 0; request < requests.length; request++)
    await new Client(port, [requests[request]!]).run(0, 0, (body) => {
      found.push((JSON.parse(body) as { result: unknown }).result);
    });
  return found;
}

async function ready(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error(`a server ended with ${server.exitCode}`);
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("a server did not get ready");
}

export async function overHttp(): Promise<Load[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const servers: Server[] = [];
  try {
    writeFileSync(join(folder, "policy.rego"), AUTHZ);
    writeFileSync(join(folder, "data.json"), JSON.stringify({ grants: grants(20) }));
    const files = [join(folder, "policy.rego"), join(folder, "data.json")];
    const start = (name: string, command: string, before: string[], port: number): void => {
      const log = openSync(join(folder, `${port}.log`), "w");
      const args = [...before, "run", "--server", "--addr", `127.0.0.1:${port}`, "--log-level", "error"];
      const child = spawn(command, [...args, "--set", "decision_logs.console=true", ...files], {
        stdio: ["ignore", log, log],
      });
      closeSync(log);
      servers.push({ name, port, process: child });
    };
    const port = 20_000 + (process.pid % 20_000);
    start("reeve run --server", process.execPath, ["dist/cli/main.js"], port);
    if (opaVersion !== undefined) start("opa run --server", "opa", [], port + 1);
    const requests = inputs(false).map(wire);
    const wanted: string[] = [];
    for (const { port: at, process: child } of servers) {
      await ready(at, child);
      wanted.push(JSON.stringify(await answers(at, requests)));
    }
    if (new Set(wanted).size !== 1) throw new Error("the servers answer differently");
    return await race(servers, requests);
  } finally {
    for (const { process: child } of servers) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function race(servers: readonly Server[], requests: readonly Buffer[]): Promise<Load[]> {
  for (const { port } of servers) await load(port, requests, WARM_MS);
  const times = new Map(servers.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, port } of servers) {
      const found = times.get(name)!;
      for (const time of await load(port, requests, ROUND_MS)) found.push(time);
    }
  return Array.from(times, ([name, all]) => {
    all.sort((a, b) => a - b);
    return {
      name,
      perSecond: all.length / ((ROUNDS * ROUND_MS) / 1000),
      p50Ns: all[all.length >> 1]!,
      p99Ns: all[Math.floor(all.length * 0.99)]!,
    };
  });
}
