// Waits for changes of files and has something done again. In: paths as `-d` takes them. Ends when the process is told to stop.

import { resolve } from "node:path";
import { splitPrefix } from "../sources.ts";

export interface WatchOptions {
  /** Says that changes are waited for. */
  readonly announce: () => void;
  /** What is done at first and after each change; it reports its failures itself. */
  readonly work: () => Promise<unknown>;
  /** Files whose changes mean nothing: what is written itself. */
  readonly outputs?: readonly string[];
}

/** Until the process is told to stop: works, waits for changes, lets them settle, and works again. */
export async function watch(paths: readonly string[], options: WatchOptions): Promise<void> {
  const { announce, work } = options;
  const outputs = new Set((options.outputs ?? []).map((path) => resolve(path)));
  const watched = paths.map((path) => splitPrefix(path)[1]);
  const { watch: chokidar } = await import("chokidar");
  const watcher = chokidar(watched, {
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 },
    ignored: (path: string) => outputs.has(resolve(path)),
  });
  let wake: () => void = () => {};
  let dirty = false;
  watcher.on("all", () => {
    dirty = true;
    wake();
  });
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    wake();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // From here on no change is missed, also none that comes while the first work is done.
  await new Promise<void>((go) => watcher.once("ready", go));
  await work();
  announce();
  while (!stopped) {
    if (!dirty)
      await new Promise<void>((go) => {
        wake = go;
      });
    if (stopped) break;
    await new Promise((go) => setTimeout(go, 30));
    dirty = false;
    await work();
    announce();
  }
  await watcher.close();
}
