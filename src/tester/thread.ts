// A thread that does one job at a time and can be stopped. In: the name of a file beside this one, and what it is started with. Out: an answer for
// each job. The file answers `"ready"` when it has started, then each message with one.

import { Worker } from "node:worker_threads";

export class Thread<Job, Result> {
  readonly #worker: Worker;
  readonly #ready: Promise<void>;

  constructor(name: string, shared: unknown) {
    // Threads run what was built, also when the sources themselves are run.
    const place = import.meta.url.endsWith(".ts") ? `../../dist/tester/${name}.js` : `../tester/${name}.js`;
    this.#worker = new Worker(new URL(place, import.meta.url), { workerData: shared });
    this.#ready = this.#next().then(() => {});
    this.#ready.catch(() => {});
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#worker.off("message", onMessage);
        this.#worker.off("error", onError);
      };
      const onMessage = (message: unknown): void => {
        settle();
        resolve(message);
      };
      const onError = (error: Error): void => {
        settle();
        reject(error);
      };
      this.#worker.on("message", onMessage);
      this.#worker.on("error", onError);
    });
  }

  /** Undefined when time is up: then the thread must be stopped. */
  async run(job: Job, timeoutMs: number): Promise<Result | undefined> {
    await this.#ready;
    const answer = this.#next() as Promise<Result>;
    this.#worker.postMessage(job);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const result = await Promise.race([answer, timeout]);
    clearTimeout(timer);
    answer.catch(() => {});
    return result;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
