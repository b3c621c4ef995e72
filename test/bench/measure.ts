// Times contestants against each other. In: functions that do the same work. Out: nanoseconds per call: median over interleaved rounds and
// the spread of the rounds. Compares every contestant's answers before a clock is looked at, and throws if they differ.

export interface Contestant {
  readonly name: string;
  /** The work for input number `index`: its answer. */
  run(index: number): unknown;
  /** `run` gives a promise that has to be waited for. */
  readonly waits?: boolean;
}

export interface Row {
  readonly name: string;
  readonly ns: number;
  /** Lowest and highest round. */
  readonly low: number;
  readonly high: number;
  readonly calls: number;
}

export interface MeasureOptions {
  /** Answers are compared for these many inputs. */
  readonly inputs: number;
  readonly rounds?: number;
  readonly roundMs?: number;
}

/** Keeps answers alive, so that no call can be optimised away. */
export const sink: { value: unknown } = { value: undefined };

async function batch(contestant: Contestant, calls: number, from: number): Promise<number> {
  const start = process.hrtime.bigint();
  if (contestant.waits === true) {
    for (let call = 0; call < calls; call++) sink.value = await contestant.run(from + call);
  } else {
    for (let call = 0; call < calls; call++) sink.value = contestant.run(from + call);
  }
  return Number(process.hrtime.bigint() - start);
}

export async function agree(contestants: readonly Contestant[], inputs: number): Promise<void> {
  const [first] = contestants;
  for (let index = 0; index < inputs; index++) {
    const wanted = JSON.stringify(await first!.run(index));
    for (const contestant of contestants) {
      const answer = JSON.stringify(await contestant.run(index));
      if (answer !== wanted) {
        throw new Error(`${contestant.name} answers ${answer} to input ${index}, ${first!.name} ${wanted}`);
      }
    }
  }
}

export async function measure(contestants: readonly Contestant[], options: MeasureOptions): Promise<Row[]> {
  const { inputs, rounds = 15, roundMs = 4 } = options;
  await agree(contestants, inputs);
  const calls = new Map<Contestant, number>();
  for (const contestant of contestants) {
    let count = 1;
    let spent = await batch(contestant, count, 0);
    while (spent < roundMs * 1e6 && count < 1 << 24) {
      count = spent < roundMs * 1e5 ? count * 4 : Math.ceil((count * roundMs * 1.1e6) / spent);
      spent = await batch(contestant, count, 0);
    }
    // The optimising compilers work beside it: they are given time, not only calls.
    for (const until = Date.now() + 30 * roundMs; Date.now() < until; ) await batch(contestant, count, 0);
    calls.set(contestant, count);
  }
  const times = new Map(contestants.map((contestant) => [contestant, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const count = calls.get(contestant)!;
      times.get(contestant)!.push((await batch(contestant, count, round * count)) / count);
    }
  }
  return contestants.map((contestant) =>
    rowOf(contestant.name, times.get(contestant)!, calls.get(contestant)!),
  );
}

/** What rounds of `calls` calls came to. */
export function rowOf(name: string, rounds: readonly number[], calls: number): Row {
  const sorted = rounds.toSorted((a, b) => a - b);
  return { name, ns: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)!, calls };
}

/** Rows of one contestant as one: the median of the medians, the lowest and the highest round. */
export function asOne(rows: readonly Row[]): Row {
  const medians = rows.map(({ ns }) => ns).sort((a, b) => a - b);
  return {
    ...rows[0]!,
    ns: medians[medians.length >> 1]!,
    low: Math.min(...rows.map(({ low }) => low)),
    high: Math.max(...rows.map(({ high }) => high)),
  };
}
