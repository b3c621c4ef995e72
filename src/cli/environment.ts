// Flags from the environment, as OPA takes them: `OPA_EVAL_FORMAT=pretty` is `--format pretty` of `eval`, unless that flag is given.

import type { Command, Option } from "commander";
import { PolicyError } from "../error.ts";

/** Go's words for booleans. */
const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/**
 * Has commander take from the environment, while it parses, what the arguments leave open. An empty value sets nothing. Parsing then throws
 * `invalid_parameter` for a value that does not fit its flag.
 */
export function takeEnvironment(command: Command): void {
  for (const option of command.options) {
    if (option.negate || option.long === undefined) continue;
    const name = `OPA_${command.name()}_${option.name()}`.replaceAll("-", "_").toUpperCase();
    const value = process.env[name];
    if (value === undefined || value === "") continue;
    option.envVar = name;
    command.on(`optionEnv:${option.name()}`, () => {
      const known = option.attributeName();
      command.setOptionValueWithSource(known, read(option, value, command.getOptionValue(known)), "env");
    });
  }
}

function read(option: Option, value: string, previous: unknown): unknown {
  const wrong = (why: string): PolicyError =>
    new PolicyError(
      "invalid_parameter",
      `error mapping environment variables to command flags: invalid argument "${value}" for "${option.flags.replace(/ <.*/, "")}" flag: ${why}`,
    );
  if (option.isBoolean()) {
    if (TRUE.has(value) || FALSE.has(value)) return TRUE.has(value);
    throw wrong(`strconv.ParseBool: parsing "${value}": invalid syntax`);
  }
  try {
    return option.parseArg === undefined ? value : option.parseArg(value, previous);
  } catch (error) {
    const { argChoices } = option;
    throw wrong(
      argChoices === undefined
        ? (error as Error).message.replace(/\.$/, "")
        : `must be one of {${argChoices.join(",")}}`,
    );
  }
}
