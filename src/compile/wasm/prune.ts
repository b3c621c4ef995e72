// Which functions and data of the runtime a module still needs. In: the runtime and what the policy calls. Out: bodies and segments.
// Indices and addresses may not move: a function that nothing reaches keeps its place and loses its body, data leaves a hole.

import { type DataSegment, type Module, usesOf } from "./decode.ts";

/** No locals; `unreachable`; `end`. */
export const EMPTY_BODY = new Uint8Array([0x00, 0x00, 0x0b]);

/** Function indices that can be reached from `roots` (indices of runtime functions, imports included). */
export function reachable(runtime: Module, roots: Iterable<number>): Set<number> {
  const imported = runtime.imports.filter((item) => item.kind === 0).length;
  const seen = new Set<number>();
  const pending = [...roots];
  let indirect = false;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const body = runtime.bodies[next - imported];
    if (next < imported || body === undefined) continue;
    const uses = usesOf(body);
    pending.push(...uses.calls);
    if (uses.indirect && !indirect) {
      indirect = true;
      pending.push(...runtime.elements);
    }
  }
  return seen;
}

/** The runtime's bodies with those emptied that are not in `needed`. */
export function prune(runtime: Module, needed: ReadonlySet<number>): readonly Uint8Array[] {
  const imported = runtime.imports.length - runtime.imports.filter((item) => item.kind !== 0).length;
  return runtime.bodies.map((body, index) => (needed.has(index + imported) ? body : EMPTY_BODY));
}

/** An optimiser folds `table + 2 * (i - first)` into `(table - 2 * first) + 2 * i`: how far a constant may lie from what it means. */
const SLACK = 32;
const TABLE_SLACK = 4096;
/** Segments from this length on may be tables; shorter ones are texts. */
const TABLE_LENGTH = 192;

/**
 * The segments that a living body may read, or that such a segment points into. `roots` are the runtime's functions that are called from
 * outside: they decide about tables, where the runtime says who reads them. Elsewhere any constant near a segment keeps it.
 */
export function neededData(
  runtime: Module,
  bodies: readonly Uint8Array[],
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
  for (const body of bodies) for (const constant of usesOf(body).constants) constants.add(constant);
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
