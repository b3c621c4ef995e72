// How far inputs came through a policy, told by marks. In: marks as they are passed, with the numbers that are compared with limits. Out: a signature
// of each input's way, and whether it came somewhere new or nearer to a limit than any before it.

import type { MarkListener } from "../engine/engine.ts";
import type { Marks } from "../compile/compile.ts";
import { isNumber } from "../value/value.ts";
import { limitsOf } from "./comparisons.ts";

const MAX_STAGES = 12;

export class Progress {
  /** Passed by any input at all. */
  readonly ever: Uint8Array;
  /** Tells ways apart, since `begin`. */
  signature = 0;
  /** Somewhere new, since `begin`. */
  novel = false;
  /** As near to a limit as any before it, where nearer is possible and some were farther. */
  level = false;
  readonly #limits: readonly (number | undefined)[];
  readonly #now: Uint32Array;
  /** Since `restart`. */
  #hit: Uint8Array;
  #nearest: Float64Array;
  #improved: Uint8Array;
  /** What was passed last of these marks is where an input stands: what comes after it is new there. */
  #stages: ReadonlyMap<number, number> = new Map();
  #stage = 0;
  #turn = 0;

  constructor(marks: Marks) {
    const { length } = marks.list;
    this.#limits = limitsOf(marks);
    this.ever = new Uint8Array(length);
    this.#now = new Uint32Array(length);
    this.#hit = new Uint8Array(length);
    this.#nearest = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.#improved = new Uint8Array(length);
  }

  /** Another question: everything is new again, and once more behind each of the marks. */
  restart(stages: readonly number[] = []): void {
    this.#stages = new Map(stages.slice(0, MAX_STAGES).map((mark, i) => [mark, i + 1]));
    const { length } = this.ever;
    this.#hit = new Uint8Array(length * (this.#stages.size + 1));
    this.#nearest = new Float64Array(this.#hit.length).fill(Number.POSITIVE_INFINITY);
    this.#improved = new Uint8Array(this.#hit.length);
  }

  /** Another input. */
  begin(): void {
    this.signature = 0;
    this.novel = false;
    this.level = false;
    this.#stage = 0;
    this.#turn++;
  }

  /** Whether the mark was passed since `begin`. */
  passed(mark: number): boolean {
    return this.#now[mark] === this.#turn;
  }

  readonly listener: MarkListener = (mark, values) => {
    this.#stage = this.#stages.get(mark) ?? this.#stage;
    const place = mark + this.#stage * this.ever.length;
    if (values.length > 0) this.#near(mark, place, values);
    if (this.#hit[place] === 0) {
      this.#hit[place] = 1;
      this.novel = true;
    }
    if (this.#now[mark] === this.#turn) return;
    this.#now[mark] = this.#turn;
    // The set of marks counts, not their order or how often each is passed.
    this.signature = (this.signature + Math.imul(mark + 1, 0x9e3779b1)) | 0;
    this.ever[mark] = 1;
  };

  #near(mark: number, place: number, [value]: Parameters<MarkListener>[1]): void {
    const limit = this.#limits[mark];
    if (
      limit === undefined ||
      value === undefined ||
      value === null ||
      typeof value !== "object" ||
      !isNumber(value)
    )
      return;
    const distance = Math.abs(Number(value.text) - limit);
    const nearest = this.#nearest[place] as number;
    if (distance === nearest && distance > 0 && this.#improved[place] === 1) this.level = true;
    if (distance >= nearest) return;
    if (nearest !== Number.POSITIVE_INFINITY) this.#improved[place] = 1;
    this.#nearest[place] = distance;
    this.novel = true;
  }
}
