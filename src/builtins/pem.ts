// PEM as Go's encoding/pem reads it: the first block anywhere in a text, and what follows it. Text in; label, headers, bytes and the
// rest out; undefined when there is no block.

import { decodeBase64 } from "./base64.ts";

export interface PemBlock {
  readonly label: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly der: Uint8Array;
  readonly rest: string;
}

export function decodePem(text: string): PemBlock | undefined {
  const begin = /(^|\n)-----BEGIN ([^\n]*?)-----[ \t]*\r?\n/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[2] as string;
    const body = text.slice(begin.lastIndex);
    const end = body.search(/(^|\n)-----END /);
    if (end < 0) return undefined;
    const endLine = /-----END ([^\n]*?)-----[ \t]*(\r?\n|$)/.exec(body.slice(end));
    const block = endLine !== null && endLine[1] === label ? readBody(body.slice(0, end)) : undefined;
    if (block !== undefined && endLine !== null) {
      return { label, ...block, rest: body.slice(end + endLine.index + endLine[0].length) };
    }
  }
  return undefined;
}

function readBody(body: string): { headers: Map<string, string>; der: Uint8Array } | undefined {
  const headers = new Map<string, string>();
  let rest = body;
  for (
    let line = /^([^:\n]+):([^\n]*)\n/.exec(rest);
    line !== null;
    line = /^([^:\n]+):([^\n]*)\n/.exec(rest)
  ) {
    headers.set((line[1] as string).trim(), (line[2] as string).trim());
    rest = rest.slice(line[0].length);
  }
  try {
    return { headers, der: decodeBase64(rest.replace(/[ \t\r\n]/g, "")) };
  } catch {
    return undefined;
  }
}
