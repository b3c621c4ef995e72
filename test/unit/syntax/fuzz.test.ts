// Whatever the text is, the parser and the formatter answer: a module or findings, never an exception, never a hang.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonText, moduleToJson } from "../../../src/syntax/ast-json.ts";
import { formatModule } from "../../../src/syntax/format.ts";
import { parseModule, parseQuery } from "../../../src/syntax/parser.ts";
import { printModule } from "../../../src/syntax/print.ts";

const sources = ["everything.rego", "layout.rego", "v0.rego"].map((name) =>
  readFileSync(new URL(`./cases/${name}`, import.meta.url), "utf8"),
);

const WORDS =
  `{ } [ ] ( ) , : ; . | & + - * / % = := == != < <= > >= $ ! # " \` \\ _ x y data input in every some not with as
  if contains else default package import and or null true false 1 0.5 1e5 "s" \`r\` $"a{ }" future.keywords rego.v1 set() \n \t é`.split(
    / +|\n +/,
  );

function answers(text: string): void {
  const started = performance.now();
  for (const regoVersion of ["v1", "v0"] as const) {
    const options = { file: "f.rego", regoVersion, futureKeywords: ["not", "and", "or"] };
    const { module, diagnostics } = parseModule(text, options);
    expect(module === undefined).toBe(diagnostics.length > 0);
    for (const { code, message, location } of diagnostics) {
      expect(code).toBe("rego_parse_error");
      expect(message).not.toBe("");
      expect(location?.file).toBe("f.rego");
    }
    if (module !== undefined) {
      printModule(module);
      JSON.parse(jsonText(moduleToJson(module, { locations: true, comments: true })));
    }
    formatModule(text, { file: "f.rego", regoVersion });
  }
  parseQuery(text);
  expect(performance.now() - started).toBeLessThan(5000);
}

describe("any text is answered", () => {
  it("random characters", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), answers), { numRuns: 300 });
  });

  it("bytes read as latin-1", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
        answers(Buffer.from(bytes).toString("latin1")),
      ),
      { numRuns: 200 },
    );
  });

  it("token soup", () => {
    const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 });
    fc.assert(
      fc.property(soup, fc.boolean(), (words, glued) =>
        answers(`package a\np ${words.join(glued ? "" : " ")}`),
      ),
      { numRuns: 500 },
    );
  });

  it("nested brackets of every kind", () => {
    const pair = fc.constantFrom(
      "{}",
      "[]",
      "()",
      "{x|}",
      "[x|}",
      "{a:}",
      "not {}",
      "({})",
      '$"{}"',
      "f()",
      "x[]",
      "every x in [] {}",
    );
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const open = pairs.map((it) => it.slice(0, -1)).join("");
        const close = pairs
          .map((it) => it.at(-1))
          .reverse()
          .join("");
        answers(`package a\np if { ${open}1${close} }`);
        answers(`package a\np := ${open}`);
      }),
      { numRuns: 150 },
    );
  });

  it("real modules with cuts, doubles and foreign words", () => {
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(12), put: fc.constantFrom("", "", ...WORDS) });
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(edit, { minLength: 1, maxLength: 5 }),
        (source, edits) => {
          let text = source;
          for (const { at, cut, put } of edits) {
            const place = at % (text.length + 1);
            text = text.slice(0, place) + put + text.slice(place + cut);
          }
          answers(text);
        },
      ),
      { numRuns: 200 },
    );
  });
});
