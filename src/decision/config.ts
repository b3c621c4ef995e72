// OPA's configuration (OPA docs, "Configuration"), checked: text or plain data in, Config with all defaults out, or one line that names the
// field. Keys OPA knows and Reeve does not are refused or warned about, never passed over. Keys of Reeve's own are marked in the table.

import type { VerificationConfig, VerificationKey } from "../bundle/verify.ts";
import { decodeJsonOrYaml } from "../bundle/yaml.ts";
import { DEFAULT_ALGORITHM, isBundleAlgorithm } from "../crypto/algorithms.ts";
import { PolicyError } from "../error.ts";
import { toPlain } from "../value/json.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import { type AuthzenConfig, readAuthzen } from "./authzen-config.ts";
import { type HooksConfig, readHooks } from "./hooks-config.ts";
import { CONFIG_SHAPE, SERVICE_SHAPE } from "./config-shape.ts";
import { check, configError, map } from "./shape.ts";

export interface ServiceConfig {
  readonly name: string;
  /** Without trailing slash. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly responseHeaderTimeoutMs: number;
  readonly bearer?: { readonly token?: string; readonly tokenPath?: string; readonly scheme: string };
}

export type Trigger = "periodic" | "manual" | "immediate";

export interface Polling {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Absent: short polling. */
  readonly longPollingSeconds?: number;
}

export interface BundleConfig {
  readonly name: string;
  readonly service: string;
  readonly resource: string;
  readonly persist: boolean;
  readonly polling: Polling;
  readonly trigger: Trigger;
  readonly verification: VerificationConfig;
  readonly sizeLimitBytes: number;
  /** Reeve's own: no decisions when the service has not been heard of for so long. */
  readonly maxStalenessMs?: number;
}

export interface DecisionLogConfig {
  readonly service?: string;
  readonly resource: string;
  readonly console: boolean;
  /** Slash paths without `data`. */
  readonly maskPath: string;
  readonly dropPath: string;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly trigger: Trigger;
  readonly uploadLimitBytes: number;
  /** What may wait on disk. */
  readonly bufferLimitBytes: number;
  readonly bufferLimitEvents: number;
  /** Reeve's own: what happens to a decision that cannot be logged. */
  readonly whenFull: "deny" | "drop";
  /** Reeve's own: wait for the disk at each decision. */
  readonly syncEach: boolean;
  readonly requestHeaders: readonly string[];
}

export interface StatusConfig {
  readonly service?: string;
  readonly partition: string;
  readonly console: boolean;
  readonly trigger: Trigger;
}

export interface Config {
  readonly services: ReadonlyMap<string, ServiceConfig>;
  readonly labels: Readonly<Record<string, string>>;
  readonly bundles: ReadonlyMap<string, BundleConfig>;
  readonly decisionLogs?: DecisionLogConfig;
  readonly status?: StatusConfig;
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** Record what non-deterministic builtins answered, for the log and for replay. */
  readonly ndBuiltinCache: boolean;
  /** Bytes that answers kept between decisions (`http.send`) may take; absent: no bound. */
  readonly interQueryCacheBytes?: number;
  /** Slash path without `data`. */
  readonly defaultDecision: string;
  readonly defaultAuthorizationDecision: string;
  /** Reeve's own. */
  readonly authzen: AuthzenConfig;
  /** Reeve's own. */
  readonly hooks: HooksConfig;
  readonly persistenceDirectory?: string;
  readonly warnings: readonly string[];
}

/** `${NAME}` becomes the variable's text; one that is not set becomes nothing, as in OPA. */
export function substituteEnvironment(
  source: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return source.replace(/\$\{([^}]*)\}/g, (_, name: string) => environment[name.trim()] ?? "");
}

/** A configuration file, JSON or YAML. */
export async function parseConfig(
  source: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Config> {
  return checkConfig(await readConfig(substituteEnvironment(source, environment)));
}

/** What the text of a configuration says, as it stands there; an empty text nothing. Throws `config_error`. */
export async function readConfig(text: string): Promise<unknown> {
  try {
    return toPlain(await decodeJsonOrYaml(encodeUtf8(text))) ?? {};
  } catch (cause) {
    throw new PolicyError("config_error", `the configuration cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

type Plain = Readonly<Record<string, unknown>>;

/** A configuration as plain data, as `JSON.parse` gives it. */
export function checkConfig(document: unknown): Config {
  const warnings = check(CONFIG_SHAPE, document, "");
  const raw = document as Plain;
  const services = readServices(raw.services, warnings);
  const keys = readKeys((raw.keys ?? {}) as Plain);
  const bundles = new Map<string, BundleConfig>();
  for (const [name, source] of Object.entries((raw.bundles ?? {}) as Plain))
    if (source !== null) bundles.set(name, readBundle(name, source as Plain, services, keys));
  const decisionLogs = raw.decision_logs as Plain | undefined;
  const status = raw.status as Plain | undefined;
  const directory = raw.persistence_directory as string | undefined;
  return {
    services,
    labels: { ...(raw.labels as Record<string, string> | undefined) },
    bundles,
    ...(isSet(decisionLogs) ? { decisionLogs: readDecisionLogs(decisionLogs, services) } : {}),
    ...(isSet(status) ? { status: readStatus(status, services) } : {}),
    keys,
    ndBuiltinCache: raw.nd_builtin_cache === true,
    ...interQueryCache(raw.caching as Plain | null | undefined),
    defaultDecision: pathOf(raw.default_decision, "/system/main", "default_decision"),
    defaultAuthorizationDecision: pathOf(
      raw.default_authorization_decision,
      "/system/authz/allow",
      "default_authorization_decision",
    ),
    hooks: readHooks(raw.hooks as Plain | null | undefined, pathOf),
    authzen: readAuthzen(
      raw.authzen as Plain | null | undefined,
      raw.keys as Plain | null | undefined,
      pathOf,
    ),
    ...(isSet(directory) ? { persistenceDirectory: directory } : {}),
    warnings,
  };
}

function isSet<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** A map by name, or OPA's older list of services with names. */
function readServices(raw: unknown, warnings: string[]): ReadonlyMap<string, ServiceConfig> {
  const services = new Map<string, ServiceConfig>();
  const add = (name: string, value: unknown, path: string): void => {
    check(SERVICE_SHAPE, value, path, warnings);
    const {
      url,
      headers,
      response_header_timeout_seconds: timeout,
      allow_insecure_tls: insecure,
      credentials,
    } = value as Plain;
    if (typeof url !== "string" || !/^https?:\/\/[^/\s]/.test(url))
      throw configError(`\`${path}.url\` must be an http or https URL`);
    if (insecure === true)
      throw configError(`\`${path}.allow_insecure_tls\` is not supported: certificates are always checked`);
    const seconds = (timeout as number | undefined) ?? 10;
    if (seconds < 0) throw configError(`\`${path}.response_header_timeout_seconds\` must not be negative`);
    const bearer = (credentials as { bearer?: Plain } | undefined)?.bearer;
    services.set(name, {
      name,
      url: url.replace(/\/+$/, ""),
      headers: { ...(headers as Record<string, string> | undefined) },
      responseHeaderTimeoutMs: seconds * 1000,
      ...(isSet(bearer) ? { bearer: readBearer(bearer, `${path}.credentials.bearer`) } : {}),
    });
  };
  if (!isSet(raw)) return services;
  if (Array.isArray(raw)) {
    for (const [i, one] of raw.entries()) {
      const name: unknown = (one as { name?: unknown } | null)?.name;
      if (typeof name !== "string" || name === "")
        throw configError(`\`services[${i}].name\` must be a string`);
      add(name, one, `services[${i}]`);
    }
    return services;
  }
  check(map({ kind: "any" }), raw, "services");
  for (const [name, one] of Object.entries(raw as Plain)) add(name, one, `services.${name}`);
  return services;
}

function readBearer(bearer: Plain, path: string): NonNullable<ServiceConfig["bearer"]> {
  const { token, token_path: tokenPath, scheme } = bearer as Readonly<Record<string, string | undefined>>;
  if (isSet(token) === isSet(tokenPath))
    throw configError(`\`${path}\` must have either \`token\` or \`token_path\``);
  return {
    ...(isSet(token) ? { token } : {}),
    ...(isSet(tokenPath) ? { tokenPath } : {}),
    scheme: isSet(scheme) && scheme !== "" ? scheme : "Bearer",
  };
}

/** `caching.inter_query_builtin_cache.max_size_bytes`; 0 is OPA's word for no bound. */
function interQueryCache(caching: Plain | null | undefined): Pick<Config, "interQueryCacheBytes"> {
  const { max_size_bytes: bytes } = (caching?.inter_query_builtin_cache ?? {}) as { max_size_bytes?: number };
  return isSet(bytes) && bytes > 0 ? { interQueryCacheBytes: bytes } : {};
}

function readKeys(raw: Plain): ReadonlyMap<string, VerificationKey> {
  const keys = new Map<string, VerificationKey>();
  for (const [id, value] of Object.entries(raw)) {
    const {
      key,
      private_key: privateKey,
      algorithm,
      scope,
    } = (value ?? {}) as Readonly<Record<string, string | undefined>>;
    if ((key ?? "") === "" && (privateKey ?? "") === "")
      throw configError(`invalid keys configuration: no keys provided for key ID ${id}`);
    const name = (algorithm ?? "") === "" ? DEFAULT_ALGORITHM : (algorithm as string);
    if (!isBundleAlgorithm(name))
      throw configError(`unsupported algorithm '${name}' (\`keys.${id}.algorithm\`)`);
    keys.set(id, { key: key ?? "", algorithm: name, ...(isSet(scope) ? { scope } : {}) });
  }
  return keys;
}

function serviceName(
  given: unknown,
  services: ReadonlyMap<string, ServiceConfig>,
  unknown: (name: string) => string,
): string {
  const name = (given as string | undefined) ?? "";
  if (name === "") {
    const first = [...services.keys()].sort()[0];
    if (first !== undefined) return first;
  } else if (services.has(name)) return name;
  throw configError(unknown(name));
}

function readBundle(
  name: string,
  raw: Plain,
  services: ReadonlyMap<string, ServiceConfig>,
  keys: ReadonlyMap<string, VerificationKey>,
): BundleConfig {
  const fail = (why: string): PolicyError =>
    configError(`invalid configuration for bundle "${name}": ${why}`);
  const resource = (raw.resource as string | undefined) ?? "";
  if (resource.startsWith("file://")) throw fail("`resource` with `file://` is not supported");
  const signing = (raw.signing ?? {}) as Readonly<Record<string, string | undefined>> & {
    exclude_files?: readonly string[];
    required?: boolean;
    allow_older?: boolean;
  };
  const keyId = signing.keyid ?? "";
  if (keyId !== "" && !keys.has(keyId)) throw fail(`key id ${keyId} not found`);
  if (signing.required === true && keys.size === 0) throw fail("`signing.required` needs `keys`");
  const staleness = raw.max_staleness_seconds as number | null | undefined;
  if (isSet(staleness) && staleness < 1) throw fail("`max_staleness_seconds` must be at least 1");
  const limit = (raw.size_limit_bytes as number | undefined) ?? 0;
  return {
    name,
    service: serviceName(raw.service, services, (given) => fail(`service name "${given}" not found`).message),
    resource: resource === "" ? `bundles/${name}` : resource.replace(/^\/+|\/+$/g, ""),
    persist: raw.persist === true,
    polling: readPolling((raw.polling ?? {}) as Plain, fail),
    trigger: (raw.trigger as Trigger | undefined) ?? "periodic",
    verification: {
      keys,
      ...(keyId === "" ? {} : { keyId }),
      ...(isSet(signing.scope) ? { scope: signing.scope } : {}),
      ...(isSet(signing.exclude_files) ? { exclude: signing.exclude_files } : {}),
      ...(signing.required === true ? { required: true } : {}),
      ...(signing.allow_older === true ? { allowOlder: true } : {}),
    },
    sizeLimitBytes: limit > 0 ? limit : 1024 ** 3,
    ...(isSet(staleness) ? { maxStalenessMs: staleness * 1000 } : {}),
  };
}

function readPolling(raw: Plain, fail: (why: string) => PolicyError): Polling {
  const long = raw.long_polling_timeout_seconds as number | null | undefined;
  if (isSet(long) && long < 1) throw fail("'long_polling_timeout_seconds' must be at least 1");
  const delays = readDelays(raw, [60, 120], "polling", fail, "");
  return { ...delays, ...(isSet(long) ? { longPollingSeconds: long } : {}) };
}

function readDelays(
  raw: Plain,
  [min, max]: readonly [number, number],
  what: string,
  fail: (why: string) => PolicyError,
  where: string,
): { minDelayMs: number; maxDelayMs: number } {
  const low = raw.min_delay_seconds as number | null | undefined;
  const high = raw.max_delay_seconds as number | null | undefined;
  if (isSet(low) !== isSet(high))
    throw fail(`${what} configuration missing '${isSet(low) ? "max" : "min"}_delay_seconds'${where}`);
  if (!isSet(low) || !isSet(high)) return { minDelayMs: min * 1000, maxDelayMs: max * 1000 };
  if (low < 0) throw fail(`min ${what} delay must not be negative${where}`);
  if (high < low) throw fail(`max ${what} delay must be >= min ${what} delay${where}`);
  return { minDelayMs: low * 1000, maxDelayMs: high * 1000 };
}

/** OPA keeps everything in memory without bound; what waits on disk here is bounded. */
const DEFAULT_BUFFER_BYTES = 256 * 1024 * 1024;

function readDecisionLogs(raw: Plain, services: ReadonlyMap<string, ServiceConfig>): DecisionLogConfig {
  const reporting = (raw.reporting ?? {}) as Plain;
  const console = raw.console === true;
  const name = optionalService(raw.service, services, console, "decision_logs");
  const partition = (raw.partition_name as string | undefined) ?? "";
  const resource =
    partition === "" ? ((raw.resource as string | undefined) ?? "/logs") : `/logs/${partition}`;
  const byEvents = reporting.buffer_type === "event";
  const bytes = reporting.buffer_size_limit_bytes as number | null | undefined;
  const events = reporting.buffer_size_limit_events as number | null | undefined;
  const fail = (why: string): PolicyError => configError(`invalid decision_log config, ${why}`);
  if (byEvents && isSet(bytes))
    throw fail("'buffer_size_limit_bytes' isn't supported for the event buffer type");
  if (!byEvents && isSet(events))
    throw fail("'buffer_size_limit_events' isn't supported for the size buffer type");
  if (isSet(bytes) && bytes <= 0) throw fail("'buffer_size_limit_bytes' must be higher than 0");
  if (isSet(events) && events <= 0) throw fail("'buffer_size_limit_entries' must be higher than 0");
  const upload = (reporting.upload_size_limit_bytes as number | undefined) ?? 32768;
  const headers = ((raw.request_context as Plain | undefined)?.http as { headers?: string[] } | undefined)
    ?.headers;
  return {
    ...(name === undefined ? {} : { service: name }),
    resource,
    console,
    maskPath: pathOf(raw.mask_decision, "/system/log/mask", "decision_logs.mask_decision"),
    dropPath: pathOf(raw.drop_decision, "/system/log/drop", "decision_logs.drop_decision"),
    ...readDelays(reporting, [300, 600], "reporting", configError, " in decision_logs"),
    trigger: (reporting.trigger as Trigger | undefined) ?? "periodic",
    uploadLimitBytes: Math.min(Math.max(upload, 90), 2 ** 32),
    bufferLimitBytes: bytes ?? DEFAULT_BUFFER_BYTES,
    bufferLimitEvents: events ?? (byEvents ? 10_000 : Number.POSITIVE_INFINITY),
    whenFull: (reporting.when_full as "deny" | "drop" | undefined) ?? "deny",
    syncEach: reporting.sync === true,
    requestHeaders: headers ?? [],
  };
}

function readStatus(raw: Plain, services: ReadonlyMap<string, ServiceConfig>): StatusConfig {
  const console = raw.console === true;
  const name = optionalService(raw.service, services, console || raw.prometheus === true, "status");
  return {
    ...(name === undefined ? {} : { service: name }),
    partition: (raw.partition_name as string | undefined) ?? "",
    console,
    trigger: (raw.trigger as Trigger | undefined) ?? "periodic",
  };
}

/** Without a name the first service, unless something else takes the reports. */
function optionalService(
  given: unknown,
  services: ReadonlyMap<string, ServiceConfig>,
  otherwise: boolean,
  where: string,
): string | undefined {
  if (((given as string | undefined) ?? "") === "" && (otherwise || services.size === 0)) return undefined;
  return serviceName(given, services, (name) => `invalid service name "${name}" in ${where}`);
}

/** `/a/b`, `a/b` or `data.a.b` to `a/b`. */
function pathOf(given: unknown, otherwise: string, where: string): string {
  const source = ((given as string | undefined) ?? otherwise).replace(/^\/+|\/+$/g, "");
  const path = source.startsWith("data.") ? source.slice(5).replaceAll(".", "/") : source;
  if (path === "" || path.split("/").includes("")) throw configError(`\`${where}\` is no decision path`);
  return path;
}
