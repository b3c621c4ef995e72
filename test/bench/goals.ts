// What the engine has to reach, as ratios of rows inside one table. In: the tables of a run. Out: goal, figure and verdict; goals whose rows
// were not measured are listed as such, never as reached.

import { attacks } from "./hostile.ts";
import { asOne } from "./measure.ts";
import type { Table } from "./tables.ts";

export interface Verdict {
  readonly goal: string;
  readonly figure: string;
  /** The same from the lowest rounds, which decide: what is left when other work on the machine disturbs. */
  readonly lowest: string;
  /** So near to its bound that another run may end on the other side. */
  readonly near: boolean;
  readonly verdict: "reached" | "missed" | "not measured";
}

type Results = Readonly<Record<string, Table | undefined>>;

interface Goal {
  readonly text: string;
  readonly table: string;
  /** The figure; `more` says on which side of `bound` it has to be. */
  readonly figure: (table: Table) => number | undefined;
  readonly more: boolean;
  readonly bound: number;
}

const ns = (table: Table, name: string): number | undefined =>
  table.rows.find((row) => row.name === name)?.ns;

function ratio(table: Table, above: string, below: string): number | undefined {
  const [a, b] = [ns(table, above), ns(table, below)];
  return a === undefined || b === undefined ? undefined : a / b;
}

const goals: Goal[] = [];

function times(text: string, table: string, above: string, below: string, bound: number): void {
  goals.push({ text, table, figure: (found) => ratio(found, above, below), more: true, bound });
}

function atMost(text: string, table: string, above: string, below: string, bound: number): void {
  goals.push({ text, table, figure: (found) => ratio(found, above, below), more: false, bound });
}

const OBJECT = "our engine, object in";
const BYTES = "our engine, bytes in";

for (const [table, size, stockGain, bytesGain, opaGain] of [
  ["authz-small", "0.5 KB", 1.7, 3, 12],
  ["authz-large", "7 KB", 1.9, 5, 100],
] as const) {
  const theirs = "OPA's module, opa-wasm host, object in";
  atMost(
    `1. opa-wasm host, object in, ${size}: of a module that does nothing`,
    table,
    "our module, opa-wasm host, object in",
    "yardstick: null module, opa-wasm host",
    1.4,
  );
  times(
    `1. opa-wasm host, object in, ${size}: faster than OPA's module`,
    table,
    theirs,
    "our module, opa-wasm host, object in",
    stockGain,
  );
  times(
    `2. opa-wasm host, bytes in, ${size}: faster than OPA's module`,
    table,
    "OPA's module, opa-wasm host, bytes in",
    "our module, opa-wasm host, bytes in",
    bytesGain,
  );
  times(
    `3. inside opa_eval, ${size}: faster than OPA's module`,
    table,
    "OPA's module, opa_eval alone",
    "our module, opa_eval alone",
    5,
  );
  for (const how of ["", ", generated writer"]) {
    const row = `${OBJECT}${how}`;
    atMost(
      `4. our engine, object in${how}, ${size}: of JSON.stringify`,
      table,
      row,
      "yardstick: JSON.stringify",
      0.4,
    );
    times(
      `4. our engine, object in${how}, ${size}: faster than OPA's module in its host`,
      table,
      theirs,
      row,
      opaGain,
    );
    times(
      `4. our engine, object in${how}, ${size}: faster than cedar-wasm stateful`,
      table,
      "cedar-wasm, statefulIsAuthorized",
      row,
      250,
    );
    times(
      `4. our engine, object in${how}, ${size}: faster than casbin enforceSync`,
      table,
      "casbin, enforceSync, roles preloaded",
      row,
      30,
    );
    times(
      `4. our engine, object in${how}, ${size}: faster than @bufbuild/cel`,
      table,
      "@bufbuild/cel, planned once",
      row,
      30,
    );
    times(
      `4. our engine, object in${how}, ${size}: faster than CASL cached`,
      table,
      "CASL, ability cached",
      row,
      3,
    );
  }
  atMost(`5. our engine, bytes in, ${size}: of JSON.parse`, table, BYTES, "yardstick: JSON.parse", 0.35);
  times(`5. our engine, bytes in, ${size}: faster than OPA's module on the object`, table, theirs, BYTES, 10);
}
for (const size of ["0.5 KB", "7 KB", "43 KB", "460 KB", "2 MB"])
  times(
    `6. reading ${size} of JSON: faster than JSON.parse`,
    "documents",
    `JSON.parse reads ${size}`,
    `the module reads ${size}`,
    2,
  );
atMost(
  "7. 10,000 equality rules: of 10 rules",
  "rules",
  "our engine, 10000 equality rules",
  "our engine, 10 equality rules",
  1.3,
);
times(
  "7. 10,000 equality rules: faster than OPA's indexed interpreter in Go",
  "rules",
  "opa bench, in Go, 10000 equality rules",
  "our engine, 10000 equality rules",
  1,
);
for (const kind of ["membership", "prefix", "glob", "ref head"])
  atMost(
    `7. 1,000 ${kind} rules: of 10 rules`,
    "rules",
    `our engine, 1000 ${kind} rules`,
    `our engine, 10 ${kind} rules`,
    1.3,
  );
for (const name of [
  "rule index, 200 rules",
  "early exit, a loop whose third turn holds",
  "common lookups, a path of data in 40 rules",
  "loop-invariant lookups, a path of data in each of 100 turns",
  "constant folding, a set of 20 texts",
  "memoised rules, a rule asked for in each of 100 turns",
])
  times(`9. ${name}: faster than without the pass`, "passes", `${name}: off`, `${name}: on`, 1.1);
atMost(
  "budget of steps, a plain decision: of one without",
  "passes",
  "budget of steps, a plain decision: on",
  "budget of steps, a plain decision: off",
  1.03,
);
atMost(
  "budget of steps, a scan of 2,000: of one without",
  "passes",
  "budget of steps, a scan of 2,000: on",
  "budget of steps, a scan of 2,000: off",
  1.1,
);
for (const { name, from } of attacks)
  atMost(
    `${name}, 16 times as much: of the time`,
    "hostile",
    `${name}, ${from * 16}`,
    `${name}, ${from}`,
    24,
  );
atMost("8. 10,000 grants: of 20 grants", "scans", "our engine, 10000 grants", "our engine, 20 grants", 1.5);
for (const what of ["one key", "an indexed element"])
  for (const megabytes of [10, 100])
    atMost(
      `11. patch of ${what}, data of ${megabytes} MB: of 1 MB`,
      "data",
      `patch of ${what}, data of ${megabytes} MB`,
      `patch of ${what}, data of 1 MB`,
      1.5,
    );
for (const megabytes of [1, 10, 100]) {
  const name = `data of ${megabytes} MB, `;
  goals.push({
    text: `10. memory for data of ${megabytes} MB: of its JSON`,
    table: "data",
    figure: ({ figures }) => figures[`${name}linear memory`]! / figures[`${name}bytes of JSON`]!,
    more: false,
    bound: 3,
  });
  goals.push({
    text: `10. memory growth over 10,000 patches of data of ${megabytes} MB, bytes`,
    table: "data",
    figure: ({ figures }) => figures[`${name}growth over 10,000 patches`],
    more: false,
    bound: 0,
  });
  atMost(
    `11. loading data of ${megabytes} MB: of JSON.parse`,
    "data",
    `our engine, setData of ${megabytes} MB`,
    `JSON.parse of ${megabytes} MB`,
    2,
  );
}
goals.push(
  {
    text: "10. memory growth over forty-five million decisions, bytes",
    table: "steady",
    figure: ({ figures }) => figures["memory growth, bytes"],
    more: false,
    bound: 0,
  },
  {
    text: "12. module of the authorization policy, KB",
    table: "authz-small",
    figure: ({ figures }) => figures["our module bytes"]! / 1024,
    more: false,
    bound: 40,
  },
  {
    text: "12. module of the authorization policy, KB of gzip",
    table: "authz-small",
    figure: ({ figures }) => figures["our module bytes, gzip"]! / 1024,
    more: false,
    bound: 15,
  },
  {
    text: "13. cold start beyond an empty process: of opa-wasm with OPA's module",
    table: "cold",
    figure: (table) => {
      const [empty, own, theirs] = ["empty process", "our engine", "opa-wasm host, OPA's module"].map(
        (name) => ns(table, name),
      );
      return empty === undefined || own === undefined || theirs === undefined
        ? undefined
        : (own - empty) / (theirs - empty);
    },
    more: false,
    bound: 0.5,
  },
);
atMost(
  "16. p99.9 of a million decisions: of p50",
  "steady",
  "p99.9 of a million decisions",
  "p50 of a million decisions",
  5,
);
for (const count of [10, 1000, 10_000])
  times(
    `14. compiling ${count} rules: faster than opa build`,
    "compile",
    `opa build, whole process, ${count} rules`,
    `our compiler, ${count} rules`,
    1,
  );

atMost(
  "14. one of 1,000 modules changed: of a build from nothing",
  "watch",
  "one of 1,000 modules changed",
  "1,000 modules from nothing",
  0.1,
);

goals.push({
  text: "15. the sidecar over HTTP: decisions a second, of opa run --server",
  table: "http",
  figure: ({ figures }) => {
    const [own, theirs] = ["reeve", "opa"].map((name) => figures[`${name} run --server, decisions a second`]);
    return own === undefined || theirs === undefined ? undefined : own / theirs;
  },
  more: true,
  bound: 1,
});
atMost(
  "15. the sidecar over HTTP: p99, of opa run --server",
  "http",
  "reeve run --server, p99",
  "opa run --server, p99",
  1,
);

/** Of the bound. */
const NEAR = 0.05;

export function verdicts(results: Results): Verdict[] {
  return goals.map(({ text, table, figure, more, bound }): Verdict => {
    const measured = results[table];
    const value = measured === undefined ? undefined : figure(measured);
    const goal = `${text}: at ${more ? "least" : "most"} ${bound}`;
    if (measured === undefined || value === undefined)
      return { goal, figure: "", lowest: "", near: false, verdict: "not measured" };
    const lowest = figure({ ...measured, rows: measured.rows.map((row) => ({ ...row, ns: row.low })) });
    return {
      goal,
      figure: value.toFixed(2),
      lowest: lowest!.toFixed(2),
      near: bound > 0 && Math.abs(lowest! / bound - 1) < NEAR,
      verdict: (more ? lowest! >= bound : lowest! <= bound) ? "reached" : "missed",
    };
  });
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Several runs of one table as one: of each row the median of its medians, its lowest and its highest round. */
export function together(runs: readonly Table[]): Table {
  const [first] = runs as readonly [Table];
  return {
    title: first.title,
    rows: first.rows.map((row) =>
      asOne(runs.map((table) => table.rows.find(({ name }) => name === row.name)!)),
    ),
    figures: Object.fromEntries(
      Object.keys(first.figures).map((name) => [name, median(runs.map(({ figures }) => figures[name]!))]),
    ),
  };
}
