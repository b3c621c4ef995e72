import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create, Header, list } from "tar";
import { afterAll, describe, expect, test } from "vitest";
import { type ArchiveLimits, normalizePath, unpack } from "../../../src/bundle/archive.ts";
import { pack } from "../../../src/bundle/write.ts";

const folder = mkdtempSync(join(tmpdir(), "reeve-archive-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Raw {
  readonly path: string;
  readonly type?:
    | "File"
    | "SymbolicLink"
    | "Link"
    | "CharacterDevice"
    | "BlockDevice"
    | "FIFO"
    | "NextFileHasLongPath";
  readonly body?: Uint8Array;
  readonly linkpath?: string;
  /** What the header claims, whatever the body is. */
  readonly size?: number;
}

/** A tar.gz made entry by entry, so that it can be wrong. */
function archive(entries: readonly Raw[], end: Uint8Array = new Uint8Array(1024)): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, type = "File", body = new Uint8Array(), linkpath, size = body.length } of entries) {
    const block = Buffer.alloc(512);
    new Header({ path, type, size, mode: 0o600, ...(linkpath === undefined ? {} : { linkpath }) }).encode(
      block,
      0,
    );
    parts.push(block, body, new Uint8Array((512 - (body.length % 512)) % 512));
  }
  return new Uint8Array(gzipSync(Buffer.concat([...parts, end])));
}

const names = async (packed: Uint8Array, limits?: ArchiveLimits): Promise<string[]> =>
  (await unpack(packed, limits)).map(({ path }) => path);

describe("reads what is packed", () => {
  test("by itself: long names, other scripts, empty files", async () => {
    const files = [
      { path: "data.json", bytes: bytes("{}") },
      { path: `${"a".repeat(90)}/${"b".repeat(90)}/policy.rego`, bytes: bytes("package a") },
      { path: `${"c".repeat(300)}.rego`, bytes: bytes("package c") },
      { path: "日本/ü.rego", bytes: bytes("package ü") },
      { path: "empty", bytes: new Uint8Array() },
      { path: "exact", bytes: new Uint8Array(512).fill(7) },
      { path: "large", bytes: new Uint8Array(300_000).map((_, i) => (i * 31) & 255) },
    ];
    expect(await unpack(pack(files))).toEqual(files);
  });

  test("by node-tar: it understands ours, and we its", async () => {
    const source = join(folder, "src");
    mkdirSync(join(source, "deep", "er"), { recursive: true });
    writeFileSync(join(source, "deep", "er", "data.json"), '{"a":1}');
    writeFileSync(join(source, `${"n".repeat(140)}.rego`), "package n");
    const theirs = join(folder, "theirs.tar.gz");
    await create({ file: theirs, cwd: source, gzip: true }, ["."]);
    const found = await unpack(new Uint8Array(readFileSync(theirs)));
    expect(found.map(({ path }) => path).sort()).toEqual(["deep/er/data.json", `${"n".repeat(140)}.rego`]);
    const ours = join(folder, "ours.tar.gz");
    const path = `${"x/".repeat(80)}data.json`;
    writeFileSync(ours, pack([{ path, bytes: bytes("{}") }]));
    const listed: string[] = [];
    await list({ file: ours, onReadEntry: (entry) => void listed.push(entry.path) });
    expect(listed).toEqual([`/${path}`]);
  });

  test("GNU long names", async () => {
    const name = `${"g".repeat(200)}.rego`;
    const long = archive([
      { path: "././@LongLink", type: "NextFileHasLongPath", body: bytes(`${name}\0`) },
      { path: name.slice(0, 99), body: bytes("package g") },
    ]);
    expect(await names(long)).toEqual([name]);
  });

  test("names with a leading slash, with ./ and with neither are one path", async () => {
    for (const path of ["/a/data.json", "./a/data.json", "a/data.json"])
      expect(await names(archive([{ path, body: bytes("{}") }]))).toEqual(["a/data.json"]);
  });

  test("the same files give the same bytes", () => {
    const files = [{ path: "data.json", bytes: bytes('{"a":[1,2,3]}') }];
    expect(pack(files)).toEqual(pack(files));
    expect([...pack(files).subarray(4, 10)]).toEqual([0, 0, 0, 0, 0, 255]);
  });
});

describe("refuses", () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp, ArchiveLimits?])[] = [
    ["what is no gzip", bytes("hello"), /gzip: invalid header/],
    ["nothing at all", new Uint8Array(), /gzip: invalid header/],
    ["a gzip cut short", archive([{ path: "data.json", body: bytes("{}") }]).slice(0, -12), /unexpected EOF/],
    [
      "a tar cut short",
      new Uint8Array(gzipSync(new Uint8Array(700).fill(1))),
      /invalid tar header|unexpected EOF/,
    ],
    [
      "a body cut short",
      archive([{ path: "data.json", size: 5000, body: bytes("{}") }], new Uint8Array()),
      /unexpected EOF/,
    ],
    [
      "a path that leaves",
      archive([{ path: "../data.json", body: bytes("{}") }]),
      /`\.\.\/data\.json` leaves the bundle/,
    ],
    ["a path that leaves in the middle", archive([{ path: "a/../../data.json" }]), /leaves the bundle/],
    ["a path that is absolute twice", archive([{ path: "//etc/passwd" }]), /is absolute/],
    ["a drive", archive([{ path: "C:/data.json" }]), /is absolute/],
    ["a backslash", archive([{ path: "a\\..\\data.json" }]), /has a backslash/],
    ["control characters", archive([{ path: "a\u0007data.json" }]), /has control characters/],
    ["empty segments", archive([{ path: "a//data.json" }]), /has empty segments/],
    [
      "a symbolic link",
      archive([{ path: "data.json", type: "SymbolicLink", linkpath: "/etc/passwd" }]),
      /is a symbolic link/,
    ],
    ["a hard link", archive([{ path: "data.json", type: "Link", linkpath: "x" }]), /is a hard link/],
    ["a device", archive([{ path: "data.json", type: "CharacterDevice" }]), /is a character device/],
    ["a block device", archive([{ path: "data.json", type: "BlockDevice" }]), /is a block device/],
    ["a pipe", archive([{ path: "data.json", type: "FIFO" }]), /is a pipe/],
    [
      "a file twice",
      archive([
        { path: "/data.json", body: bytes("{}") },
        { path: "data.json", body: bytes("[]") },
      ]),
      /holds `data\.json` twice/,
    ],
    [
      "a file over the limit",
      archive([{ path: "data.json", body: new Uint8Array(11) }]),
      /data\.json size \(11 bytes\) exceeds configured size_limit_bytes \(10 bytes\)/,
      { maxFileBytes: 10 },
    ],
    [
      "files over the limit together",
      archive([
        { path: "a", body: new Uint8Array(60) },
        { path: "b", body: new Uint8Array(60) },
      ]),
      /exceed 100 bytes together/,
      { maxTotalBytes: 100 },
    ],
    [
      "too many files",
      archive([{ path: "a" }, { path: "b" }, { path: "c" }]),
      /more than 2 files/,
      { maxFiles: 2 },
    ],
    [
      "a claimed size without end",
      archive([{ path: "data.json", size: 8 * 1024 ** 3 }]),
      /exceeds configured size_limit_bytes/,
    ],
  ];
  for (const [name, packed, message, limits] of cases)
    test(name, async () => {
      await expect(unpack(packed, limits)).rejects.toMatchObject({
        code: "bundle_error",
        message: expect.stringMatching(message),
      });
    });

  test("a bomb: 200 MB out of 200 kB, without unpacking it whole", async () => {
    const bomb = archive([{ path: "data.json", body: new Uint8Array(200 * 1024 * 1024) }]);
    expect(bomb.length).toBeLessThan(400_000);
    const before = process.memoryUsage().arrayBuffers;
    await expect(unpack(bomb)).rejects.toThrow(/unpacks to more than 250 times its size/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * 1024 * 1024);
    await expect(unpack(bomb, { maxFileBytes: 1000 })).rejects.toThrow(/exceeds configured size_limit_bytes/);
  });

  test("one flipped byte anywhere in the packed form", async () => {
    const packed = pack([{ path: "data.json", bytes: bytes('{"a":1}') }]);
    const original = await unpack(packed);
    for (let at = 0; at < packed.length; at++) {
      const flipped = packed.slice();
      flipped[at] = (flipped[at] as number) ^ 0x10;
      const read = await unpack(flipped).catch((error: Error) => error);
      // Header bytes such as the time mean nothing; everything else must be seen.
      if (!(read instanceof Error)) expect(read).toEqual(original);
    }
  });
});

test("a symbolic link packed by node-tar is refused", async () => {
  const source = join(folder, "linked");
  mkdirSync(source);
  symlinkSync("/etc/passwd", join(source, "data.json"));
  const file = join(folder, "linked.tar.gz");
  await create({ file, cwd: source, gzip: true }, ["."]);
  await expect(unpack(new Uint8Array(readFileSync(file)))).rejects.toThrow("is a symbolic link");
});

test("paths", () => {
  expect(normalizePath("/a/b/")).toBe("a/b");
  expect(normalizePath("./")).toBe("");
  expect(() => normalizePath("..")).toThrow("leaves the bundle");
});
