// Shell lines through the parser `unbash` (Bash; POSIX sh is read as Bash). In: text. Out: every command that could run, wherever it stands
// (pipes, substitutions, functions, `sh -c`, `sudo`), with arguments and redirections. A word that the shell computes is marked as dynamic:
// nobody can say beforehand what it will be. The package is optional; whoever imports this file has it.

import { parse } from "unbash";
import { notParsed } from "./program.ts";

interface Node {
  readonly type?: unknown;
  readonly [key: string]: unknown;
}

interface Command {
  /** Null when the shell computes it. */
  readonly name: string | null;
  readonly arguments: readonly string[];
  /** A word of it is computed by the shell. */
  readonly dynamic: boolean;
}

interface Redirect {
  readonly operator: string;
  readonly target: string;
  readonly dynamic: boolean;
}

/** Commands whose `-c` argument, or whose arguments together, are a program again. */
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash"]);
/** Commands that run the command in their arguments. */
const RUNNERS = new Set(
  "sudo doas env nohup time nice ionice timeout xargs command exec builtin setsid stdbuf watch find parallel ssh eval".split(
    " ",
  ),
);
const PLAIN = new Set(["Literal", "SingleQuoted", "DoubleQuoted", "AnsiCQuoted"]);
const MAX_NESTING = 8;

export function parseShell(text: string): object {
  const commands: Command[] = [];
  const redirects: Redirect[] = [];
  read(text, commands, redirects, 0);
  return { commands, redirects };
}

function read(text: string, commands: Command[], redirects: Redirect[], depth: number): void {
  if (depth > MAX_NESTING) throw notParsed("programs are nested too deeply");
  if (/[\0\r]/.test(text)) throw notParsed("it has control characters");
  // Parts of words are read when they are asked for: the JSON form has them all.
  const script: unknown = JSON.parse(JSON.stringify(parse(text)));
  walk(script, (node) => {
    const [error] = (Array.isArray(node.errors) ? node.errors : []) as readonly {
      readonly message: string;
    }[];
    if (error !== undefined) throw notParsed(error.message);
    if (node.type === "Redirect") {
      const target = node.target as Node | undefined;
      redirects.push({
        operator: String(node.operator),
        target: textOfWord(target),
        dynamic: isDynamic(target),
      });
    }
    if (node.type !== "Command") return;
    // What is put in front may decide what runs (`PATH`, `LD_PRELOAD`), so that it has to be allowed by its name.
    for (const { type, text } of (node.prefix ?? []) as Node[])
      if (type === "Assignment") commands.push(assigned(String(text)));
    if (node.name === undefined) return;
    const words = [node.name as Node, ...(node.suffix as Node[]).filter(({ type }) => type === "Word")];
    addCommand(
      words.map((word) => ({ value: textOfWord(word), dynamic: isDynamic(word) })),
      commands,
      redirects,
      depth,
    );
  });
}

interface WordText {
  readonly value: string;
  readonly dynamic: boolean;
}

const SYSTEM_FOLDER = /^\/(?:usr\/(?:local\/)?)?s?bin\/(?=[^/]+$)/;

/** What runs: a bare name for programs of the system's folders, else the path as it is written: `./ls` is not `ls`. */
function nameOf({ value, dynamic }: WordText): string | null {
  return dynamic ? null : value.replace(SYSTEM_FOLDER, "");
}

function baseOf(name: string): string {
  return name.split("/").at(-1) ?? "";
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/.test(word);
}

/** An assignment as a command of its own, named `NAME=`. */
function assigned(text: string): Command {
  const [name = ""] = /^[A-Za-z_]\w*/.exec(text) ?? [];
  return { name: `${name}=`, arguments: [], dynamic: true };
}

function addCommand(
  words: readonly WordText[],
  commands: Command[],
  redirects: Redirect[],
  depth: number,
): void {
  const [first, ...rest] = words;
  if (first === undefined) return;
  const shown = nameOf(first);
  commands.push({
    name: shown,
    arguments: rest.map(({ value }) => value),
    dynamic: words.some(({ dynamic }) => dynamic),
  });
  if (shown === null) return;
  const name = baseOf(shown);
  if (SHELLS.has(name)) {
    const at = rest.findIndex(({ value }) => /^-[a-z]*c$/.test(value));
    const program = at === -1 ? undefined : rest[at + 1];
    if (program === undefined || program.dynamic) commands.push({ name: null, arguments: [], dynamic: true });
    else read(program.value, commands, redirects, depth + 1);
  }
  if (name === "eval" || name === "ssh") {
    if (rest.some(({ dynamic }) => dynamic)) commands.push({ name: null, arguments: [], dynamic: true });
    else
      read(
        (name === "ssh" ? rest.slice(1) : rest).map(({ value }) => value).join(" "),
        commands,
        redirects,
        depth + 1,
      );
  } else if (RUNNERS.has(name)) {
    // Which of its words is the command depends on its options: each word that could be one counts.
    for (const [i, word] of rest.entries())
      if (isAssignment(word.value)) commands.push(assigned(word.value));
      else if (!/^-|^\d+(?:\.\d+)?[smhd]?$/.test(word.value))
        addRun(rest.slice(i), commands, redirects, depth);
    // `env -S "program"`: split and run by `env` itself.
    if (name === "env" && rest.some(({ value }) => /^-[a-z0]*S|^--s/.test(value)))
      commands.push({ name: null, arguments: [], dynamic: true });
  }
}

/** The command that a runner runs, without looking for further readings of its own words. */
function addRun(words: readonly WordText[], commands: Command[], redirects: Redirect[], depth: number): void {
  const [first, ...rest] = words;
  if (first === undefined) return;
  const name = nameOf(first);
  if (name !== null && SHELLS.has(baseOf(name))) return addCommand(words, commands, redirects, depth + 1);
  commands.push({
    name,
    arguments: rest.map(({ value }) => value),
    dynamic: words.some(({ dynamic }) => dynamic),
  });
}

function textOfWord(word: Node | undefined): string {
  return typeof word?.value === "string" ? word.value : String(word?.text ?? "");
}

/** Whether a word holds anything but literal text: variables, substitutions, patterns, braces. */
function isDynamic(word: Node | undefined): boolean {
  let found = false;
  for (const part of (word?.parts as Node[] | undefined) ?? [])
    walk(part, ({ type }) => {
      if (typeof type === "string" && !PLAIN.has(type)) found = true;
    });
  return found;
}

function walk(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (const member of node) walk(member, see);
    return;
  }
  see(node as Node);
  for (const member of Object.values(node)) walk(member, see);
}
