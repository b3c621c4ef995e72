// Requests that read beside the tools: `resources/read` and `prompts/get`. In: a request's parameters. Out: what is asked of the policy (arguments, and
// where a `file:` URI really leads), and the parameters that go on: those that were decided on, and nothing that nobody looked at.

import { fileURLToPath, pathToFileURL } from "node:url";
import { type ReadMethod, readMethods } from "../../ai/catalogue.ts";
import { fromPlain } from "../../value/json.ts";
import { emptyObject, object } from "../../value/object.ts";
import { isObject, type RegoObject, type Value } from "../../value/value.ts";
import { realPath } from "./paths.ts";
import { changed } from "./rpc.ts";

export interface Reading {
  readonly method: ReadMethod;
  readonly args: RegoObject;
  /** `action.properties`. */
  readonly properties: RegoObject;
}

export function isReadMethod(method: string): method is ReadMethod {
  return (readMethods as readonly string[]).includes(method);
}

/** What is read, or one sentence about what is wrong with the parameters. `folder`: the task's, where relative links are followed. */
export function readingOf(
  method: ReadMethod,
  params: RegoObject,
  folder: string | undefined,
): Reading | string {
  return method === "resources/read" ? resource(method, params, folder) : prompt(method, params);
}

function resource(method: ReadMethod, params: RegoObject, folder: string | undefined): Reading | string {
  const uri = params.get("uri");
  if (typeof uri !== "string" || uri === "") return "`params.uri` must be a URI";
  const real = folder === undefined ? undefined : leadsTo(folder, uri);
  const given = real === undefined ? uri : pathToFileURL(real).href;
  const report = real === undefined ? [] : [{ pointer: "/uri", written: uri, given, real }];
  return {
    method,
    args: object([["uri", given]]),
    properties: fromPlain(folder === undefined ? {} : { paths: report }) as RegoObject,
  };
}

/** Where a `file:` URI really leads; undefined for any other, and for one that cannot be told (of another host, with `/` encoded). */
function leadsTo(folder: string, uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return undefined;
  try {
    const url = new URL(uri);
    // What stands behind the path would be read by nobody else as part of the name.
    return url.search === "" && url.hash === "" ? realPath(folder, fileURLToPath(url)) : undefined;
  } catch {
    return undefined;
  }
}

function prompt(method: ReadMethod, params: RegoObject): Reading | string {
  const [name, args] = [params.get("name"), params.get("arguments")];
  if (typeof name !== "string" || name === "") return "`params.name` must be a prompt's name";
  if (args !== undefined && (args === null || typeof args !== "object" || !isObject(args)))
    return "`params.arguments` must be an object";
  const entries: [Value, Value][] = [["name", name]];
  if (args !== undefined) entries.push(["arguments", args]);
  return { method, args: object(entries), properties: emptyObject };
}

/** The parameters that go on: what was decided on in place of what was sent. */
export function forwardedReading(method: ReadMethod, params: RegoObject, args: RegoObject): RegoObject {
  if (method === "resources/read") return changed(params, { uri: args.get("uri") });
  return changed(params, { name: args.get("name"), arguments: args.get("arguments") });
}
