// What was made of files, from one reading of them to the next: a file that is certain to be the same one is not read again. In: paths, and how to
// make something of a file. Out: what was made of it as it is now. Node only.

import { type Stats, statSync } from "node:fs";

/** What tells one state of a file from another. Whoever writes can set `mtimeMs`, but not `ctimeMs`. */
type Stat = Pick<Stats, "dev" | "ino" | "size" | "mtimeMs" | "ctimeMs" | "isFile">;

/**
 * Of two changes one right after the other the second may leave all times as they are: file systems note them in steps, the longest of which are the
 * two seconds of FAT. Once a file was seen with the same times for longer than that, a further change gives it other ones.
 */
const SETTLED_MS = 3000;

interface Known {
  readonly made: unknown;
  readonly stat: Stat;
  /** When the file was first seen so. */
  readonly since: number;
  /** It was read after it had been so for long enough. */
  readonly settled: boolean;
  turn: number;
}

/** The clock counts milliseconds and never goes back. */
interface World {
  readonly now: () => number;
  /** Undefined: reading the file will tell what is wrong. */
  readonly stat: (path: string) => Stat | undefined;
}

const NODE: World = { now: () => performance.now(), stat: statOf };

export class FileCache {
  readonly #world: World;
  readonly #files = new Map<string, Known>();
  #turn = 0;

  constructor(world: Partial<World> = {}) {
    this.#world = { ...NODE, ...world };
  }

  /** What `make` makes of the file, which it reads; `kind` tells apart what different ones make. */
  of<T>(kind: string, path: string, make: () => T): T {
    const key = `${kind} ${path}`;
    const { now, stat: look } = this.#world;
    const start = now();
    const stat = look(path);
    const known = this.#files.get(key);
    const same = known !== undefined && stat !== undefined && isSame(known.stat, stat);
    if (same && known.settled) {
      known.turn = this.#turn;
      return known.made as T;
    }
    const since = same ? known.since : now();
    const made = make();
    if (stat?.isFile() === true)
      this.#files.set(key, {
        made,
        stat,
        since,
        settled: start - since >= SETTLED_MS,
        turn: this.#turn,
      });
    return made;
  }

  /** All files were asked for: the others are forgotten. */
  turn(): void {
    this.#files.forEach(({ turn }, key) => {
      if (turn !== this.#turn) this.#files.delete(key);
    });
    this.#turn++;
  }
}

function isSame(a: Stat, b: Stat): boolean {
  return (
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    a.dev === b.dev
  );
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
