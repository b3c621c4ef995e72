// A temporary folder for the tests of one file, gone when they are over. In: what it is for. Out: its path.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `reeve-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
