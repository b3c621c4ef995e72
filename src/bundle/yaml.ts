// YAML data files to Values as OPA reads them: the scalar rules of Go's YAML 1.1 reader (`yes` is true, `017` is 15), then JSON. The YAML
// package is loaded when the first such file is met, so that whoever never meets one does not carry it.

import type { Alias, Document, Node, Scalar, YAMLMap } from "yaml";
import { fromPlain } from "../value/json.ts";
import { integer } from "../value/number.ts";
import { object } from "../value/object.ts";
import { decodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { isArray, isNumber, isObject } from "../value/value.ts";
import { yamlComplaint } from "../value/yaml-complaint.ts";
import { bundleError } from "./bundle.ts";

/** Nodes that aliases may add: a few lines of them could otherwise unfold to any size. */
const MAX_ALIASED_NODES = 100_000;
const MAX_DEPTH = 1_000;

type Yaml = typeof import("yaml");

interface Reading {
  readonly yaml: Yaml;
  readonly document: Document;
  aliased: number;
}

/** The first document of the text. */
export async function decodeYaml(bytes: Uint8Array): Promise<Value> {
  return decodeYamlWith(await import("yaml"), decodeUtf8(bytes));
}

/** The same for those who have loaded the YAML package already. */
export function decodeYamlWith(yaml: Yaml, text: string): Value {
  const plain = text.replace(/^\ufeff/, "");
  const [document] = yaml.parseAllDocuments(plain, {
    prettyErrors: false,
    schema: "failsafe",
    uniqueKeys: false,
    version: "1.1",
    logLevel: "silent",
  });
  if (document?.warnings.some(({ code }) => code === "BAD_DIRECTIVE"))
    throw bundleError("yaml: found unknown directive name");
  if (document === undefined || !("contents" in document) || document.contents === null) return null;
  const [error] = document.errors;
  if (error !== undefined) throw bundleError(yamlComplaint(error, plain, "data"));
  return convert(document.contents as Node, { yaml, document, aliased: 0 }, 0, false);
}

function convert(node: Node | null, reading: Reading, depth: number, inAlias: boolean): Value {
  const { yaml } = reading;
  if (node === null) return null;
  if (depth > MAX_DEPTH) throw bundleError("yaml: the document is nested too deeply");
  if (inAlias && ++reading.aliased > MAX_ALIASED_NODES)
    throw bundleError("yaml: document contains excessive aliasing");
  if (yaml.isAlias(node)) return convert(target(node, reading), reading, depth + 1, true);
  if (yaml.isScalar(node)) return scalar(node);
  if (yaml.isMap(node)) return mapping(node, reading, depth, inAlias);
  if (yaml.isSeq(node))
    return node.items.map((item) => convert(item as Node | null, reading, depth + 1, inAlias));
  throw bundleError("yaml: the document holds what JSON cannot say");
}

function target(alias: Alias, reading: Reading): Node {
  const found = alias.resolve(reading.document);
  if (found === undefined) throw bundleError(`yaml: unknown anchor '${alias.source}' referenced`);
  return found;
}

function mapping(node: YAMLMap, reading: Reading, depth: number, inAlias: boolean): Value {
  const merged: (readonly [Value, Value])[] = [];
  const own: [Value, Value][] = [];
  for (const pair of node.items) {
    const value = convert(pair.value as Node | null, reading, depth + 1, inAlias);
    const key = pair.key as Node | null;
    if (reading.yaml.isScalar(key) && key.type === "PLAIN" && key.value === "<<") {
      // A key of an earlier map wins over one of a later map (YAML merge key type).
      for (const source of isArray(value) ? [...value].reverse() : [value]) {
        if (!isObject(source))
          throw bundleError("yaml: map merge requires map or sequence of maps as the value");
        merged.push(...source.entries());
      }
    } else own.push([keyText(convert(key, reading, depth + 1, inAlias)), value]);
  }
  return object([...merged, ...own]);
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return String(key);
  if (key !== null && isNumber(key)) return key.text;
  throw bundleError("yaml: a key must be a string, a number or a boolean");
}

function scalar(node: Scalar): Value {
  const text = String(node.value ?? "");
  if (node.tag === "!!binary" || node.tag === "tag:yaml.org,2002:binary") return binary(text);
  if (node.tag === "!!str" || node.tag === "tag:yaml.org,2002:str") return text;
  const tagged = node.tag?.startsWith("tag:yaml.org,2002:");
  return node.type === "PLAIN" || tagged ? resolvePlain(text) : text;
}

function binary(text: string): Value {
  try {
    return decodeUtf8(Uint8Array.from(atob(text.replace(/\s/g, "")), (c) => c.charCodeAt(0)));
  } catch (cause) {
    throw bundleError("yaml: !!binary value contains invalid base64 data", cause);
  }
}

const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, Value] => [word, null]),
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(
    (word): [string, Value] => [word, true],
  ),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (word): [string, Value] => [word, false],
  ),
]);

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;

/** A plain scalar by its form (go-yaml: words, integers of 64 bits, floats, text). */
function resolvePlain(text: string): Value {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (NOT_FINITE.test(text)) throw bundleError(`json: unsupported value: ${text}`);
  const digits = text.replaceAll("_", "");
  const match = /^[-+.0-9]/.test(text) ? INTEGER.exec(digits) : null;
  if (match !== null) {
    const [, sign = "", body = ""] = match;
    const octal = /^0[0-7]+$/.test(body) ? `0o${body.slice(1)}` : body;
    const value = BigInt(octal) * (sign === "-" ? -1n : 1n);
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return integer(value);
  }
  if (/^[-+.0-9]/.test(text) && FLOAT.test(digits)) {
    const value = Number(digits.replace(/^\+/, ""));
    if (Number.isFinite(value)) return value === 0 ? integer(0) : fromPlain(value);
  }
  return text;
}
