// What a module carries of the runtime's data: the tables that its builtins read, and no others.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { decodeModule } from "../../../src/compile/wasm/decode.ts";

const runtime = readFileSync(new URL("../../../dist/runtime.wasm", import.meta.url));
const { tables } = decodeModule(runtime);

/** Readers of the tables in a module with this one rule. */
function carried(body: string): (readonly string[])[] {
  const checked = checkSources([
    { file: "a.rego", text: `package a\n\nimport rego.v1\n\nallow if ${body}\n` },
  ]);
  const { emitted } = compile(checked, { entrypoints: ["a/allow"] }, { runtime });
  const data = decodeModule(emitted.bytes).data;
  return tables
    .filter(({ start, length }) => data.some(({ offset }) => offset >= start && offset < start + length))
    .map(({ readers }) => readers);
}

test("the build found the readers of the large tables", () => {
  expect(tables.filter(({ length }) => length > 1000).length).toBeGreaterThan(5);
  expect(tables.filter(({ readers }) => readers.includes("builtin_lower")).length).toBe(2);
});

test.each([
  ["input.x == 1", []],
  ['lower(input.x) == "a"', ["builtin_lower"]],
  ['crypto.sha256(input.x) == "a"', ["builtin_crypto_sha256"]],
  ['regex.match("a", input.x)', ["builtin_regex_match"]],
  ['glob.match("a", [], input.x)', ["builtin_glob_match"]],
  ["time.date(input.x)[0] == 1", []],
])("%s", (body, names) => {
  // Tables of the core (comparison, printing) stand in every module.
  const own = carried(body).filter(
    (readers) => !readers.includes("value_equal") && !readers.includes("rego_text"),
  );
  for (const readers of own) expect(names.some((name) => readers.includes(name))).toBe(true);
  const wanted = tables.filter(
    ({ readers }) =>
      !readers.includes("value_equal") &&
      !readers.includes("rego_text") &&
      names.some((name) => readers.includes(name)),
  );
  expect(own.length).toBe(wanted.length);
});
