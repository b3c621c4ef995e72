// AuthZEN requests (Authorization API 1.0), read out of a decoded body: what is asked, as the document that policies see as `input`. Members
// that AuthZEN does not know are left out, so that a claim of the caller never stands where a verified fact is expected. What is missing
// or has a wrong type is `invalid_parameter` naming the member.

import { PolicyError } from "../error.ts";
import { emptyObject, object } from "../value/object.ts";
import { isArray, isObject, type RegoObject, typeName, type Value } from "../value/value.ts";

export const entityNames = ["subject", "action", "resource"] as const;
export type EntityName = (typeof entityNames)[number];

const REQUIRED: Readonly<Record<EntityName, readonly string[]>> = {
  subject: ["type", "id"],
  action: ["name"],
  resource: ["type", "id"],
};

/** Members of Reeve's request document beyond AuthZEN's, which `extensions` lets through. */
const EXTENSIONS = ["version", "agent", "delegation", "task", "tool", "session"];
const ACTION_EXTENSIONS = ["arguments", "values", "parsed", "digest"];

export interface RequestOptions {
  /** Every caller is a trusted enforcement point: what it says of agent, task and session is passed on. */
  readonly extensions?: boolean;
}

/** Says that a request is malformed. */
export function malformed(message: string): PolicyError {
  return new PolicyError("invalid_parameter", message);
}

function requireObject(value: Value, where: string): RegoObject {
  if (isObject(value)) return value;
  throw malformed(`\`${where}\` must be an object, not ${typeName(value)}`);
}

/** The body as an object. */
export function requestBody(body: Value): RegoObject {
  if (isObject(body)) return body;
  throw malformed(`the request must be a JSON object, not ${typeName(body)}`);
}

function pick(from: RegoObject, names: readonly string[]): [Value, Value][] {
  return names.flatMap((name): [Value, Value][] => {
    const value = from.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}

/** One entity with the members that AuthZEN knows; only those that are there are checked. */
function entityMembers(value: Value, name: EntityName, options: RequestOptions): [Value, Value][] {
  const given = requireObject(value, name);
  const members = pick(given, [...REQUIRED[name], "properties"]);
  for (const [member, content] of members) {
    if (member === "properties") requireObject(content, `${name}.properties`);
    else if (typeof content !== "string")
      throw malformed(`\`${name}.${member}\` must be a string, not ${typeName(content)}`);
  }
  if (name === "action" && options.extensions === true) members.push(...pick(given, ACTION_EXTENSIONS));
  return members;
}

/** An entity of a single request. `without` is the member that is searched for: ignored if it is there. */
function entity(body: RegoObject, name: EntityName, options: RequestOptions, without?: string): RegoObject {
  const value = body.get(name);
  if (value === undefined) throw malformed(`\`${name}\` is missing`);
  const whole = without === undefined ? value : object(pickAllBut(requireObject(value, name), without));
  const members = object(entityMembers(whole, name, options));
  for (const member of REQUIRED[name])
    if (member !== without && members.get(member) === undefined)
      throw malformed(`\`${name}.${member}\` is missing`);
  return members;
}

function pickAllBut(from: RegoObject, without: string): (readonly [Value, Value])[] {
  return [...from.entries()].filter(([name]) => name !== without);
}

/** `context` and, where they are let through, the members beyond AuthZEN's. */
function surroundings(body: RegoObject, options: RequestOptions): [Value, Value][] {
  const members = pick(body, ["context", ...(options.extensions === true ? EXTENSIONS : [])]);
  for (const [name, value] of members) if (name === "context") requireObject(value, "context");
  return members;
}

/** An Access Evaluation request as `input`. */
export function evaluationInput(body: RegoObject, options: RequestOptions = {}): RegoObject {
  return object([
    ...entityNames.map((name) => [name, entity(body, name, options)] as const),
    ...surroundings(body, options),
  ]);
}

/** A search as the `input` of the rule that lists candidates: what is searched for is not there. */
export function searchInput(kind: EntityName, body: RegoObject, options: RequestOptions = {}): RegoObject {
  const names = entityNames.filter((name) => name !== "action" || kind !== "action");
  return object([
    ...names.map((name) => [name, entity(body, name, options, name === kind ? "id" : undefined)] as const),
    ...surroundings(body, options),
  ]);
}

export const semantics = ["execute_all", "deny_on_first_deny", "permit_on_first_permit"] as const;
export type Semantic = (typeof semantics)[number];

export interface Batch {
  readonly semantic: Semantic;
  /** In order; each gives its `input`, or throws what is wrong with this item alone. */
  readonly items: readonly (() => RegoObject)[];
}

/** An Access Evaluations request; undefined when it has no `evaluations` and is a single request therefore. */
export function batch(body: RegoObject, options: RequestOptions = {}): Batch | undefined {
  const evaluations = body.get("evaluations");
  if (evaluations === undefined) return undefined;
  if (!isArray(evaluations))
    throw malformed(`\`evaluations\` must be an array, not ${typeName(evaluations)}`);
  const semantic = readSemantic(body.get("options"));
  if (evaluations.length === 0) return undefined;
  // What is wrong with the defaults is wrong with the request as a whole.
  for (const name of entityNames) {
    const value = body.get(name);
    if (value !== undefined) entityMembers(value, name, options);
  }
  surroundings(body, options);
  return {
    semantic,
    items: evaluations.map((item) => () => {
      if (!isObject(item)) throw malformed(`an evaluation must be an object, not ${typeName(item)}`);
      return evaluationInput(withDefaults(body, item), options);
    }),
  };
}

function readSemantic(value: Value | undefined): Semantic {
  const semantic =
    value === undefined ? undefined : requireObject(value, "options").get("evaluations_semantic");
  if (semantic === undefined) return "execute_all";
  const known = semantics.find((name) => name === semantic);
  if (known === undefined)
    throw malformed(`\`options.evaluations_semantic\` must be one of ${semantics.join(", ")}`);
  return known;
}

/**
 * An item takes the place of the defaults key by key and whole; only a `type`, `id` or `name` that it leaves out comes from the default
 * (certification scenario 3.2.7).
 */
function withDefaults(defaults: RegoObject, item: RegoObject): RegoObject {
  const merged = new Map<Value, Value>([...defaults.entries()]);
  for (const [key, value] of item.entries()) merged.set(key, value);
  for (const name of entityNames) {
    const [own, otherwise] = [item.get(name), defaults.get(name)];
    if (own === undefined || otherwise === undefined || !isObject(own) || !isObject(otherwise)) continue;
    const missing = REQUIRED[name].filter((member) => own.get(member) === undefined);
    merged.set(name, object([...own.entries(), ...pick(otherwise, missing)]));
  }
  return object(merged);
}

export interface PageRequest {
  readonly token: string | undefined;
  readonly limit: number | undefined;
  readonly properties: RegoObject;
}

/** The `page` of a search; undefined when the caller did not ask for pages. */
export function pageRequest(body: RegoObject): PageRequest | undefined {
  const value = body.get("page");
  if (value === undefined) return undefined;
  const page = requireObject(value, "page");
  // Earlier drafts, and clients written after them, give the token back under the name that it came with.
  const token = page.get("token") ?? page.get("next_token");
  if (token !== undefined && typeof token !== "string")
    throw malformed(`\`page.token\` must be a string, not ${typeName(token)}`);
  const properties = page.get("properties");
  return {
    token: token === "" ? undefined : token,
    limit: readLimit(page.get("limit")),
    properties: properties === undefined ? emptyObject : requireObject(properties, "page.properties"),
  };
}

function readLimit(value: Value | undefined): number | undefined {
  if (value === undefined) return undefined;
  const isNumeric = value !== null && typeof value === "object" && !isArray(value) && value.kind === "number";
  const limit = isNumeric ? Number(value.text) : Number.NaN;
  if (!Number.isInteger(limit) || limit < 0)
    throw malformed("`page.limit` must be an integer that is not negative");
  return limit;
}
