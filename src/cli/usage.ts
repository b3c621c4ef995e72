// Between OPA's command line and commander: arguments in the forms that OPA takes, complaints about misuse in its words.

import type { Command } from "commander";

const FLAG = "option '([^' ,]*(?:, [^' ]*)?)[^']*'";

/** What commander says of misuse, and what OPA's command line says. */
const PHRASES: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^error: unknown option '(--[^'=]*)/, (flag) => `unknown flag: ${flag}`],
  [/^error: unknown option '(-(.)[^']*)'/, (flag, short) => `unknown shorthand flag: '${short}' in ${flag}`],
  [/^error: unknown command '([^']*)'/, (name) => `unknown command "${name}" for "reeve"`],
  [new RegExp(`^error: ${FLAG} argument missing`), (flag) => `flag needs an argument: ${flag}`],
  [/^error: required option '([^' ,]*)[^']*' not specified/, (flag) => `required flag(s) "${flag}" not set`],
  [
    new RegExp(`^error: ${FLAG} argument '([\\s\\S]*)' is invalid\\. Allowed choices are (.*)\\.\n`),
    (flag, value, choices = "") =>
      `invalid argument "${value}" for "${flag}" flag: must be one of {${choices.replaceAll(", ", ",")}}`,
  ],
  [
    new RegExp(`^error: ${FLAG} argument '([\\s\\S]*)' is invalid\\. ([\\s\\S]*)\n`),
    (flag, value, why = "") => `invalid argument "${value}" for "${flag}" flag: ${why.replace(/\.$/, "")}`,
  ],
];

export function misuse(text: string): string {
  for (const [pattern, words] of PHRASES) {
    const match = pattern.exec(text);
    if (match !== null) return `Error: ${words(...match.slice(1))}\n`;
  }
  return text.replace(/^error: /, "Error: ");
}

/** OPA's flags may carry their value after `=` everywhere: `-O=1`, `--fail=true`; commander takes neither. */
export function plainArguments(command: Command, args: readonly string[]): string[] {
  const all = [command, ...command.commands].flatMap(({ options }) => options);
  const booleans = new Set(
    all.filter((option) => option.isBoolean() || option.negate).map((option) => option.long),
  );
  const plain: string[] = [];
  for (const [i, arg] of args.entries()) {
    if (arg === "--") return [...plain, ...args.slice(i)];
    const [, short, given] = /^(-[A-Za-z])=([\s\S]*)$/.exec(arg) ?? [];
    const [, name, value] = /^(--[\w-]+)=(true|false|1|0|t|f|T|F)$/.exec(arg) ?? [];
    if (short !== undefined && given !== undefined) plain.push(short, given);
    else if (name === undefined || value === undefined || !booleans.has(name)) plain.push(arg);
    else if (/^[1tT]/.test(value)) plain.push(name);
    else if (booleans.has(name.replace("--", "--no-"))) plain.push(name.replace("--", "--no-"));
  }
  return plain;
}
