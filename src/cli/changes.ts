// `--watch` of a daemon: calls back when something under its paths changed, one call at a time, and not before writing has settled.

import { watch } from "chokidar";
import { splitPrefix } from "../sources.ts";

export interface Watching {
  close(): Promise<void>;
}

/** `again` must not throw: what it cannot take it says itself, and what was there before stays. */
export function onChanges(paths: readonly string[], again: () => Promise<void>): Watching {
  const watcher = watch(
    paths.map((path) => splitPrefix(path)[1]),
    { ignoreInitial: true, awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 } },
  );
  let running: Promise<void> | undefined;
  let dirty = false;
  const work = async (): Promise<void> => {
    while (dirty) {
      dirty = false;
      await again();
    }
    running = undefined;
  };
  watcher.on("all", () => {
    dirty = true;
    running ??= work();
  });
  return {
    async close() {
      await watcher.close();
      await running;
    },
  };
}
