// Patch bundles, both directions (OPA bundles: delta bundles): what changed between two snapshots as a delta, and a snapshot with a delta
// applied. All changes or none. Both sides must be verified: a delta is as powerful as a snapshot.

import { keyText } from "../value/json.ts";
import { compare } from "../value/compare.ts";
import { emptyObject, object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import { assembleDelta } from "./assemble.ts";
import type { Bundle, PatchOperation, VerifiedBundle } from "./bundle.ts";
import { bundleError } from "./bundle.ts";
import { sameScope, trimSlashes } from "./manifest.ts";
import { acceptDelta } from "./verify.ts";

const escapeKey = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
const unescapeKey = (segment: string): string => segment.replaceAll("~1", "/").replaceAll("~0", "~");

/** Keys of a patch path (OPA: JSON pointer escapes). */
export function patchPath(path: string): string[] {
  const trimmed = trimSlashes(path);
  return trimmed === "" ? [] : trimmed.split("/").map(unescapeKey);
}

/** The snapshot that results. Throws `bundle_error`; `name` is the bundle's name in messages. */
export function applyDelta(base: VerifiedBundle, delta: VerifiedBundle, name: string): VerifiedBundle {
  if (delta.type !== "delta") throw bundleError(`bundle '${name}' is not a delta`);
  if (!sameScope(base.manifest, delta.manifest))
    throw bundleError(
      `delta bundle '${name}' has wasm resolvers or manifest roots that are different from those in the store`,
    );
  const data = delta.patch.reduce(applyOperation, base.data);
  const { revision, metadata } = delta.manifest;
  const manifest = { ...base.manifest, revision, ...(metadata === undefined ? {} : { metadata }) };
  return acceptDelta(base, delta, { manifest, data });
}

export function applyOperation(data: RegoObject, operation: PatchOperation): RegoObject {
  const path = patchPath(operation.path);
  if (path.length === 0) throw bundleError("error parsing patch path");
  const changed = change(data, path, 0, operation);
  if (!isObject(changed)) throw bundleError("root must be object");
  return changed;
}

function notFound(path: readonly string[]): Error {
  return bundleError(`storage_not_found_error: /${path.join("/")}: document does not exist`);
}

function change(node: Value, path: readonly string[], at: number, operation: PatchOperation): Value {
  const key = path[at] as string;
  const isLast = at === path.length - 1;
  if (isArray(node)) return changeArray(node, path, at, operation);
  if (!isObject(node)) throw notFound(path);
  const known = node.get(key);
  if (isLast) {
    if (known === undefined && operation.op !== "upsert") throw notFound(path);
    const others = [...node.entries()].filter(([name]) => name !== key);
    return object(operation.op === "remove" ? others : [...others, [key, operation.value ?? null]]);
  }
  if (known === undefined && operation.op !== "upsert") throw notFound(path);
  const inner = change(known ?? emptyObject, path, at + 1, operation);
  return object([...[...node.entries()].filter(([name]) => name !== key), [key, inner]]);
}

function changeArray(
  node: readonly Value[],
  path: readonly string[],
  at: number,
  operation: PatchOperation,
): Value {
  const key = path[at] as string;
  const isLast = at === path.length - 1;
  if (isLast && operation.op === "upsert" && key === "-") return [...node, operation.value ?? null];
  if (!/^(0|[1-9]\d*)$/.test(key)) throw notFound(path);
  const index = Number(key);
  // An upsert may stand behind the last element: it is inserted.
  if (index > node.length || (index === node.length && !(isLast && operation.op === "upsert")))
    throw notFound(path);
  const copy = [...node];
  if (!isLast) copy[index] = change(copy[index] as Value, path, at + 1, operation);
  else if (operation.op === "upsert") copy.splice(index, 0, operation.value ?? null);
  else if (operation.op === "replace") copy[index] = operation.value ?? null;
  else copy.splice(index, 1);
  return copy;
}

/** The delta from one snapshot to the next. They must agree in everything but data, revision and metadata; undefined if they do not. */
export function diff(from: Bundle, to: Bundle): Bundle | undefined {
  if (!sameScope(from.manifest, to.manifest) || !sameCode(from, to)) return undefined;
  const patch: PatchOperation[] = [];
  for (const [key] of from.data.entries())
    if (to.data.get(key) === undefined) patch.push({ op: "remove", path: `/${escapeKey(keyText(key))}` });
  diffObjects(from.data, to.data, "", patch);
  return assembleDelta(to.manifest, patch);
}

function sameCode(a: Bundle, b: Bundle): boolean {
  const bytesOf = (bundle: Bundle): Map<string, Uint8Array> =>
    new Map(
      bundle.files
        .filter(({ path }) => /(\.rego|policy\.wasm|plan\.(json|pb))$/.test(path))
        .map(({ path, bytes }) => [path, bytes]),
    );
  const [left, right] = [bytesOf(a), bytesOf(b)];
  return (
    left.size === right.size &&
    [...left].every(([path, bytes]) => {
      const other = right.get(path);
      return (
        other !== undefined && other.length === bytes.length && bytes.every((byte, i) => byte === other[i])
      );
    })
  );
}

/** Arrays are replaced whole: shifting elements one by one says no more and can go wrong. */
function diffObjects(from: RegoObject, to: RegoObject, path: string, patch: PatchOperation[]): void {
  for (const [key, value] of to.entries()) {
    const inner = `${path}/${escapeKey(keyText(key))}`;
    const known = from.get(key);
    if (known === undefined) patch.push({ op: "upsert", path: inner, value });
    else if (isObject(known) && isObject(value) && value.size > 0) {
      for (const [name] of known.entries())
        if (value.get(name) === undefined)
          patch.push({ op: "remove", path: `${inner}/${escapeKey(keyText(name))}` });
      diffObjects(known, value, inner, patch);
    } else if (compare(known, value) !== 0) patch.push({ op: "replace", path: inner, value });
  }
}
