// The package a Rego file belongs to, read from its first lines without a parser: the deciding half must know which paths a shipped
// module stands for, and carries no compiler. Text in, keys below `data` out; undefined for what is not understood, never a guess.

const BLANK = /^(?:[ \t\r\n\ufeff]|#[^\n]*(?:\n|$))+/;
const FIRST = /^[A-Za-z_][A-Za-z0-9_]*/;
const NEXT = /^\.([A-Za-z_][A-Za-z0-9_]*)/;
const KEY = /^\[\s*("(?:[^"\\\n]|\\.)*")\s*\]/;

export function packagePath(text: string): readonly string[] | undefined {
  let rest = text.replace(BLANK, "");
  if (!/^package[ \t\r\n#]/.test(rest)) return undefined;
  rest = rest.slice("package".length).replace(BLANK, "");
  const first = FIRST.exec(rest)?.[0];
  if (first === undefined) return undefined;
  const path = [first];
  rest = rest.slice(first.length);
  for (;;) {
    const next = NEXT.exec(rest) ?? KEY.exec(rest);
    if (next === null) break;
    const key = next[1] as string;
    if (key.startsWith('"')) {
      try {
        path.push(JSON.parse(key) as string);
      } catch {
        return undefined;
      }
    } else path.push(key);
    rest = rest.slice(next[0].length);
  }
  if (rest !== "" && !/^[ \t\r\n#]/.test(rest)) return undefined;
  return path;
}
