// The daemon's `authzen` section, which is Reeve's own: what the AuthZEN door (Authorization API 1.0) asks of the policy and what it says
// of itself. Plain data in, a checked configuration with every default filled in out; one line says what is wrong.

import { boolean, configError, integer, record, type Shape, text } from "./shape.ts";

export const searchKinds = ["subject", "resource", "action"] as const;
export type SearchKind = (typeof searchKinds)[number];

export const AUTHZEN_SHAPE: Shape = record({
  decision: text,
  search: record({ subject: text, resource: text, action: text, check: boolean }),
  page_size: integer,
  policy_decision_point: text,
  signing_key: text,
  extensions: boolean,
  access_file: text,
});

export interface AuthzenConfig {
  /** Slash path of what is asked for an evaluation. */
  readonly decision: string;
  /** Slash paths of the rules that list candidates. */
  readonly search: Readonly<Record<SearchKind, string>>;
  /** The searches that the configuration names itself. */
  readonly named: ReadonlySet<SearchKind>;
  /** Each candidate is a result only when the decision permits it. Without: what the search rule lists are the results. */
  readonly check: boolean;
  /** The most results in one reply. */
  readonly pageSize: number;
  /** The base URL under which enforcement points know this decision point, without a slash at the end. */
  readonly policyDecisionPoint?: string;
  /** Signs the metadata: private key in PEM and its algorithm, out of `keys`. */
  readonly signing?: { readonly key: string; readonly algorithm: string; readonly keyId: string };
  /** Members of the request document beyond AuthZEN's reach the policy: only where every caller is a trusted enforcement point. */
  readonly extensions: boolean;
  /** Who may ask; without it, who can reach the daemon. */
  readonly accessFile?: string;
}

type Plain = Readonly<Record<string, unknown>>;
type PathOf = (given: unknown, otherwise: string, where: string) => string;

const DEFAULT_PATHS: Readonly<Record<SearchKind, string>> = {
  subject: "authzen/subjects",
  resource: "authzen/resources",
  action: "authzen/actions",
};
const DEFAULT_PAGE_SIZE = 1000;

/** `keys` is the configuration's section of that name. */
export function readAuthzen(
  given: Plain | null | undefined,
  keys: Plain | null | undefined,
  pathOf: PathOf,
): AuthzenConfig {
  const raw = given ?? {};
  const search = (raw.search ?? {}) as Plain;
  const searchPath = (kind: SearchKind): string =>
    pathOf(search[kind] ?? undefined, DEFAULT_PATHS[kind], `authzen.search.${kind}`);
  const pageSize = (raw.page_size as number | null | undefined) ?? DEFAULT_PAGE_SIZE;
  if (pageSize < 1) throw configError("`authzen.page_size` must be at least 1");
  const base = raw.policy_decision_point as string | null | undefined;
  const accessFile = raw.access_file as string | null | undefined;
  const signing = readSigning(raw.signing_key as string | null | undefined, keys ?? {}, base);
  return {
    decision: pathOf(raw.decision ?? undefined, "authzen/decision", "authzen.decision"),
    search: {
      subject: searchPath("subject"),
      resource: searchPath("resource"),
      action: searchPath("action"),
    },
    named: new Set(searchKinds.filter((kind) => typeof search[kind] === "string")),
    check: search.check !== false,
    pageSize,
    extensions: raw.extensions === true,
    ...(base === undefined || base === null ? {} : { policyDecisionPoint: readBase(base) }),
    ...(signing === undefined ? {} : { signing }),
    ...(accessFile === undefined || accessFile === null ? {} : { accessFile }),
  };
}

function readBase(base: string): string {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  const isPlain = url !== undefined && url.search === "" && url.hash === "" && !/[?#]/.test(base);
  if (!isPlain || !/^https?:$/.test(url.protocol) || url.username !== "")
    throw configError(
      "`authzen.policy_decision_point` must be an http or https URL without query or fragment",
    );
  return base.replace(/\/+$/, "");
}

function readSigning(
  keyId: string | null | undefined,
  keys: Plain,
  base: string | null | undefined,
): AuthzenConfig["signing"] {
  if (keyId === undefined || keyId === null) return undefined;
  if ((base ?? "") === "")
    throw configError("`authzen.signing_key` needs `authzen.policy_decision_point`: it is the issuer");
  const entry = (Object.hasOwn(keys, keyId) ? keys[keyId] : undefined) as Plain | undefined;
  const key = entry?.private_key;
  if (typeof key !== "string" || key === "")
    throw configError(`\`authzen.signing_key\`: \`keys.${keyId}\` has no \`private_key\``);
  return { key, algorithm: typeof entry?.algorithm === "string" ? entry.algorithm : "RS256", keyId };
}
