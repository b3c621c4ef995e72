// Where a daemon listens, and whom it lets in: OPA's flags of `run --server` for addresses, Unix sockets, TLS, authentication and
// authorization. Flags in, options of a listener out; what does not fit together is refused before anything is opened.

import { type Command, InvalidArgumentError, Option } from "commander";
import { PolicyError } from "../error.ts";
import type { ListenOptions } from "../server/http.ts";
import { TLS_VERSIONS, type TlsFiles } from "../server/tls.ts";
import { collectList, parseDuration, usageError } from "./options.ts";
import { parseAddress } from "./serve.ts";

export interface ListenFlags {
  readonly addr?: string[];
  readonly diagnosticAddr?: string[];
  readonly unixSocketPerm: number;
  readonly authentication: "token" | "tls" | "off";
  readonly authorization: "basic" | "off";
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly tlsCaCertFile?: string;
  readonly tlsCertRefreshPeriod: number;
  readonly tlsCipherSuites?: string[];
  readonly minTlsVersion: string;
  readonly h2c?: boolean;
  readonly pprof?: boolean;
}

const DEFAULT_ADDRESS = "localhost:8181";
/** `--v0-compatible` listens on every interface, as OPA did then. */
const OLD_DEFAULT_ADDRESS = ":8181";

export function addListenOptions(command: Command): Command {
  return command
    .option(
      "-a, --addr <address>",
      `listening addresses, separated by commas: host:port (port 0 takes a free one), https://host:port, unix://path (default ${DEFAULT_ADDRESS})`,
      collectList,
    )
    .option(
      "--diagnostic-addr <address>",
      "further listening addresses, for health and metrics alone",
      collectList,
    )
    .option("--unix-socket-perm <mode>", "permissions of Unix domain sockets", parseMode, 0o755)
    .addOption(
      new Option("--authentication <scheme>", "how clients say who they are")
        .choices(["token", "tls", "off"])
        .default("off"),
    )
    .addOption(
      new Option("--authorization <scheme>", "basic: `system.authz.allow` lets requests in")
        .choices(["basic", "off"])
        .default("off"),
    )
    .option("--tls-cert-file <path>", "certificate of the server, with those above it")
    .option("--tls-private-key-file <path>", "private key of the certificate")
    .option("--tls-ca-cert-file <path>", "certificates of those who vouch for clients")
    .option(
      "--tls-cert-refresh-period <duration>",
      "how often the TLS files are read again (e.g. 5m)",
      parseDuration,
      0,
    )
    .addOption(
      new Option("--min-tls-version <version>", "oldest version of TLS that is taken")
        .choices([...TLS_VERSIONS])
        .default("1.2"),
    )
    .option(
      "--tls-cipher-suites <names>",
      "IANA names of the cipher suites that are taken up to TLS 1.2",
      collectList,
    )
    .addOption(new Option("--h2c", "refused: HTTP/2 without TLS is not spoken").hideHelp())
    .addOption(new Option("--pprof", "refused: there are no Go profiles").hideHelp());
}

function parseMode(value: string): number {
  if (!/^[0-7]{1,4}$/.test(value)) throw new InvalidArgumentError("must be an octal number, such as 600.");
  return Number.parseInt(value, 8);
}

export interface Listeners {
  readonly addresses: readonly ListenOptions[];
  readonly diagnostic: readonly ListenOptions[];
}

export function listenersOf(flags: ListenFlags & { readonly v0Compatible?: boolean }): Listeners {
  if (flags.h2c === true)
    throw usageError("--h2c: HTTP/2 without TLS is not spoken here, clients use HTTP/1.1");
  if (flags.pprof === true)
    throw usageError("--pprof: there are no Go profiles here, start with `node --cpu-prof` instead");
  const tls = tlsOf(flags);
  const whole = (address: string): ListenOptions => listenerOf(address, tls, flags.unixSocketPerm);
  const fallback = flags.v0Compatible === true ? OLD_DEFAULT_ADDRESS : DEFAULT_ADDRESS;
  return {
    addresses: (flags.addr ?? [fallback]).map(whole),
    diagnostic: (flags.diagnosticAddr ?? []).map(whole),
  };
}

function tlsOf(flags: ListenFlags): TlsFiles | undefined {
  const { tlsCertFile: certFile, tlsPrivateKeyFile: keyFile, authentication } = flags;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new PolicyError(
      "config_error",
      "--tls-cert-file and --tls-private-key-file must be specified together",
    );
  if (certFile === undefined || keyFile === undefined) {
    // Without TLS there is no certificate to know anybody by.
    if (authentication === "tls")
      throw usageError("--authentication=tls needs --tls-cert-file and --tls-private-key-file");
    return undefined;
  }
  return {
    certFile,
    keyFile,
    ...(flags.tlsCaCertFile === undefined ? {} : { caFile: flags.tlsCaCertFile }),
    ...(flags.tlsCipherSuites === undefined ? {} : { cipherSuites: flags.tlsCipherSuites }),
    minVersion: flags.minTlsVersion,
    requireClientCertificate: authentication === "tls",
    refreshMs: flags.tlsCertRefreshPeriod,
  };
}

function listenerOf(address: string, tls: TlsFiles | undefined, mode: number): ListenOptions {
  const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/.exec(address) as unknown as [
    string,
    string | undefined,
    string,
  ];
  switch (scheme) {
    case "unix":
      return { path: rest, mode };
    case "http":
      return parseAddress(rest);
    case "https":
      if (tls === undefined) throw usageError("TLS certificate required but not supplied");
      return { ...parseAddress(rest), tls };
    case undefined:
      return { ...parseAddress(rest), ...(tls === undefined ? {} : { tls }) };
    default:
      throw new PolicyError("invalid_parameter", `invalid url scheme "${scheme}"`);
  }
}
