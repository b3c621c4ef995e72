// The parsers that are installed: HTTP always, shell and SQL where their optional packages (`unbash`, `sql-parser-cst`) are. A package that is
// not there is left out, and the policy asks a person about programs in that language.

import { parseHttp } from "./http.ts";
import type { ProgramParser, ProgramParsers } from "./program.ts";

export async function loadProgramParsers(): Promise<ProgramParsers> {
  const parsers = new Map<string, ProgramParser>([["http", parseHttp]]);
  const shell = await whereInstalled(() => import("./shell.ts"));
  if (shell !== undefined) parsers.set("shell", shell.parseShell);
  const sql = await whereInstalled(() => import("./sql.ts"));
  if (sql !== undefined) parsers.set("sql", sql.parseSql);
  return parsers;
}

async function whereInstalled<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
