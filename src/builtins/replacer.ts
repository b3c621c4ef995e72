// Replaces several strings in one pass over a text, without looking at what was put in: Go's strings.Replacer. At each place the first
// pair (in the given order) that fits wins; the empty string fits everywhere, but not twice in a row.

/** What JSON shows of a byte that is no character. */
const TORN = "\ufffd";

export function replacer(pairs: readonly (readonly [string, string])[]): (text: string) => string {
  const [only] = pairs;
  if (pairs.length === 1 && only !== undefined && only[0] !== "") {
    return (text) => text.replaceAll(only[0], () => only[1]);
  }
  return (text) => {
    let out = "";
    let at = 0;
    let wasEmpty = false;
    while (at <= text.length) {
      const hit = pairs.find(([from]) => (from !== "" || !wasEmpty) && text.startsWith(from, at));
      wasEmpty = hit !== undefined && hit[0] === "";
      if (hit !== undefined) {
        out += hit[1];
        at += hit[0].length;
        continue;
      }
      if (at === text.length) break;
      const point = text.codePointAt(at) as number;
      const width = point > 0xffff ? 2 : 1;
      const empty = pairs.find(([from]) => from === "");
      // Go goes byte by byte: the empty string fits within a character too, and tears it.
      if (empty !== undefined && point > 0x7f) {
        out += TORN + `${empty[1]}${TORN}`.repeat((point > 0xffff ? 4 : point > 0x7ff ? 3 : 2) - 1);
        wasEmpty = false;
      } else out += text.slice(at, at + width);
      at += width;
    }
    return out;
  };
}
