// Go's fmt.Sprintf for the four kinds of arguments that OPA passes to it: int64, float64, *big.Int and string. Format and arguments in,
// text out. It never fails: mistakes show in the text, as Go's `%!d(string=x)` does. One page of one manual, hence one file.

import type { GoArgument } from "./go-argument.ts";
import { goTypeName } from "./go-argument.ts";
import { formatFloat64 } from "../value/go-float.ts";
import { goQuote } from "../value/text.ts";

interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}

function noFlags(): Flags {
  return {
    plus: false,
    minus: false,
    sharp: false,
    space: false,
    zero: false,
    width: undefined,
    precision: undefined,
  };
}

/** Go refuses widths and precisions beyond. */
const TOO_LARGE = 1_000_000;

export function sprintf(format: string, args: readonly GoArgument[]): string {
  return new Printer([...format], args).run();
}

class Printer {
  readonly #format: readonly string[];
  readonly #args: readonly GoArgument[];
  #at = 0;
  #arg = 0;
  #reordered = false;
  #goodIndex = true;
  #afterIndex = false;

  constructor(format: readonly string[], args: readonly GoArgument[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    let out = "";
    while (this.#at < this.#format.length) {
      const c = this.#format[this.#at++] as string;
      out += c === "%" ? this.#verb() : c;
    }
    if (!this.#reordered && this.#arg < this.#args.length) out += this.#extra();
    return out;
  }

  #extra(): string {
    const shown = this.#args
      .slice(this.#arg)
      .map((arg) => `${goTypeName(arg)}=${printArgument(arg, "v", noFlags())}`);
    return `%!(EXTRA ${shown.join(", ")})`;
  }

  #verb(): string {
    this.#goodIndex = true;
    this.#afterIndex = false;
    const flags = this.#flags();
    this.#index();
    const notes = this.#width(flags) + this.#precision(flags);
    if (!this.#afterIndex) this.#index();
    const verb = this.#format[this.#at];
    if (verb === undefined) return `${notes}%!(NOVERB)`;
    this.#at++;
    if (verb === "%") return `${notes}%`;
    if (!this.#goodIndex) return `${notes}%!${verb}(BADINDEX)`;
    if (this.#arg >= this.#args.length) return `${notes}%!${verb}(MISSING)`;
    return notes + printArgument(this.#args[this.#arg++] as GoArgument, verb, flags);
  }

  #flags(): Flags {
    const flags = noFlags();
    for (; ; this.#at++) {
      switch (this.#format[this.#at]) {
        case "#":
          flags.sharp = true;
          break;
        case "0":
          flags.zero = true;
          break;
        case "+":
          flags.plus = true;
          break;
        case "-":
          flags.minus = true;
          break;
        case " ":
          flags.space = true;
          break;
        default:
          return flags;
      }
    }
  }

  /** `[n]` before a verb, a width or a precision. */
  #index(): void {
    if (this.#format[this.#at] !== "[") return void (this.#afterIndex = false);
    this.#reordered = true;
    const rest = this.#format.slice(this.#at).join("");
    const close = rest.indexOf("]");
    const inner = close < 0 ? "" : rest.slice(1, close);
    this.#at += close < 0 ? 1 : [...rest.slice(0, close + 1)].length;
    const index = /^\d{1,7}$/.test(inner) ? Number(inner) : Number.NaN;
    this.#afterIndex = index > 0 && index <= TOO_LARGE;
    if (index >= 1 && index <= this.#args.length) this.#arg = index - 1;
    else this.#goodIndex = false;
  }

  #number(): number | undefined {
    let text = "";
    while (/^\d$/.test(this.#format[this.#at] ?? "")) text += this.#format[this.#at++];
    const value = text === "" ? undefined : Number(text);
    return value !== undefined && value > TOO_LARGE ? undefined : value;
  }

  #star(): number | undefined {
    this.#at++;
    this.#afterIndex = false;
    const arg = this.#args[this.#arg];
    if (this.#arg < this.#args.length) this.#arg++;
    if (arg?.kind !== "int64" || arg.value > BigInt(TOO_LARGE) || arg.value < -BigInt(TOO_LARGE))
      return undefined;
    return Number(arg.value);
  }

  #width(flags: Flags): string {
    if (this.#format[this.#at] !== "*") {
      flags.width = this.#number();
      if (this.#afterIndex && flags.width !== undefined) this.#goodIndex = false;
      return "";
    }
    const width = this.#star();
    if (width === undefined) return "%!(BADWIDTH)";
    if (width < 0) flags.minus = true;
    flags.width = Math.abs(width);
    return "";
  }

  #precision(flags: Flags): string {
    // At the end of the format the stop is the verb.
    if (this.#format[this.#at] !== "." || this.#at + 1 === this.#format.length) return "";
    this.#at++;
    if (this.#afterIndex) this.#goodIndex = false;
    this.#index();
    if (this.#format[this.#at] !== "*") {
      flags.precision = this.#number() ?? 0;
      return "";
    }
    const precision = this.#star();
    if (precision === undefined || precision < 0) return "%!(BADPREC)";
    flags.precision = precision;
    return "";
  }
}

function printArgument(arg: GoArgument, verb: string, flags: Flags): string {
  if (verb === "T") return pad(cut(goTypeName(arg), flags), flags);
  const text = verb === "p" ? undefined : printKnown(arg, verb, flags);
  if (text !== undefined) return text;
  if (arg.kind === "big") return `%!${verb}(big.Int=${arg.value})`;
  if (arg.kind === "nil") return `%!${verb}(<nil>)`;
  // Go's `%v` quotes texts for `%#v` alone, not where it stands in for another verb.
  const shown = arg.kind === "string" ? printString(arg.value, "s", flags) : printArgument(arg, "v", flags);
  return `%!${verb}(${goTypeName(arg)}=${shown})`;
}

/** Undefined when the verb does not suit the argument. */
function printKnown(arg: GoArgument, verb: string, flags: Flags): string | undefined {
  switch (arg.kind) {
    case "int64":
      return printInteger(arg.value, verb, flags);
    case "big":
      return verb === "v" || verb === "s"
        ? printInteger(arg.value, "d", flags)
        : "bodxXO".includes(verb)
          ? printInteger(arg.value, verb, flags)
          : undefined;
    case "float64":
      return printFloat(arg.value, verb, flags);
    case "bool":
      return verb === "v" || verb === "t" ? pad(String(arg.value), flags) : undefined;
    case "nil":
      return verb === "v" ? pad("<nil>", flags) : undefined;
    case "list":
    case "map":
      return printCollection(arg, verb, flags);
    case "string":
      return printString(arg.value, verb, flags);
  }
}

/** Verb and width are for the elements. */
function printCollection(
  arg: Extract<GoArgument, { kind: "list" | "map" }>,
  verb: string,
  flags: Flags,
): string {
  const print = (one: GoArgument): string => printArgument(one, verb, flags);
  const parts =
    arg.kind === "list"
      ? arg.items.map(print)
      : arg.entries.map(([key, value]) => `${print(key)}:${print(value)}`);
  if (verb === "v" && flags.sharp) return `${goTypeName(arg)}{${parts.join(", ")}}`;
  return `${arg.kind === "list" ? "" : "map"}[${parts.join(" ")}]`;
}

function printString(text: string, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case "v":
      return flags.sharp ? printString(text, "q", { ...flags, sharp: false }) : pad(cut(text, flags), flags);
    case "s":
      return pad(cut(text, flags), flags);
    case "q": {
      const shown = cut(text, flags);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: Go's rule for what may stand between back quotes
      if (flags.sharp && !/[`\u0000-\u0008\u000a-\u001f\u007f\ufeff]/.test(shown))
        return pad(`\`${shown}\``, flags);
      return pad(goQuote(shown, '"', flags.plus), flags);
    }
    case "x":
    case "X":
      return pad(hexBytes(text, verb, flags), { ...flags, zero: false });
    default:
      return undefined;
  }
}

function hexBytes(text: string, verb: string, flags: Flags): string {
  const bytes = [...new TextEncoder().encode(text)].slice(0, flags.precision ?? undefined);
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const prefix = flags.sharp && pairs.length > 0 ? "0x" : "";
  const joined = flags.space ? pairs.map((pair) => prefix + pair).join(" ") : prefix + pairs.join("");
  return verb === "X" ? joined.toUpperCase() : joined;
}

function printInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case "v":
    case "d":
      return digits(value, 10, "", flags);
    case "b":
      return digits(value, 2, flags.sharp ? "0b" : "", flags);
    case "o":
      return digits(value, 8, flags.sharp ? "0" : "", flags);
    case "O":
      return digits(value, 8, `0o${flags.sharp ? "0" : ""}`, flags);
    case "x":
      return digits(value, 16, flags.sharp ? "0x" : "", flags);
    case "X":
      return digits(value, 16, flags.sharp ? "0X" : "", flags)?.replace(/[a-f]/g, (c) => c.toUpperCase());
    case "c":
      return pad(character(value), flags);
    case "q":
      return pad(goQuote(character(value), "'", flags.plus), flags);
    case "U":
      return unicode(value, flags);
    default:
      return undefined;
  }
}

function character(value: bigint): string {
  const bad = value < 0n || value > 0x10ffffn || (value >= 0xd800n && value <= 0xdfffn);
  return bad ? "\ufffd" : String.fromCodePoint(Number(value));
}

function unicode(value: bigint, flags: Flags): string {
  const hex = BigInt.asUintN(64, value)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 4, 4), "0");
  const shown = flags.sharp && value >= 0n && value <= 0x10ffffn ? ` '${character(value)}'` : "";
  return pad(`U+${hex}${shown}`, { ...flags, zero: false });
}

function digits(value: bigint, base: number, prefix: string, flags: Flags): string {
  const negative = value < 0n;
  if (flags.precision === 0 && value === 0n) return pad("", { ...flags, zero: false });
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  let body = (negative ? -value : value).toString(base);
  if (flags.precision !== undefined) body = body.padStart(flags.precision, "0");
  else if (flags.zero && !flags.minus && flags.width !== undefined)
    body = body.padStart(flags.width - sign.length, "0");
  const lead = prefix === "0" && body.startsWith("0") ? "" : prefix;
  return pad(sign + lead + body, { ...flags, zero: false });
}

function printFloat(value: number, verb: string, flags: Flags): string | undefined {
  const precision = flags.precision;
  let text: string;
  switch (verb) {
    case "v":
      text = formatFloat64(value, "g", precision);
      break;
    case "g":
    case "G":
      text = formatFloat64(value, "g", precision, flags.sharp);
      break;
    case "e":
    case "E":
      text = formatFloat64(value, "e", precision ?? 6, flags.sharp);
      break;
    case "f":
    case "F":
      text = formatFloat64(value, "f", precision ?? 6, flags.sharp);
      break;
    case "b":
    case "x":
    case "X":
      text = formatFloat64(value, verb === "b" ? "b" : "x", precision, flags.sharp);
      break;
    default:
      return undefined;
  }
  if (verb === "E" || verb === "G" || verb === "X") text = text.toUpperCase();
  const negative = text.startsWith("-");
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  const body = negative ? text.slice(1) : text;
  if (sign !== "" && flags.zero && !flags.minus && flags.width !== undefined) {
    return sign + body.padStart(flags.width - 1, "0");
  }
  return pad(sign + body, flags);
}

/** The first `precision` characters. */
function cut(text: string, flags: Flags): string {
  return flags.precision === undefined ? text : [...text].slice(0, flags.precision).join("");
}

function pad(text: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (flags.minus) return text + " ".repeat(missing);
  return (flags.zero ? "0" : " ").repeat(missing) + text;
}
