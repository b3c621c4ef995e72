// What `help` prints in an interactive session.

const TOPICS: readonly (readonly [string, string])[] = [
  ["<stmt>", "evaluate the statement"],
  ["package <term>", "change active package"],
  ["import <term>", "add import to active package"],
  ["show", "show the rules of the active package"],
  ["show debug", "show the settings of the session"],
  ["unset <ref>", "drop the rules of that name from the active package"],
  ["unset-package <var>", "drop a package"],
  ["json", "print results as JSON"],
  ["pretty", "print results for people"],
  ["pretty-limit <n>", "cut long values in tables"],
  ["trace [mode]", "tell everything that is tried, or not; or off, full, notes, fails, debug"],
  ["notes", "tell notes of `trace`, or not"],
  ["fails", "tell what fails, or not"],
  ["metrics", "tell how long the steps take, or not"],
  ["instrument", "the same as metrics"],
  ["profile", "tell how long each line takes, or not"],
  ["strict-builtin-errors", "make the first error of a builtin fatal, or not"],
  ["types", "tell the types of a statement's references and variables, or not"],
  ["target <mode>", "rego or wasm: accepted for OPA's sake, everything runs as Wasm"],
  ["dump [path]", "print the base documents, or write them to a file"],
  ["help [topic]", "print this message, `help input` or `help partial`"],
  ["ctrl+l", "clear the screen"],
  ["exit", "leave (or ctrl+d)"],
];

const width = Math.max(...TOPICS.map(([name]) => name.length));

const HELP = [
  "",
  "Examples",
  "========",
  "",
  "> data                 # show all documents",
  "> data[x] = _          # show all top level keys",
  "> data.system.version  # drill into specific document",
  "",
  "Commands",
  "========",
  "",
  ...TOPICS.map(([name, meaning]) => `${name.padStart(width)} : ${meaning}`),
  "",
  "A statement goes on over several lines until it is complete; an empty line ends it.",
  "The rules of package repl.input are the input document.",
  "",
].join("\n");

const INPUT = `
The input document
==================

What the package repl.input defines is the input document of every statement:

  > package repl.input
  > params := {"method": "POST"}
  > package repl
  > input.params.method == "POST"
  true
`;

export const NO_PARTIAL_EVALUATION =
  "partial evaluation is not supported: statements run as modules that are compiled whole";

export function help(topic: string | undefined): string {
  if (topic === undefined) return HELP;
  if (topic === "partial") return NO_PARTIAL_EVALUATION;
  return topic === "input" ? INPUT : `unknown topic '${topic}'`;
}
