// Every key of OPA's configuration (OPA 1.20: config.go and the plugins' Config structs), with what Reeve makes of it: taken, refused or
// without effect. Keys of Reeve's own are marked. Data only; config.ts reads the values.

import { AUTHZEN_SHAPE } from "./authzen-config.ts";
import { HOOKS_SHAPE } from "./hooks-config.ts";
import { boolean, choice, ignored, integer, list, map, record, text, unsupported } from "./shape.ts";

const polling = record({
  min_delay_seconds: integer,
  max_delay_seconds: integer,
  long_polling_timeout_seconds: integer,
});

export const SERVICE_SHAPE = record({
  name: text,
  url: text,
  headers: map(text),
  response_header_timeout_seconds: integer,
  allow_insecure_tls: boolean,
  tls: unsupported,
  type: unsupported,
  credentials: record({
    bearer: record({ token: text, token_path: text, scheme: text, encode: unsupported }),
    client_tls: unsupported,
    oauth2: unsupported,
    s3_signing: unsupported,
    gcp_metadata: unsupported,
    azure_managed_identity: unsupported,
    plugin: unsupported,
  }),
});

const bundle = record({
  service: text,
  resource: text,
  persist: boolean,
  polling,
  trigger: choice("periodic", "manual"),
  // `required` is Reeve's own: signed by any of the keys.
  signing: record({
    keyid: text,
    scope: text,
    exclude_files: list(text),
    required: boolean,
    allow_older: boolean,
  }),
  size_limit_bytes: integer,
  // Reeve's own.
  max_staleness_seconds: integer,
});

export const CONFIG_SHAPE = record({
  services: { kind: "any" },
  labels: map(text),
  discovery: unsupported,
  bundle: unsupported,
  bundles: map(bundle),
  decision_logs: record({
    service: text,
    plugin: unsupported,
    resource: text,
    partition_name: text,
    console: boolean,
    mask_decision: text,
    drop_decision: text,
    nd_builtin_cache: ignored,
    reporting: record({
      min_delay_seconds: integer,
      max_delay_seconds: integer,
      upload_size_limit_bytes: integer,
      buffer_type: choice("size", "event"),
      buffer_size_limit_bytes: integer,
      buffer_size_limit_events: integer,
      max_decisions_per_second: unsupported,
      trigger: choice("periodic", "immediate", "manual"),
      // Reeve's own.
      when_full: choice("deny", "drop"),
      sync: boolean,
    }),
    request_context: record({ http: record({ headers: list(text) }) }),
  }),
  status: record({
    service: text,
    plugin: unsupported,
    partition_name: text,
    console: boolean,
    prometheus: ignored,
    prometheus_config: ignored,
    trigger: choice("periodic", "manual"),
  }),
  plugins: unsupported,
  keys: map(record({ key: text, private_key: text, algorithm: text, scope: text })),
  default_decision: text,
  default_authorization_decision: text,
  // Reeve's own: the AuthZEN door of the daemon (authzen-config.ts).
  authzen: AUTHZEN_SHAPE,
  caching: record({
    inter_query_builtin_cache: record({
      max_size_bytes: integer,
      forced_eviction_threshold_percentage: ignored,
      stale_entry_eviction_period_seconds: ignored,
    }),
    inter_query_builtin_value_cache: ignored,
  }),
  nd_builtin_cache: boolean,
  // Reeve's own: hooks of AI agents' hosts at the daemon (hooks-config.ts).
  hooks: HOOKS_SHAPE,
  persistence_directory: text,
  distributed_tracing: ignored,
  metrics_export: ignored,
  server: ignored,
  storage: unsupported,
});
