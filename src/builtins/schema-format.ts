// The values of `format` in JSON schemas. A format and a text in, whether it fits out; unknown formats fit anything.

import { parseIp } from "./ip.ts";
import { isRegex } from "./re2.ts";
import { parseTime } from "./go-time-parse.ts";
import { parseUrl } from "./url.ts";

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function isTime(text: string, ...layouts: readonly string[]): boolean {
  return layouts.some((layout) => succeeds(() => parseTime(layout, text)));
}

const HOSTNAME = /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/;
const EMAIL = /^("[^"]+"|[^\s@<>(),;:\\"[\]]+)@([^\s@<>(),;:\\"[\]]+|\[[^\]]+\])$/;
const URI_TEMPLATE = /^([^{]*(\{[^}]*\})?)*$/;
const UUID = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i;
const POINTER = /^(?:\/(?:[^~/]|~0|~1)*)*$/;
const RELATIVE_POINTER = /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/;

function isReference(text: string): boolean {
  return succeeds(() => parseUrl(text)) && !text.includes("\\");
}

const CHECKS: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ["date", (text) => isTime(text, "2006-01-02")],
  ["time", (text) => isTime(text, "15:04:05", "15:04:05Z07:00")],
  [
    "date-time",
    (text) => isTime(text, "15:04:05", "15:04:05Z07:00", "2006-01-02", "2006-01-02T15:04:05Z07:00"),
  ],
  ["hostname", (text) => HOSTNAME.test(text) && text.length < 256],
  ["email", (text) => EMAIL.test(text)],
  ["idn-email", (text) => EMAIL.test(text)],
  ["ipv4", (text) => parseIp(text) !== undefined && text.includes(".")],
  ["ipv6", (text) => parseIp(text) !== undefined && text.includes(":")],
  ["uri", (text) => isReference(text) && parseUrl(text).scheme !== ""],
  ["iri", (text) => isReference(text) && parseUrl(text).scheme !== ""],
  ["uri-reference", isReference],
  ["iri-reference", isReference],
  ["uri-template", (text) => isReference(text.replace(/\{[^}]*\}/g, "x")) && URI_TEMPLATE.test(text)],
  ["uuid", (text) => UUID.test(text)],
  ["regex", isRegex],
  ["json-pointer", (text) => POINTER.test(text)],
  ["relative-json-pointer", (text) => RELATIVE_POINTER.test(text)],
]);

export function isFormat(format: string, text: string): boolean {
  return CHECKS.get(format)?.(text) ?? true;
}
