// The tables of the benchmark. Each makes its scenario, has all contestants agree, and times them in one process. In: nothing. Out: rows,
// and figures that are no times (bytes, counts). Names of rows are what goals.ts looks for.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type * as Build from "../../src/build.ts";
import type { SourceText } from "../../src/compile/compile.ts";
import { AUTHZ, byHand, dice, ENTRYPOINT, grants, inputs } from "./authz.ts";
import { agree, type Contestant, measure, type Row, rowOf } from "./measure.ts";
import { applications } from "./applications.ts";
import { cedarOn } from "./cedar-applications.ts";
import { hostile } from "./hostile.ts";
import { overHttp } from "./http.ts";
import { switches } from "./switches.ts";
import {
  engine,
  nullModule,
  opas,
  opaVersion,
  ours,
  type StockPolicy,
  stock,
  withWriter,
} from "./modules.ts";
import { peers } from "./peers.ts";

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly figures: Readonly<Record<string, number>>;
}

export type Tables = Readonly<Record<string, () => Promise<Table>>>;

const rego = (text: string): SourceText[] => [{ file: "policy.rego", text }];
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const bufferOf = (bytes: Uint8Array): ArrayBuffer => bytes.buffer.slice(0) as ArrayBuffer;
const now = (): number => Number(process.hrtime.bigint());

/** `opa_eval` called straight, the input's bytes copied in as every host does. */
function inside(policy: StockPolicy, inputs: readonly Uint8Array[]): (index: number) => unknown {
  const { opa_eval } = policy.wasmInstance.exports;
  const memory = new Uint8Array(policy.mem.buffer);
  return (index) => {
    const bytes = inputs[index % inputs.length]!;
    const view = memory.length === policy.mem.buffer.byteLength ? memory : new Uint8Array(policy.mem.buffer);
    view.set(bytes, policy.dataHeapPtr);
    const heap = policy.dataHeapPtr + bytes.length;
    let at = opa_eval!(0, 0, policy.dataAddr, policy.dataHeapPtr, bytes.length, heap, 0);
    // The answer is `[{"result":true}]` or `[{"result":false}]`: its twelfth character tells.
    at += 11;
    return view[at] === 0x74;
  };
}

async function authz(large: boolean): Promise<Table> {
  const all = grants(20);
  const objects = inputs(large);
  const texts = objects.map((input) => JSON.stringify(input));
  const bytes = objects.map(bytesOf);
  const buffers = bytes.map(bufferOf);
  const own = engine(ours(rego(AUTHZ), [ENTRYPOINT]), { value: { grants: all } });
  const hosted = stock(ours(rego(AUTHZ), [ENTRYPOINT]), { grants: all });
  const nothing = stock(nullModule(ENTRYPOINT), {});
  const opa = opas(rego(AUTHZ), [ENTRYPOINT]);
  const decide = byHand(all);
  const generated = await withWriter(ours(rego(AUTHZ), [ENTRYPOINT]), { value: { grants: all } });
  const contestants: Contestant[] = [
    { name: "hand-written JavaScript", run: (index) => decide(objects[index & 63]!) },
    {
      name: "our engine, object in, generated writer",
      run: (index) => generated.evaluate(0, { value: objects[index & 63] }).value === true,
    },
    {
      name: "our engine, object in",
      run: (index) => own.evaluate(0, { value: objects[index & 63] }).value === true,
    },
    {
      name: "our engine, bytes in",
      run: (index) => own.evaluate(0, { json: bytes[index & 63]! }).value === true,
    },
    {
      name: "our engine, object in, evaluateAsync",
      waits: true,
      run: async (index) => (await own.evaluateAsync(0, { value: objects[index & 63] })).value === true,
    },
    {
      name: "our module, opa-wasm host, object in",
      run: (index) => hosted.evaluate(objects[index & 63])[0]!.result,
    },
    {
      name: "our module, opa-wasm host, bytes in",
      run: (index) => hosted.evaluate(buffers[index & 63])[0]!.result,
    },
    { name: "our module, opa_eval alone", run: inside(hosted, bytes) },
  ];
  if (opa !== undefined) {
    const policy = stock(opa, { grants: all });
    contestants.push(
      {
        name: "OPA's module, opa-wasm host, object in",
        run: (index) => policy.evaluate(objects[index & 63])[0]!.result,
      },
      {
        name: "OPA's module, opa-wasm host, bytes in",
        run: (index) => policy.evaluate(buffers[index & 63])[0]!.result,
      },
      { name: "OPA's module, opa_eval alone", run: inside(policy, bytes) },
    );
  }
  const timed = await measure([...contestants, ...(await peers(all, objects))], { inputs: 64 });
  // Yardsticks answer something else, so they have a race of their own.
  const yardsticks = await measure(
    [
      { name: "yardstick: JSON.stringify", run: (index) => JSON.stringify(objects[index & 63]).length > 0 },
      { name: "yardstick: JSON.parse", run: (index) => JSON.parse(texts[index & 63]!) !== undefined },
      {
        name: "yardstick: null module, opa-wasm host",
        run: (index) => nothing.evaluate(objects[index & 63])[0]!.result,
      },
      {
        name: "yardstick: null module, opa-wasm host, bytes in",
        run: (index) => nothing.evaluate(buffers[index & 63])[0]!.result,
      },
    ],
    { inputs: 1 },
  );
  const wasm = ours(rego(AUTHZ), [ENTRYPOINT]);
  return {
    title: `Roles and attributes, ${large ? "7 KB" : "0.5 KB"} of input`,
    rows: [
      ...timed,
      ...yardsticks,
      ...opaBench("opa bench, in Go, one input", AUTHZ, "data.authz.allow", { grants: all }, objects[0]),
      ...(await wholePrograms({ grants: all }, objects[0], await contestants[0]!.run(0))),
    ],
    figures: {
      "input bytes": Math.round(bytes.reduce((sum, item) => sum + item.length, 0) / 64),
      "our module bytes": wasm.length,
      "our module bytes, gzip": gzipSync(wasm).length,
      ...(opa && { "OPA's module bytes": opa.length, "OPA's module bytes, gzip": gzipSync(opa).length }),
    },
  };
}

/** `count` rules of which an equality chooses one. */
export function equalityRules(count: number): string {
  const rules = Array.from(
    { length: count },
    (_, index) => `allow if {\n\tinput.action == "action-${index}"\n\tinput.role == "role-${index % 7}"\n}\n`,
  );
  return `package rules\n\ndefault allow := false\n\n${rules.join("\n")}`;
}

const OTHER_KEYS: Readonly<Record<string, (index: number) => string>> = {
  membership: (index) => `allow if input.action in {"action-${index}", "also-${index}"}`,
  prefix: (index) => `allow if startswith(input.action, "action-${index}")`,
  glob: (index) => `allow if glob.match("action-${index}:*", [":"], input.action)`,
  "ref head": (index) => `allowed["action-${index}"] if input.role == "role-${index % 7}"`,
};

async function rules(): Promise<Table> {
  const asked = Array.from({ length: 64 }, (_, index) => ({
    action: `action-${index % 12}`,
    role: `role-${index % 7}`,
  }));
  const rows: Row[] = [];
  const contestants: Contestant[] = [];
  for (const count of [10, 200, 10_000]) {
    const source = rego(equalityRules(count));
    const own = engine(ours(source, ["rules/allow"]), "{}");
    const ask = asked.map(({ action, role }, index) => ({
      action:
        index % 4 === 3
          ? "none"
          : action.replace(/\d+/, (at) => String(Math.floor((Number(at) * count) / 12))),
      role: index % 2 === 0 ? role : `role-${Math.floor(((index % 12) * count) / 12) % 7}`,
    }));
    contestants.push({
      name: `our engine, ${count} equality rules`,
      run: (index) => own.evaluate(0, { value: ask[index & 63] }).value === true,
    });
    if (opaVersion === undefined || count > 200) continue;
    const policy = stock(opas(source, ["rules/allow"])!, {});
    const theirs: Contestant = {
      name: `OPA's module, ${count} equality rules`,
      run: (index) => policy.evaluate(ask[index & 63])[0]!.result,
    };
    await agree([contestants.at(-1)!, theirs], 64);
    rows.push(...(await measure([theirs], { inputs: 1 })));
  }
  const last = { action: "action-9999", role: "role-3" };
  rows.push(
    ...opaBench(
      "opa bench, in Go, 10000 equality rules",
      equalityRules(10_000),
      "data.rules.allow",
      {},
      last,
    ),
  );
  // One race for what is compared: in races of their own, whoever comes first has its code optimised for it alone.
  rows.push(...(await measure(contestants, { inputs: 1 })));
  for (const [kind, rule] of Object.entries(OTHER_KEYS)) {
    const race: Contestant[] = [];
    for (const count of [10, 1000]) {
      const body = Array.from({ length: count }, (_, index) => rule(index)).join("\n");
      const head = kind === "ref head" ? "allow if allowed[input.action]\n" : "";
      const own = engine(
        ours(rego(`package rules\n\ndefault allow := false\n${head}${body}\n`), ["rules/allow"]),
        "{}",
      );
      race.push({
        name: `our engine, ${count} ${kind} rules`,
        run: (index) => own.evaluate(0, { value: asked[index & 63] }).value === true,
      });
    }
    rows.push(...(await measure(race, { inputs: 1 })));
  }
  return { title: "Many rules, one of which applies", rows, figures: {} };
}

async function scans(): Promise<Table> {
  const objects = inputs(false);
  const rows: Row[] = [];
  const figures: Record<string, number> = {};
  const sizes: Contestant[] = [];
  for (const count of [20, 500, 10_000]) {
    const all = grants(count);
    const own = engine(ours(rego(AUTHZ), [ENTRYPOINT]), { value: { grants: all } });
    const decide = byHand(all);
    const sized: Contestant = {
      name: `our engine, ${count} grants`,
      run: (index) => own.evaluate(0, { value: objects[index & 63] }).value === true,
    };
    const contestants: Contestant[] = [
      { name: `hand-written JavaScript, ${count} grants`, run: (index) => decide(objects[index & 63]!) },
    ];
    const opa = opas(rego(AUTHZ), [ENTRYPOINT]);
    if (opa !== undefined) {
      const policy = stock(opa, { grants: all });
      const hosted = stock(ours(rego(AUTHZ), [ENTRYPOINT]), { grants: all });
      contestants.push(
        {
          name: `our module, opa-wasm host, ${count} grants`,
          run: (index) => hosted.evaluate(objects[index & 63])[0]!.result,
        },
        {
          name: `OPA's module, opa-wasm host, ${count} grants`,
          run: (index) => policy.evaluate(objects[index & 63])[0]!.result,
        },
      );
    }
    await agree([sized, ...contestants], 64);
    sizes.push(sized);
    rows.push(...(await measure(contestants, { inputs: 64, rounds: 5 })));
  }
  // One race for what is compared: the machine may be twice as fast a moment later.
  rows.unshift(...(await measure(sizes, { inputs: 1 })));
  return { title: "Grants in data, searched by role, action and type", rows, figures };
}

async function library(): Promise<Table> {
  const sources = ["rego/ai"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"))
      .map((name) => ({ file: join(folder, name), text: readFileSync(join(folder, name), "utf8") })),
  );
  const data = JSON.parse(readFileSync("bundles/ai-tools/data.json", "utf8"));
  const folder = "bundles/ai-tools/inputs";
  const objects = readdirSync(folder).map((name) =>
    JSON.parse(readFileSync(join(folder, name, "input.json"), "utf8")),
  );
  const entrypoint = "ai/decision";
  const wasm = ours(sources, [entrypoint]);
  const own = engine(wasm, { value: data });
  const bytes = objects.map(bytesOf);
  const contestants: Contestant[] = [
    {
      name: "our engine, object in",
      run: (index) =>
        (own.evaluate(0, { value: objects[index % objects.length] }).results[0] as { result: unknown })
          .result,
    },
    {
      name: "our engine, bytes in",
      run: (index) =>
        (own.evaluate(0, { json: bytes[index % objects.length]! }).results[0] as { result: unknown }).result,
    },
  ];
  return {
    title: "The policy library on tool calls, whole decisions out",
    rows: await measure(contestants, { inputs: objects.length }),
    figures: { "our module bytes": wasm.length, "our module bytes, gzip": gzipSync(wasm).length },
  };
}

const VALIDATION = `package validation

deny contains concat(" ", [item.id, "has no name"]) if {
	some item in input.items
	count(item.name) == 0
}

deny contains concat(" ", [item.id, "costs nothing"]) if {
	some item in input.items
	item.price <= 0
}

deny contains concat(" ", [item.id, "is for nobody"]) if {
	some item in input.items
	not item.owner in input.owners
}

valid if count(deny) == 0
`;

function items(count: number): { owners: string[]; items: unknown[] } {
  const pick = dice(3);
  return {
    owners: Array.from({ length: 40 }, (_, index) => `owner-${index}`),
    items: Array.from({ length: count }, (_, index) => ({
      id: `item-${index}`,
      name: `An item with a name that is number ${index}`,
      price: 1 + pick(1000) / 4,
      owner: `owner-${pick(40)}`,
      labels: { colour: "red", weight: pick(500), shelf: `shelf "${pick(90)}"` },
    })),
  };
}

async function documents(): Promise<Table> {
  const rows: Row[] = [];
  const shapes: [name: string, value: unknown][] = [
    ["0.5 KB", inputs(false)[0]],
    ["7 KB", inputs(true)[0]],
    ["43 KB", items(260)],
    ["460 KB", { grants: grants(9000) }],
    ["2 MB", items(12_000)],
  ];
  for (const [name, value] of shapes) {
    const text = JSON.stringify(value);
    const bytes = new TextEncoder().encode(text);
    const policy = stock(ours(rego(AUTHZ), [ENTRYPOINT]), {});
    const { exports } = policy.wasmInstance;
    const start = policy.dataHeapPtr;
    const missing = start + bytes.length * 12 - policy.mem.buffer.byteLength;
    if (missing > 0) policy.mem.grow(Math.ceil(missing / 65536));
    const memory = new Uint8Array(policy.mem.buffer);
    memory.set(bytes, start);
    rows.push(
      ...(await measure(
        [
          {
            name: `the module reads ${name}`,
            run: () => {
              exports.opa_heap_ptr_set!(start + bytes.length);
              return exports.json_parse_in_place!(start, bytes.length) !== 0;
            },
          },
          { name: `JSON.parse reads ${name}`, run: () => JSON.parse(text) !== undefined },
        ],
        { inputs: 1, rounds: 5 },
      )),
    );
  }
  const large = items(3600);
  const wasm = ours(rego(VALIDATION), ["validation/valid"]);
  const validating = engine(wasm, "{}");
  const hosted = stock(wasm, {});
  const contestants: Contestant[] = [
    {
      name: "our engine, 700 KB object in",
      run: () => validating.evaluate(0, { value: large }).value === true,
    },
    {
      name: "our engine, 700 KB bytes in",
      run: () => validating.evaluate(0, { json: bytesLarge }).value === true,
    },
    { name: "our module, opa-wasm host, 700 KB", run: () => hosted.evaluate(large)[0]!.result },
  ];
  const bytesLarge = bytesOf(large);
  const opa = opas(rego(VALIDATION), ["validation/valid"]);
  if (opa !== undefined) {
    const policy = stock(opa, {});
    contestants.push({
      name: "OPA's module, opa-wasm host, 700 KB",
      run: () => policy.evaluate(large)[0]!.result,
    });
  }
  rows.push(...(await measure(contestants, { inputs: 1, rounds: 5 })));
  return { title: "Reading JSON, and a validation of 700 KB", rows, figures: {} };
}

async function data(): Promise<Table> {
  const rows: Row[] = [];
  const figures: Record<string, number> = {};
  const wasm = ours(rego(AUTHZ), [ENTRYPOINT]);
  const loaded: [megabytes: number, engine: ReturnType<typeof engine>][] = [];
  for (const megabytes of [1, 10, 100]) {
    const bytes = bytesOf({ settings: {}, grants: grants(megabytes * 18_500) });
    const text = new TextDecoder().decode(bytes);
    const own = engine(wasm, "{}");
    rows.push(
      ...(await measure(
        [
          { name: `our engine, setData of ${megabytes} MB`, run: () => own.setData(bytes) },
          { name: `JSON.parse of ${megabytes} MB`, run: () => void JSON.parse(text) },
        ],
        { inputs: 1, rounds: megabytes === 100 ? 1 : 3, roundMs: 1 },
      )),
    );
    figures[`data of ${megabytes} MB, bytes of JSON`] = bytes.length;
    figures[`data of ${megabytes} MB, linear memory`] = own.memoryBytes;
    for (let index = 0; index < 10_000; index++) patching(own)(index);
    figures[`data of ${megabytes} MB, growth over 10,000 patches`] =
      own.memoryBytes - figures[`data of ${megabytes} MB, linear memory`]!;
    loaded.push([megabytes, own]);
  }
  for (const [what, patch] of [
    ["one key", patching],
    ["an indexed element", patchingElement],
  ] as const) {
    const race = loaded.map(([megabytes, own]) => ({
      name: `patch of ${what}, data of ${megabytes} MB`,
      run: patch(own),
    }));
    rows.push(...(await measure(race, { inputs: 1 })));
  }
  for (const [megabytes, own] of loaded)
    figures[`data of ${megabytes} MB, linear memory after the patches`] = own.memoryBytes;
  return { title: "Loading data", rows, figures };
}

function patching(own: ReturnType<typeof engine>): (index: number) => unknown {
  return (index) =>
    own.patchData([{ op: "upsert", path: ["settings", "level"], value: { value: index % 7 } }]);
}

/** A key that an index goes by: the entry moves to another chain of it. */
function patchingElement(own: ReturnType<typeof engine>): (index: number) => unknown {
  return (index) =>
    own.patchData([
      {
        op: "replace",
        path: ["grants", String(index & 63), "role"],
        value: { value: `role-${(index * 7) % 997}` },
      },
    ]);
}

async function known(): Promise<Table> {
  const rows: Row[] = [];
  for (const { name, rego: text, entrypoint, make } of applications) {
    const wasm = ours(rego(text), [entrypoint]);
    const opa = opas(rego(text), [entrypoint]);
    for (const entities of [5, 50, 500]) {
      const { data: all, inputs: asked } = make(entities);
      const own = engine(wasm, { value: all });
      const contestants: Contestant[] = [
        {
          name: `our engine, ${name}, ${entities} entities`,
          run: (index) => own.evaluate(0, { value: asked[index & 63] }).value === true,
        },
      ];
      if (opa !== undefined) {
        const policy = stock(opa, all);
        contestants.push({
          name: `OPA's module, opa-wasm host, ${name}, ${entities} entities`,
          run: (index) => policy.evaluate(asked[index & 63])[0]!.result,
        });
      }
      contestants.push(...cedarOn(name, entities, all, asked));
      rows.push(...(await measure(contestants, { inputs: 64, rounds: 5 })));
    }
  }
  return { title: "Applications that engines are often compared on, in Rego", rows, figures: {} };
}

/** What `opa bench` says of the same decision in Go, with one of the inputs. */
function opaBench(name: string, policy: string, query: string, data: unknown, input: unknown): Row[] {
  if (opaVersion === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const files = {
    "policy.rego": policy,
    "data.json": JSON.stringify(data),
    "input.json": JSON.stringify(input),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const asked = ["-d", "policy.rego", "-d", "data.json", "-i", "input.json", query];
  const done = spawnSync("opa", ["bench", "--format", "json", ...asked], { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  if (done.status !== 0) throw new Error(`opa bench: ${done.stderr}`);
  const { N, T, Extra } = JSON.parse(done.stdout) as { N: number; T: number; Extra: Record<string, number> };
  const time = (name: string): number => Extra[`histogram_timer_rego_query_eval_ns_${name}`] ?? T / N;
  return [{ name, ns: T / N, low: time("min"), high: time("max"), calls: N }];
}

/** `opa eval` and `reeve eval` with the policy, the data and one input in files: each a process that reads, compiles and decides once. */
async function wholePrograms(data: unknown, input: unknown, answer: unknown): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  writeFileSync(join(folder, "policy.rego"), AUTHZ);
  writeFileSync(join(folder, "data.json"), JSON.stringify(data));
  writeFileSync(join(folder, "input.json"), JSON.stringify(input));
  const asked = ["eval", "-f", "json", "-d", "policy.rego", "-d", "data.json", "-i", "input.json"];
  const evaluated = (program: string, ...args: string[]): unknown => {
    const { status, stderr, stdout } = spawnSync(program, [...args, ...asked, "data.authz.allow"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
    const { result } = JSON.parse(stdout) as { result: { expressions: { value: unknown }[] }[] };
    const { value } = result[0]!.expressions[0]!;
    if (value !== answer) throw new Error(`${program} answers ${value}, the others ${answer}`);
    return value;
  };
  const contestants: Contestant[] = [
    {
      name: "reeve eval, whole process",
      run: () => evaluated(process.execPath, join(process.cwd(), "dist/cli/main.js")),
    },
  ];
  if (opaVersion !== undefined)
    contestants.push({ name: "opa eval, whole process", run: () => evaluated("opa") });
  const rows = await measure(contestants, { inputs: 1, rounds: 5, roundMs: 10 });
  rmSync(folder, { recursive: true, force: true });
  return rows;
}

async function http(): Promise<Table> {
  const rows: Row[] = [];
  const figures: Record<string, number> = {};
  for (const { name, perSecond, p50Ns, p99Ns } of await overHttp()) {
    rows.push({ name: `${name}, p50`, ns: p50Ns, low: p50Ns, high: p99Ns, calls: Math.round(perSecond) });
    rows.push({ name: `${name}, p99`, ns: p99Ns, low: p99Ns, high: p99Ns, calls: Math.round(perSecond) });
    figures[`${name}, decisions a second`] = perSecond;
  }
  return { title: "Over HTTP with decision logging, 16 connections", rows, figures };
}

/** Blocks of a million decisions each: a share of one block says as much of what else the machine did in that second as of the engine. */
const BLOCKS = 45;

async function steady(): Promise<Table> {
  const objects = inputs(false);
  const own = engine(ours(rego(AUTHZ), [ENTRYPOINT]), { value: { grants: grants(20) } });
  const calls = 1_000_000;
  const times = new Float64Array(calls);
  for (let warm = 0; warm < 100_000; warm++) own.evaluate(0, { value: objects[warm & 63] });
  const before = own.memoryBytes;
  const shares: readonly (readonly [name: string, share: number, blocks: number[]])[] = [
    ["p50 of a million decisions", 0.5, []],
    ["p99 of a million decisions", 0.99, []],
    ["p99.9 of a million decisions", 0.999, []],
  ];
  for (let block = 0; block < BLOCKS; block++) {
    for (let call = 0; call < calls; call++) {
      const start = now();
      own.evaluate(0, { value: objects[call & 63] });
      times[call] = now() - start;
    }
    times.sort();
    for (const [, share, blocks] of shares) blocks.push(times[Math.floor(calls * share)]!);
  }
  const growth = own.memoryBytes - before;
  return {
    title: `${BLOCKS} blocks of a million decisions one by one, clock included`,
    rows: shares.map(([name, , blocks]) => rowOf(name, blocks, calls)),
    figures: { "memory growth, bytes": growth },
  };
}

/** Fresh processes: from the first import to the first decision. */
/** Processor time as each process tells it itself: its clock also shows what else the machine does, more than the two differ by. */
async function cold(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const wasm = join(folder, "policy.wasm");
  writeFileSync(wasm, ours(rego(AUTHZ), [ENTRYPOINT]));
  const opa = opas(rego(AUTHZ), [ENTRYPOINT]);
  const theirs = join(folder, "opa.wasm");
  if (opa !== undefined) writeFileSync(theirs, opa);
  const input = JSON.stringify(inputs(false)[0]);
  const grantsText = JSON.stringify({ grants: grants(20) });
  const programs: Record<string, string> = {
    "empty process": "",
    "our engine": `import { readFileSync } from "node:fs"; const { prepare } = await import(${JSON.stringify(join(process.cwd(), "dist/engine/engine.js"))});
      prepare({ wasm: readFileSync(${JSON.stringify(wasm)}), data: { value: ${grantsText} } }).evaluate(0, { value: ${input} });`,
    "opa-wasm host, our module": stockProgram(wasm, grantsText, input),
    ...(opa && { "opa-wasm host, OPA's module": stockProgram(theirs, grantsText, input) }),
  };
  const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
  const told = "\nconst { user, system } = process.cpuUsage(); process.stdout.write(String(user + system));";
  for (let round = 0; round < 81; round++) {
    for (const [name, text] of Object.entries(programs)) {
      const file = join(folder, `${name.replace(/\W/g, "")}.mjs`);
      if (round === 0) writeFileSync(file, text + told);
      times.get(name)!.push(Number(execFileSync(process.execPath, [file], { encoding: "utf8" })) * 1000);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const rows = [...times].map(([name, all]) => {
    all.sort((a, b) => a - b);
    return { name, ns: all[all.length >> 1]!, low: all[0]!, high: all.at(-1)!, calls: 1 };
  });
  return { title: "Cold start: processor time of a fresh process to its first decision", rows, figures: {} };
}

const stockProgram = (wasm: string, data: string, input: string): string =>
  `import { readFileSync } from "node:fs"; import { createRequire } from "node:module";
  const sdk = createRequire(${JSON.stringify(join(process.cwd(), "package.json"))})("@open-policy-agent/opa-wasm");
  const policy = sdk.loadPolicySync(readFileSync(${JSON.stringify(wasm)})); policy.setData(${data}); policy.evaluate(${input});`;

/** In one process that goes on compiling, as a server or a watch does; beside it both programs, each started anew. */
async function compiling(): Promise<Table> {
  const rows: Row[] = [];
  for (const count of [10, 1000, 10_000]) {
    const source = rego(equalityRules(count));
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    writeFileSync(join(folder, "policy.rego"), source[0]!.text);
    const asked = ["build", "-t", "wasm", "-e", "rules/allow", "policy.rego", "-o", "bundle.tar.gz"];
    const built = (program: string, ...args: string[]): boolean => {
      const { status, stderr } = spawnSync(program, [...args, ...asked], { cwd: folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${program}: ${stderr}`);
      return true;
    };
    const contestants: Contestant[] = [
      { name: `our compiler, ${count} rules`, run: () => ours(source, ["rules/allow"]).length > 0 },
      {
        name: `reeve build, whole process, ${count} rules`,
        run: () => built(process.execPath, join(process.cwd(), "dist/cli/main.js")),
      },
    ];
    if (opaVersion !== undefined)
      contestants.push({ name: `opa build, whole process, ${count} rules`, run: () => built("opa") });
    rows.push(...(await measure(contestants, { inputs: 1, rounds: 5, roundMs: 10 })));
    rmSync(folder, { recursive: true, force: true });
  }
  return { title: "Compiling", rows, figures: {} };
}

/** A policy of 1,000 modules in files: built from nothing, and after one of them changed by a build that knows the last one. */
async function again(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const module = (index: number, turn: number): string =>
    `package m${index}\n\nallow if {\n\tinput.role == "role-${index}-${turn}"\n\tsome grant in data.grants\n\tgrant.action == input.action\n}\n\nallow if data.m${Math.floor(index / 2)}.exception\n\nexception if input.ticket == "t-${index}"\n`;
  const write = (index: number, turn: number): void =>
    writeFileSync(join(folder, `m${index}.rego`), module(index, turn));
  for (let index = 0; index < 1000; index++) write(index, 0);
  const entrypoints = Array.from({ length: 1000 }, (_, index) => `m${index}/allow`);
  const options = { paths: [folder], target: "wasm", entrypoints } as const;
  // What ships: it finds the runtime beside itself.
  const shipped = join(process.cwd(), "dist/build.js");
  const { BuildCache, build } = (await import(shipped)) as typeof Build;
  const cache = new BuildCache();
  await build({ ...options, cache });
  // Both are asked about the same change.
  let turn = 0;
  const changed = async (with_: Build.BuildCache | undefined): Promise<boolean> => {
    write(500, ++turn);
    return (await build({ ...options, cache: with_ })).wasmBytes > 0;
  };
  write(500, ++turn);
  const [fresh, known] = [await build(options), await build({ ...options, cache })];
  if (Buffer.compare(fresh.bytes, known.bytes) !== 0)
    throw new Error("a build with a cache gives other bytes");
  const contestants: Contestant[] = [
    { name: "1,000 modules from nothing", waits: true, run: () => changed(undefined) },
    { name: "one of 1,000 modules changed", waits: true, run: () => changed(cache) },
  ];
  // Who watches builds again and again: both are measured once V8 has compiled what they do.
  const rows = await measure(contestants, { inputs: 1, rounds: 15, roundMs: 100 });
  rmSync(folder, { recursive: true, force: true });
  return { title: "Building again", rows, figures: {} };
}

export const tables: Tables = {
  "authz-small": () => authz(false),
  "authz-large": () => authz(true),
  rules,
  scans,
  library,
  documents,
  data,
  steady,
  cold,
  compile: compiling,
  watch: again,
  applications: known,
  passes: async () => ({ title: "Passes of the compiler, on and off", rows: await switches(), figures: {} }),
  hostile: async () => ({ title: "Inputs made to cost much", rows: await hostile(), figures: {} }),
  http,
};
