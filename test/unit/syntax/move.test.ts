// References in another place: wherever a module can name one, and none that only looks alike.

import { expect, test } from "vitest";
import { formatParsed } from "../../../src/syntax/format.ts";
import { moveReferences } from "../../../src/syntax/move.ts";
import { parseModule, parseRef } from "../../../src/syntax/parser.ts";

function moved(text: string, ...pairs: string[]): string {
  const { module } = parseModule(text, { file: "a.rego" });
  if (module === undefined) throw new Error("does not parse");
  const moves = pairs.map((pair) => {
    const [from, to] = pair.split(":").map((end) => parseRef(end).ref);
    if (from === undefined || to === undefined) throw new Error("no refs");
    return { from, to };
  });
  const formatted = formatParsed(moveReferences(module, moves));
  return "text" in formatted ? formatted.text : JSON.stringify(formatted.diagnostics);
}

test("package, imports, calls, `with`, comprehensions, `some`, `every`, templates; comments stay", () => {
  const text = `# of the file
package lib.foo

import data.lib.foo.util as u
import data.lib.food

allow if {
	data.lib.foo.f(u.x) # why
	some z in data.lib.foo["list"]
	z == data.lib.foo.g with data.lib.foo.h as [1 | data.lib.foo.i]
	every q in data.lib.foo.list { q in data.lib.food }
	print($"{data.lib.foo.x}")
}
`;
  expect(moved(text, "data.lib.foo:data.a.b")).toBe(
    text
      .replace("package lib.foo", "package a.b")
      .replaceAll(/data\.lib\.foo(?!d)/g, "data.a.b")
      .replace('["list"]', ".list"),
  );
});

test("the first pair that fits, and the place of one of which a part would move", () => {
  expect(moved("package a\n\nx := data.b.c\n", "data.b:data.d", "data.b.c:data.e")).toContain(
    "x := data.d.c",
  );
  expect(() => moved("package a\n\nx := data.b[y] if y := 1\n", "data.b.c:data.d")).toThrow(
    "cannot rewrite `data.b[y]`: constant prefix `data.b` of `data.b[y]` is too short",
  );
  expect(() => moved("package b\n", "data.b.c:data.d")).toThrow("cannot rewrite `data.b`");
});
