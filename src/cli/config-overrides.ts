// `--set a.b=1,c.d=x` and `--set-file a.b=path` over a configuration, as OPA reads them: numbers, booleans and null mean themselves, `{a,b}`
// is a list, a backslash takes the meaning of a comma or dot away.

import { usageError, readText } from "./options.ts";

type Config = Record<string, unknown>;

/** A new configuration; the given one stays as it is. */
export function overridden(config: Config, sets: readonly string[], files: readonly string[]): Config {
  const changed = structuredClone(config);
  for (const [key, value] of sets.flatMap(assignments)) put(changed, key, plainValue(value));
  for (const [key, path] of files.flatMap(assignments)) put(changed, key, readText(path));
  return changed;
}

function assignments(text: string): [string, string][] {
  return split(text, ",").map((part) => {
    const at = part.indexOf("=");
    if (at <= 0) throw usageError(`\`${part}\` is no setting, \`key=value\` is expected`);
    return [part.slice(0, at), part.slice(at + 1)];
  });
}

/** At separators that stand neither in braces nor behind a backslash. */
function split(text: string, separator: string): string[] {
  const parts = [""];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === "{") depth++;
    if (char === "}") depth--;
    const last = parts.length - 1;
    if (char === separator && depth === 0) parts.push("");
    else if (char === "\\" && text[i + 1] === separator) parts[last] = `${parts[last]}${text[++i]}`;
    else parts[last] = `${parts[last]}${char}`;
  }
  return parts;
}

function put(config: Config, key: string, value: unknown): void {
  const path = split(key, ".");
  let node = config;
  for (const step of path.slice(0, -1)) {
    if (UNSAFE.has(step)) throw usageError(`\`${step}\` is no key of a configuration`);
    const next = node[step];
    if (typeof next === "object" && next !== null && !Array.isArray(next)) node = next as Config;
    else {
      const made: Config = {};
      node[step] = made;
      node = made;
    }
  }
  const last = path[path.length - 1] as string;
  if (UNSAFE.has(last)) throw usageError(`\`${last}\` is no key of a configuration`);
  node[last] = value;
}

/** A key such as `__proto__` would reach what is not in the configuration. */
const UNSAFE: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function plainValue(text: string): unknown {
  if (/^\{[\s\S]*\}$/.test(text)) {
    const inner = text.slice(1, -1);
    return inner === "" ? [] : split(inner, ",").map(plainValue);
  }
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return /^-?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
