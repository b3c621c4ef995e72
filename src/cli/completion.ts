// `reeve completion SHELL`: the script that completes commands, flags and their values in a shell. What it knows is read from the commands themselves.

import { Command, type Option } from "commander";
import { usageError } from "./options.ts";

interface Known {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: (all: readonly Known[]) => Command }>;
}

/** A command, or one below a command: `refactor`, `refactor move`. */
interface Described {
  readonly path: readonly string[];
  readonly summary: string;
  /** Of the commands below it. */
  readonly inner: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly Option[];
}

const SHELLS: Readonly<Record<string, (all: readonly Described[]) => string>> = {
  bash,
  fish,
  powershell,
  zsh,
};

/** Completes what `all` lists. */
export function command(all: readonly Known[]): Command {
  return new Command("completion")
    .description(
      "Generate the autocompletion script for a shell, as in `source <(reeve completion bash)`, `reeve completion fish | source`.",
    )
    .argument("[shell]", `one of ${Object.keys(SHELLS).join(", ")}`)
    .option("--no-descriptions", "disable completion descriptions")
    .action(async (shell: string | undefined, flags: { readonly descriptions: boolean }, self: Command) => {
      if (shell === undefined) return self.outputHelp();
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined) throw usageError(`specify a shell: ${Object.keys(SHELLS).join(", ")}`);
      process.stdout.write(script(await describe(all, flags.descriptions)));
    });
}

async function describe(all: readonly Known[], withWords: boolean): Promise<Described[]> {
  const words = (text: string): string => (withWords ? text.split("\n")[0]!.replaceAll(/["'`$\\]/g, "") : "");
  const found: Described[] = [];
  for (const { name, summary, load } of all) {
    const loaded = (await load()).command(all);
    const inner = loaded.commands.map((each) => ({ name: each.name(), summary: words(each.description()) }));
    found.push({ path: [name], summary: words(summary), inner, flags: flagsOf(loaded, words) });
    for (const each of loaded.commands)
      found.push({ path: [name, each.name()], summary: "", inner: [], flags: flagsOf(each, words) });
  }
  return found;
}

function flagsOf(command: Command, words: (text: string) => string): Option[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  for (const option of shown) option.description = words(option.description);
  return shown;
}

const names = ({ long, short }: Option): string[] => [long, short].filter((name) => name !== undefined);

/** Every word that may stand behind the command, and for each flag with choices what may stand behind that. */
function bash(all: readonly Described[]): string {
  const cases = all.map(({ path, inner, flags }) => {
    const values = flags.flatMap((flag) =>
      flag.argChoices === undefined
        ? []
        : [`      ${names(flag).join("|")}) words="${flag.argChoices.join(" ")}"; only=1 ;;`],
    );
    const words = [...inner.map(({ name }) => name), ...flags.flatMap(names), "--help"].join(" ");
    return [
      `    "${path.join(" ")}")`,
      `      words="${words}"`,
      ...(values.length > 0 ? ['      case "$prev" in', ...values, "      esac"] : []),
      "      ;;",
    ].join("\n");
  });
  return `# bash completion for reeve
_reeve() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" words="" only=""
  local path="\${COMP_WORDS[1]}"
  case "$path \${COMP_WORDS[2]}" in
${all.flatMap(({ path }) => (path.length > 1 ? [`    "${path.join(" ")}") path="${path.join(" ")}" ;;`] : [])).join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${topNames(all).join(" ")} help" -- "$cur"))
    return
  fi
  case "$path" in
${cases.join("\n")}
  esac
  if [ -n "$only" ] || [ "\${cur#-}" != "$cur" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$(printf '%s\\n' $words | grep -v '^-')" -- "$cur") $(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _reeve reeve
`;
}

function topNames(all: readonly Described[]): string[] {
  return all.flatMap(({ path: [name, ...below] }) =>
    below.length === 0 && name !== undefined ? [name] : [],
  );
}

function zsh(all: readonly Described[]): string {
  const item = (name: string, words: string): string =>
    `'${name}${words === "" ? "" : `:${words.replaceAll(":", "")}`}'`;
  const tops = all.filter(({ path }) => path.length === 1);
  const cases = all.map(({ path, inner, flags }) => {
    const values = flags.flatMap((flag) =>
      flag.argChoices === undefined
        ? []
        : [`      ${names(flag).join("|")}) compadd -- ${flag.argChoices.join(" ")}; return ;;`],
    );
    const items = [
      ...inner.map(({ name, summary }) => item(name, summary)),
      ...flags.flatMap((flag) => names(flag).map((name) => item(name, flag.description))),
    ];
    return [
      `    '${path.join(" ")}')`,
      ...(values.length > 0 ? ['      case "$words[CURRENT-1]" in', ...values, "      esac"] : []),
      `      items=(${items.join(" ")})`,
      "      ;;",
    ].join("\n");
  });
  return `#compdef reeve
_reeve() {
  local -a items
  local command="$words[2]"
  case "$words[2] $words[3]" in
${all.flatMap(({ path }) => (path.length > 1 ? [`    '${path.join(" ")}') command='${path.join(" ")}' ;;`] : [])).join("\n")}
  esac
  if (( CURRENT == 2 )); then
    items=(${tops.map(({ path, summary }) => item(path[0]!, summary)).join(" ")})
    _describe 'command' items
    return
  fi
  case "$command" in
${cases.join("\n")}
  esac
  _describe 'flag' items
  _files
}
compdef _reeve reeve
`;
}

function fish(all: readonly Described[]): string {
  const lines = all.flatMap(({ path, summary, inner, flags }) => {
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    const described = (words: string): string => (words === "" ? "" : ` -d '${words}'`);
    return [
      ...(path.length === 1
        ? [`complete -c reeve -f -n __fish_use_subcommand -a ${path[0]}${described(summary)}`]
        : []),
      ...inner.map((each) => `complete -c reeve -n '${seen}' -a ${each.name}${described(each.summary)}`),
      ...flags.map(({ long, short, argChoices, required, description }) => {
        const name = `${long === undefined ? "" : ` -l ${long.slice(2)}`}${short === undefined ? "" : ` -s ${short.slice(1)}`}`;
        const value = argChoices === undefined ? (required ? " -r" : "") : ` -x -a '${argChoices.join(" ")}'`;
        return `complete -c reeve -n '${seen}'${name}${value}${described(description)}`;
      }),
    ];
  });
  return `# fish completion for reeve\n${lines.join("\n")}\n`;
}

function powershell(all: readonly Described[]): string {
  const rows = all.map(({ path, inner, flags }) => {
    const words = [...inner.map(({ name }) => name), ...flags.flatMap(names), "--help"];
    return `    '${path.join(" ")}' = @(${words.map((word) => `'${word}'`).join(", ")})`;
  });
  return `# powershell completion for reeve
Register-ArgumentCompleter -Native -CommandName reeve -ScriptBlock {
  param($word, $ast, $position)
  $known = @{
    '' = @(${topNames(all)
      .map((name) => `'${name}'`)
      .join(", ")}, 'help')
${rows.join("\n")}
  }
  $given = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { "$_" })
  $path = ''
  if ($given.Count -gt 0) { $path = $given[0] }
  if ($given.Count -gt 1 -and $known.ContainsKey("$($given[0]) $($given[1])")) { $path = "$($given[0]) $($given[1])" }
  $known[$path] | Where-Object { $_ -like "$word*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
