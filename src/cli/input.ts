// The input document of `eval` and `bench`: -i FILE or -I, JSON or YAML.

import { PolicyError } from "../error.ts";
import { decodeDocument } from "../sources.ts";
import type { Value } from "../value/value.ts";
import { ioMessage, readStdin, readText } from "./options.ts";
import * as output from "./output.ts";

/** Input that cannot be read or parsed is no finding of OPA's: one line on stderr. */
export function readInput(flags: {
  readonly input?: string;
  readonly stdinInput?: boolean;
}): Value | undefined {
  if (flags.stdinInput !== true && flags.input === undefined) return undefined;
  const stop = (message: string): never => {
    process.stderr.write(`${message}\n`);
    process.exit(output.EXIT_ERROR);
  };
  const name = flags.input?.replace(/^file:\/\//, "") ?? "stdin";
  let text: string;
  try {
    text = flags.stdinInput === true ? readStdin() : readText(name);
  } catch (error) {
    return stop(error instanceof PolicyError ? error.message : ioMessage(name, error, "open"));
  }
  try {
    return decodeDocument(text);
  } catch (error) {
    return stop(`unable to parse input: ${(error as Error).message}`);
  }
}
