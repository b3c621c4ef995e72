// AuthZEN's Authorization API 1.0 over a decision agent, without a transport: evaluation, evaluations, the three searches. A decoded body in,
// the reply's body out. Nothing but a well-formed permit of the policy is `decision: true`; undefined, malformed and failing policies are
// denials that say so. A request that is itself malformed is thrown as `invalid_parameter`.

import type { AuthzenConfig, SearchKind } from "../decision/authzen-config.ts";
import { PolicyError } from "../error.ts";
import { digest } from "../crypto/hash.ts";
import { compareStrings } from "../value/compare.ts";
import { encode, fromPlain } from "../value/json.ts";
import { object } from "../value/object.ts";
import { isArray, isObject, isSet, type RegoObject, type Value } from "../value/value.ts";
import {
  batch,
  evaluationInput,
  malformed,
  type PageRequest,
  pageRequest,
  requestBody,
  searchInput,
} from "./authzen-request.ts";
import { type Answered, decisionDocument, type Settled, settle, settleFailure } from "./effect.ts";
import { answerFor } from "./hosts.ts";

/** Asks the policy. Throws PolicyError when there is no answer that may be trusted. */
export type Ask = (path: string, input: RegoObject) => Promise<Answered & { readonly decisionId: string }>;

export interface AuthzenOptions {
  readonly ask: Ask;
  readonly config: Pick<AuthzenConfig, "decision" | "search" | "check" | "pageSize" | "extensions">;
  /** Decision ids are shown as `context.evaluation_id`. */
  readonly showIds?: boolean;
  /** The id under which a decision that failed was logged. */
  readonly idOf?: (error: unknown) => string | undefined;
}

export interface Authzen {
  /** `POST /access/v1/evaluation` */
  evaluation(body: Value): Promise<RegoObject>;
  /** `POST /access/v1/evaluations` */
  evaluations(body: Value): Promise<RegoObject>;
  /** `POST /access/v1/search/<kind>` */
  search(kind: SearchKind, body: Value): Promise<RegoObject>;
}

export function createAuthzen(options: AuthzenOptions): Authzen {
  const { config } = options;
  const evaluate = (input: RegoObject): Promise<RegoObject> => decide(options, input);
  return {
    evaluation: async (body) => evaluate(evaluationInput(requestBody(body), config)),
    async evaluations(body) {
      const request = requestBody(body);
      const many = batch(request, config);
      if (many === undefined) return evaluate(evaluationInput(request, config));
      const answers: RegoObject[] = [];
      for (const item of many.items) {
        const answer = await decideItem(item, evaluate);
        answers.push(answer);
        const isPermit = answer.get("decision") === true;
        if (many.semantic === "deny_on_first_deny" && !isPermit) break;
        if (many.semantic === "permit_on_first_permit" && isPermit) break;
      }
      return object([["evaluations", answers]]);
    },
    search: async (kind, body) => search(options, kind, requestBody(body), evaluate),
  };
}

/** What is wrong with one item of a batch stays with it. */
async function decideItem(
  item: () => RegoObject,
  evaluate: (input: RegoObject) => Promise<RegoObject>,
): Promise<RegoObject> {
  let input: RegoObject;
  try {
    input = item();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const reason = error.message;
    return answer(false, fromPlain({ reason, error: { status: 400, message: reason } }));
  }
  return evaluate(input);
}

function answer(decision: boolean, context: Value | undefined): RegoObject {
  return object([
    ["decision", decision],
    ...(context === undefined ? [] : ([["context", context]] as const)),
  ]);
}

/** What is enforced, with the decision document as context; in observe mode a permit, whatever its `effect` says. */
function fromSettled(settled: Settled): RegoObject {
  // The changed arguments themselves, not a plain copy: no digit is lost.
  const { transform, ...document } = decisionDocument(settled);
  const exact = transform === undefined ? document : { ...document, transform: settled.transform };
  return fromPlain(answerFor("authzen", exact)) as RegoObject;
}

function withContext(reply: RegoObject, more: RegoObject): RegoObject {
  const context = reply.get("context");
  const known = context !== undefined && isObject(context) ? [...context.entries()] : [];
  return answer(reply.get("decision") === true, object([...known, ...more.entries()]));
}

async function decide(options: AuthzenOptions, input: RegoObject): Promise<RegoObject> {
  let id: string | undefined;
  let reply: RegoObject;
  try {
    const answered = await options.ask(options.config.decision, input);
    id = answered.decisionId;
    reply = readDecision(answered, supportedObligations(input));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    id = options.idOf?.(error);
    const failure = fromPlain({ error: { status: 500, message: error.message } }) as RegoObject;
    reply = withContext(fromSettled(settleFailure(error)), failure);
  }
  if (options.showIds !== true || id === undefined) return reply;
  return withContext(reply, object([["evaluation_id", id]]));
}

/** A boolean, AuthZEN's own `{decision, context?}`, or Reeve's decision document. */
function readDecision(answered: Answered, supported: ReadonlySet<string>): RegoObject {
  const { result } = answered;
  if (typeof result === "boolean") return plainDecision(answered, result, undefined);
  if (result === undefined || !isObject(result) || result.get("effect") !== undefined)
    return fromSettled(settle(answered, supported));
  const [decision, context] = [result.get("decision"), result.get("context")];
  const isContext = context === undefined || isObject(context);
  if (typeof decision === "boolean" && isContext) return plainDecision(answered, decision, context);
  return fromSettled(settle(answered, supported));
}

/** A decision without reasons of its own, held to what holds for every decision: modes, and rules that deny and could not be evaluated. */
function plainDecision(answered: Answered, decision: boolean, context: Value | undefined): RegoObject {
  const effect = decision ? "allow" : "deny";
  const settled = settle({ ...answered, result: fromPlain({ effect, reasons: [] }) });
  const isKept = settled.effect === effect && settled.effective === effect;
  return isKept ? answer(decision, context) : fromSettled(settled);
}

/** What the enforcement point says that it carries out (`context.supported_obligations`); nothing, unless it says so. */
function supportedObligations(input: RegoObject): ReadonlySet<string> {
  const context = input.get("context");
  const list = context !== undefined && isObject(context) ? context.get("supported_obligations") : undefined;
  return new Set(list !== undefined && isArray(list) ? list.filter((type) => typeof type === "string") : []);
}

/** Where a page ends: the query that it belongs to, its limit, and the last result that was given. */
interface Bookmark {
  readonly query: string;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

async function search(
  options: AuthzenOptions,
  kind: SearchKind,
  body: RegoObject,
  evaluate: (input: RegoObject) => Promise<RegoObject>,
): Promise<RegoObject> {
  const { config } = options;
  const input = searchInput(kind, body, config);
  const page = pageRequest(body);
  const query = queryHash(kind, input, page);
  const bookmark = readBookmark(query, page);
  const limit = Math.min(bookmark.limit ?? config.pageSize, config.pageSize);
  const { result } = await options.ask(config.search[kind], input);
  const results: RegoObject[] = [];
  let after = bookmark.after;
  let hasMore = false;
  for (const [id, found] of candidates(kind, input, result)) {
    if (bookmark.after !== undefined && compareStrings(id, bookmark.after) <= 0) continue;
    if (results.length > 0 && id === after) continue;
    if (config.check && !(await isPermitted(kind, input, found, evaluate))) continue;
    hasMore = results.length === limit;
    if (hasMore) break;
    results.push(found);
    after = id;
  }
  const isPaged = page !== undefined || hasMore;
  const token = hasMore ? writeBookmark({ query, limit: bookmark.limit, after }) : "";
  return object([
    ...(isPaged ? [["page", fromPlain({ next_token: token, count: results.length })] as const] : []),
    ["results", results],
  ]);
}

async function isPermitted(
  kind: SearchKind,
  input: RegoObject,
  found: RegoObject,
  evaluate: (input: RegoObject) => Promise<RegoObject>,
): Promise<boolean> {
  return (await evaluate(object([...input.entries(), [kind, found]]))).get("decision") === true;
}

/** What the search rule lists, as entities of the wanted type in the order of their ids. Entities of other types are no candidates. */
function candidates(kind: SearchKind, input: RegoObject, result: Value | undefined): [string, RegoObject][] {
  if (result === undefined) return [];
  const isList = typeof result === "object" && result !== null && (isArray(result) || isSet(result));
  if (!isList) throw wrongCandidates(kind);
  const type = kind === "action" ? undefined : (input.get(kind) as RegoObject).get("type");
  const key = kind === "action" ? "name" : "id";
  const found: [string, string, RegoObject][] = [];
  for (const item of isArray(result) ? result : result.values()) {
    const given = typeof item === "string" ? object([[key, item]]) : item;
    const id = isObject(given) ? given.get(key) : undefined;
    if (!isObject(given) || typeof id !== "string") throw wrongCandidates(kind);
    if (type !== undefined && (given.get("type") ?? type) !== type) continue;
    const properties = given.get("properties");
    if (properties !== undefined && !isObject(properties)) throw wrongCandidates(kind);
    const entity = object([
      ...(type === undefined ? [] : ([["type", type]] as const)),
      [key, id],
      ...(properties === undefined ? [] : ([["properties", properties]] as const)),
    ]);
    found.push([id, encode(entity), entity]);
  }
  found.sort((a, b) => compareStrings(a[0], b[0]) || compareStrings(a[1], b[1]));
  return found.map(([id, , entity]) => [id, entity]);
}

function wrongCandidates(kind: SearchKind): PolicyError {
  const what = kind === "action" ? "`name`" : "`id`";
  return new PolicyError(
    "decision_error",
    `the policy's list for a ${kind} search must be a set or array of strings or of objects with ${what}`,
  );
}

/** All of a query but its token and limit: what must not change from page to page. */
function queryHash(kind: SearchKind, input: RegoObject, page: PageRequest | undefined): string {
  const text = encode([kind, input, page?.properties ?? object([])]);
  return toBase64Url(digest("SHA-256", new TextEncoder().encode(text)));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function writeBookmark(bookmark: Bookmark): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(bookmark)));
}

/** A token that was changed only moves the place where a page starts: every result is decided anew. */
function readBookmark(query: string, page: PageRequest | undefined): Bookmark {
  if (page?.token === undefined) return { query, limit: page?.limit, after: undefined };
  let bookmark: Partial<Bookmark>;
  try {
    const binary = atob(page.token.replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(binary, (c) => c.charCodeAt(0)),
    );
    bookmark = Object(JSON.parse(text)) as Partial<Bookmark>;
  } catch {
    throw malformed("`page.token` is none that was given out here");
  }
  const { limit, after } = bookmark;
  const isWhole =
    (after === undefined || typeof after === "string") && (limit === undefined || Number.isInteger(limit));
  if (typeof bookmark.query !== "string" || !isWhole)
    throw malformed("`page.token` is none that was given out here");
  if (bookmark.query !== query || (page.limit !== undefined && page.limit !== limit))
    throw malformed("`page.token` belongs to another search: nothing but the token may change between pages");
  return { query, limit, after };
}
