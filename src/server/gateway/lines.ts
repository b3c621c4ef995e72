// Lines of a stream, as stdio carries JSON-RPC. In: bytes. Out: texts, one at a time; a line that is too long is left out unread.

import type { Readable } from "node:stream";

/** Lines longer than this are refused unread, so that nobody can exhaust the gateway. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Lines of a stream; `undefined` stands for one that was too long. */
export async function* readLines(input: Readable): AsyncGenerator<string | undefined> {
  let pending: Buffer[] = [];
  let size = 0;
  let skipping = false;
  for await (const chunk of input) {
    let rest = chunk as Buffer;
    while (true) {
      const end = rest.indexOf(10);
      const part = end === -1 ? rest : rest.subarray(0, end);
      size += part.length;
      if (size > MAX_LINE_BYTES) {
        skipping = true;
        pending = [];
      } else if (!skipping) pending.push(part);
      if (end === -1) break;
      yield skipping ? undefined : Buffer.concat(pending).toString("utf8");
      pending = [];
      size = 0;
      skipping = false;
      rest = rest.subarray(end + 1);
    }
  }
  if (pending.length > 0 && !skipping) yield Buffer.concat(pending).toString("utf8");
}
