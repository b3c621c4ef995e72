// Where a path argument really leads: `..` and every symlink resolved, also for files that do not exist yet and for dangling links.
// Takes what the AI agent wrote, gives an absolute real path; never opens or creates anything.
// What it cannot tell: a link changed between the decision and the tool's own open (time of check, time of use).

import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { isArray, type RegoObject, type Value } from "../../value/value.ts";
import { object } from "../../value/object.ts";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";

const MAX_LINKS = 40;

/** One path argument as policies see it under `input.action.properties.paths`. */
export interface ResolvedPath {
  /** JSON pointer of the argument: `/path`, `/paths/0`. */
  readonly pointer: string;
  /** What the AI agent wrote. */
  readonly written: string;
  /** What stands in the arguments that are decided on and forwarded: the real path where it could be told. */
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

/**
 * The call with every path argument (a string at one of the named arguments, lists included) replaced by where it really leads, and what
 * was found. The tool gets the path that was decided on: it has no `..`, `~` or link left to read in a way of its own.
 */
export function canonicalPaths(
  base: string,
  names: ReadonlySet<string>,
  args: RegoObject,
): { args: RegoObject; paths: ResolvedPath[] } {
  const paths: ResolvedPath[] = [];
  const replace = (pointer: string, written: string): string => {
    const real = realPath(base, written);
    paths.push({ pointer, written, given: real ?? written, ...(real !== undefined && { real }) });
    return real ?? written;
  };
  const entries = Array.from(args.entries(), ([key, value]): [Value, Value] => {
    if (typeof key !== "string" || !names.has(key)) return [key, value];
    const pointer = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (typeof value === "string") return [key, replace(pointer, value)];
    if (!isArray(value)) return [key, value];
    return [
      key,
      value.map((item, i) => (typeof item === "string" ? replace(`${pointer}/${i}`, item) : item)),
    ];
  });
  return { args: object(entries), paths };
}
