// A certificate for `localhost` and 127.0.0.1 that vouches for itself, made anew in each run: tests of TLS carry no key with them.

import { generateKeyPairSync, sign } from "node:crypto";

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const objectId = (...values: readonly number[]): Buffer => tlv(0x06, bytes(...values));
const time = (text: string): Buffer => tlv(0x18, Buffer.from(text));

/** PEM of key and certificate (RFC 5280; ECDSA with SHA-256 on P-256). */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(tlv(0x31, sequence(objectId(0x55, 4, 3), tlv(0x0c, Buffer.from("localhost")))));
  const names = sequence(tlv(0x82, Buffer.from("localhost")), tlv(0x87, bytes(127, 0, 0, 1)));
  const extensions = sequence(
    sequence(objectId(0x55, 0x1d, 0x11), tlv(0x04, names)),
    sequence(objectId(0x55, 0x1d, 0x13), tlv(0x01, bytes(0xff)), tlv(0x04, sequence(tlv(0x01, bytes(0xff))))),
  );
  const body = sequence(
    tlv(0xa0, tlv(0x02, bytes(2))),
    tlv(0x02, bytes(1)),
    algorithm,
    name,
    sequence(time("20200101000000Z"), time("20991231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, algorithm, tlv(0x03, bytes(0), signature));
  const lines = der.toString("base64").replace(/(.{64})/g, "$1\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`,
  };
}
