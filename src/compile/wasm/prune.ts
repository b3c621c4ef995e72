// Which functions, globals and data of the runtime a module needs. In: the runtime and what the policy calls. Out: their indices, and segments.
// Addresses may not move: data that is left out leaves a hole.

import { type DataSegment, type Module, usesOf } from "./decode.ts";
import { LINK_CALL } from "./instruction.ts";

export interface Reached {
  /** Indices of functions, imports left out, and of globals. */
  readonly functions: Set<number>;
  readonly globals: Set<number>;
}

/** What can be reached from these functions, but for what is in `already`; all indices are those of the runtime. */
export function reachable(runtime: Module, roots: Iterable<number>, already?: Reached): Reached {
  const functions = new Set<number>();
  const globals = new Set<number>();
  const pending = [...roots];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const body = runtime.bodies[next - runtime.importedFunctions];
    if (body === undefined || functions.has(next) || already?.functions.has(next) === true) continue;
    functions.add(next);
    for (const { kind, value } of usesOf(body).links) {
      if (kind === LINK_CALL) pending.push(value);
      else if (already?.globals.has(value) !== true) globals.add(value);
    }
  }
  return { functions, globals };
}

/** An optimiser folds `table + 2 * (i - first)` into `(table - 2 * first) + 2 * i`: how far a constant may lie from what it means. */
const SLACK = 32;
const TABLE_SLACK = 4096;
/** Segments from this length on may be tables; shorter ones are texts. */
const TABLE_LENGTH = 192;

/**
 * The segments that these functions may read, or that such a segment points into. `roots` are those of them that are called from outside:
 * they decide about tables, where the runtime says who reads them. Elsewhere any constant near a segment keeps it.
 */
export function neededData(
  runtime: Module,
  functions: Iterable<number>,
  roots: Iterable<number>,
): readonly DataSegment[] {
  const called = new Set(roots);
  const names = new Set(runtime.exports.flatMap((item) => (called.has(item.index) ? [item.name] : [])));
  const kept = new Set<DataSegment>();
  const open = runtime.data.filter((segment) => {
    const table = runtime.tables.find(
      ({ start, length }) =>
        segment.offset >= start && segment.offset + segment.bytes.length <= start + length,
    );
    if (table?.readers.some((name) => names.has(name))) kept.add(segment);
    return table === undefined;
  });
  const constants = new Set<number>();
  for (const index of functions) {
    const body = runtime.bodies[index - runtime.importedFunctions] as Uint8Array;
    for (const constant of usesOf(body).constants) constants.add(constant);
  }
  const sorted = [...open].sort((a, b) => a.offset - b.offset);
  // An address means a segment at most so far behind it, and at most so far before it.
  const ahead = sorted.reduce((most, segment) => Math.max(most, slackOf(segment)), 0);
  const behind = sorted.reduce((most, segment) => Math.max(most, spanOf(segment)), 0);
  const mentions = (addresses: Iterable<number>): DataSegment[] => {
    const found: DataSegment[] = [];
    for (const address of addresses) {
      for (let i = firstFrom(sorted, address - behind); i < sorted.length; i++) {
        const segment = sorted[i] as DataSegment;
        if (segment.offset > address + ahead) break;
        const inside =
          address >= segment.offset - slackOf(segment) && address <= segment.offset + spanOf(segment);
        if (inside && !kept.has(segment)) {
          kept.add(segment);
          found.push(segment);
        }
      }
    }
    return found;
  };
  for (let news = mentions(constants); news.length > 0; ) news = mentions(news.flatMap(words));
  return runtime.data.filter((segment) => kept.has(segment));
}

const slackOf = ({ bytes }: DataSegment): number => (bytes.length < TABLE_LENGTH ? SLACK : TABLE_SLACK);

/** How far from its offset on an address may lie that means it. */
const spanOf = (segment: DataSegment): number => segment.bytes.length + slackOf(segment);

/** The first of the segments, which are in order, that does not lie before `address`. */
function firstFrom(sorted: readonly DataSegment[], address: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as DataSegment).offset < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The words of a segment: any of them may be an address. */
function words({ bytes }: DataSegment): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength >> 2 }, (_, index) => view.getUint32(index * 4, true));
}
