// Who asks (OPA's `--authentication`): the bearer token as it was sent, or the subject of the client's certificate. It decides nothing:
// what an identity may do is for the authorization policy to say.

import type { IncomingMessage } from "node:http";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { parseCertificate } from "../../builtins/certificate.ts";

export type AuthenticationScheme = "token" | "tls" | "off";

/** Members of the authorization policy's input. */
export interface Identity {
  readonly identity?: string;
  /** The client's certificate and those above it, as `crypto.x509.parse_certificates` shows them but without `URIStrings`. */
  readonly client_certificates?: readonly unknown[];
}

export function identify(scheme: AuthenticationScheme, request: IncomingMessage): Identity {
  if (scheme === "off") return {};
  if (scheme === "token") {
    const identity = /^Bearer\s+(\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    return identity === undefined ? {} : { identity };
  }
  const socket = request.socket as Partial<TLSSocket>;
  const first = socket.getPeerCertificate?.(true);
  if (first?.raw === undefined) return {};
  const certificates = chainOf(first).map(({ raw }) => {
    const { URIStrings: _, ...fields } = parseCertificate(raw);
    return fields;
  });
  return { identity: subjectText(certificates[0]?.Subject as Name), client_certificates: certificates };
}

function chainOf(first: PeerCertificate): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  for (let at: Partial<ReturnType<TLSSocket["getPeerCertificate"]>> | undefined = first; at?.raw; ) {
    // The last one is its own issuer.
    if (chain.some(({ raw }) => raw.equals(at?.raw as Buffer))) break;
    chain.push(at as PeerCertificate);
    at = (at as { issuerCertificate?: PeerCertificate }).issuerCertificate;
  }
  return chain;
}

type Name = Readonly<Record<string, string | readonly string[] | null>>;

/** In the order in which OPA lists them; other attributes it leaves out. */
const PARTS: readonly (readonly [member: string, name: string])[] = [
  ["SerialNumber", "SERIALNUMBER"],
  ["CommonName", "CN"],
  ["OrganizationalUnit", "OU"],
  ["Organization", "O"],
  ["PostalCode", "POSTALCODE"],
  ["StreetAddress", "STREET"],
  ["Locality", "L"],
  ["Province", "ST"],
  ["Country", "C"],
];

/** A name as RFC 2253 writes it. */
export function subjectText(subject: Name): string {
  return PARTS.flatMap(([member, name]) => {
    const value = subject[member] ?? [];
    const values = typeof value === "string" ? (value === "" ? [] : [value]) : value;
    return values.length === 0 ? [] : [values.map((one) => `${name}=${escapeName(one)}`).join("+")];
  }).join(",");
}

function escapeName(text: string): string {
  return text.replace(/[,+"\\<>;]|^[ #]| $/g, (special) => `\\${special}`);
}
