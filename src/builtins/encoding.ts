// Builtins of the category `encoding`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
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

// Declarations

const jsonMarshalBuiltin = builtin({
  name: "json.marshal",
  description: "Writes a value as JSON.",
  args: [arg("x", anyType, "the value")],
  result: arg("y", stringType, "its JSON text"),
  examples: [['json.marshal({"a": [1, true]})', '"{\\"a\\":[1,true]}"']],
  categories: ["encoding"],
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
});

const jsonUnmarshalBuiltin = builtin({
  name: "json.unmarshal",
  description: "Reads JSON text.",
  args: [arg("x", stringType, "JSON text")],
  result: arg("y", anyType, "the value it stands for"),
  examples: [['json.unmarshal("{\\"a\\": 1.50}")', '{"a":1.50}']],
  categories: ["encoding"],
});

const jsonIsValidBuiltin = builtin({
  name: "json.is_valid",
  description: "Tells whether a text is JSON.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as JSON"),
  examples: [['json.is_valid("[1]")', "true"]],
  categories: ["encoding"],
});

const base64EncodeBuiltin = builtin({
  name: "base64.encode",
  description: "Writes the bytes of a string in base64.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64 form, padded"),
  examples: [['base64.encode("hi")', '"aGk="']],
  categories: ["encoding"],
});

const base64DecodeBuiltin = builtin({
  name: "base64.decode",
  description: "Reads base64.",
  args: [arg("x", stringType, "base64 text")],
  result: arg("y", stringType, "what it stands for"),
  examples: [['base64.decode("aGk=")', '"hi"']],
  categories: ["encoding"],
});

const base64IsValidBuiltin = builtin({
  name: "base64.is_valid",
  description: "Tells whether a text is base64.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as base64"),
  examples: [['base64.is_valid("aGk=")', "true"]],
  categories: ["encoding"],
});

const base64urlEncodeBuiltin = builtin({
  name: "base64url.encode",
  description: "Writes the bytes of a string in the URL-safe base64 alphabet.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64url form, padded"),
  examples: [['base64url.encode("<<??>>")', '"PDw_Pz4-"']],
  categories: ["encoding"],
});

const base64urlEncodeNoPadBuiltin = builtin({
  name: "base64url.encode_no_pad",
  description: "Writes the bytes of a string in the URL-safe base64 alphabet without padding.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its base64url form"),
  examples: [['base64url.encode_no_pad("hi")', '"aGk"']],
  categories: ["encoding"],
});

const base64urlDecodeBuiltin = builtin({
  name: "base64url.decode",
  description: "Reads base64 in the URL-safe alphabet, padded or not.",
  args: [arg("x", stringType, "base64url text")],
  result: arg("y", stringType, "what it stands for"),
  examples: [['base64url.decode("PDw_Pz4-")', '"<<??>>"']],
  categories: ["encoding"],
});

const hexEncodeBuiltin = builtin({
  name: "hex.encode",
  description: "Writes the bytes of a string in hexadecimal digits.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "two digits for each byte"),
  examples: [['hex.encode("hi")', '"6869"']],
  categories: ["encoding"],
});

const hexDecodeBuiltin = builtin({
  name: "hex.decode",
  description: "Reads hexadecimal digits.",
  args: [arg("x", stringType, "an even number of digits")],
  result: arg("y", stringType, "the bytes as a string"),
  examples: [['hex.decode("6869")', '"hi"']],
  categories: ["encoding"],
});

const urlqueryEncodeBuiltin = builtin({
  name: "urlquery.encode",
  description: "Escapes a string for use in the query of a URL.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the escaped string"),
  examples: [['urlquery.encode("a b&c")', '"a+b%26c"']],
  categories: ["encoding"],
});

const urlqueryDecodeBuiltin = builtin({
  name: "urlquery.decode",
  description: "Undoes the escapes of a URL query.",
  args: [arg("x", stringType, "the escaped string")],
  result: arg("y", stringType, "the plain string"),
  examples: [['urlquery.decode("a+b%26c")', '"a b&c"']],
  categories: ["encoding"],
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
});

const urlqueryDecodeObjectBuiltin = builtin({
  name: "urlquery.decode_object",
  description: "Reads the query of a URL.",
  args: [arg("x", stringType, "the query")],
  result: arg("object", objectOf(stringType, arrayOf(stringType)), "names with all their values"),
  examples: [['urlquery.decode_object("a=1&b=x&b=y")', '{"a":["1"],"b":["x","y"]}']],
  categories: ["encoding"],
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
