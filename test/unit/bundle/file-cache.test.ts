// What is remembered of a file is always what it holds, also on file systems that note times in long steps, and whatever a writer makes of the
// time of the last change.

import {
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FileCache } from "../../../src/bundle/file-cache.ts";

/**
 * One file of a file system whose times are the beginnings (or, where it rounds up, the ends) of steps, and which may have no other time than that of
 * the last writing.
 */
class SlowClock {
  now = 100_000;
  text = "0";
  reads = 0;
  readonly #step: number;
  readonly #up: boolean;
  readonly #both: boolean;
  #time = 0;

  constructor(step: number, up: boolean, both = true) {
    this.#step = step;
    this.#up = up;
    this.#both = both;
    this.write("0");
  }

  write(text: string): void {
    this.text = text;
    const steps = this.now / this.#step;
    this.#time = (this.#up ? Math.ceil(steps) : Math.floor(steps)) * this.#step;
  }

  readonly world = {
    now: () => this.now,
    stat: () => {
      const ctimeMs = this.#both ? this.#time : 0;
      return { dev: 1, ino: 1, size: 1, mtimeMs: this.#time, ctimeMs, isFile: () => true };
    },
  };

  readonly read = (): string => {
    this.reads++;
    return this.text;
  };
}

const event = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 4500 }) }),
  fc.record({ kind: fc.constant("write" as const), text: fc.constantFrom("1", "2", "3") }),
  fc.constant({ kind: "ask" as const }),
);

test("what is remembered is what the file holds, in whatever steps times are noted", () => {
  let spared = 0;
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(1, 4, 1000, 2000),
      fc.boolean(),
      fc.boolean(),
      (events, step, up, both) => {
        const file = new SlowClock(step, up, both);
        const cache = new FileCache(file.world);
        let asked = 0;
        for (const happens of events) {
          if (happens.kind === "wait") file.now += happens.ms;
          else if (happens.kind === "write") file.write(happens.text);
          else {
            asked++;
            expect(cache.of("text", "f", file.read)).toBe(file.text);
          }
        }
        spared += asked - file.reads;
      },
    ),
    { numRuns: 2000 },
  );
  expect(spared).toBeGreaterThan(100);
});

test("a file that stays as it is is read twice, and again when it changes", () => {
  const file = new SlowClock(2000, false);
  const cache = new FileCache(file.world);
  const ask = (): string => {
    file.now += 5000;
    return cache.of("text", "f", file.read);
  };
  for (let i = 0; i < 5; i++) ask();
  expect(file.reads).toBe(2);
  file.write("1");
  expect([ask(), ask(), ask()]).toEqual(["1", "1", "1"]);
  expect(file.reads).toBe(4);
});

test("different kinds of one file are told apart, and files that nobody asks for are forgotten", () => {
  const file = new SlowClock(1, false);
  const cache = new FileCache(file.world);
  const ask = (kind: string): unknown => {
    file.now += 5000;
    return cache.of(kind, "f", () => `${kind} ${file.read()}`);
  };
  for (let i = 0; i < 3; i++) expect([ask("text"), ask("bytes")]).toEqual(["text 0", "bytes 0"]);
  const { reads } = file;
  cache.turn();
  ask("text");
  cache.turn();
  ask("text");
  expect(file.reads).toBe(reads);
  ask("bytes");
  expect(file.reads).toBe(reads + 1);
});

test("what is no regular file is read each time", () => {
  const file = new SlowClock(1, false);
  const cache = new FileCache({
    now: file.world.now,
    stat: () => ({ ...file.world.stat(), isFile: () => false }),
  });
  for (let i = 0; i < 4; i++) {
    file.now += 5000;
    cache.of("text", "f", file.read);
  }
  expect(file.reads).toBe(4);
});

test("a file of which anything else is told is another one", () => {
  for (const field of ["dev", "ino", "size", "mtimeMs", "ctimeMs"]) {
    const file = new SlowClock(1, false);
    let told = 1;
    const cache = new FileCache({
      now: file.world.now,
      stat: () => ({ ...file.world.stat(), [field]: told }),
    });
    const ask = (): string => {
      file.now += 5000;
      return cache.of("text", "f", () => file.text);
    };
    for (let i = 0; i < 3; i++) expect([field, ask()]).toEqual([field, "0"]);
    file.text = "1";
    expect([field, ask()]).toEqual([field, "0"]);
    told = 2;
    expect([field, ask()]).toEqual([field, "1"]);
  }
});

test("a file that changes while it is looked for", () => {
  const file = new SlowClock(2000, false);
  let during = (): void => {
    file.now += 4000;
    file.write("1");
    during = () => {};
  };
  const cache = new FileCache({
    now: file.world.now,
    stat: () => {
      during();
      return file.world.stat();
    },
  });
  const ask = (): string => cache.of("text", "f", file.read);
  expect([ask(), ask()]).toEqual(["1", "1"]);
  file.now += 500;
  file.write("2");
  expect(ask()).toBe("2");
});

test("a file that changes while it is read", () => {
  const file = new SlowClock(2000, false);
  const cache = new FileCache(file.world);
  expect(cache.of("text", "f", file.read)).toBe("0");
  const slow = (): string => {
    const { text } = file;
    file.now += 100;
    file.write("1");
    file.now += 4000;
    return text;
  };
  expect(cache.of("text", "f", slow)).toBe("0");
  expect(cache.of("text", "f", file.read)).toBe("1");
});

test("files on disk: times that are set back, other files in their place, files that are gone", () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-files-"));
  try {
    let now = 0;
    const cache = new FileCache({
      now: () => now,
      stat: (path) => statSync(path, { throwIfNoEntry: false }),
    });
    const path = join(folder, "f");
    let reads = 0;
    const ask = (): string => {
      now += 10_000;
      return cache.of("text", path, () => {
        reads++;
        return readFileSync(path, "utf8");
      });
    };
    const settle = (text: string): void => {
      for (let i = 0; i < 3; i++) expect(ask()).toBe(text);
      const before = reads;
      expect(ask()).toBe(text);
      expect(reads).toBe(before);
    };
    const put = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
      utimesSync(join(folder, name), 1e9, 1e9);
    };
    put("f", "one");
    settle("one");
    put("f", "two");
    expect(ask()).toBe("two");
    settle("two");
    put("g", "six");
    renameSync(join(folder, "g"), path);
    expect(ask()).toBe("six");
    settle("six");
    linkSync(path, join(folder, "h"));
    put("h", "ten");
    expect(ask()).toBe("ten");
    rmSync(path);
    expect(ask).toThrow("no such file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
