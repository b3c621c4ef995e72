// The two pattern languages of OPA's bundle options: Go's filepath.Match (`--ignore`, `exclude_files`) and the globs of
// `file_rego_versions`. Pattern and text in, yes or no out; a malformed pattern matches nothing, as in OPA.

/** `*`, `?`, `[a-z]`, `[^a-z]`, `\` escapes; no wildcard matches a slash. */
export function matchesFile(pattern: string, text: string): boolean {
  const source = fileSource(pattern);
  return source !== undefined && new RegExp(`^${source}$`, "su").test(text);
}

const literal = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/-]/u, "\\$&");

function fileSource(pattern: string): string | undefined {
  const chars = [...pattern];
  let source = "";
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i] as string;
    if (c === "*") source += "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (c === "\\") {
      const next = chars[++i];
      if (next === undefined) return undefined;
      source += literal(next);
    } else if (c === "[") {
      const read = readClass(chars, i + 1);
      if (read === undefined) return undefined;
      source += read.source;
      i = read.end;
    } else source += literal(c);
  }
  return source;
}

/** A character class from behind its `[` to its `]`. */
function readClass(chars: readonly string[], start: number): { source: string; end: number } | undefined {
  let i = start;
  const negated = chars[i] === "^";
  if (negated) i++;
  const one = (): string | undefined => {
    const c = chars[i++];
    if (c === undefined || c === "-" || c === "]") return undefined;
    return c === "\\" ? chars[i++] : c;
  };
  let body = "";
  for (let ranges = 0; ; ranges++) {
    if (chars[i] === "]" && ranges > 0) break;
    const low = one();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (chars[i] === "-") {
      i++;
      high = one();
    }
    if (high === undefined) return undefined;
    // An empty range is no error in Go: it matches nothing.
    if (low <= high) body += `${literal(low)}-${literal(high)}`;
  }
  const matchesNone = "(?!)";
  const source = body === "" ? (negated ? "[\\s\\S]" : matchesNone) : `[${negated ? "^" : ""}${body}]`;
  return { source: source === matchesNone ? source : `(?!/)${source}`, end: i };
}

/** As `file_rego_versions` has them: here `*` crosses slashes, and `{a,b}` offers alternatives. */
export function matchesGlob(pattern: string, text: string): boolean {
  let source = "";
  let depth = 0;
  const chars = [...pattern];
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i] as string;
    if (c === "*") source += "[\\s\\S]*";
    else if (c === "?") source += "[\\s\\S]";
    else if (c === "\\") source += literal(chars[++i] ?? "\\");
    else if (c === "{" && ++depth > 0) source += "(?:";
    else if (c === "}" && depth > 0 && depth-- > 0) source += ")";
    else if (c === "," && depth > 0) source += "|";
    else if (c === "[") {
      const end = chars.indexOf("]", i + 2);
      if (end < 0) return false;
      const body = chars.slice(i + 1, end);
      const negated = body[0] === "!";
      const members = body.slice(negated ? 1 : 0).map((m) => (m === "-" ? m : literal(m)));
      source += `[${negated ? "^" : ""}${members.join("")}]`;
      i = end;
    } else source += literal(c);
  }
  try {
    return depth === 0 && new RegExp(`^${source}$`, "u").test(text);
  } catch {
    return false;
  }
}
