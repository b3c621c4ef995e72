import { describe, expect, test } from "vitest";
import { checkConfig, parseConfig, substituteEnvironment } from "../../../src/decision/config.ts";

const services = { s: { url: "https://x.test/" } };

test("a whole configuration, YAML and variables, with OPA's defaults", async () => {
  const config = await parseConfig(
    `
services:
  acme:
    url: https://acme.test/v1/
    headers: {x-tenant: a}
    credentials: {bearer: {token: "\${TOKEN}"}}
labels: {region: eu}
bundles:
  authz:
    service: acme
    persist: true
    polling: {min_delay_seconds: 1, max_delay_seconds: 2, long_polling_timeout_seconds: 10}
    signing: {keyid: k, scope: read, exclude_files: ["*.md"]}
keys:
  k: {key: secret, algorithm: HS256}
decision_logs:
  service: acme
  reporting: {min_delay_seconds: 1, max_delay_seconds: 1, when_full: drop}
status: {}
default_decision: /authz/allow
persistence_directory: /tmp/x
caching: {inter_query_builtin_cache: {max_size_bytes: 1}}
nd_builtin_cache: true
distributed_tracing: {type: grpc}
`,
    { TOKEN: "t0" },
  );
  expect(config.services.get("acme")).toEqual({
    name: "acme",
    url: "https://acme.test/v1",
    headers: { "x-tenant": "a" },
    responseHeaderTimeoutMs: 10_000,
    bearer: { token: "t0", scheme: "Bearer" },
  });
  const bundle = config.bundles.get("authz");
  expect(bundle).toMatchObject({
    resource: "bundles/authz",
    persist: true,
    trigger: "periodic",
    polling: { minDelayMs: 1000, maxDelayMs: 2000, longPollingSeconds: 10 },
    sizeLimitBytes: 1024 ** 3,
    verification: { keyId: "k", scope: "read", exclude: ["*.md"] },
  });
  expect(config.decisionLogs).toMatchObject({
    service: "acme",
    resource: "/logs",
    maskPath: "system/log/mask",
    uploadLimitBytes: 32768,
    whenFull: "drop",
  });
  expect(config.status).toMatchObject({ service: "acme", partition: "" });
  expect(config.defaultDecision).toBe("authz/allow");
  expect(config.interQueryCacheBytes).toBe(1);
  expect(config.ndBuiltinCache).toBe(true);
  expect(config.warnings).toEqual(["`distributed_tracing` has no effect here"]);
});

test("what is not there gets OPA's defaults", async () => {
  const config = await parseConfig("");
  expect(config.defaultDecision).toBe("system/main");
  expect(config.bundles.size).toBe(0);
  expect(checkConfig({ services, bundles: { a: null, b: {} } }).bundles.get("b")?.polling).toEqual({
    minDelayMs: 60_000,
    maxDelayMs: 120_000,
  });
  expect(
    checkConfig({ services: [{ name: "s", url: "http://x" }], decision_logs: {} }).decisionLogs,
  ).toMatchObject({ service: "s", minDelayMs: 300_000, maxDelayMs: 600_000 });
  expect(checkConfig({ services, decision_logs: { console: true } }).decisionLogs?.service).toBeUndefined();
});

test("variables that are not set become nothing", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax under test
  expect(substituteEnvironment("a ${ X } ${Y}$ {Z}", { X: "1" })).toBe("a 1 $ {Z}");
});

test("YAML may look like JSON, and an empty text says nothing", async () => {
  expect((await parseConfig("{labels: {a: b}}")).labels).toMatchObject({ a: "b" });
  expect((await parseConfig("# nothing\n")).services.size).toBe(0);
});

describe("refused in one line that names the field", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[], "the configuration must be an object, not a list"],
    ["x", "the configuration must be an object, not a string"],
    [{ bundels: {} }, "`bundels` is no known key, did you mean `bundles`?"],
    [{ unheard_of: 1 }, "`unheard_of` is no known key"],
    [{ constructor: {} }, "`constructor` is no known key"],
    [{ labels: { a: 1 } }, "`labels.a` must be a string, not a number"],
    [{ services: 1 }, "`services` must be an object, not a number"],
    [{ services: { s: { url: 1 } } }, "`services.s.url` must be a string, not a number"],
    [{ services: { s: {} } }, "`services.s.url` must be an http or https URL"],
    [{ services: { s: { url: "file:///x" } } }, "`services.s.url` must be an http or https URL"],
    [
      { services: { s: { url: "http://x", credentials: { oauth2: {} } } } },
      "`services.s.credentials.oauth2` is not supported",
    ],
    [
      { services: { s: { url: "http://x", credentials: { bearer: {} } } } },
      "`services.s.credentials.bearer` must have either `token` or `token_path`",
    ],
    [
      { services: { s: { url: "http://x", allow_insecure_tls: true } } },
      "`services.s.allow_insecure_tls` is not supported",
    ],
    [{ services: [{ url: "http://x" }] }, "`services[0].name` must be a string"],
    [{ services, bundles: [] }, "`bundles` must be an object, not a list"],
    [
      { services, bundles: { b: { service: "t" } } },
      'invalid configuration for bundle "b": service name "t" not found',
    ],
    [{ bundles: { b: {} } }, 'invalid configuration for bundle "b": service name "" not found'],
    [
      { services, bundles: { b: { persist: "yes" } } },
      "`bundles.b.persist` must be true or false, not a string",
    ],
    [
      { services, bundles: { b: { polling: { min_delay_seconds: 1 } } } },
      "polling configuration missing 'max_delay_seconds'",
    ],
    [
      { services, bundles: { b: { polling: { min_delay_seconds: 2, max_delay_seconds: 1 } } } },
      "max polling delay must be >= min polling delay",
    ],
    [
      { services, bundles: { b: { polling: { min_delay_seconds: 1.5, max_delay_seconds: 2 } } } },
      "`bundles.b.polling.min_delay_seconds` must be an integer, not a number",
    ],
    [
      { services, bundles: { b: { polling: { long_polling_timeout_seconds: 0 } } } },
      "'long_polling_timeout_seconds' must be at least 1",
    ],
    [
      { services, bundles: { b: { signing: { keyid: "k" } } } },
      'invalid configuration for bundle "b": key id k not found',
    ],
    [{ services, bundles: { b: { signing: { required: true } } } }, "`signing.required` needs `keys`"],
    [
      { services, bundles: { b: { trigger: "sometimes" } } },
      "`bundles.b.trigger` must be one of `periodic`, `manual`",
    ],
    [{ services, bundles: { b: { resource: "file:///x" } } }, "`resource` with `file://` is not supported"],
    [{ keys: { k: {} } }, "invalid keys configuration: no keys provided for key ID k"],
    [{ keys: { k: { key: "x", algorithm: "none" } } }, "unsupported algorithm 'none'"],
    [{ keys: { k: { key: "x", algorithm: "EdDSA" } } }, "unsupported algorithm 'EdDSA'"],
    [{ services, decision_logs: { service: "t" } }, 'invalid service name "t" in decision_logs'],
    [
      { services, decision_logs: { reporting: { max_delay_seconds: 1 } } },
      "reporting configuration missing 'min_delay_seconds' in decision_logs",
    ],
    [
      { services, decision_logs: { reporting: { buffer_size_limit_bytes: 0 } } },
      "'buffer_size_limit_bytes' must be higher than 0",
    ],
    [
      { services, decision_logs: { reporting: { buffer_type: "event", buffer_size_limit_bytes: 1 } } },
      "isn't supported for the event buffer type",
    ],
    [
      { services, decision_logs: { reporting: { when_full: "panic" } } },
      "`decision_logs.reporting.when_full` must be one of",
    ],
    [
      { services, decision_logs: { mask_decision: "//" } },
      "`decision_logs.mask_decision` is no decision path",
    ],
    [{ services, status: { service: "t" } }, 'invalid service name "t" in status'],
    [{ discovery: {} }, "`discovery` is not supported"],
    [{ plugins: {} }, "`plugins` is not supported"],
  ];
  for (const [config, message] of cases)
    test(JSON.stringify(config), () => {
      let error: unknown;
      try {
        checkConfig(config);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: "config_error", message: expect.stringContaining(message) });
      expect((error as Error).message).not.toContain("\n");
    });

  test("text behind the configuration, which would not count", async () => {
    await expect(parseConfig('{"labels": {"a": "b"}} {}')).rejects.toMatchObject({
      code: "config_error",
      message: "the configuration cannot be read: yaml: line 1: text behind the end of the document",
    });
  });

  test("text that is neither JSON nor YAML", async () => {
    await expect(parseConfig("{")).rejects.toMatchObject({ code: "config_error" });
    await expect(parseConfig("a: [")).rejects.toMatchObject({
      code: "config_error",
      message: expect.not.stringContaining("\n"),
    });
  });
});
