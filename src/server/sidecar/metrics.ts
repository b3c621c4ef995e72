// What a daemon counts: timers of one request under OPA's names, and the histogram of all requests that `/metrics` shows. Times in, numbers
// and Prometheus text out.

const BUCKETS_SECONDS = [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 1e-2, 1e-1, 1];
/** As Go prints them. */
const BUCKET_LABELS = ["1e-06", "5e-06", "1e-05", "5e-05", "0.0001", "0.0005", "0.001", "0.01", "0.1", "1"];

/** `timer_<name>_ns` and `counter_<name>` of one request. */
export interface RequestMetrics {
  /** Starts a timer; the result stops it. */
  start(name: string): () => void;
  set(name: string, value: number): void;
  all(): Record<string, number>;
}

/** For a request whose client does not want to see them. */
export const NO_METRICS: RequestMetrics = { start: () => () => {}, set: () => {}, all: () => ({}) };

export function requestMetrics(): RequestMetrics {
  const values = new Map<string, number>();
  return {
    start(name) {
      const began = process.hrtime.bigint();
      return () => void values.set(`timer_${name}_ns`, Number(process.hrtime.bigint() - began));
    },
    set: (name, value) => void values.set(name, value),
    all: () => Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

interface Series {
  readonly labels: string;
  /** How many fell into each bucket, and into none of those before it. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** A sample of a gauge or counter. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly Sample[];
}

export interface RequestHistogram {
  observe(code: number, handler: string, method: string, seconds: number): void;
  text(): string;
}

/** `http_request_duration_seconds{code,handler,method}`. */
export function requestHistogram(): RequestHistogram {
  const series = new Map<string, Series>();
  return {
    observe(code, handler, method, seconds) {
      const key = `${code} ${method} ${handler}`;
      let one = series.get(key);
      if (one === undefined) {
        const labels = labelsText({ code: String(code), handler, method: method.toLowerCase() });
        one = { labels, buckets: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
        series.set(key, one);
      }
      const bucket = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) one.buckets[bucket] = (one.buckets[bucket] ?? 0) + 1;
      one.sum += seconds;
      one.count++;
    },
    text() {
      const name = "http_request_duration_seconds";
      const lines = [`# HELP ${name} A histogram of duration for requests.`, `# TYPE ${name} histogram`];
      for (const one of [...series.values()].sort((a, b) => (a.labels < b.labels ? -1 : 1))) {
        const { labels } = one;
        let below = 0;
        for (const [i, bound] of BUCKET_LABELS.entries()) {
          below += one.buckets[i] ?? 0;
          lines.push(`${name}_bucket{${labels},le="${bound}"} ${below}`);
        }
        lines.push(`${name}_bucket{${labels},le="+Inf"} ${one.count}`);
        lines.push(`${name}_sum{${labels}} ${one.sum}`, `${name}_count{${labels}} ${one.count}`);
      }
      return `${lines.join("\n")}\n`;
    },
  };
}

export function familiesText(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels, value }) => {
        const text = labelsText(labels);
        return `${name}${text === "" ? "" : `{${text}}`} ${value}`;
      });
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
    })
    .join("");
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string): string =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",");
}
