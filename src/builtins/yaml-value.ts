// YAML text to Values and back, as OPA's library has it: YAML 1.1 words for booleans, everything that JSON cannot say turned into what
// it can (keys to text, dates stay text). Over the `yaml` package for reading; writing is our own, to match OPA's layout to the letter.

import type { Document, Node, Pair, Scalar, ScalarTag } from "yaml";
import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument } from "yaml";
import { compareStrings } from "../value/compare.ts";
import { decode, keyText, toJsonValue } from "../value/json.ts";
import { integer, NumberValue } from "../value/number.ts";
import { numberFromFloat64 } from "../value/arithmetic.ts";
import { object } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import { failure } from "./operand.ts";

const LEFT_OUT = new Set([
  "tag:yaml.org,2002:timestamp",
  "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs",
  "tag:yaml.org,2002:set",
]);
const SCANNER_ERRORS = new Set(["TAB_AS_INDENT", "BLOCK_AS_IMPLICIT_KEY", "IMPOSSIBLE"]);
const ALIAS_LIMIT = 1_000;

export function readYaml(text: string): Value {
  const document = parseDocument(text, {
    version: "1.1",
    schema: "yaml-1.1",
    merge: true,
    uniqueKeys: false,
    intAsBigInt: true,
    logLevel: "silent",
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === "string" || !(LEFT_OUT.has(tag.tag) || tag.format === "TIME")),
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    const isScanner = SCANNER_ERRORS.has(error.code);
    // The library's scanner counts lines from 0 and does not show line 0.
    throw failure(`yaml: ${isScanner && line === 1 ? "" : `line ${line}: `}${complaint(error.code)}`);
  }
  let aliases = 0;
  const convert = (node: unknown): Value => {
    if (isAlias(node)) {
      if (++aliases > ALIAS_LIMIT) throw failure("yaml: document contains excessive aliasing");
      const target = node.resolve(document);
      if (target === undefined) throw failure(`yaml: unknown anchor '${node.source}' referenced`);
      return convert(target);
    }
    if (isScalar(node)) return tagged(node, document) ?? scalar(node.value, node.source, node.type);
    if (isSeq(node)) return node.items.map((item) => convert(isPair(item) ? item.value : item));
    if (isMap(node)) return object(members(node.items, convert));
    return null;
  };
  return convert(document.contents);
}

const TAG = /^tag:yaml\.org,2002:(int|float|bool|null|timestamp|binary)$/;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$/;
const BASE_64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A scalar under a tag of YAML's own that says what it must be, as `!!int 1`; undefined for others. */
function tagged(node: Scalar, document: Document): Value | undefined {
  const wanted = TAG.exec(node.tag ?? "")?.[1];
  if (wanted === undefined) return undefined;
  const text = node.source ?? "";
  if (wanted === "binary") {
    if (BASE_64.test(text.replace(/[\r\n]/g, ""))) return undefined;
    throw failure("yaml: !!binary value contains invalid base64 data");
  }
  // What the text would be without a tag or quotes.
  const rule = document.schema.tags.find(
    (tag): tag is ScalarTag =>
      !("collection" in tag && tag.collection) && tag.default === true && tag.test?.test(text) === true,
  );
  const plain =
    rule?.resolve === undefined ? text : rule.resolve(text, () => undefined, { intAsBigInt: true });
  const value = scalar(isScalar(plain) ? plain.value : plain, text, "PLAIN");
  const kind = wanted === "timestamp" && TIMESTAMP.test(text) ? wanted : kindOf(value, plain);
  if (kind === "int" && wanted === "float") return jsonFloat(Number(plain));
  if (kind !== wanted) throw failure(`yaml: cannot decode !!${kind} \`${text}\` as a !!${wanted}`);
  return value;
}

function kindOf(value: Value, plain: unknown): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  const fits = typeof plain === "bigint" && plain < 2n ** 64n && plain >= -(2n ** 63n);
  return fits || typeof plain === "string" ? "int" : "float";
}

function members(pairs: readonly Pair[], convert: (node: unknown) => Value): [Value, Value][] {
  const own: [Value, Value][] = [];
  const merged: [Value, Value][] = [];
  for (const { key, value } of pairs) {
    const isMerge =
      isScalar(key) && (key.value === "<<" || typeof key.value === "symbol") && key.type === "PLAIN";
    if (!isMerge && isScalar(key) && key.value === null) {
      throw failure(
        `unsupported map key of type: %!s(<nil>), key: <nil>, value: ${JSON.stringify(convert(value))}`,
      );
    }
    if (!isMerge) {
      own.push([keyText(convert(key as Node)), convert(value)]);
      continue;
    }
    const source = convert(value);
    for (const part of isArray(source) ? source.toReversed() : [source]) {
      if (!isObject(part)) throw failure("yaml: map merge requires map or sequence of maps as the value");
      merged.push(...(part.entries() as Iterable<[Value, Value]>));
    }
  }
  return [...merged, ...own];
}

function scalar(value: unknown, source: string | undefined, style: string | undefined): Value {
  if (typeof value === "bigint") {
    return value < 2n ** 64n && value >= -(2n ** 63n) ? integer(value) : jsonFloat(Number(value));
  }
  if (typeof value === "number") {
    // Too large for a double: text after all.
    if (!Number.isFinite(value) && source !== undefined && /\d/.test(source)) return source;
    if (!Number.isFinite(value))
      throw failure(`json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`);
    return jsonFloat(value);
  }
  if (typeof value === "string" && style === "PLAIN" && /^[-+]?0o[0-7]+$/.test(value)) {
    const octal = BigInt(value.replace(/^[-+]/, ""));
    return integer(value.startsWith("-") ? -octal : octal);
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return null;
}

/** Go's JSON form of a float64: exponents only far out, and without a padded digit. */
function jsonFloat(value: number): Value {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return integer(BigInt(value));
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 1e21) return decode(String(value));
  return new NumberValue(numberFromFloat64(value).text.replace(/e([-+])0(\d)$/, "e$1$2"));
}

function complaint(code: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "found character that cannot start any token";
    case "MISSING_CHAR":
      return "did not find expected ',' or ']'";
    case "BLOCK_AS_IMPLICIT_KEY":
    case "IMPOSSIBLE":
      return "mapping values are not allowed in this context";
    default:
      return "did not find expected node content";
  }
}

/** Block style, two blanks deep, sequences not indented within mappings. */
export function writeYaml(value: Value): string {
  const plain = toJsonValue(value);
  return isInline(plain) ? `${inline(plain, "")}\n` : block(plain, "");
}

function isInline(value: Value): boolean {
  if (isArray(value)) return value.length === 0;
  return !isObject(value) || value.size === 0;
}

function block(value: Value, indent: string): string {
  if (isArray(value)) return value.map((item) => `${indent}- ${nested(item, `${indent}  `)}`).join("");
  if (!isObject(value)) return `${inline(value, indent)}\n`;
  const keys = Array.from(value.keys(), (key) => key as string).sort(naturally);
  return keys
    .map((key) => {
      const member = value.get(key) as Value;
      const head = `${indent}${scalarText(key, indent, true)}:`;
      if (isInline(member)) return `${head} ${inline(member, indent)}\n`;
      return `${head}\n${block(member, isArray(member) ? indent : `${indent}  `)}`;
    })
    .join("");
}

/** What follows `- `: the first line of a collection stands on the same line. */
function nested(value: Value, indent: string): string {
  return isInline(value) ? `${inline(value, indent.slice(2))}\n` : block(value, indent).slice(indent.length);
}

function inline(value: Value, indent: string): string {
  if (typeof value === "string") return scalarText(value, indent, false);
  if (value === null || typeof value === "boolean") return String(value);
  if (isArray(value)) return "[]";
  if (value.kind !== "number") return "{}";
  // An integer that fits no 64 bits is a float to the library.
  if (/^-?\d{1,20}$/.test(value.text) && BigInt(value.text) >= -(2n ** 63n) && BigInt(value.text) < 2n ** 64n)
    return value.text;
  return numberFromFloat64(Number(value.text)).text;
}

/** What YAML 1.1 would read as something else than a string. */
const AMBIGUOUS =
  /^(|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const NUMERIC =
  /^[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?\d+)?|\.[0-9][0-9_]*([eE][-+]?\d+)?)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/;
const SPECIAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff\u{10000}-\u{10ffff}]/u;

function scalarText(text: string, indent: string, isKey: boolean): string {
  const isPlainString = !(
    AMBIGUOUS.test(text) ||
    NUMERIC.test(text) ||
    BASE_60.test(text) ||
    DATE.test(text)
  );
  if (text.includes("\t")) return doubleQuoted(text, indent);
  if (text.includes("\n"))
    return isKey || / \n| $/.test(text) || SPECIAL.test(text)
      ? doubleQuoted(text, indent)
      : literal(text, indent);
  if (SPECIAL.test(text)) return doubleQuoted(text, indent);
  if (!isPlainString) return doubleQuoted(text, indent);
  const startsBadly = /^[-?:](\s|$)|^[,[\]{}#&*!|>'"%@`]|^(---|\.\.\.)/.test(text);
  const isUnsafe = startsBadly || /:(\s|$)|\s#/.test(text) || /^ | $/.test(text);
  const shown = isUnsafe ? `'${text.replaceAll("'", "''")}'` : text;
  return isKey ? shown : folded(shown, indent);
}

const BEST_WIDTH = 80;

/** Lines are broken at single blanks beyond the width; the column of the first line is that of its indentation at least. */
function folded(text: string, indent: string): string {
  let out = "";
  let column = indent.length;
  for (const [i, c] of [...text].entries()) {
    const isSingleBlank =
      c === " " && text[i + 1] !== " " && text[i - 1] !== " " && i > 0 && i < text.length - 1;
    if (isSingleBlank && column > BEST_WIDTH) {
      out += `\n${indent}  `;
      column = indent.length + 2;
    } else {
      out += c;
      column++;
    }
  }
  return out;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\0", "\\0"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\u001b", "\\e"],
  ["\u0085", "\\N"],
  ["\u2028", "\\L"],
  ["\u2029", "\\P"],
]);

/** YAML 1.1, 5.5: what go-yaml holds for unprintable is escaped, by name where it has one; long lines are broken at blanks. */
function doubleQuoted(text: string, indent: string): string {
  const characters = [...text];
  let out = '"';
  let column = indent.length + 1;
  let wasBlank = false;
  for (const [i, character] of characters.entries()) {
    if (character === " " && !wasBlank && column > BEST_WIDTH && i > 0 && i < characters.length - 1) {
      out += `\n${indent}  ${characters[i + 1] === " " ? "\\" : ""}`;
      column = indent.length + 2;
      wasBlank = true;
      continue;
    }
    const shown = escaped(character);
    wasBlank = character === " ";
    out += shown;
    column += shown.length;
  }
  return `${out}"`;
}

function escaped(character: string): string {
  const named = ESCAPES.get(character);
  if (named !== undefined) return named;
  if (!SPECIAL.test(character)) return character;
  const point = character.codePointAt(0) as number;
  if (point > 0xffff) return `\\U${hexDigits(point, 8)}`;
  return point > 0xff ? `\\u${hexDigits(point, 4)}` : `\\x${hexDigits(point, 2)}`;
}

function hexDigits(point: number, width: number): string {
  return point.toString(16).toUpperCase().padStart(width, "0");
}

function literal(text: string, indent: string): string {
  const body = text.replace(/\n+$/, "");
  const trailing = text.length - body.length;
  const chomp = trailing === 0 ? "-" : trailing === 1 ? "" : "+";
  const lines = (trailing > 1 ? text.slice(0, -1) : body)
    .split("\n")
    .map((line) => (line === "" ? "" : `${indent}  ${line}`));
  const hint = /^[ \n]/.test(text) ? "2" : "";
  return `|${hint}${chomp}\n${lines.join("\n")}`;
}

/** Letters after digits, runs of digits by value: how OPA's library orders keys. */
function naturally(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) continue;
    const isLetter = (c: string): boolean => /\p{L}/u.test(c);
    if (isLetter(p) && isLetter(q)) return compareStrings(p, q);
    if (isLetter(p) || isLetter(q)) return isLetter(p) ? 1 : -1;
    const number = (list: readonly string[]): string => /^\d*/.exec(list.slice(i).join(""))?.[0] ?? "";
    const [m, n] = [number(x), number(y)];
    const order = Number(m === "" ? 0 : m) - Number(n === "" ? 0 : n) || m.length - n.length;
    return order === 0 ? compareStrings(p, q) : order;
  }
  return x.length - y.length;
}
