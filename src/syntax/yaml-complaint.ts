// What is wrong with the YAML of a METADATA block, in the words of Go's YAML library, which OPA reads it with. In: a problem as the yaml package tells it, and the
// text. Out: one line, `yaml: line N: …`.

/** OPA's words for the commonest slips. */
const SYNTAX: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  MULTILINE_IMPLICIT_KEY: "mapping values are not allowed in this context",
  MISSING_CHAR: "could not find expected ':'",
  BAD_INDENT: "did not find expected key",
  TAB_AS_INDENT: "found character that cannot start any token",
  BAD_SCALAR_START: "found character that cannot start any token",
  UNEXPECTED_TOKEN: "did not find expected node content",
};

/**
 * Problems in the first line have no line number; open quotes are noticed at the end of the text. Of an open bracket the line before its own
 * is named.
 */
export function yamlComplaint(
  problem: {
    readonly code: string;
    readonly message: string;
    readonly pos: readonly [number, number] | readonly number[];
  },
  text: string,
): string {
  const end = text.split("\n").length;
  if (/closing .?(?:["']|quote)/.test(problem.message))
    return `yaml: line ${end}: found unexpected end of stream`;
  const flow = /[Ff]low (map|sequence|collection)/.exec(problem.message);
  if (flow !== null) {
    const opened = Math.max(text.lastIndexOf("{"), text.lastIndexOf("["));
    const unended = text.endsWith("\n") ? end - 1 : end;
    const line = text.slice(0, opened).split("\n").length - 1;
    return `yaml: line ${line === 0 ? unended : line}: did not find expected ${missing(text, opened)}`;
  }
  const [from = 0, to = 0] = problem.pos;
  const line = text.slice(0, Math.max(from, to - 1)).split("\n").length;
  const message = SYNTAX[problem.code] ?? problem.message.charAt(0).toLowerCase() + problem.message.slice(1);
  return line <= 1 ? `yaml: ${message}` : `yaml: line ${line}: ${message}`;
}

/** What a bracket lacks: something behind it, a comma or a colon; or its end. */
function missing(text: string, opened: number): string {
  if (/^(?:[\s\S]*[,:])?\s*$/.test(text.slice(opened + 1))) return "node content";
  return `',' or '${text[opened] === "{" ? "}" : "]"}'`;
}
