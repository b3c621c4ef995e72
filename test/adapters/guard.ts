// A guard for the adapters' tests: real policies compiled to Wasm, over the examples' site, or one whose answer each call chooses itself.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readCatalogue } from "../../src/ai/catalogue.ts";
import type { Decider } from "../../src/ai/decider.ts";
import { createGuard, type GuardedTask } from "../../src/ai/guard.ts";
import { type LedgerStore, MemoryLedgerStore } from "../../src/ai/ledger.ts";
import { build, compileWhole } from "../../src/build.ts";
import { builtins } from "../../src/builtins/registry.ts";
import { prepare } from "../../src/engine/engine.ts";
import { fromPlain } from "../../src/value/json.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { site } = JSON.parse(readFileSync(`${root}examples/site/data.json`, "utf8")) as {
  site: { catalogue: object };
};

/** The decision is the argument `effect`; `transform` doubles `n`, `undefined` gives none, `conflict` fails; once a person approved, allow. */
const POLICY = `package test

decision := {"effect": e, "reasons": [{"code": "permitted", "message": sprintf("%v it is", [e])}]} if {
	e := effect
	e in {"allow", "deny"}
}

decision := {"effect": "approve", "reasons": [{"code": "approval_required", "message": "somebody must agree"}]} if {
	effect == "approve"
	not agreed
}

decision := {"effect": "allow", "reasons": []} if {
	effect == "approve"
	agreed
}

decision := {"effect": "transform", "reasons": [], "transform": {"n": input.action.arguments.n * 2}} if effect == "transform"

decision := {"effect": "allow", "reasons": [], "obligations": [{"id": "o", "type": "unheard-of"}]} if effect == "obligation"

decision := x if {
	effect == "conflict"
	some x in [1, 2]
}

decision := {"effect": "allow", "reasons": []} if {
	effect == "once"
	object.get(input.session.counters.by_tool, input.tool.name, 0) == 0
}

default effect := "undefined"

effect := input.action.arguments.effect

agreed if input.context.approval.digest == input.action.digest

names := ["act"]
`;

/** A store that takes every event but results. */
export class ForgetfulStore extends MemoryLedgerStore {
  override append(task: string, event: Parameters<MemoryLedgerStore["append"]>[1]): void {
    if (event.type === "returned") throw new Error("disk full");
    super.append(task, event);
  }
}

const LIBRARY = "ai/calls/decision";
let library: Promise<Decider> | undefined;
let chosen: Decider | undefined;

function over(wasm: Uint8Array, data: object = {}): Decider {
  const engine = prepare({ wasm, data: { value: fromPlain(data) }, builtins });
  return {
    decide: async ({ path, input }) => ({
      decisionId: "d",
      result: engine.evaluate(path, { value: input }).value,
    }),
  };
}

export function chosenDecider(): Decider {
  chosen ??= over(compileWhole([{ file: "test.rego", text: POLICY }]));
  return chosen;
}

export async function libraryTask(
  id = "t",
  store: LedgerStore = new MemoryLedgerStore(),
): Promise<GuardedTask> {
  library ??= build({
    paths: [`${root}rego`],
    asBundle: true,
    target: "wasm",
    entrypoints: [LIBRARY],
  }).then(({ bundle }) => over((bundle.wasm[0] as { bytes: Uint8Array }).bytes, { site }));
  return open(id, store, await library, LIBRARY);
}

export function chosenTask(id = "t", store: LedgerStore = new MemoryLedgerStore()): Promise<GuardedTask> {
  return open(id, store, chosenDecider(), "test/decision");
}

function open(id: string, store: LedgerStore, decider: Decider, path: string): Promise<GuardedTask> {
  const catalogue = readCatalogue(fromPlain(site.catalogue));
  return createGuard({ decider, path, catalogue: () => catalogue, store, nowMs: () => 0 }).task(id);
}
