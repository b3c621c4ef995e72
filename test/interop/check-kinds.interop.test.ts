// One small module for every kind of finding that OPA's compiler, type checker and schemas have: `opa check -S` and ours, in code, text, place and
// details. The modules are in test/differential/written/check-kinds.json; names say what they are about.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readSchemas } from "../../src/cli/schema-files.ts";
import { checkModules, parse } from "../../src/compile/compile.ts";
import { PolicyError } from "../../src/error.ts";
import { folderOf, hasOpa, withoutWords } from "./both.ts";

interface Kind {
  readonly modules: readonly string[];
  /** Files of a folder for `-s`. */
  readonly schemas?: Readonly<Record<string, unknown>>;
}

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number } | undefined;
  readonly details?: unknown;
}

const KINDS = JSON.parse(
  readFileSync(fileURLToPath(new URL("../differential/written/check-kinds.json", import.meta.url)), "utf8"),
) as Readonly<Record<string, Kind>>;

/** The order of findings at one place is that of a map in OPA, and it names undefined parts of a package's rules at the last ref to any of them. */
function lines(findings: readonly Finding[], schemas: boolean): string[] {
  return findings
    .map(({ code, message, location, details }) => {
      const placed = schemas || !message.startsWith("undefined ref: data.");
      const place = placed ? `${location?.file}:${location?.row}:${location?.col} ` : "";
      return `${place}${code}: ${message} ${JSON.stringify(sorted(withoutWords(details ?? null)))}`;
    })
    .sort();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "description")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

function ours(texts: readonly string[], schemas: string | undefined): readonly Finding[] {
  const parsed = parse(texts.map((text, i) => ({ file: `m${i}.rego`, text })));
  if (parsed.diagnostics.length > 0) return parsed.diagnostics;
  const read = readSchemas(schemas);
  try {
    checkModules(parsed.modules, {
      strict: true,
      maxErrors: 0,
      print: true,
      schemaAnnotations: true,
      ...(read !== undefined && { schemas: read }),
    });
    return [];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.diagnostics.length > 0 ? error.diagnostics : [error];
  }
}

describe.runIf(hasOpa)("kinds of findings", () => {
  test.each(Object.entries(KINDS))("%s", { timeout: 120_000 }, (name, { modules, schemas }) => {
    const { folder } = folderOf([]);
    modules.forEach((text, i) => {
      writeFileSync(join(folder, `m${i}.rego`), text);
    });
    let from: string | undefined;
    if (schemas !== undefined) {
      mkdirSync(join(folder, "schemas"));
      for (const [file, schema] of Object.entries(schemas))
        writeFileSync(join(folder, "schemas", file), JSON.stringify(schema));
      // One file is the schema of input; a folder holds those that annotations name.
      from = join(folder, name.includes("files") ? "schemas" : "schemas/schema.json");
    }
    const { stderr } = spawnSync(
      "opa",
      [
        "check",
        ...modules.map((_, i) => `m${i}.rego`),
        ...["-f", "json", "-m", "0", "-S"],
        ...(from === undefined ? [] : ["-s", from]),
      ],
      { cwd: folder, encoding: "utf8" },
    );
    const { errors = [] } = JSON.parse(stderr || "{}") as { errors?: Finding[] };
    expect(lines(ours(modules, from), schemas !== undefined)).toEqual(lines(errors, schemas !== undefined));
    rmSync(folder, { recursive: true, force: true });
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
