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
  "delete remove cancel drop purge reset revoke clear destroy erase truncate overwrite wipe uninstall kill terminate kick ban expel evict suspend deactivate disable discard eject uninvite unpublish unfriend",
);
const PROSE = words(
  "body content contents text message description comment comments note notes summary caption title subject reason memo markdown html",
);
/** Of an entry in a calendar, where it takes place is prose as well: nothing goes there. */
const CALENDAR = words("event events calendar meeting meetings appointment appointments agenda reminder");
const PLACES = words("location venue place room");
const READERS = words(
  "recipient recipients to cc bcc email emails participants participant attendees attendee user users channel invitee invitees members member phone address",
);
const SECRET = words("password passphrase secret token apikey credential credentials pin");
const URLS = words("url uri");
/** Verbs that are as often nouns: after a reading verb they say what is read. */
const NOUNS = words(
  "post call order book store mark schedule start stop share set open run comment commit transfer reserve invite push make save cancel reset merge note release assign forward reply enable",
);
/** Prose that is no message to anybody. */
const HEADINGS = words("subject title caption reason summary location venue place room");
const JOINING = words("and or then with");
/** Arguments whose text is run by what is called. */
const PROGRAMS = new Map([
  ["sql", "sql"],
  ["command", "shell"],
  ["cmd", "shell"],
  ["shell", "shell"],
  ["bash", "shell"],
  ["code", "code"],
  ["script", "code"],
  ["program", "code"],
  ["javascript", "code"],
  ["python", "code"],
]);
/** Where a tool does one of the first, a person asks for it with one of the second. */
const ASKING: readonly (readonly [ReadonlySet<string>, readonly string[]])[] = [
  [
    DESTROYING,
    list(
      "delete remove cancel drop purge reset revoke clear destroy erase truncate overwrite wipe uninstall kill terminate discard eliminate ban kick exclude expel unsubscribe suspend deactivate disable fire leave left undo clean empty trash rid stop",
    ),
  ],
  [
    words("reserve book rent hire buy purchase"),
    list(
      "reserve reservation book booking rent rental hire buy purchase order checkout pay get make arrange secure stay trip need want",
    ),
  ],
  [
    words("invite grant share promote admit authorize subscribe enroll"),
    list(
      "invite add grant share give allow permit promote admit authorize subscribe enroll include join let access send bring provide open make",
    ),
  ],
  [
    words("send post reply forward publish message email mail notify tweet sms dm announce broadcast"),
    list(
      "send post reply forward publish message email mail e-mail notify tweet text sms dm announce broadcast tell inform write ask share let invite respond answer say remind contact thank warn update submit upload confirm request pay transfer refund apologize congratulate greet call report summarize give pass deliver reach return sum create make",
    ),
  ],
];
const DATES = words(
  "date day time datetime timestamp deadline duration month year week hour hours minute minutes seconds days weeks start end begin finish until since due checkin checkout from",
);
const IDENTIFIERS = words(
  "id ids number no num nr account phone zip code card pin iban key index reference ref uid uuid",
);
/** Choices that say how much is given away. */
const PRIVILEGES = words(
  "role roles permission permissions access visibility scope scopes privilege privileges level public",
);

function list(text: string): string[] {
  return text.split(" ");
}

function words(text: string): ReadonlySet<string> {
  return new Set(list(text));
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
  const schema = asRecord(definition.inputSchema);
  const runs = Object.keys(asRecord(schema.properties)).some((name) => programOf(name) !== undefined);
  const readOnly =
    onlyReads(parts) && !saysItWrites(definition.description) && hints.readOnlyHint !== false && !runs;
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const args = Object.entries(asRecord(schema.properties)).map(
    ([name, property]): [string, ArgumentEntry] => [
      name,
      deriveArgument(
        name,
        resolved(asRecord(property), schema),
        required.has(name),
        readOnly,
        has(CALENDAR, parts),
      ),
    ],
  );
  const destructive = !readOnly && (has(DESTROYING, parts) || hints.destructiveHint === true);
  const readers = readOnly ? [] : args.map(([name]) => name).filter((name) => has(READERS, split(name)));
  const verbs = readOnly ? [] : ASKING.flatMap(([does, asking]) => (has(does, parts) ? asking : []));
  return {
    ...(server !== undefined && { server }),
    definition: definitionHash(definition),
    read_only: readOnly,
    ...(destructive && { destructive }),
    ...(verbs.length > 0 && { verbs: [...new Set(verbs)] }),
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
  inCalendar: boolean,
): ArgumentEntry {
  const parts = split(name);
  const types = typesOf(property);
  const last = parts.at(-1) ?? "";
  const isText = types.has("string") && (PROSE.has(last) || (inCalendar && PLACES.has(last)));
  const onlySwitch = [...types].every((type) => type === "boolean" || type === "null") && types.size > 0;
  const program = types.has("string") ? programOf(name) : undefined;
  const values = Array.isArray(property.enum) ? property.enum : undefined;
  const sensitive = !readOnly && !isText && !onlySwitch;
  const computed = sensitive && isComputed(parts, types, property, values !== undefined);
  const fields = types.has("object") || types.has("array") ? fieldsOf(property) : [];
  return {
    ...(sensitive && { sensitive: true }),
    ...(computed && { computed: true }),
    ...(computed && values !== undefined && { values }),
    ...(isText && { text: true }),
    ...(isText && HEADINGS.has(last) && { message: false }),
    ...(program !== undefined && { program }),
    ...(required && { required: true }),
    ...("default" in property && { default: property.default }),
    ...(has(SECRET, parts) && { secret: true }),
    ...((has(URLS, parts) || property.format === "uri") && { url: true }),
    ...(fields.length > 0 && { fields }),
  };
}

function programOf(name: string): string | undefined {
  return PROGRAMS.get(split(name).at(-1) ?? "");
}

/** Numbers that name nothing, dates and times, choices that give no rights. */
function isComputed(
  parts: readonly string[],
  types: ReadonlySet<string>,
  property: Readonly<Record<string, unknown>>,
  isChoice: boolean,
): boolean {
  if (isChoice) return !has(PRIVILEGES, parts);
  const kinds = [...types].filter((type) => type !== "null");
  if (kinds.length === 0) return false;
  if (kinds.every((kind) => kind === "number" || kind === "integer")) return !has(IDENTIFIERS, parts);
  if (!kinds.every((kind) => kind === "string")) return false;
  const format = typeof property.format === "string" ? property.format : "";
  return /^(?:date|time|date-time|duration)$/.test(format) || DATES.has(parts.at(-1) ?? "");
}

/** Names of members that the schema of an argument gives, or that its description puts in quotes. */
function fieldsOf(property: Readonly<Record<string, unknown>>): string[] {
  const found = new Set<string>();
  const look = (schema: Readonly<Record<string, unknown>>, depth: number): void => {
    if (depth > 8) return;
    for (const [name, inner] of Object.entries(asRecord(schema.properties))) {
      found.add(name);
      look(asRecord(inner), depth + 1);
    }
    look(asRecord(schema.items), depth + 1);
    for (const option of optionsOf(schema)) look(option, depth + 1);
  };
  look(property, 0);
  const description = typeof property.description === "string" ? property.description : "";
  for (const [, name = ""] of description.matchAll(/["'`](\w+)["'`]/g)) found.add(name);
  return [...found];
}

/** The property with a reference within its schema followed. */
function resolved(
  property: Readonly<Record<string, unknown>>,
  schema: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const [, room = "", name = ""] =
    typeof property.$ref === "string" ? (/^#\/(\$defs|definitions)\/([^/]+)$/.exec(property.$ref) ?? []) : [];
  if (room === "") return property;
  const target = new Map(Object.entries(asRecord(schema[room]))).get(name);
  return { ...asRecord(target), ...property };
}

function optionsOf(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  return ["anyOf", "oneOf", "allOf"].flatMap((key) => {
    const options = schema[key];
    return Array.isArray(options) ? options.map(asRecord) : [];
  });
}

function typesOf(property: Readonly<Record<string, unknown>>): Set<string> {
  const found = new Set<string>();
  const add = (type: unknown): void => {
    if (typeof type === "string") found.add(type);
  };
  if (Array.isArray(property.type)) property.type.forEach(add);
  else add(property.type);
  for (const option of optionsOf(property)) add(option.type);
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
