// TLS of a listener: certificate and key out of files, read again while the daemon runs (`--tls-cert-refresh-period`), client
// certificates, the oldest version and the ciphers that are taken. Files in, options for node:tls out; what cannot be used is one line.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions, type SecureVersion } from "node:tls";
import { PolicyError } from "../error.ts";

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificates of those who may vouch for clients; the platform's own without it. */
  readonly caFile?: string;
  /** Of TLS, "1.2" by default. */
  readonly minVersion?: string;
  /** IANA names of what is taken up to TLS 1.2. */
  readonly cipherSuites?: readonly string[];
  /** Who has no certificate that the authorities vouch for is not let in. */
  readonly requireClientCertificate?: boolean;
  /** How often the files are read again; 0, the default: never. */
  readonly refreshMs?: number;
}

export interface TlsOptions extends SecureContextOptions {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
};

export const TLS_VERSIONS: readonly string[] = Object.keys(VERSIONS);

/** Reads the files. Throws `io_error` or `config_error` naming the one that cannot be used. */
export function readTls(files: TlsFiles): TlsOptions {
  const cert = read(files.certFile, "");
  const key = read(files.keyFile, "");
  const ca = files.caFile === undefined ? undefined : read(files.caFile, "read CA cert file: ");
  if (ca !== undefined && !isCertificate(ca)) throw refused(`failed to parse CA cert "${files.caFile}"`);
  checkPair(cert, key, files);
  const options: TlsOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: VERSIONS[files.minVersion ?? "1.2"] as SecureVersion,
    ...(files.cipherSuites === undefined ? {} : { ciphers: ciphersOf(files.cipherSuites) }),
    requestCert: files.requireClientCertificate === true,
    rejectUnauthorized: files.requireClientCertificate === true,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw refused((cause as Error).message, cause);
  }
  return options;
}

function refused(message: string, cause?: unknown): PolicyError {
  return new PolicyError("config_error", message, { cause });
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file or directory" : message;
    throw new PolicyError("io_error", `${what}open ${file}: ${why}`, { cause });
  }
}

function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function checkPair(cert: Buffer, key: Buffer, { certFile, keyFile }: TlsFiles): void {
  if (!isCertificate(cert)) throw refused(`tls: \`${certFile}\` holds no certificate in PEM`);
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw refused(`tls: \`${keyFile}\` holds no private key in PEM`, cause);
  }
  if (!fits) throw refused("tls: private key does not match public key");
}

/** OpenSSL's names; those of TLS 1.3 are not to be chosen and stay. */
function ciphersOf(names: readonly string[]): string {
  const suites = names.map((name) => {
    const known = /^TLS_(?:(ECDHE_(?:RSA|ECDSA))|RSA)_WITH_(.+)$/.exec(name.trim());
    const openssl = known?.[2]
      ?.replace(/^CHACHA20_POLY1305_SHA256$/, "CHACHA20-POLY1305")
      .replace(/^AES_(128|256)/, "AES$1")
      .replace("_CBC_", "-")
      .replaceAll("_", "-");
    const suite = `${known?.[1] === undefined ? "" : `${known[1].replace("_", "-")}-`}${openssl}`;
    try {
      if (known === null) throw refused("no cipher suite");
      createSecureContext({ ciphers: suite });
    } catch (cause) {
      throw refused(`invalid cipher suite ${name}`, cause);
    }
    return suite;
  });
  return [...suites, "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"].join(
    ":",
  );
}

/** Reads the files again and again; what cannot be used is reported, and the old stays. The result ends it. */
export function refreshTls(
  files: TlsFiles,
  use: (options: TlsOptions) => void,
  onError: (error: unknown) => void,
): () => void {
  const { refreshMs = 0 } = files;
  if (refreshMs === 0) return () => {};
  const timer = setInterval(() => {
    try {
      use(readTls(files));
    } catch (error) {
      onError(error);
    }
  }, refreshMs);
  timer.unref();
  return () => clearInterval(timer);
}
