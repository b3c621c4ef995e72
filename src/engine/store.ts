// The base document under a policy, as a host keeps it. In: a whole document, or changes that an instance took. Out: the document and the changes
// that every further instance has to load; checks of patches. Decodes nothing that nobody asks for.

import { PolicyError } from "../error.ts";
import { decode, fromPlain } from "../value/json.ts";
import type { Value } from "../value/value.ts";
import { isObject } from "../value/value.ts";
import { type Change, Changes } from "./changes.ts";
import type { Document } from "./instance.ts";

/** One change, as delta bundles have it. `path` holds unescaped keys; `upsert` makes missing objects on the way. */
export interface DataPatch {
  readonly op: "upsert" | "replace" | "remove";
  readonly path: readonly string[];
  readonly value?: Document;
}

export class Store {
  readonly document: Document;
  readonly changes = new Changes();

  constructor(document: Document) {
    this.document = document;
  }
}

export function readDocument(document: Document): Value {
  return "json" in document ? decode(document.json) : fromPlain(document.value);
}

/** The patch with its value read. Throws `invalid_parameter` for one that fits no document. */
export function checkPatch(patch: DataPatch): Change {
  const { op, path } = patch;
  if (op === "remove") {
    if (path.length === 0) throw new PolicyError("invalid_parameter", "the root document cannot be removed");
    return { op, path: [...path], value: undefined };
  }
  if (patch.value === undefined) throw new PolicyError("invalid_parameter", `patch \`${op}\` has no value`);
  const value = readDocument(patch.value);
  if (path.length === 0 && !isObject(value))
    throw new PolicyError("invalid_parameter", "the root document must be an object");
  return { op, path: [...path], value };
}
