// What each pass of the compiler brings: the same policy with the pass and without it, in one race. In: nothing. Out: scenarios; each is one that the
// pass was made for, so the figures say what it can do, not what it does for every policy.

import { checkSources } from "../../src/compile/compile.ts";
import { plan } from "../../src/compile/plan/planner.ts";
import { emit, type Passes } from "../../src/compile/wasm/emit.ts";
import { AUTHZ, ENTRYPOINT, grants, inputs } from "./authz.ts";
import { asOne, type Contestant, measure, type Row } from "./measure.ts";
import { engine, runtime } from "./modules.ts";

export interface Scenario {
  readonly name: string;
  readonly rego: string;
  readonly entrypoint: string;
  readonly data?: unknown;
  readonly inputs: readonly unknown[];
  readonly off: Passes;
  /** The planner tries rules that can add nothing. */
  readonly exhaustive?: boolean;
  /** Engines of each kind, in turn, where a pass costs so little that where V8 puts the code of a module weighs as much. */
  readonly pairs?: number;
}

const list = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join("\n");
const asked = Array.from({ length: 64 }, (_, index) => ({
  action: `action-${(index * 7) % 240}`,
  role: `role-${index % 7}`,
  deep: { er: { name: "name" } },
  numbers: Array.from({ length: 100 }, (_, at) => at),
}));

export const scenarios: readonly Scenario[] = [
  {
    name: "rule index, 200 rules",
    rego: `package p\ndefault q := false\n${list(200, (at) => `q if {\n\tinput.action == "action-${at}"\n\tinput.role == "role-${at % 7}"\n}`)}`,
    entrypoint: "p/q",
    inputs: asked,
    off: { ruleIndex: false },
  },
  {
    name: "one body for rules of one shape, 200 rules",
    rego: `package p\ndefault q := false\n${list(200, (at) => `q if {\n\tinput.action == "action-${at}"\n\tinput.role == "role-${at % 7}"\n}`)}`,
    entrypoint: "p/q",
    inputs: asked,
    off: { mergeRules: false },
  },
  {
    name: "data index, 500 grants",
    rego: AUTHZ,
    entrypoint: ENTRYPOINT,
    data: { grants: grants(500) },
    inputs: inputs(false),
    off: { dataIndex: false },
  },
  {
    name: "fixed places of the input's parts",
    rego: AUTHZ,
    entrypoint: ENTRYPOINT,
    data: { grants: grants(20) },
    inputs: inputs(false),
    off: { cells: false },
  },
  {
    name: "early exit, a loop whose third turn holds",
    rego: "package p\ndefault q := false\nq if {\n\tsome n in input.numbers\n\tn == 2\n}\nq if {\n\tsome n in input.numbers\n\tn == 3\n}",
    entrypoint: "p/q",
    inputs: asked,
    off: { earlyExit: false },
    exhaustive: true,
  },
  {
    name: "memoised rules, a rule asked for in each of 100 turns",
    rego: 'package p\nlimit := n if {\n\tparts := split("1-2-3-4-50", "-")\n\tn := to_number(parts[4])\n}\nq := count([n | some n in input.numbers; n < limit])',
    entrypoint: "p/q",
    inputs: asked,
    off: { memo: false },
  },
  {
    name: "loop-invariant lookups, a path of data in each of 100 turns",
    rego: "package p\nq := count([n | some n in input.numbers; n < data.settings.limits.numbers.upper])",
    entrypoint: "p/q",
    data: { settings: { limits: { numbers: { upper: 50 } } } },
    inputs: asked,
    off: { loopInvariants: false, commonLookups: false },
  },
  {
    name: "common lookups, a path of data in 40 rules",
    rego: `package p\n${list(40, (at) => `q contains ${at} if data.settings.limits.numbers.upper > ${at + 20}`)}`,
    entrypoint: "p/q",
    data: { settings: { limits: { numbers: { upper: 50 } } } },
    inputs: asked,
    off: { commonLookups: false },
  },
  {
    name: "constant folding, a set of 20 texts",
    rego: `package p\ndefault q := false\nq if not input.action in {${Array.from({ length: 20 }, (_, at) => `"text-${at}"`).join(", ")}}`,
    entrypoint: "p/q",
    inputs: asked,
    off: { constants: false },
  },
  {
    name: "budget of steps, a plain decision",
    rego: AUTHZ,
    entrypoint: ENTRYPOINT,
    data: { grants: grants(20) },
    inputs: inputs(false),
    off: { fuel: false },
    pairs: 4,
  },
  {
    name: "budget of steps, a scan of 2,000",
    rego: 'package p\ndefault q := false\nq if {\n\tsome row in data.rows\n\tstartswith(row, "none")\n}',
    entrypoint: "p/q",
    data: { rows: Array.from({ length: 2000 }, (_, at) => `row-${at}`) },
    inputs: asked,
    off: { fuel: false },
    pairs: 4,
  },
];

export async function switches(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of scenarios) {
    const { name, rego, entrypoint, data = {}, inputs: all, off, exhaustive = false, pairs = 1 } = scenario;
    const compiled = checkSources([{ file: "policy.rego", text: rego }]);
    const contestant = (how: string, passes: Passes, earlyExit: boolean): Contestant => {
      const { bytes } = emit(plan(compiled, { entrypoints: [entrypoint], earlyExit }), { runtime, passes });
      const own = engine(bytes, { value: data });
      return { name: `${name}: ${how}`, run: (index) => own.evaluate(0, { value: all[index & 63] }).value };
    };
    const race = Array.from({ length: pairs }, () => [
      contestant("on", {}, true),
      contestant("off", off, !exhaustive),
    ]).flat();
    const timed = await measure(race, { inputs: 64, rounds: pairs === 1 ? 9 : 31 });
    rows.push(...timed.slice(0, 2).map((row) => asOne(timed.filter((other) => other.name === row.name))));
  }
  return rows;
}
