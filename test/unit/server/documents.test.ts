// Documents that clients write: laws that hold for any document and path. OPA's texts for what goes wrong are held in test/interop.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { change, exists, put, readAt } from "../../../src/server/sidecar/documents.ts";
import { encode, fromPlain } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const key = fc.constantFrom("a", "b", "c", "__proto__", "é", "a/b", "0");
const document = fc
  .dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
  .map((plain) => fromPlain(plain) as RegoObject);
const path = fc.array(key, { minLength: 1, maxLength: 4 });
const value = fc.jsonValue({ maxDepth: 2 }).map(fromPlain);

/** The outcome of a change that may be refused. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

describe("writing", () => {
  test("what was put can be read, and the old document is untouched", () => {
    fc.assert(
      fc.property(document, path, value, (before, where, what) => {
        const text = encode(before);
        const after = attempt(() => put(before, where, what));
        expect(encode(before)).toBe(text);
        if (after !== undefined) expect(encode(readAt(after, where))).toBe(encode(what));
      }),
    );
  });

  test("only where a scalar or an array stands in the way is a put refused", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a", "b"), fc.dictionary(fc.constantFrom("a", "b"), fc.constant({}))),
        path,
        (plain, where) => {
          expect(attempt(() => put(fromPlain(plain) as RegoObject, where, true))).toBeDefined();
        },
      ),
    );
  });

  test("putting what is there, or putting and removing something new, changes nothing", () => {
    fc.assert(
      fc.property(document, key, value, (before, name, what) => {
        if (exists(before, [name])) {
          expect(encode(put(before, [name], readAt(before, [name])))).toBe(encode(before));
        } else {
          expect(encode(change(put(before, [name], what), "remove", [name], null))).toBe(encode(before));
        }
      }),
    );
  });

  test("the root stays an object and cannot be removed", () => {
    const empty = fromPlain({}) as RegoObject;
    expect(() => put(empty, [], [])).toThrow("root must be object");
    expect(() => change(empty, "remove", [], null)).toThrow("root cannot be removed");
    expect(encode(put(empty, [], fromPlain({ a: 1 })))).toBe('{"a":1}');
  });

  test("arrays: insert, append, replace, remove, and what is out of range", () => {
    const list = fromPlain({ l: [1, 2, 3] }) as RegoObject;
    const text = (operation: "add" | "replace" | "remove", at: string): string =>
      encode(change(list, operation, ["l", at], "x"));
    expect(text("add", "1")).toBe('{"l":[1,"x",2,3]}');
    expect(text("add", "3")).toBe('{"l":[1,2,3,"x"]}');
    expect(text("add", "-")).toBe('{"l":[1,2,3,"x"]}');
    expect(text("replace", "0")).toBe('{"l":["x",2,3]}');
    expect(text("remove", "2")).toBe('{"l":[1,2]}');
    for (const at of ["4", "-1", "99"]) expect(() => text("add", at)).toThrow("array index out of range");
    for (const at of ["x", "", "1.0"])
      expect(() => text("replace", at)).toThrow("array index must be integer");
    expect(() => text("remove", "-")).toThrow("storage_invalid_patch_error");
  });
});
