// What http.send and providers.aws.sign_req both ask of a request object: known keys only, the required ones present. Objects in, the
// same out, or a type failure in OPA's words.

import { set } from "../value/set.ts";
import { termText } from "../value/text.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { objectOperand, typeFailure } from "./operand.ts";

const ALLOWED: ReadonlySet<Value> = new Set(
  (
    "method url body enable_redirect force_json_decode force_yaml_decode headers raw_body tls_use_system_certs tls_ca_cert " +
    "tls_ca_cert_file tls_ca_cert_env_variable tls_client_cert tls_client_cert_file tls_client_cert_env_variable tls_client_key " +
    "tls_client_key_file tls_client_key_env_variable tls_insecure_skip_verify tls_server_name timeout cache force_cache " +
    "force_cache_duration_seconds raise_error caching_mode max_retry_attempts cache_ignored_headers"
  ).split(" "),
);

export function checkRequest(value: Value | undefined, position: number): RegoObject {
  const request = objectOperand(value, position);
  const invalid = [...request.keys()].filter((key) => !ALLOWED.has(key));
  if (invalid.length > 0) {
    throw typeFailure(`operand ${position} invalid request parameters(s): ${termText(set(invalid))}`);
  }
  const missing = ["method", "url"].filter((key) => !request.has(key));
  if (missing.length > 0) {
    throw typeFailure(
      `operand ${position} missing required request parameters(s): ${termText(set(missing))}`,
    );
  }
  return request;
}
