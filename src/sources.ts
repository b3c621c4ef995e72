// Paths as `-d` loads them: files and folders of Rego, JSON and YAML, each optionally under a prefix (`a.b:path`), to module texts and one
// base document. Folders are read whole, their names becoming the data path. Reads only; parses no Rego.

import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileCache } from "./bundle/file-cache.ts";
import { matchesFile } from "./bundle/glob.ts";
import { merge as mergeDocuments, nest } from "./bundle/tree.ts";
import { PolicyError } from "./error.ts";
import { decode } from "./value/json.ts";
import { emptyObject } from "./value/object.ts";
import type { RegoObject, Value } from "./value/value.ts";
import { readYaml } from "./yaml/value.ts";

/** One Rego file as text. `file` is the name that findings carry. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

export interface Sources {
  readonly modules: readonly SourceFile[];
  readonly data: RegoObject;
  /** Paths that turned out to be packed bundles; the caller reads them. */
  readonly bundles: readonly string[];
}

export interface LoadOptions {
  /** Shell patterns for names to leave out, as `.*` or `*_test.rego`. */
  readonly ignore?: readonly string[];
  /** Hears of each file that cannot be read or fits nowhere, in order, and loading goes on; absent: the first one is thrown. */
  readonly onFailure?: (failure: PolicyError) => void;
  /** Hears of each module as it is found, in order with the failures. */
  readonly onModule?: (module: SourceFile) => void;
  /** Runs what reads a document, and may measure it. */
  readonly timeData?: <T>(read: () => T) => T;
  /** Leaves out every file but Rego (and packed bundles). */
  readonly onlyRego?: boolean;
  /** Files that are the same as last time are not read again. */
  readonly files?: FileCache | undefined;
}

interface Gathering {
  readonly options: LoadOptions;
  readonly modules: SourceFile[];
  /** Paths of the modules. */
  readonly seen: Set<string>;
  readonly bundles: string[];
  readonly ignore: readonly string[];
  data: RegoObject;
}

/** Reads every path; throws `io_error` or `invalid_input` naming the first file that does not fit. */
export function loadSources(paths: readonly string[], options: LoadOptions = {}): Sources {
  const gathering: Gathering = {
    options,
    modules: [],
    seen: new Set(),
    bundles: [],
    ignore: options.ignore ?? [],
    data: emptyObject,
  };
  for (const given of paths) {
    const [prefix, path] = splitPrefix(given);
    loadPath(gathering, path.startsWith("file://") ? fileURLToPath(path) : path, prefix, 0);
  }
  const { modules, data, bundles } = gathering;
  return { modules, data, bundles };
}

/** `a.b:path` puts the content of path under data.a.b. */
export function splitPrefix(path: string): [readonly string[], string] {
  const colon = path.indexOf(":");
  if (colon <= 0 || path.startsWith("://", colon)) return [[], path];
  return [path.slice(0, colon).split("."), path.slice(colon + 1)];
}

/** `kind`: what the folder says of it. */
function loadPath(
  gathering: Gathering,
  path: string,
  place: readonly string[],
  depth: number,
  kind?: Dirent,
): void {
  const { onFailure } = gathering.options;
  if (onFailure === undefined) return visit(gathering, path, place, depth, kind);
  try {
    visit(gathering, path, place, depth, kind);
  } catch (failure) {
    if (!(failure instanceof PolicyError)) throw failure;
    onFailure(failure);
  }
}

function visit(
  gathering: Gathering,
  path: string,
  place: readonly string[],
  depth: number,
  kind: Dirent | undefined,
): void {
  // What a link leads to is known only when it is followed.
  const stat = kind?.isFile() === true ? kind : failsAsIo("stat", path, () => statSync(path));
  if (depth > 0 && gathering.ignore.some((pattern) => matchesFile(pattern, basename(path)))) return;
  if (!stat.isDirectory()) return loadFile(gathering, path, place, depth);
  const inner = depth > 0 ? [...place, basename(path)] : place;
  const entries = failsAsIo("open", path, () => readdirSync(path, { withFileTypes: true }));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    loadPath(gathering, join(path, entry.name), inner, depth + 1, entry);
}

function loadFile(gathering: Gathering, path: string, place: readonly string[], depth: number): void {
  const extension = extname(path);
  if (gathering.options.onlyRego === true && extension !== ".rego" && !path.endsWith(".tar.gz")) return;
  if (path.endsWith(".tar.gz")) {
    gathering.bundles.push(path);
    return;
  }
  if (gathering.seen.has(path)) return;
  const { files, onModule, timeData = (work) => work() } = gathering.options;
  const remembered = <T>(kind: string, make: () => T): T =>
    files === undefined ? make() : files.of(kind, path, make);
  const read = (): string => failsAsIo("open", path, () => readFileSync(path, "utf8"));
  if (extension === ".rego") {
    const module = { file: path, text: remembered("text", read) };
    gathering.modules.push(module);
    gathering.seen.add(path);
    onModule?.(module);
  } else if (extension === ".json" || extension === ".yaml" || extension === ".yml") {
    const decoded = extension === ".json" ? decodeJson : decodeYaml;
    const document = remembered("document", () => {
      const text = read();
      return timeData(() => decoded(path, text));
    });
    addData(gathering, path, place, document);
  } else {
    remembered("other", () => void read());
    if (depth === 0) throw new PolicyError("invalid_input", `${path}: can't recognize file type`);
  }
}

function decodeJson(path: string, text: string): Value {
  try {
    return decode(text);
  } catch (cause) {
    throw new PolicyError("invalid_input", `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** YAML as OPA takes it, but for text behind the document, which is refused. Throws `invalid_input` naming the file. */
export function decodeYaml(path: string, text: string): Value {
  try {
    return readYaml(text, "refused");
  } catch (cause) {
    const message = `${path}: error converting YAML to JSON: ${(cause as Error).message}`;
    throw new PolicyError("invalid_input", message, { cause });
  }
}

/** JSON where it is JSON, else YAML, which most broken JSON is, too: what is wrong is told of the YAML, as in OPA. Throws `invalid_input`. */
export function decodeDocument(text: string): Value {
  const plain = text.replace(/^\ufeff/, "");
  try {
    return decode(plain);
  } catch {
    return readYaml(plain, "refused");
  }
}

function addData(gathering: Gathering, path: string, place: readonly string[], document: Value): void {
  const nested = nest(place, document);
  if (nested === undefined)
    throw new PolicyError("invalid_input", `${path}: document must be of type object`);
  const merged = mergeDocuments(gathering.data, nested);
  if (merged === undefined) throw new PolicyError("invalid_input", `${path}: merge error`);
  gathering.data = merged;
}

function failsAsIo<T>(verb: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why: Record<string, string> = {
      ENOENT: "no such file or directory",
      EACCES: "permission denied",
      EISDIR: "is a directory",
      ELOOP: "too many levels of symbolic links",
    };
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new PolicyError("io_error", `${verb} ${path}: ${why[code] ?? (cause as Error).message}`, { cause });
  }
}

export { mergeDocuments };
