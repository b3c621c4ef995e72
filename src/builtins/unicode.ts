// Letter case and white space as Go's unicode package has them: one character at a time, never a ligature into two letters.

/** Go's unicode.IsSpace. */
export const SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;

/** JavaScript's special casing (`ß` to `SS`, final sigma) is taken back: only simple mappings count. */
function simply(text: string, map: (character: string) => string): string {
  let result = "";
  for (const character of text) {
    const mapped = map(character);
    result += mapped.length === character.length || [...mapped].length === 1 ? mapped : character;
  }
  return result;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

export function lowerCase(text: string): string {
  // `İ` lowers to `i` with a dot above in JavaScript and to plain `i` in Go.
  return ASCII.test(text)
    ? text.toLowerCase()
    : simply(text, (c) => (c === "\u0130" ? "i" : c.toLowerCase()));
}

export function upperCase(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : simply(text, (c) => titleToUpper(c) ?? c.toUpperCase());
}

/** Greek letters with iota have a simple mapping of their own, beside the special one that JavaScript uses. */
function titleToUpper(c: string): string | undefined {
  const point = c.codePointAt(0) as number;
  if (point >= 0x1f80 && point <= 0x1faf) return String.fromCodePoint(point | 8);
  if (point === 0x1fb3 || point === 0x1fc3 || point === 0x1ff3) return String.fromCodePoint(point + 9);
  return undefined;
}
