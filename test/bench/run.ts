// The benchmark as a program. `run [--table NAME]... [--json FILE] [--report FILE]`: each table in a process of its own, results on stdout
// as Markdown and, where asked, in files. `--only NAME` runs one table in this process and prints it as JSON.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { opaVersion } from "./modules.ts";
import { together, verdicts } from "./goals.ts";
import { markdown, type Run } from "./report.ts";
import { type Table, tables } from "./tables.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    table: { type: "string", multiple: true },
    json: { type: "string" },
    report: { type: "string" },
  },
});

if (values.only !== undefined) {
  const make = tables[values.only];
  if (make === undefined) throw new Error(`no table ${values.only}`);
  process.stdout.write(JSON.stringify(await make()));
} else {
  const results: Record<string, Table> = {};
  let failed = false;
  for (const name of values.table ?? Object.keys(tables)) {
    const run = (): Table | undefined => {
      const child = spawnSync(process.execPath, [process.argv[1]!, "--only", name], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
        stdio: ["ignore", "pipe", "inherit"],
      });
      return child.status === 0 ? (JSON.parse(child.stdout) as Table) : undefined;
    };
    const runs = [run()];
    const [first] = runs;
    // What is decided by little is measured longer.
    if (first !== undefined && verdicts({ [name]: first }).some(({ near }) => near)) runs.push(run(), run());
    if (runs.every((table) => table !== undefined)) results[name] = together(runs);
    else {
      failed = true;
      process.stderr.write(`table ${name} failed\n`);
    }
  }
  const run: Run = {
    node: process.versions.node,
    v8: process.versions.v8,
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    opa: opaVersion,
    tables: results,
  };
  const text = markdown(run);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 2)}\n`);
  if (values.report !== undefined) writeFileSync(values.report, text);
  process.stdout.write(text);
  if (failed) process.exitCode = 1;
}
