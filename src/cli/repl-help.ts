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
  ["strict-builtin-errors", "make the first error of a builtin fatal, or not"],
  ["dump", "print the base documents"],
  ["help", "print this message"],
  ["exit", "leave (or ctrl+d)"],
];

const width = Math.max(...TOPICS.map(([name]) => name.length));

export const HELP = [
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
