import { describe, expect, test } from "vitest";
import { Catalogue, type CatalogueDocument } from "../../../src/ai/catalogue.ts";
import { decodings, findMentions } from "../../../src/ai/mentions.ts";
import { Provenance } from "../../../src/ai/provenance.ts";
import { fromPlain, toPlain } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const document: CatalogueDocument = {
  version: "reeve-catalogue/1",
  tools: {
    contacts: { read_only: true, arguments: {}, results: { trusted: ["/*/email", "/*/id"] } },
    mail: {
      read_only: true,
      arguments: {},
      results: { trusted: ["/*/id"], confidential: { "/*/body": ["mail"] } },
    },
    whoami: { read_only: true, arguments: {}, results: { trusted: [""] } },
    send: {
      read_only: false,
      arguments: { to: { sensitive: true }, body: { text: true }, amount: {}, mail_id: {} },
    },
  },
};

interface LabelledPlain {
  integrity: string;
  from: string[];
  confidentiality: string[];
  encoded: string[];
  mentions: { value: string; integrity: string }[];
}

function label(
  prepare: (provenance: Provenance) => void,
  args: Record<string, unknown>,
  name = Object.keys(args)[0],
) {
  const provenance = new Provenance(new Catalogue(document));
  prepare(provenance);
  const values = provenance.label("send", fromPlain(args) as RegoObject, new Set());
  return (toPlain(values) as Record<string, LabelledPlain[]>)[name ?? ""] ?? [];
}

const said =
  (text: string) =>
  (provenance: Provenance): void =>
    provenance.addUserWords(text);

describe("the user's words", () => {
  test.each([
    ["Pay GB29 NWBK 6016 1331 9268 19 today", "GB29NWBK60161331926819"],
    ["Pay GB29NWBK60161331926819.", "gb29 nwbk 6016 1331 9268 19"],
    ["Mail Ann <ann@example.com>, please.", "ann@example.com"],
    ["Mail ANN@Example.COM", "ann@example.com"],
    ["open 'report.docx'!", "report.docx"],
    ["meet John   Smith", "John Smith"],
    ["delete the file with ID '13'", "13"],
    ["see https://example.com/a?b=1.", "https://example.com/a?b=1"],
    ["at 12:00 on 2024-05-19", "2024-05-19 12:00"],
    ["rent is 2,200.00", 2200],
    ["that 10.00 I got", 10],
    ["ask Bob about it", "Bob"],
    ["the letter 12 to Ann", 12],
  ])("%s: gives %s", (text, value) => {
    expect(
      label(said(text), typeof value === "number" ? { letter: value } : { to: value })[0]?.integrity,
    ).toBe("user");
  });

  test.each([
    ["what are we doing on June 13?", "13"],
    ["what are we doing on June 13?", 13],
    ["mail mark.black@example.com", "black@example.com"],
    ["mail ann@example.com", "ann@example.co"],
    ["mail ann@example.com", "ann@exam-ple.com"],
    ["see example.com.evil.org", "example.com"],
    ["see https://example.com/path", "https://example.com"],
    ["see https://example.com", "https://example.com/path"],
    ["write to /etc/hosts", "../etc/hosts"],
    ["write to ../etc/hosts", "/etc/hosts"],
    ["paypal.com", "pаypal.com"],
    ["pay DE89370400440532013000", "DE8937040044053201300"],
    ["pay 2200", 22000],
    ["no", "no"],
    ["ask bob about it", "Bob"],
    ["The end", "the"],
    ["a letter in 12 months", 12],
    ["send it", ""],
  ])("%s: does not give %s", (text, value) => {
    expect(label(said(text), { to: value })[0]?.integrity).toBe("unseen");
  });
});

describe("results", () => {
  test("a field that the catalogue names is trusted, its neighbours are not", () => {
    const seen = (provenance: Provenance): void =>
      provenance.addResult(
        "c1",
        "contacts",
        fromPlain([{ email: "ann@example.com", note: "or eve@evil.org" }]),
      );
    expect(label(seen, { to: "ann@example.com" })[0]).toMatchObject({
      integrity: "trusted",
      from: ["call:c1#/0/email"],
    });
    expect(label(seen, { to: "eve@evil.org" })[0]).toMatchObject({
      integrity: "untrusted",
      from: ["call:c1#/0/note"],
    });
  });

  test("a trusted field counts as a whole, not for its parts", () => {
    const seen = (provenance: Provenance): void =>
      provenance.addResult("c1", "contacts", fromPlain([{ email: "ann@example.com eve@evil.org" }]));
    expect(label(seen, { to: "eve@evil.org" })[0]?.integrity).not.toBe("trusted");
  });

  test("short identifiers count where field and argument are called alike", () => {
    const seen = (provenance: Provenance): void => provenance.addResult("c1", "mail", fromPlain([{ id: 7 }]));
    expect(label(seen, { mail_id: "7" })[0]?.integrity).toBe("trusted");
    expect(label(seen, { amount: 7 })[0]?.integrity).toBe("unseen");
  });

  test("a text in place of a structure is untrusted as a whole", () => {
    const seen = (provenance: Provenance): void =>
      provenance.addResult("c1", "contacts", "email: ann@example.com");
    expect(label(seen, { to: "ann@example.com" })[0]?.integrity).toBe("untrusted");
  });

  test("what a failed call says is not trusted: an error repeats what was asked for", () => {
    const told = (failed: boolean) => (provenance: Provenance) =>
      provenance.addResult("c1", "whoami", "Not found: eve@evil.org", failed);
    const to = { to: "eve@evil.org" };
    expect(label(told(false), to)[0]?.integrity).toBe("trusted");
    expect(label(told(true), to)[0]?.integrity).toBe("untrusted");
  });

  test("keys are content", () => {
    const seen = (provenance: Provenance): void =>
      provenance.addResult("c1", "contacts", fromPlain([{ "eve@evil.org": "r" }]));
    expect(label(seen, { to: "eve@evil.org" })[0]?.integrity).toBe("untrusted");
    expect(label(seen, { to: { "eve@evil.org": true } }).map((leaf) => leaf.integrity)).toContain(
      "untrusted",
    );
  });

  test("tools that nobody described are trusted in nothing", () => {
    for (const tool of ["nobody", "__proto__", "constructor"])
      expect(
        label((p) => p.addResult("c", tool, fromPlain({ email: "a@b.org" })), { to: "a@b.org" })[0]
          ?.integrity,
      ).toBe("untrusted");
  });
});

describe("private content", () => {
  const seen = (provenance: Provenance): void =>
    provenance.addResult("c1", "mail", fromPlain([{ id: 1, body: "Dear Ann, sir: your code is 463820" }]));

  test.each([
    ["it is 463820", []],
    ["ann, sir: your code is here", []],
    [btoa("code 463820"), ["base64"]],
    ["343633383230", ["hex"]],
    ["https://x.org/?q=%34%36%33%38%32%30", ["percent"]],
  ])("%s tells it", (body, encoded) => {
    const [leaf] = label(seen, { body });
    expect(leaf?.confidentiality).toEqual(["mail"]);
    expect(leaf?.encoded).toEqual(encoded);
  });

  test("other texts do not", () => {
    expect(label(seen, { body: "hello, your order is here" })[0]?.confidentiality).toEqual([]);
  });
});

describe("mentions", () => {
  test.each([
    ["see https://evil.org/x?y", ["https://evil.org/x?y"]],
    ["see www.evil.org, now", ["www.evil.org"]],
    ["evil-site.com.", ["evil-site.com"]],
    ["[click](http://evil.org)", ["http://evil.org"]],
    ["HTTPS://EVIL.ORG", ["https://evil.org"]],
    ["in report.docx and notes.md", []],
    ["at 10.30, e.g. tomorrow", []],
    ["evil.md/path", ["evil.md/path"]],
  ])("%s", (text, urls) => {
    expect(
      findMentions(text)
        .filter(({ kind }) => kind === "url")
        .map(({ value }) => value),
    ).toEqual(urls);
  });

  test("a link has the trust of its words", () => {
    const [leaf] = label(said("send https://good.org to Ann"), { body: "https://good.org and evil.org" });
    expect(leaf?.mentions.map(({ value, integrity }) => [value, integrity])).toEqual([
      ["https://good.org", "user"],
      ["evil.org", "unseen"],
    ]);
  });
});

test("decoding is bounded", () => {
  expect(decodings("aGVsbG8gd29ybGQ= ".repeat(1000)).length).toBeLessThanOrEqual(200);
  expect(decodings("plain words only")).toEqual([]);
});

test("content that is nothing but marks takes no time out of proportion", () => {
  const before = process.cpuUsage().user;
  for (const mark of ["=", ".", "*", "_"]) {
    const long = `a${mark.repeat(200_000)}a`;
    const provenance = new Provenance(new Catalogue(document));
    provenance.addUserWords(long);
    provenance.addResult("c1", "mail", fromPlain([{ body: long }]));
    provenance.label("send", fromPlain({ to: "x", body: long }) as RegoObject, new Set());
  }
  new Provenance(new Catalogue(document)).addUserWords(`0.${"0".repeat(200_000)}1`);
  // Square time would be minutes.
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(10);
});
