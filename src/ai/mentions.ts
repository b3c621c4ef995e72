// What a text points to and what it hides. In: a text. Out: links and addresses in it, and what its words say when they are decoded (base64,
// hex, percent). Decoding is shallow and bounded: it is meant to catch the cheap ways of hiding, and proves nothing by finding none.

import { normalise, withoutMarks } from "./tokens.ts";

export interface FoundMention {
  readonly kind: "url" | "email";
  readonly value: string;
  readonly host?: string;
}

/** Endings of file names; a bare word with one of them is a file, not a host. */
const FILE_ENDINGS = new Set(
  "txt md pdf doc docx xls xlsx ppt pptx csv tsv json yaml yml xml html htm js ts py rb rs go java c h cpp sh log zip gz tar png jpg jpeg gif svg mp3 mp4 ics eml rtf odt ods toml ini cfg conf sql db bak tmp".split(
    " ",
  ),
);

const WORD = /[^\s"'`“”‘’<>()[\]{}|]+/gu;
const HOST = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}]{2,}$/u;

/** Links (with or without a scheme) and mail addresses. */
export function findMentions(text: string): FoundMention[] {
  const found: FoundMention[] = [];
  for (const [word] of normalise(text).matchAll(WORD)) {
    const value = withoutMarks(word, ",;:*_~", ".,;:!?*_~");
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//u.exec(value)?.[0];
    const rest = value.slice(scheme?.length ?? 0);
    const [authority = ""] = rest.split(/[/?#\\]/u);
    if (scheme === undefined && /^[^@/]+@[^@/]+$/u.test(value)) {
      if (HOST.test(value.slice(value.indexOf("@") + 1))) found.push({ kind: "email", value });
      continue;
    }
    const host = authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d+$/, "");
    if (scheme !== undefined) {
      if (host !== "") found.push({ kind: "url", value, host });
    } else if (HOST.test(host) && !(rest === authority && FILE_ENDINGS.has(host.split(".").at(-1) ?? ""))) {
      found.push({ kind: "url", value, host });
    }
  }
  return found;
}

const MAX_DECODED = 64;

/** Readings of a text's words that are text again. */
export function decodings(text: string): { readonly encoding: string; readonly decoded: string }[] {
  const found: { encoding: string; decoded: string }[] = [];
  if (text === "") return found;
  if (/%[0-9a-f]{2}/iu.test(text)) {
    const decoded = text.replace(
      /(?:%[0-9a-f]{2})+/giu,
      (run) => utf8(fromHex(run.replaceAll("%", ""))) ?? run,
    );
    if (decoded !== text) found.push({ encoding: "percent", decoded });
  }
  for (const [word] of text.matchAll(/[A-Za-z0-9+/_-]{8,}={0,2}/gu)) {
    if (found.length >= MAX_DECODED) break;
    if (/^(?:[0-9a-f]{2})+$/iu.test(word)) {
      const decoded = utf8(fromHex(word));
      if (decoded !== undefined) found.push({ encoding: "hex", decoded });
    }
    const decoded = utf8(fromBase64(word));
    if (decoded !== undefined) found.push({ encoding: "base64", decoded });
  }
  return found;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
}

function fromBase64(text: string): Uint8Array {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/u, ""));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Text without control characters; undefined when the bytes are no such text. */
function utf8(bytes: Uint8Array): string | undefined {
  if (bytes.length < 3) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /[\p{Cc}]/u.test(text.replace(/[\t\r\n]/gu, "")) ? undefined : text;
  } catch {
    return undefined;
  }
}
