// Where a path argument really leads: `..` and every symlink resolved, also for files that do not exist yet and for dangling links.
// Takes what the AI agent wrote, gives an absolute real path; never opens or creates anything.
// What it cannot tell: a link changed between the decision and the tool's own open (time of check, time of use).

import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";

const MAX_LINKS = 40;

/** One path argument as policies see it under `input.action.properties.paths`. */
export interface ResolvedPath {
  /** JSON pointer of the argument: `/path`, `/paths/0`. */
  readonly pointer: string;
  readonly given: string;
  /** Absolute, links and `..` resolved; absent when it could not be told (too many links, a NUL byte). */
  readonly real?: string;
}

/** The real path of `given`, taken relative to `base`; undefined when it cannot be told. */
export function realPath(base: string, given: string): string | undefined {
  if (given.includes("\0")) return undefined;
  return follow(isAbsolute(given) ? resolve(given) : resolve(base, given), MAX_LINKS);
}

function follow(path: string, linksLeft: number): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") return undefined;
  }
  const parent = dirname(path);
  if (parent === path) return path;
  const realParent = follow(parent, linksLeft);
  if (realParent === undefined) return undefined;
  const here = join(realParent, basename(path));
  let target: string | undefined;
  try {
    if (lstatSync(here).isSymbolicLink()) target = readlinkSync(here);
  } catch {
    return here; // nothing there: the path a tool would create
  }
  if (target === undefined) return here;
  return linksLeft === 0 ? undefined : follow(resolve(realParent, target), linksLeft - 1);
}

/** Whether `path` is `folder` or lies below it; both must be real paths. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The path arguments of a call: every string at one of the named arguments, lists included. */
export function resolvePaths(
  base: string,
  names: ReadonlySet<string>,
  args: Readonly<Record<string, unknown>>,
): ResolvedPath[] {
  const found: ResolvedPath[] = [];
  const add = (pointer: string, given: string): void => {
    const real = realPath(base, given);
    found.push({ pointer, given, ...(real !== undefined && { real }) });
  };
  for (const [name, value] of Object.entries(args)) {
    if (!names.has(name)) continue;
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (typeof value === "string") add(pointer, value);
    else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) if (typeof item === "string") add(`${pointer}/${i}`, item);
    }
  }
  return found;
}
