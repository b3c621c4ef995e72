// Types written: as capabilities.json and plan.json spell them, and as OPA's messages print them. Types in; plain JavaScript objects, made fresh, or
// texts out.

import { encode, toPlain } from "./json.ts";
import type { Type } from "./type.ts";
import type { Value } from "./value.ts";
import { isArray } from "./value.ts";

type Json = Record<string, unknown>;

/** Keys stand in alphabetical order, as Go marshals maps. */
export function typeToJson(type: Type): Json {
  switch (type.kind) {
    case "array":
      return {
        ...(type.dynamic === undefined ? {} : { dynamic: typeToJson(type.dynamic) }),
        ...(type.static.length === 0 ? {} : { static: type.static.map(typeToJson) }),
        type: "array",
      };
    case "object":
      return {
        ...(type.dynamic === undefined
          ? {}
          : { dynamic: { key: typeToJson(type.dynamic.key), value: typeToJson(type.dynamic.value) } }),
        ...(type.static.length === 0
          ? {}
          : { static: type.static.map((p) => ({ key: toPlain(p.key), value: typeToJson(p.value) })) }),
        type: "object",
      };
    case "set":
      return type.of === undefined ? { type: "set" } : { of: typeToJson(type.of), type: "set" };
    case "any":
      return type.of.length === 0 ? { type: "any" } : { of: type.of.map(typeToJson), type: "any" };
    case "function":
      return {
        ...(type.args.length === 0 ? {} : { args: type.args.map(typeToJson) }),
        ...(type.result === undefined ? {} : { result: typeToJson(type.result) }),
        type: "function",
        ...(type.variadic === undefined ? {} : { variadic: typeToJson(type.variadic) }),
      };
    case "recursive":
      return { name: type.name };
    default:
      return { type: type.kind };
  }
}

/** As OPA prints a type in messages: `array<number>[string]`, `any<null, string>`; `???` when unknown. */
export function typeToText(type: Type | undefined): string {
  if (type === undefined) return "???";
  const angle = (parts: readonly string[]): string => (parts.length === 0 ? "" : `<${parts.join(", ")}>`);
  switch (type.kind) {
    case "array":
      return `array${angle(type.static.map(typeToText))}${type.dynamic === undefined ? "" : `[${typeToText(type.dynamic)}]`}`;
    case "object": {
      const properties = type.static.map((p) => `${plainKey(p.key)}: ${typeToText(p.value)}`);
      const { dynamic } = type;
      return `object${angle(properties)}${dynamic === undefined ? "" : `[${typeToText(dynamic.key)}: ${typeToText(dynamic.value)}]`}`;
    }
    case "set":
      return `set[${typeToText(type.of)}]`;
    case "any":
      return `any${angle(type.of.map(typeToText))}`;
    case "function": {
      const args = type.args.map(typeToText);
      if (type.variadic !== undefined) args.push(`${typeToText(type.variadic)}...`);
      return `(${args.join(", ")}) => ${typeToText(type.result)}`;
    }
    case "recursive":
      return `recursive(${type.name})`;
    default:
      return type.kind;
  }
}

/** Keys as Go's `%v` shows them: strings bare. */
function plainKey(key: Value): string {
  if (typeof key === "string") return key;
  if (key === null) return "<nil>";
  if (isArray(key)) return `[${key.map(plainKey).join(" ")}]`;
  return encode(key);
}
