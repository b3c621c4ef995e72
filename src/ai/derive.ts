// `catalogue init`: a first catalogue from tool definitions alone. In: definitions. Out: a catalogue that errs on the side of asking. A verb
// that only ever reads makes a tool read-only; every argument of any other tool is sensitive unless it is plainly prose or a switch. No
// result field is trusted: that only an owner can say. Annotations are hints of the server and only ever make an entry stricter.

import { fromPlain, toPlain } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import { isObject, type Value } from "../value/value.ts";
import {
  type ArgumentEntry,
  CATALOGUE_VERSION,
  type CatalogueDocument,
  definitionHash,
  setHash,
  type ToolDefinition,
  type ToolEntry,
} from "./catalogue.ts";

const READING = words(
  "get list search read find fetch query show view check count describe lookup look browse retrieve inspect explain summarize compare calculate compute validate verify preview head stat tree ls cat grep whoami status has is",
);
const WRITING = words(
  "send create update replace overwrite swap toggle delete remove add set write post put patch pay transfer schedule reserve book buy order cancel share invite move rename append edit modify change insert upload publish run execute exec invoke call eval apply enable disable grant revoke approve reject submit start stop restart deploy install reset purge drop merge close open assign forward reply subscribe unsubscribe save store clear sync import export mark archive make push commit out checkout checkin acknowledge",
);
const DESTROYING = words(
  "delete remove cancel drop purge reset revoke clear destroy erase truncate overwrite wipe uninstall kill terminate",
);
const PROSE = words(
  "body content contents text message description comment comments note notes summary caption title subject reason memo markdown html",
);
const READERS = words(
  "recipient recipients to cc bcc email emails participants participant attendees attendee user users channel invitee invitees members member phone address",
);
const SECRET = words("password passphrase secret token apikey credential credentials pin");
const URLS = words("url uri");
/** Verbs that are as often nouns: after a reading verb they say what is read. */
const NOUNS = words(
  "post call order book store mark schedule start stop share set open run comment commit transfer reserve invite push make save cancel reset merge note release assign forward reply enable",
);
const JOINING = words("and or then with");

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

/** `getUserInfo`, `get-user-info` and `get_user_info` are the same words. */
function split(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

function has(set: ReadonlySet<string>, parts: readonly string[]): boolean {
  return parts.some((part) => set.has(part));
}

/** A catalogue for the tools of one server. */
export function deriveCatalogue(definitions: readonly ToolDefinition[], server?: string): CatalogueDocument {
  const tools = definitions.map((definition): [string, ToolEntry] => [
    definition.name,
    deriveEntry(definition, server),
  ]);
  return {
    version: CATALOGUE_VERSION,
    ...(server !== undefined && { sets: { [server]: setHash(definitions) } }),
    tools: ownRecord(tools),
  };
}

function deriveEntry(definition: ToolDefinition, server: string | undefined): ToolEntry {
  const parts = split(definition.name);
  const hints = asRecord(definition.annotations);
  const readOnly = onlyReads(parts) && !saysItWrites(definition.description) && hints.readOnlyHint !== false;
  const schema = asRecord(definition.inputSchema);
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const args = Object.entries(asRecord(schema.properties)).map(
    ([name, property]): [string, ArgumentEntry] => [
      name,
      deriveArgument(name, asRecord(property), required.has(name), readOnly),
    ],
  );
  const destructive = !readOnly && (has(DESTROYING, parts) || hints.destructiveHint === true);
  const readers = readOnly ? [] : args.map(([name]) => name).filter((name) => has(READERS, split(name)));
  return {
    ...(server !== undefined && { server }),
    definition: definitionHash(definition),
    read_only: readOnly,
    ...(destructive && { destructive }),
    ...(readers.length > 0 && { readers }),
    arguments: ownRecord(args),
  };
}

/** `get_order` reads, `get_or_order` and `check_out` do not. */
function onlyReads(parts: readonly string[]): boolean {
  if (!READING.has(parts[0] ?? "")) return false;
  return parts.every((part, i) => {
    if (i === 0 || !WRITING.has(part)) return true;
    return NOUNS.has(part) && !JOINING.has(parts[i - 1] ?? "");
  });
}

/** "Deletes the file …": the description is believed where it makes the entry stricter. */
function saysItWrites(description: string | undefined): boolean {
  const [first = ""] = split(description ?? "");
  const verbs = [first, first.replace(/s$/, ""), first.replace(/es$/, "")];
  return verbs.some((verb) => WRITING.has(verb) && !NOUNS.has(verb));
}

function deriveArgument(
  name: string,
  property: Readonly<Record<string, unknown>>,
  required: boolean,
  readOnly: boolean,
): ArgumentEntry {
  const parts = split(name);
  const types = typesOf(property);
  const last = parts.at(-1) ?? "";
  const isText = types.has("string") && PROSE.has(last);
  const onlySwitch = [...types].every((type) => type === "boolean" || type === "null") && types.size > 0;
  return {
    ...(!readOnly && !isText && !onlySwitch && { sensitive: true }),
    ...(isText && { text: true }),
    ...(required && { required: true }),
    ...("default" in property && { default: property.default }),
    ...(has(SECRET, parts) && { secret: true }),
    ...((has(URLS, parts) || property.format === "uri") && { url: true }),
  };
}

function typesOf(property: Readonly<Record<string, unknown>>): Set<string> {
  const found = new Set<string>();
  const add = (type: unknown): void => {
    if (typeof type === "string") found.add(type);
  };
  if (Array.isArray(property.type)) property.type.forEach(add);
  else add(property.type);
  for (const key of ["anyOf", "oneOf"]) {
    const options = property[key];
    if (Array.isArray(options)) for (const option of options) add(asRecord(option).type);
  }
  return found;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** A record whose every key is its own, `__proto__` included. */
function ownRecord<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries);
}

/** A catalogue with an owner's edits: a JSON merge patch (RFC 7396) over the derived one, so that edits say only what their author knows. */
export function editCatalogue(derived: CatalogueDocument, edits: Value): CatalogueDocument {
  return toPlain(merge(fromPlain(derived), edits)) as CatalogueDocument;
}

function merge(target: Value, patch: Value): Value {
  if (patch === null || typeof patch !== "object" || !isObject(patch)) return patch;
  const base = target !== null && typeof target === "object" && isObject(target) ? target : emptyObject;
  const kept = Array.from(base.entries()).filter(([key]) => !patch.has(key));
  const changed = Array.from(patch.entries())
    .filter(([, value]) => value !== null)
    .map(([key, value]): [Value, Value] => [key, merge(base.get(key) ?? null, value)]);
  return object([...kept, ...changed]);
}
