// DER, as far as certificates need it: nested elements with tag, content and the bytes they came from. Bytes in, elements out; anything
// that is not well-formed DER throws, so that no parser above reads past an end.

import { failure } from "./operand.ts";

export interface Element {
  /** Class and number as in the first byte, without the bit for "constructed". */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly raw: Uint8Array;
}

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_ID = 0x06;
export const SEQUENCE = 0x10;
export const SET = 0x11;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
/** `[n]` of the context. */
export const context = (n: number): number => 0x80 | n;

function malformed(): Error {
  return failure("asn1: structure error: malformed element");
}

const TRUNCATED = "asn1: syntax error: truncated tag or length";

/** The element at `at`. */
export function readElement(bytes: Uint8Array, at = 0): Element {
  const first = bytes[at];
  const length = bytes[at + 1];
  if (first === undefined) throw failure("asn1: syntax error: sequence truncated");
  if (length === undefined) throw failure(TRUNCATED);
  if ((first & 0x1f) === 0x1f) throw malformed();
  let size = length;
  let start = at + 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    if (start + count > bytes.length) throw failure(TRUNCATED);
    if (count === 0 || count > 4) throw malformed();
    size = 0;
    for (let i = 0; i < count; i++) size = size * 256 + (bytes[start++] ?? 0);
  }
  if (start + size > bytes.length) throw failure("asn1: syntax error: data truncated");
  return {
    tag: first & 0xdf,
    content: bytes.subarray(start, start + size),
    raw: bytes.subarray(at, start + size),
  };
}

/** What is no sequence is refused before its length is looked at, in the words of Go's encoding/asn1. `name` is that of the Go type. */
export function refuseOther(bytes: Uint8Array, name: string): void {
  const [first, length] = bytes;
  if (first === undefined || length === undefined || first === 0x30 || length & 0x80) return;
  if ((first & 0x1f) === 0x1f) return;
  throw failure(
    `asn1: structure error: tags don't match (16 vs {class:${first >> 6} tag:${first & 0x1f} length:${length} isCompound:${(first & 0x20) !== 0}}) {optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false} ${name} @2`,
  );
}

/** All elements, one after the other. */
export function readAll(bytes: Uint8Array): Element[] {
  const list: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readElement(bytes, at);
    list.push(element);
    at += element.raw.length;
  }
  return list;
}

/** What stands in a sequence (or set, or context element), which must have this tag. */
export function children(element: Element | undefined, tag: number = SEQUENCE): Element[] {
  if (element === undefined || element.tag !== tag) throw malformed();
  return readAll(element.content);
}

export function toInteger(element: Element | undefined): bigint {
  if (element === undefined || element.tag !== INTEGER || element.content.length === 0) throw malformed();
  let value = 0n;
  for (const byte of element.content) value = (value << 8n) | BigInt(byte);
  const isNegative = ((element.content[0] as number) & 0x80) !== 0;
  return isNegative ? value - (1n << BigInt(element.content.length * 8)) : value;
}

export function toObjectId(element: Element | undefined): number[] {
  if (element === undefined || element.tag !== OBJECT_ID) throw malformed();
  const arcs: number[] = [];
  let value = 0;
  for (const byte of element.content) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (arcs.length === 0) {
      const top = Math.min(2, Math.floor(value / 40));
      arcs.push(top, value - top * 40);
    } else arcs.push(value);
    value = 0;
  }
  return arcs;
}

/** The bytes of a bit string, without the count of unused bits. */
export function toBits(element: Element | undefined): Uint8Array {
  if (element === undefined || element.tag !== BIT_STRING || element.content.length === 0) throw malformed();
  return element.content.subarray(1);
}

/** RFC 3339, in UTC. */
export function toTime(element: Element | undefined): string {
  const text = String.fromCharCode(...(element?.content ?? []));
  const long = element?.tag === UTC_TIME ? (Number(text.slice(0, 2)) >= 50 ? "19" : "20") + text : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(long);
  if (match === null) throw malformed();
  return `${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`;
}
