// Requests to Amazon Web Services signed with Signature Version 4
// (https://docs.aws.amazon.com/general/latest/gr/sigv4_signing.html). Request and credentials in, the request with its headers out.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { digest, hmac, toHex } from "../crypto/hash.ts";
import { compareStrings } from "../value/compare.ts";
import { encode } from "../value/json.ts";
import { toInt64 } from "../value/arithmetic.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import { termText } from "../value/text.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { formatTime } from "./go-time-format.ts";
import { checkRequest } from "./http-request.ts";
import { numberOperand, objectOperand, typeFailure } from "./operand.ts";
import { UTC } from "./time-zone.ts";
import { escapeUrl, parseUrl } from "./url.ts";

const REQUIRED = ["aws_service", "aws_access_key", "aws_secret_access_key", "aws_region"];
/** Proxies change these on the way. */
const UNSIGNED = new Set(["authorization", "user-agent", "x-amzn-trace-id"]);

interface Credentials {
  readonly service: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly sessionToken: string;
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function readCredentials(config: RegoObject): Credentials {
  const missing = REQUIRED.filter((key) => !config.has(key));
  if (missing.length > 0) {
    throw typeFailure(`operand 2 missing required AWS config parameters(s): ${termText(set(missing))}`);
  }
  const invalid = REQUIRED.filter((key) => typeof config.get(key) !== "string");
  if (invalid.length > 0) {
    throw typeFailure(
      `operand 2 invalid values for required AWS config parameters(s): ${termText(set(invalid))}`,
    );
  }
  return {
    service: textOf(config.get("aws_service")),
    accessKey: textOf(config.get("aws_access_key")),
    secretKey: textOf(config.get("aws_secret_access_key")),
    region: textOf(config.get("aws_region")),
    sessionToken: textOf(config.get("aws_session_token")),
  };
}

function sha256(text: string): string {
  return toHex(digest("SHA-256", encodeUtf8(text)));
}

function authenticate(key: Uint8Array, text: string): Uint8Array {
  return hmac("SHA-256", key, encodeUtf8(text));
}

const providersAwsSignReqBody: HostBody = ([request, config, timeNs]) => {
  const given = objectOperand(request, 1);
  const settings = objectOperand(config, 1);
  const credentials = readCredentials(settings);
  const ns = toInt64(numberOperand(timeNs, 1));
  if (ns === undefined) throw typeFailure("operand 3 could not convert time_ns value into a unix timestamp");
  checkRequest(given, 1);
  const headers = given.has("headers") ? objectOperand(given.get("headers"), 0) : object([]);
  const invalid = ["url", "method"].filter((key) => typeof given.get(key) !== "string");
  if (invalid.length > 0) {
    throw typeFailure(
      `operand 1 invalid values for required request parameters(s): ${termText(set(invalid))}`,
    );
  }
  const unsigned = settings.get("disable_payload_signing");
  if (unsigned !== undefined && typeof unsigned !== "boolean") {
    throw typeFailure("operand 2 invalid value for 'disable_payload_signing' in AWS config");
  }
  const seconds = Number((ns - (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n);
  const stamp = formatTime({ seconds, nanos: 0, zone: UTC }, "20060102T150405Z");
  const contentHash = unsigned === true ? "UNSIGNED-PAYLOAD" : sha256(bodyText(given));
  const signed = sign(given, headers, credentials, stamp, contentHash);
  return object([...given.entries(), ["headers", signed]]);
};

function bodyText(request: RegoObject): string {
  const raw = request.get("raw_body");
  if (raw !== undefined) return textOf(raw);
  const body = request.get("body");
  return body === undefined ? "" : encode(body);
}

/** The headers with those of the signature. */
function sign(
  request: RegoObject,
  headers: RegoObject,
  credentials: Credentials,
  stamp: string,
  contentHash: string,
): RegoObject {
  const url = parseUrl(textOf(request.get("url")));
  const added: [string, string][] = [
    ["host", url.host],
    ["x-amz-date", stamp],
  ];
  if (["s3", "glacier"].includes(credentials.service)) added.push(["x-amz-content-sha256", contentHash]);
  if (credentials.sessionToken !== "") added.push(["x-amz-security-token", credentials.sessionToken]);
  const own = Array.from(headers.entries(), ([name, value]): [string, string] => [
    textOf(name),
    textOf(value),
  ]);
  const lower = own.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const toSign = new Map([...added, ...lower.filter(([name]) => !UNSIGNED.has(name))]);
  const ordered = [...toSign].sort((a, b) => compareStrings(a[0], b[0]));
  const names = ordered.map(([name]) => name).join(";");
  const canonical = [
    textOf(request.get("method")),
    // Go's EscapedPath: the path as it was written, where nothing in it has to be escaped.
    /^[\w\-.~/!$&'()*+,;=:@[\]%]+$/.test(url.rawPath) ? url.rawPath : escapeUrl(url.path, "path"),
    url.rawQuery,
    ...ordered.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    contentHash,
  ].join("\n");
  const day = stamp.slice(0, 8);
  const scope = `${day}/${credentials.region}/${credentials.service}/aws4_request`;
  const start: Uint8Array = encodeUtf8(`AWS4${credentials.secretKey}`);
  const key = scope.split("/").reduce((secret: Uint8Array, part) => authenticate(secret, part), start);
  const signature = toHex(authenticate(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`));
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope},SignedHeaders=${names},Signature=${signature}`;
  return object([...own, ["Authorization", authorization], ...added]);
}

// Declarations

const providersAwsSignReqBuiltin = builtin({
  name: "providers.aws.sign_req",
  description: "Signs a request for Amazon Web Services (Signature Version 4).",
  args: [
    arg("request", objectOf(stringType, anyType), "the request, as for `http.send`"),
    arg("aws_config", objectOf(stringType, anyType), "access key, secret, region and service"),
    arg("time_ns", numberType, "time of signing, nanoseconds since 1970"),
  ],
  result: arg("signed_request", objectOf(anyType, anyType), "the request with its signature"),
  examples: [
    [
      'providers.aws.sign_req({"method": "get", "url": "http://example.com"}, {"aws_access_key": "k", "aws_secret_access_key": "s", "aws_service": "s3", "aws_region": "r"}, 0).headers["x-amz-date"]',
      '"19700101T000000Z"',
    ],
  ],
  categories: ["providers.aws"],
  host: providersAwsSignReqBody,
});

export const providersBuiltins: readonly Builtin[] = [providersAwsSignReqBuiltin];
