// Encodings of strings and values: JSON, base64, hexadecimal, URL queries. Texts in, texts or values out; bytes that are no UTF-8 come
// out as U+FFFD. Complaints are those of Go's packages.

import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import {
  anyOf,
  anyType,
  booleanType,
  dynamicProperty,
  objectType,
  property,
  stringType,
} from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compareStrings } from "../value/compare.ts";
import { decode, encode, keyText, toJsonValue } from "../value/json.ts";
import { object } from "../value/object.ts";
import { goQuote, termText } from "../value/text.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject, typeName } from "../value/value.ts";
import type { Alphabet } from "./base64.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { HostBody } from "./builtin.ts";
import { failure, objectOperand, stringOperand, typeFailure, wrongType } from "./operand.ts";
import { escapeUrl, parseQuery, unescapeUrl } from "./url.ts";

function ofText(change: (text: string) => Value): HostBody {
  return ([x]) => change(stringOperand(x, 1));
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

const jsonMarshalBody: HostBody = ([x]) => encode(x as Value);
const jsonUnmarshalBody = ofText((text) => decode(text, { nullIsEnd: true }));

const jsonIsValidBody: HostBody = ([x]) => typeof x === "string" && succeeds(() => decode(x));

const jsonMarshalWithOptionsBody: HostBody = ([x, options]) => {
  let indent = "\t";
  let prefix = "";
  let pretty: boolean | undefined;
  let implied = false;
  let index = 0;
  for (const [key, value] of objectOperand(options, 2).entries()) {
    if (typeof key !== "string") {
      const reason = `operand ${index} must be string but got ${typeName(key)}`;
      throw typeFailure(`operand 2 failed to stringify key ${termText(key)} at index ${index}: ${reason}`);
    }
    if (key === "pretty") {
      if (typeof value !== "boolean") throw typeFailure('operand 2 key "pretty" failed cast to bool');
      pretty = value;
    } else if (key === "indent" || key === "prefix") {
      if (typeof value !== "string") {
        const reason = `operand ${index} must be string but got ${typeName(value)}`;
        throw typeFailure(`operand 2 key ${key} failed cast to string: ${reason}`);
      }
      if (key === "indent") indent = value;
      else prefix = value;
      implied = true;
    } else throw typeFailure(`operand 2 object contained unknown key ${goQuote(key)}`);
    index++;
  }
  return (pretty ?? implied) ? prefix + encode(x as Value, { indent, prefix }) : encode(x as Value);
};

function encoding64(alphabet: Alphabet, padded: boolean): HostBody {
  return ofText((text) => encodeBase64(encodeUtf8(text), alphabet, padded));
}

const base64EncodeBody = encoding64("standard", true);
const base64urlEncodeBody = encoding64("url", true);
const base64urlEncodeNoPadBody = encoding64("url", false);
const base64DecodeBody = ofText((text) => decodeUtf8(decodeBase64(text)));
const base64IsValidBody: HostBody = ([x]) => typeof x === "string" && succeeds(() => decodeBase64(x));

/** Padding may be left out (RFC 7515, appendix C). */
export function decodeBase64Url(text: string): Uint8Array {
  if (text.endsWith("=")) return decodeBase64(text, "url");
  const over = encodeUtf8(text).length % 4;
  if (over === 1) throw failure(`illegal base64url string: ${text}`);
  return decodeBase64(text + "=".repeat(over === 0 ? 0 : 4 - over), "url");
}

const base64urlDecodeBody = ofText((text) => decodeUtf8(decodeBase64Url(text)));

const hexEncodeBody = ofText((text) => hexText(encodeUtf8(text)));

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const hexDecodeBody = ofText((text) => {
  const bytes = encodeUtf8(text);
  const digits = Array.from(bytes, (byte) => String.fromCharCode(byte));
  const wrong = digits.findIndex((digit) => !/[0-9a-fA-F]/.test(digit));
  if (wrong >= 0) throw failure(`encoding/hex: invalid byte: ${unicodeName(bytes[wrong] as number)}`);
  if (digits.length % 2 === 1) throw failure("encoding/hex: odd length hex string");
  const pairs = digits.join("").match(/../g) ?? [];
  return decodeUtf8(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
});

/** Go's `%#U`. */
function unicodeName(point: number): string {
  const shown = goQuote(String.fromCodePoint(point), "'");
  const name = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return /^'\\[xu]/.test(shown) || shown.startsWith("'\\") ? name : `${name} ${shown}`;
}

const urlqueryEncodeBody = ofText((text) => escapeUrl(text, "query"));
const urlqueryDecodeBody = ofText((text) => unescapeUrl(text, "query"));

const urlqueryDecodeObjectBody = ofText((text) => object(parseQuery(text)));

const urlqueryEncodeObjectBody: HostBody = ([x]) => {
  const value = x as Value;
  if (!isObject(value)) throw wrongType(1, value, "object");
  const pairs: (readonly [string, readonly string[]])[] = [];
  for (const [key, member] of value.entries()) {
    const plain = toJsonValue(member);
    const list = typeof plain === "string" ? [plain] : isArray(plain) ? plain : undefined;
    if (list === undefined || !list.every((text): text is string => typeof text === "string")) {
      throw typeFailure("operand 1 values must be string, array[string], or set[string]");
    }
    pairs.push([keyText(key), list]);
  }
  pairs.sort((a, b) => compareStrings(a[0], b[0]));
  return pairs
    .flatMap(([name, list]) => list.map((text) => `${escapeUrl(name, "query")}=${escapeUrl(text, "query")}`))
    .join("&");
};

// Declarations

const jsonMarshalBuiltin = builtin({
  name: "json.marshal",
  description: "Writes a value as JSON.",
  args: [arg("x", anyType, "the value")],
  result: arg("y", stringType, "its JSON text"),
  examples: [['json.marshal({"a": [1, true]})', '"{\\"a\\":[1,true]}"']],
  categories: ["encoding"],
  native: true,
  host: jsonMarshalBody,
});

const jsonMarshalWithOptionsBuiltin = builtin({
  name: "json.marshal_with_options",
  description: "Writes a value as JSON, laid out as asked: `pretty`, `indent` and `prefix`.",
  args: [
    arg("x", anyType, "the value"),
    arg(
      "opts",
      objectType(
        [property("indent", stringType), property("prefix", stringType), property("pretty", booleanType)],
        dynamicProperty(stringType, anyType),
      ),
      "how to lay it out",
    ),
  ],
  result: arg("y", stringType, "its JSON text"),
  examples: [['json.marshal_with_options([1], {"pretty": true, "indent": " "})', '"[\\n 1\\n]"']],
  categories: ["encoding"],
  native: true,
  host: jsonMarshalWithOptionsBody,
});

const jsonUnmarshalBuiltin = builtin({
  name: "json.unmarshal",
  description: "Reads JSON text.",
  args: [arg("x", stringType, "JSON text")],
  result: arg("y", anyType, "the value it stands for"),
  examples: [['json.unmarshal("{\\"a\\": 1.50}")', '{"a":1.50}']],
  categories: ["encoding"],
  native: true,
  host: jsonUnmarshalBody,
});

const jsonIsValidBuiltin = builtin({
  name: "json.is_valid",
  description: "Tells whether a text is JSON.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as JSON"),
  examples: [['json.is_valid("[1]")', "true"]],
  categories: ["encoding"],
  native: true,
  host: jsonIsValidBody,
});

const base64EncodeBuiltin = builtin({
  name: "base64.encode",
  description: "Writes the bytes of a string in base64.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64 form, padded"),
  examples: [['base64.encode("hi")', '"aGk="']],
  categories: ["encoding"],
  native: true,
  host: base64EncodeBody,
});

const base64DecodeBuiltin = builtin({
  name: "base64.decode",
  description: "Reads base64.",
  args: [arg("x", stringType, "base64 text")],
  result: arg("y", stringType, "what it stands for"),
  examples: [['base64.decode("aGk=")', '"hi"']],
  categories: ["encoding"],
  native: true,
  host: base64DecodeBody,
});

const base64IsValidBuiltin = builtin({
  name: "base64.is_valid",
  description: "Tells whether a text is base64.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as base64"),
  examples: [['base64.is_valid("aGk=")', "true"]],
  categories: ["encoding"],
  native: true,
  host: base64IsValidBody,
});

const base64urlEncodeBuiltin = builtin({
  name: "base64url.encode",
  description: "Writes the bytes of a string in the URL-safe base64 alphabet.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64url form, padded"),
  examples: [['base64url.encode("<<??>>")', '"PDw_Pz4-"']],
  categories: ["encoding"],
  native: true,
  host: base64urlEncodeBody,
});

const base64urlEncodeNoPadBuiltin = builtin({
  name: "base64url.encode_no_pad",
  description: "Writes the bytes of a string in the URL-safe base64 alphabet without padding.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64url form"),
  examples: [['base64url.encode_no_pad("hi")', '"aGk"']],
  categories: ["encoding"],
  native: true,
  host: base64urlEncodeNoPadBody,
});

const base64urlDecodeBuiltin = builtin({
  name: "base64url.decode",
  description: "Reads base64 in the URL-safe alphabet, padded or not.",
  args: [arg("x", stringType, "base64url text")],
  result: arg("y", stringType, "what it stands for"),
  examples: [['base64url.decode("PDw_Pz4-")', '"<<??>>"']],
  categories: ["encoding"],
  native: true,
  host: base64urlDecodeBody,
});

const hexEncodeBuiltin = builtin({
  name: "hex.encode",
  description: "Writes the bytes of a string in hexadecimal digits.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "two digits for each byte"),
  examples: [['hex.encode("hi")', '"6869"']],
  categories: ["encoding"],
  native: true,
  host: hexEncodeBody,
});

const hexDecodeBuiltin = builtin({
  name: "hex.decode",
  description: "Reads hexadecimal digits.",
  args: [arg("x", stringType, "an even number of digits")],
  result: arg("y", stringType, "the bytes as a string"),
  examples: [['hex.decode("6869")', '"hi"']],
  categories: ["encoding"],
  native: true,
  host: hexDecodeBody,
});

const urlqueryEncodeBuiltin = builtin({
  name: "urlquery.encode",
  description: "Escapes a string for use in the query of a URL.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the escaped string"),
  examples: [['urlquery.encode("a b&c")', '"a+b%26c"']],
  categories: ["encoding"],
  native: true,
  host: urlqueryEncodeBody,
});

const urlqueryDecodeBuiltin = builtin({
  name: "urlquery.decode",
  description: "Undoes the escapes of a URL query.",
  args: [arg("x", stringType, "the escaped string")],
  result: arg("y", stringType, "the plain string"),
  examples: [['urlquery.decode("a+b%26c")', '"a b&c"']],
  categories: ["encoding"],
  native: true,
  host: urlqueryDecodeBody,
});

const urlqueryEncodeObjectBuiltin = builtin({
  name: "urlquery.encode_object",
  description: "Writes an object as the query of a URL.",
  args: [
    arg(
      "object",
      objectOf(stringType, anyOf(stringType, arrayOf(stringType), setOf(stringType))),
      "names with a value or several",
    ),
  ],
  result: arg("y", stringType, "the query"),
  examples: [['urlquery.encode_object({"a": "1", "b": ["x", "y"]})', '"a=1&b=x&b=y"']],
  categories: ["encoding"],
  native: true,
  host: urlqueryEncodeObjectBody,
});

const urlqueryDecodeObjectBuiltin = builtin({
  name: "urlquery.decode_object",
  description: "Reads the query of a URL.",
  args: [arg("x", stringType, "the query")],
  result: arg("object", objectOf(stringType, arrayOf(stringType)), "names with all their values"),
  examples: [['urlquery.decode_object("a=1&b=x&b=y")', '{"a":["1"],"b":["x","y"]}']],
  categories: ["encoding"],
  native: true,
  host: urlqueryDecodeObjectBody,
});

export const encodingBuiltins: readonly Builtin[] = [
  jsonMarshalBuiltin,
  jsonMarshalWithOptionsBuiltin,
  jsonUnmarshalBuiltin,
  jsonIsValidBuiltin,
  base64EncodeBuiltin,
  base64DecodeBuiltin,
  base64IsValidBuiltin,
  base64urlEncodeBuiltin,
  base64urlEncodeNoPadBuiltin,
  base64urlDecodeBuiltin,
  hexEncodeBuiltin,
  hexDecodeBuiltin,
  urlqueryEncodeBuiltin,
  urlqueryDecodeBuiltin,
  urlqueryEncodeObjectBuiltin,
  urlqueryDecodeObjectBuiltin,
];
