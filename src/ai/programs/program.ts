// Arguments that are programs: a shell line, SQL, an HTTP request. In: their text and the parsers that a host has. Out: what a policy can ask
// about (`action.parsed`), or why it does not parse. A parser describes; it runs nothing and decides nothing. Where there is no parser for a
// language there is no entry: the policy asks a person.

import { PolicyError } from "../../error.ts";
import { encode, fromPlain } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import type { RegoObject, Value } from "../../value/value.ts";
import type { Catalogue } from "../catalogue.ts";

/** Plain data about a program; throws PolicyError `invalid_input` for what does not parse. `dialect` is what follows a colon in the catalogue. */
export type ProgramParser = (text: string, dialect: string | undefined) => object;

/** By language: `shell`, `sql`, `http`. */
export type ProgramParsers = ReadonlyMap<string, ProgramParser>;

/** Longer programs are not read. */
const MAX_LENGTH = 100_000;

export function notParsed(why: string): PolicyError {
  return new PolicyError("invalid_input", why);
}

/** `input.action.parsed`: by argument, for those that the catalogue says are programs; undefined when there is none. */
export function parsePrograms(
  catalogue: Catalogue,
  tool: string,
  args: RegoObject,
  parsers: ProgramParsers,
): RegoObject | undefined {
  const found: [Value, Value][] = [];
  for (const [name, { program }] of catalogue.argumentsOf(tool)) {
    const value = args.get(name);
    if (program === undefined || value === undefined || value === null) continue;
    const [language = "", dialect] = program.split(":");
    const parser = parsers.get(language);
    if (parser === undefined) continue;
    found.push([name, fromPlain({ language, ...parsed(parser, textOf(value), dialect) })]);
  }
  return found.length === 0 ? undefined : object(found);
}

function textOf(value: Value): string {
  return typeof value === "string" ? value : encode(value, { escapeHtml: false });
}

function parsed(parser: ProgramParser, text: string, dialect: string | undefined): object {
  if (text.length > MAX_LENGTH) return { error: "it is too long" };
  try {
    return parser(text, dialect);
  } catch (error) {
    return { error: error instanceof PolicyError ? error.message : "it does not parse" };
  }
}
