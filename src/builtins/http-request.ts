// What http.send and providers.aws.sign_req both ask of a request object: known keys only, the required ones present; and what it says of
// TLS. Objects in, the same or settings out, or a failure in OPA's words.

import { set } from "../value/set.ts";
import { goQuote, termText } from "../value/text.ts";
import type { RegoObject, Value } from "../value/value.ts";
import type { TlsSettings } from "./builtin.ts";
import { failure, objectOperand, typeFailure } from "./operand.ts";
import { decodePem } from "./pem.ts";
import { environmentVariable, nodeModule } from "./platform.ts";

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

/** The `tls_` keys of a request, with what files and variables they name; nothing when there are none. */
export function tlsSettings(request: RegoObject): { readonly tls?: TlsSettings } {
  if (![...request.keys()].some((name) => typeof name === "string" && name.startsWith("tls_"))) return {};
  const ca = pems(request, "tls_ca_cert");
  if (ca.some((text) => decodePem(text) === undefined)) throw failure("could not append certificates");
  const cert = pems(request, "tls_client_cert").at(-1);
  const key = pems(request, "tls_client_key").at(-1);
  if (cert !== undefined && key !== undefined && decodePem(cert) === undefined)
    throw failure("tls: failed to find any PEM data in certificate input");
  const serverName = request.get("tls_server_name");
  if (serverName !== undefined && typeof serverName !== "string")
    throw failure('"tls_server_name" must be a string');
  return {
    tls: {
      ...(ca.length > 0 ? { ca } : {}),
      withSystemCa: request.get("tls_use_system_certs") === true,
      ...(cert !== undefined && key !== undefined ? { cert, key } : {}),
      ...(serverName === undefined ? {} : { serverName }),
      insecure: booleanOption(request, "tls_insecure_skip_verify"),
    },
  };
}

export function booleanOption(request: RegoObject, name: string): boolean {
  const value = request.get(name) ?? false;
  if (typeof value !== "boolean")
    throw failure(`strconv.ParseBool: parsing ${goQuote(termText(value))}: invalid syntax`);
  return value;
}

/** A PEM text given as such, as a file's name and as a variable's. */
function pems(request: RegoObject, name: string): string[] {
  const texts: string[] = [];
  for (const [suffix, read] of SOURCES) {
    const value = request.get(name + suffix);
    if (value === undefined) continue;
    if (typeof value !== "string") throw failure(`"${name}${suffix}" must be a string`);
    texts.push(read(value));
  }
  return texts;
}

const SOURCES: readonly (readonly [suffix: string, read: (value: string) => string])[] = [
  ["", (pem) => pem],
  ["_file", readFile],
  ["_env_variable", environmentVariable],
];

function readFile(path: string): string {
  const files = nodeModule<typeof import("node:fs")>("node:fs");
  if (files === undefined) throw failure("this host has no files");
  try {
    return files.readFileSync(path, "utf8");
  } catch {
    throw failure(`open ${path}: no such file or directory`);
  }
}
