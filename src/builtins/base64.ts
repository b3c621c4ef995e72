// Base64 as Go decodes it: strict about padding, tolerant of line breaks, with the byte position in its complaint. Bytes and texts.

import { encodeUtf8 } from "../value/utf8.ts";
import { failure } from "./operand.ts";

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export type Alphabet = "standard" | "url";

export function encodeBase64(bytes: Uint8Array, alphabet: Alphabet = "standard", padded = true): string {
  const letters = alphabet === "url" ? URL_SAFE : STANDARD;
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = Math.min(3, bytes.length - i);
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j <= left; j++) text += letters[(word >> (18 - 6 * j)) & 63];
    if (padded) text += "=".repeat(3 - left);
  }
  return text;
}

const PAD = 61;

function isBreak(byte: number | undefined): boolean {
  return byte === 10 || byte === 13;
}

/** Throws at the first wrong byte. With `padded` false, padding is wrong; otherwise, its absence is. */
export function decodeBase64(text: string, alphabet: Alphabet = "standard", padded = true): Uint8Array {
  const letters = alphabet === "url" ? URL_SAFE : STANDARD;
  const source = encodeUtf8(text);
  const out: number[] = [];
  const corrupt = (at: number): Error => failure(`illegal base64 data at input byte ${at}`);
  let at = 0;
  while (at < source.length) {
    const quantum: number[] = [];
    let ended = false;
    while (quantum.length < 4 && !ended) {
      const j = quantum.length;
      if (at === source.length) {
        if (j === 0) break;
        if (j === 1 || padded) throw corrupt(at - j);
        break;
      }
      const byte = source[at++] as number;
      const value = letters.indexOf(String.fromCharCode(byte));
      if (value >= 0) quantum.push(value);
      else if (!isBreak(byte)) {
        if (!padded || byte !== PAD || j < 2) throw corrupt(at - 1);
        if (j === 2) {
          while (isBreak(source[at])) at++;
          if (at === source.length) throw corrupt(at);
          if (source[at] !== PAD) throw corrupt(at - 1);
          at++;
        }
        while (isBreak(source[at])) at++;
        if (at < source.length) throw corrupt(at);
        ended = true;
      }
    }
    const word = quantum.reduce((sum, value, i) => sum | (value << (18 - 6 * i)), 0);
    for (let i = 0; i < quantum.length - 1; i++) out.push((word >> (16 - 8 * i)) & 255);
  }
  return Uint8Array.from(out);
}
