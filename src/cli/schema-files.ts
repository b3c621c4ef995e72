// `-s`: one JSON schema for input, or a folder of schemas that annotations name by path (`schema.a.b` is a/b.json).

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Location, PolicyError } from "../error.ts";
import { decodeDocument } from "../sources.ts";
import type { Term } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { toPlain } from "../value/json.ts";
import { ioMessage } from "./options.ts";

const NOWHERE: Location = { file: "", row: 0, col: 0, offset: 0, text: "" };

/** Schemas by the ref that names them; undefined without `-s`. A file that holds nothing, or null, is no schema. */
export function readSchemas(given: string | undefined): ReadonlyMap<string, unknown> | undefined {
  if (given === undefined || given === "") return undefined;
  const path = given.startsWith("file://") ? fileURLToPath(given) : given;
  const schemas = new Map<string, unknown>();
  const add = (name: string, file: string): void => {
    const schema = readSchema(file);
    if (schema !== null) schemas.set(name, schema);
  };
  if (!onDisk("stat", path, () => statSync(path)).isDirectory()) {
    add("schema", path);
    return schemas;
  }
  const walk = (folder: string): void => {
    for (const name of onDisk("open", folder, () => readdirSync(folder)).sort()) {
      const inner = join(folder, name);
      if (onDisk("stat", inner, () => statSync(inner)).isDirectory()) walk(inner);
      else add(nameOf(relative(path, inner)), inner);
    }
  };
  walk(path);
  return schemas;
}

function nameOf(path: string): string {
  const folder = dirname(path);
  const last = basename(path, extname(path));
  const parts = folder === "." ? [last] : [...folder.split("/"), last];
  const head: Term = { kind: "var", name: "schema", location: NOWHERE };
  return printRef([head, ...parts.map((value): Term => ({ kind: "string", value, location: NOWHERE }))]);
}

/** JSON or YAML. */
function readSchema(path: string): unknown {
  const text = onDisk("open", path, () => readFileSync(path, "utf8"));
  try {
    return toPlain(decodeDocument(text));
  } catch (cause) {
    throw new PolicyError("invalid_input", `${path}: ${(cause as Error).message}`, { cause });
  }
}

function onDisk<T>(verb: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause, verb), { cause });
  }
}
