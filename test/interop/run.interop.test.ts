// The doors of `run --server`, ours and the real one side by side: who is let in, what the authorization policy sees, TLS and client
// certificates, Unix sockets, addresses for health alone. Same flags, same requests: status and JSON must be the same.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { both, type Printed, hasOpa, reeve, root } from "./both.ts";

/** Says what it was asked, so that the whole input is compared. */
const POLICY = `package system.authz

allow := {"allowed": false, "reason": json.marshal(input)} if {
	not mode
	not known
}

allow := {"allowed": false, "reason": 3} if mode == "number"

allow := {"reason": 3} if mode == "nothing"

allow := {"allowed": "yes", "reason": "no boolean"} if mode == "text"

allow := "true" if mode == "string"

allow := {"allowed": true} if mode == "object"

allow if mode == "in"

allow := 1 if mode == "conflict"

allow := 2 if mode == "conflict"

allow if known

known if input.identity == "secret"

known if input.path == ["health"]

mode := input.headers["X-Mode"][0]
`;

const folder = mkdtempSync(join(tmpdir(), "reeve-run-"));
const at = (name: string): string => join(folder, name);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

interface Door {
  readonly port?: number;
  readonly socketPath?: string;
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/** Status and body; what a TLS server refuses is "refused". */
function ask(door: Door, { path, method = "GET", body, headers = {} }: Ask): Promise<string> {
  const { port, socketPath, tls } = door;
  const options = {
    ...(socketPath === undefined ? { host: "127.0.0.1", port } : { socketPath }),
    path,
    method,
    headers: { "User-Agent": "test", ...headers },
    agent: false as const,
  };
  return new Promise((resolve) => {
    const sent = tls === undefined ? httpRequest(options) : httpsRequest({ ...options, ...tls });
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve(`${response.statusCode} ${text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")}`),
      );
    });
    sent.on("error", () => resolve("refused"));
    sent.end(body);
  });
}

const running: ChildProcess[] = [];

async function start(program: "opa" | "reeve", flags: readonly string[], door: Door): Promise<void> {
  const args = ["run", "--server", "--log-level", "error", ...flags];
  const child =
    program === "opa"
      ? spawn("opa", args, { cwd: folder, stdio: "ignore" })
      : spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], { cwd: folder, stdio: "ignore" });
  running.push(child);
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    if ((await ask(door, { path: "/health" })) !== "refused") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${program} did not get ready`);
}

/** Starts both with the same flags but for the port. */
async function startBoth(flags: readonly string[], tls?: Door["tls"]): Promise<readonly [Door, Door]> {
  const doors: Door[] = [];
  for (const program of ["reeve", "opa"] as const) {
    const port = await freePort();
    const door = { port, ...(tls === undefined ? {} : { tls }) };
    await start(program, ["--addr", `127.0.0.1:${port}`, ...flags], door);
    doors.push(door);
  }
  return doors as unknown as readonly [Door, Door];
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
}

function certificates(): void {
  const request = (name: string, subject: string): void =>
    openssl(
      ..."req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout".split(" "),
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      subject,
    );
  const sign = (name: string, extensions: string): void => {
    writeFileSync(at(`${name}.ext`), extensions);
    openssl(
      ..."x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -in".split(" "),
      `${name}.csr`,
      "-out",
      `${name}.pem`,
      "-extfile",
      `${name}.ext`,
    );
  };
  openssl(
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj".split(
      " ",
    ),
    "/CN=Test CA/O=Acme",
  );
  for (const name of ["server", "other"]) {
    request(name, `/CN=${name}`);
    sign(name, "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  }
  request(
    "client",
    "/CN=alice <a>/C=DE/serialNumber=7/street=s/postalCode=1/ST=Berlin/L=#here/O=Acme, Inc/OU=a/OU=b",
  );
  sign("client", "subjectAltName=URI:spiffe://acme/agent\nextendedKeyUsage=clientAuth\n");
}

const hasOpenssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

beforeAll(() => {
  writeFileSync(at("authz.rego"), POLICY);
  writeFileSync(at("app.rego"), "package app\n\nx := input.x\n");
  if (hasOpenssl) certificates();
});

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const mode = (name: string): Ask => ({ path: "/v1/data/app", headers: { "x-mode": name } });

describe.skipIf(!hasOpa)("authorization", () => {
  let doors: readonly [Door, Door];
  beforeAll(async () => {
    doors = await startBoth(["--authentication=token", "--authorization=basic", "authz.rego", "app.rego"]);
  }, 120_000);

  test.each<Ask>([
    { path: "/v1/data/app?a=1&a=2&b&c=%20" },
    { path: "/v1/data/a%20b" },
    { path: "/v1/data", method: "POST", body: '{"input":1.50}' },
    { path: "/", method: "POST", body: "[1]" },
    { path: "/", method: "POST", body: "[1" },
    { path: "/v0/data/x", method: "POST", body: "x: 1", headers: { "content-type": "application/yaml" } },
    { path: "/v1/query", method: "POST", body: '{"query":"1"}' },
    { path: "/v1/data/x", method: "PUT", body: "1" },
    { path: "/v1/data/x", method: "DELETE" },
    { path: "/v1/policies" },
    { path: "/metrics", headers: { x_y: "1", "x-request-id": "7" } },
    { path: "/", headers: { authorization: "Bearer token" } },
    { path: "/", headers: { authorization: "Bearer  a b" } },
    { path: "/", headers: { authorization: "bearer token" } },
    { path: "/", headers: { authorization: "Basic dTpw" } },
    mode("number"),
    mode("nothing"),
    mode("text"),
    mode("string"),
    mode("object"),
    mode("in"),
    mode("conflict"),
    mode("undefined"),
    { path: "/v1/data/app", headers: { authorization: "Bearer secret" } },
    {
      path: "/v1/data/app/x",
      method: "POST",
      body: '{"input":{"x":[1.50]}}',
      headers: { "x-mode": "in" },
    },
    {
      path: "/v1/data/app/x",
      method: "POST",
      body: '{"input":{"x":',
      headers: { "x-mode": "in" },
    },
    { path: "/health" },
  ])("%j", async (asked) => {
    const [ours, theirs] = await Promise.all(doors.map((door) => ask(door, asked)));
    // Where values conflict, a module names the rule that came second, and no column.
    const place = /"(row|col)": \d+/g;
    expect(ours?.replace(place, "")).toBe(theirs?.replace(place, ""));
  });

  test("without a policy nobody is let in", async () => {
    const empty = await startBoth(["--authorization=basic"]);
    const [ours, theirs] = await Promise.all(empty.map((door) => ask(door, { path: "/v1/data" })));
    expect(theirs).toContain("500");
    expect(ours).toBe(theirs);
  }, 60_000);
});

describe.skipIf(!hasOpa || !hasOpenssl)("TLS", () => {
  const pem = (name: string): Buffer => readFileSync(at(name));
  const files = "--tls-cert-file server.pem --tls-private-key-file server.key".split(" ");

  test("a client's certificate is its identity, and without one nobody is let in", async () => {
    const tls = { ca: pem("ca.pem"), cert: pem("client.pem"), key: pem("client.key") };
    const doors = await startBoth(
      [
        ...files,
        ..."--tls-ca-cert-file ca.pem --authentication=tls --authorization=basic authz.rego".split(" "),
      ],
      tls,
    );
    const [ours, theirs] = await Promise.all(doors.map((door) => ask(door, { path: "/v1/data" })));
    expect(theirs).toContain("alice");
    const seen = (answer: string | undefined): unknown =>
      JSON.parse((JSON.parse((answer ?? "").slice("401 ".length)) as { message: string }).message);
    expect(seen(ours)).toStrictEqual(seen(theirs));
    for (const door of doors)
      expect(await ask({ ...door, tls: { ca: tls.ca } }, { path: "/health" })).toBe("refused");
  }, 120_000);

  test("versions of TLS that are too old are refused, and plain HTTP as well", async () => {
    const doors = await startBoth([...files, "--min-tls-version=1.3", "app.rego"], { ca: pem("ca.pem") });
    for (const door of doors) {
      const handshake = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<string> =>
        new Promise((resolve) => {
          const socket = connect({ port: door.port!, host: "127.0.0.1", ca: pem("ca.pem"), maxVersion });
          socket.on("secureConnect", () => resolve(socket.getProtocol() ?? ""));
          socket.on("error", () => resolve("refused"));
          socket.on("close", () => resolve("refused"));
        });
      expect(await handshake("TLSv1.3")).toBe("TLSv1.3");
      expect(await handshake("TLSv1.2")).toBe("refused");
    }
  }, 120_000);

  test("a certificate that is replaced on disk is served soon", async () => {
    copyFileSync(at("server.pem"), at("live.pem"));
    copyFileSync(at("server.key"), at("live.key"));
    const port = await freePort();
    const tls = { ca: pem("ca.pem") };
    await start(
      "reeve",
      [
        "--addr",
        `127.0.0.1:${port}`,
        ..."--tls-cert-file live.pem --tls-private-key-file live.key --tls-cert-refresh-period 100ms app.rego".split(
          " ",
        ),
      ],
      { port, tls },
    );
    const served = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", ca: tls.ca });
        socket.on("error", reject);
        socket.on("secureConnect", () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
      });
    expect(await served()).toBe("server");
    // For a moment the two do not fit together: the old pair stays.
    copyFileSync(at("other.pem"), at("live.pem"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await served()).toBe("server");
    copyFileSync(at("other.key"), at("live.key"));
    await expect.poll(served, { timeout: 10_000 }).toBe("other");
  }, 60_000);

  test.each([
    [["--tls-cert-file", "server.pem"]],
    [["--tls-private-key-file", "server.key"]],
    [["--tls-cert-file", "none.pem", "--tls-private-key-file", "server.key"]],
    [["--tls-cert-file", "server.pem", "--tls-private-key-file", "client.key"]],
    [[...files, "--tls-ca-cert-file", "none.pem"]],
    [[...files, "--tls-ca-cert-file", "server.key"]],
    [[...files, "--tls-cipher-suites", "TLS_NOT_KNOWN"]],
  ])("%j is refused in the same words", (flags) => {
    const [ours, theirs] = both(["run", "-s", "--addr", "127.0.0.1:0", ...flags], { cwd: folder });
    expect(theirs.status).not.toBe(0);
    expect(ours.status).not.toBe(0);
    const failure = ({ stdout, stderr }: Printed): string | undefined =>
      /^error: .*$/m.exec(stdout + stderr)?.[0];
    expect(failure(theirs)).toBeDefined();
    expect(failure(ours)).toBe(failure(theirs));
  });
});

describe.skipIf(!hasOpa)("addresses", () => {
  test("a Unix socket has the permissions that were asked for", async () => {
    for (const program of ["reeve", "opa"] as const) {
      const socketPath = at(`${program}.sock`);
      await start(program, ["--addr", `unix://${socketPath}`, "--unix-socket-perm=600", "app.rego"], {
        socketPath,
      });
      await expect.poll(() => statSync(socketPath).mode & 0o777, { timeout: 5_000 }).toBe(0o600);
      expect(await ask({ socketPath }, { path: "/v1/data/app" })).toBe('200 {"result":{}}\n');
      chmodSync(socketPath, 0o700);
    }
  }, 60_000);

  test("an address for diagnostics answers nothing else", async () => {
    for (const program of ["reeve", "opa"] as const) {
      const [port, apart] = [await freePort(), await freePort()];
      await start(
        program,
        ["--addr", `127.0.0.1:${port}`, "--diagnostic-addr", `127.0.0.1:${apart}`, "app.rego"],
        { port },
      );
      expect(await ask({ port: apart }, { path: "/health" })).toBe("200 {}\n");
      expect(await ask({ port: apart }, { path: "/metrics" })).toContain("200 # HELP");
      expect(await ask({ port: apart }, { path: "/v1/data/app" })).toBe("404 404 page not found\n");
    }
  }, 60_000);
});

test.each([
  [["--h2c"], /--h2c: HTTP\/2 without TLS is not spoken/],
  [["--pprof"], /--pprof: there are no Go profiles/],
  [["--authentication=tls"], /--authentication=tls needs --tls-cert-file/],
  [["--unix-socket-perm=abc"], /must be an octal number/],
  [["--addr", "foo://x:1"], /invalid url scheme "foo"/],
  [["--addr", "https://127.0.0.1:0"], /TLS certificate required but not supplied/],
])("%j: one clear line", (flags, wanted) => {
  const ours = reeve(["run", "-s", ...flags], folder);
  expect(ours.status).not.toBe(0);
  expect(ours.stderr.split("\n")[0]).toMatch(wanted);
  expect(ours.stderr).not.toContain("    at ");
});
