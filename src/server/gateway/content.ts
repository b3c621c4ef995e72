// What a tool's result says, as a value that can be labelled by path. In: the result of `tools/call` (or another method whose answer reaches
// the model). Out: the structured content where there is some, and every text beside it. A text is never taken for more than it is: JSON in
// a single text block counts as structure, since trusted paths hold only where the catalogue names them for this very tool.

import { decode, encode } from "../../value/json.ts";
import { isArray, isNumber, isObject, type RegoObject, type Value } from "../../value/value.ts";
import { changed } from "./rpc.ts";

export interface ResultContent {
  /** What the catalogue's paths are about. */
  readonly value: Value;
  /** Texts that stand beside it and are not the same in other words. */
  readonly beside: readonly Value[];
}

export function resultContent(result: RegoObject): ResultContent {
  const structured = result.get("structuredContent");
  const found = texts(result.get("content") ?? null);
  if (structured !== undefined && structured !== null && typeof structured === "object") {
    const own = encode(structured);
    const beside = found.filter((text) => {
      const read = parsed(text);
      return read === undefined || encode(read) !== own;
    });
    const rest = texts(changed(result, { content: undefined, structuredContent: undefined, ...UNREAD }));
    return { value: structured, beside: [...beside, ...rest] };
  }
  // What stands under a name that MCP does not know may be read all the same.
  const beside = texts(changed(result, { content: undefined, ...UNREAD }));
  const [only, ...more] = found;
  if (only === undefined) return { value: null, beside };
  if (more.length > 0) return { value: found, beside };
  return { value: parsed(only) ?? only, beside };
}

/** Members of a result that are the protocol's own. */
const UNREAD = { _meta: undefined, resultType: undefined };

/** Shorter ones may be words. */
const MEDIA_LENGTH = 64;

function parsed(text: string): Value | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return decode(text);
  } catch {
    return undefined;
  }
}

/** Every text in a value, whichever block holds it; encoded media says nothing that a model reads as words. */
export function texts(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object" || isNumber(value)) return [];
  if (isArray(value)) return value.flatMap(texts);
  if (!isObject(value)) return [];
  return [...value.entries()].flatMap(([key, member]) =>
    key === "type" || isMedia(key, member) ? [] : texts(member),
  );
}

function isMedia(key: Value, member: Value): boolean {
  return (
    (key === "data" || key === "blob") &&
    typeof member === "string" &&
    member.length >= MEDIA_LENGTH &&
    /^[A-Za-z0-9+/_=-]*$/.test(member)
  );
}
