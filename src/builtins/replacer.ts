// Replaces several strings in one pass over a text, without looking at what was put in: Go's strings.Replacer. At each place the first
// pair (in the given order) that fits wins; the empty string fits everywhere, but not twice in a row.

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
      const width = (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
      out += text.slice(at, at + width);
      at += width;
    }
    return out;
  };
}
