// Plays every attack of this folder through a guarded task with the policy library compiled to Wasm.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Catalogue,
  CATALOGUE_VERSION,
  type CatalogueDocument,
  type ToolFacts,
} from "../../src/ai/catalogue.ts";
import { MemoryLedgerStore } from "../../src/ai/ledger.ts";
import { GuardedTask } from "../../src/ai/task.ts";
import { build } from "../../src/build.ts";
import { builtins } from "../../src/builtins/registry.ts";
import { prepare } from "../../src/engine/engine.ts";
import { fromPlain } from "../../src/value/json.ts";
import { number } from "../../src/value/number.ts";
import { object } from "../../src/value/object.ts";
import type { RegoObject, Value } from "../../src/value/value.ts";

interface CallStep {
  readonly call: string;
  readonly arguments: Record<string, unknown>;
  readonly expect: string;
  readonly code?: string;
  readonly server?: string;
  readonly shown?: Partial<ToolFacts>;
  readonly approve?: string;
  readonly result?: unknown;
}

type Step = CallStep | { readonly said: string } | { readonly together: readonly CallStep[] };

interface Attack {
  readonly attack: string;
  readonly site: object;
  readonly tools?: readonly string[];
  readonly steps: readonly Step[];
}

const PATH = "ai/calls/decision";
const here = new URL("./", import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, here), "utf8"));
const tools = read("tools.json") as CatalogueDocument["tools"];
const catalogue: CatalogueDocument = { version: CATALOGUE_VERSION, tools };
const names = readdirSync(here).filter((name) => existsSync(new URL(`${name}/attack.json`, here)));

let wasm: Uint8Array;
beforeAll(async () => {
  const { bundle } = await build({ paths: ["rego"], asBundle: true, target: "wasm", entrypoints: [PATH] });
  wasm = bundle.wasm[0]!.bytes;
}, 60_000);

function argumentsOf(step: CallStep): RegoObject {
  const exact = (value: unknown): Value => {
    const digits = (value as { number?: unknown } | null)?.number;
    return typeof digits === "string" ? number(digits) : fromPlain(value);
  };
  return object(Object.entries(step.arguments).map(([name, value]): [Value, Value] => [name, exact(value)]));
}

async function play(attack: Attack): Promise<void> {
  const engine = prepare({
    wasm,
    data: { value: fromPlain({ site: { ...attack.site, catalogue } }) },
    builtins,
  });
  let shown: Partial<ToolFacts> | undefined;
  const task = await GuardedTask.open({
    id: "t",
    catalogue: new Catalogue(catalogue),
    ledger: { store: new MemoryLedgerStore(), nowMs: () => 0 },
    decider: {
      decide: async ({ path, input }) => ({
        decisionId: "",
        result: engine.evaluate(path, { value: input }).value,
      }),
    },
    path: PATH,
    shown: () => shown as ToolFacts | undefined,
    ...(attack.tools !== undefined && { tools: attack.tools }),
  });
  let count = 0;
  const make = async (step: CallStep): Promise<void> => {
    const id = `c${count++}`;
    shown = step.shown;
    const known = Object.hasOwn(tools, step.call) ? tools[step.call]?.server : undefined;
    const answer = await task.ask({
      id,
      tool: step.call,
      server: step.server ?? known ?? "files",
      arguments: argumentsOf(step),
      subject: fromPlain({ type: "user", id: "user" }),
      agent: fromPlain({ id: "bot", identity: { verified: true } }),
      context: object([]),
    });
    const codes = answer.reasons.map(({ code }) => code);
    expect([step.call, step.arguments, answer.effect, codes]).toEqual([
      step.call,
      step.arguments,
      step.expect,
      step.code === undefined ? codes : expect.arrayContaining([step.code]),
    ]);
    const digest = (answer.input.get("action") as RegoObject).get("digest") as string;
    if (step.approve !== undefined) await task.approved(digest, id, step.approve);
    if (step.result !== undefined) await task.returned(id, fromPlain(step.result));
  };
  for (const step of attack.steps) {
    if ("said" in step) await task.userSaid(step.said);
    else if ("together" in step) await Promise.all(step.together.map(make));
    else await make(step);
  }
}

describe("attacks", () => {
  expect(names.length).toBeGreaterThan(15);
  test.each(names)("%s", async (name) => {
    await play(read(`${name}/attack.json`) as Attack);
  });
});
