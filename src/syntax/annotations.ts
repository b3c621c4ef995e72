// METADATA comment blocks: which comments form one, what it says (title, scope, schemas, …), what it stands above, and which annotations a rule carries.
// Comments in, Annotations and diagnostics out. The parser passes itself in, because refs stand inside the YAML.

import type { Diagnostic, Location } from "../error.ts";
import type { Annotations, Comment, Module, RefTerm, Rule, Term } from "./ast.ts";
import { type RawAnnotations, readAnnotationYaml } from "./annotation-yaml.ts";
import type { Mutable } from "./cursor.ts";
import { equalTerms, isGround } from "./order.ts";

export type TermParser = (text: string) => { term: Term | undefined; diagnostics: readonly Diagnostic[] };

/** A block before it is known what it stands above; `scope` is empty where the author gave none. */
export type AnnotationBlock = Omit<Annotations, "scope" | "target"> & { readonly scope: string };

export interface BlockError {
  readonly location: Location;
  readonly message: string;
}

export function isMetadataComment(comment: Comment): boolean {
  return comment.location.col === 1 && comment.text.trim().startsWith("METADATA");
}

/** Blocks in source order: a METADATA comment at the margin and the comments at the margin right below it. */
export function parseAnnotationBlocks(
  comments: readonly Comment[],
  parseTerm: TermParser,
): { blocks: AnnotationBlock[]; errors: BlockError[] } {
  const blocks: AnnotationBlock[] = [];
  const errors: BlockError[] = [];
  let i = 0;
  while (i < comments.length) {
    const first = comments[i++]!;
    if (!isMetadataComment(first)) continue;
    const lines: Comment[] = [];
    for (let previous = first; i < comments.length; i++) {
      const next = comments[i]!;
      if (
        next.location.col !== 1 ||
        next.location.row !== previous.location.row + 1 ||
        isMetadataComment(next)
      )
        break;
      lines.push(next);
      previous = next;
    }
    const parsed = parseBlock(first, lines, parseTerm);
    if ("message" in parsed) errors.push(parsed);
    else blocks.push(parsed);
  }
  return { blocks, errors };
}

/** Said with a message to whoever wrote the block; never leaves this file. */
class Refusal {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function parseBlock(
  first: Comment,
  lines: readonly Comment[],
  parseTerm: TermParser,
): AnnotationBlock | BlockError {
  const text = lines.map((line) => line.text.replace(/^ /, "")).join("\n");
  if (text.trim() === "") {
    return { location: first.location, message: "expected METADATA block, found whitespace" };
  }
  const read = readAnnotationYaml(`${text}\n`);
  if ("error" in read) return yamlError(read.error, first, lines);
  const original = `# METADATA\n${text
    .split("\n")
    .map((line) => `# ${line}`)
    .join("\n")}`;
  const block = interpret(read.raw, parseTerm);
  if (block instanceof Refusal) return { location: first.location, message: block.message };
  // Block and first comment share their place, and its text is the whole block.
  (first.location as Mutable<Location>).text = original;
  return { ...block, location: first.location };
}

function yamlError(error: string, first: Comment, lines: readonly Comment[]): BlockError {
  // OPA counts the lines from the one below the first.
  const line = /^yaml:(?: unmarshal errors:\s*)? ?line (\d+):/.exec(error)?.[1];
  const at = line === undefined ? lines[0] : (lines[Number(line)] ?? lines.at(-1));
  return { location: (at ?? first).location, message: withColonHints(error, lines) };
}

/** A colon glued to its value is the commonest cause of puzzling YAML errors. */
function withColonHints(error: string, lines: readonly Comment[]): string {
  let message = error;
  for (const { text, location } of lines) {
    const [, ...parts] = text.split(":");
    const glued: string[] = [];
    for (const [i, part] of parts.entries()) {
      if ((part === "" && i === parts.length - 1) || part.startsWith(" ") || part.startsWith("\t")) break;
      glued.push(goQuote(part));
    }
    if (glued.length > 0) {
      message += `\n  Hint: on line ${location.row}, symbol(s) [${glued.join(" ")}] immediately following a key/value separator ':' is not a legal yaml space character`;
    }
  }
  return message;
}

/** The first character, quoted in ASCII; an empty part has the replacement character. */
function goQuote(part: string): string {
  const code = part.codePointAt(0) ?? 0xfffd;
  const c = String.fromCodePoint(code);
  if (c === "'" || c === "\\") return `'\\${c}'`;
  if (code >= 0x20 && code < 0x7f) return `'${c}'`;
  const width = code > 0xffff ? 8 : 4;
  return `'\\${width === 8 ? "U" : "u"}${code.toString(16).padStart(width, "0")}'`;
}

type Interpreted = Omit<AnnotationBlock, "location">;

function interpret(raw: RawAnnotations, parseTerm: TermParser): Interpreted | Refusal {
  const block: Mutable<Partial<Interpreted>> & { scope: string } = { scope: raw.scope };
  if (raw.title !== "") block.title = raw.title;
  if (raw.description !== "") block.description = raw.description;
  if (raw.entrypoint) block.entrypoint = true;
  if (raw.organizations.length > 0) block.organizations = raw.organizations;
  const related = each(raw.relatedResources, relatedResource);
  if (related instanceof Refusal) return related;
  if (related.length > 0) block.relatedResources = related;
  if (raw.compile !== undefined) {
    const compile = compileSection(raw.compile, parseTerm);
    if (compile instanceof Refusal) return compile;
    block.compile = compile;
  }
  const schemas = each(raw.schemas, (pair) => schema(pair ?? ["", null], parseTerm));
  if (schemas instanceof Refusal) return schemas;
  if (schemas.length > 0) block.schemas = schemas;
  const authors = each(raw.authors, author);
  if (authors instanceof Refusal) return authors;
  if (authors.length > 0) block.authors = authors;
  for (const name of ["custom", "labels"] as const) {
    const map = raw[name];
    if (map === undefined) continue;
    const plain: Record<string, unknown> = {};
    for (const [key, value] of map) {
      const converted = toPlain(value, []);
      if (converted instanceof Refusal) return converted;
      plain[key] = converted;
    }
    block[name] = plain;
  }
  return block;
}

function each<T, R>(items: readonly T[], convert: (item: T) => R | Refusal): R[] | Refusal {
  const results: R[] = [];
  for (const item of items) {
    const result = convert(item);
    if (result instanceof Refusal) return result;
    results.push(result);
  }
  return results;
}

/** Maps to objects; all their keys must be strings. */
function toPlain(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value))
    return each([...value.entries()], ([i, item]) => toPlain(item, [...path, String(i)]));
  if (!(value instanceof Map)) return value;
  const plain: Record<string, unknown> = {};
  for (const [key, item] of value) {
    if (typeof key !== "string") return new Refusal(`invalid map key type(s): ${path.join("/")}`);
    const converted = toPlain(item, [...path, key]);
    if (converted instanceof Refusal) return converted;
    plain[key] = converted;
  }
  return plain;
}

/** As Go prints a value with %s. */
function shown(value: unknown): string {
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${shown(key)}:${shown(item)}`);
    return `map[${entries.sort().join(" ")}]`;
  }
  if (Array.isArray(value)) return `[${value.map(shown).join(" ")}]`;
  if (value === null) return "%!s(<nil>)";
  if (typeof value === "boolean") return `%!s(bool=${value})`;
  if (typeof value === "number")
    return Number.isInteger(value) ? `%!s(int=${value})` : `%!s(float64=${value})`;
  return String(value);
}

function textField(map: Readonly<Record<string, unknown>>, key: string): string {
  const value = map[key];
  return typeof value === "string" ? value.trim() : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function relatedResource(raw: unknown): { ref: string; description?: string } | Refusal {
  const refuse = (why: string): Refusal =>
    new Refusal(`invalid related-resource definition ${shown(raw)}: ${why}`);
  const value = toPlain(raw, []);
  if (value instanceof Refusal) return refuse(value.message);
  const isText = typeof value === "string";
  if (!isText && !isRecord(value)) return refuse("invalid value type, must be string or map");
  const ref = isText ? value : textField(value, "ref");
  if (ref === "")
    return refuse(isText ? "ref URL may not be empty string" : "'ref' value required in object");
  const url = normalizeUrl(ref);
  if (url instanceof Refusal) return refuse(url.message);
  const description = isText ? "" : textField(value, "description");
  return description === "" ? { ref: url } : { ref: url, description };
}

/** A URL as Go's parser prints it again: what may not stand in a path is percent-encoded. */
function normalizeUrl(text: string): string | Refusal {
  const refuse = (why: string): Refusal => new Refusal(`parse ${JSON.stringify(text)}: ${why}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\0-\x1f\x7f]/.test(text)) return refuse("net/url: invalid control character in URL");
  if (text.startsWith(":")) return refuse("missing protocol scheme");
  const [, scheme = "", authority = "", path = "", query = "", fragment = ""] =
    /^([a-zA-Z][a-zA-Z0-9+.-]*:)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text) ?? [];
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path + fragment)?.[0];
  if (bad !== undefined) return refuse(`invalid URL escape ${JSON.stringify(bad)}`);
  if (/\s/.test(authority)) return refuse('invalid character " " in host name');
  if (scheme === "" && authority === "" && /^[^/]*:/.test(path)) {
    return refuse("first path segment in URL cannot contain colon");
  }
  const encode = (part: string): string =>
    part.replace(/[^\w\-.~!$&'()*+,;=:@/%#[\]]/gu, (c) => encodeURIComponent(c)).replace(/[[\]]/g, (c) => c);
  return scheme.toLowerCase() + authority + encode(path) + query + encode(fragment);
}

function author(raw: unknown): { name: string; email?: string } | Refusal {
  const refuse = (why: string): Refusal => new Refusal(`invalid author definition ${shown(raw)}: ${why}`);
  const value = toPlain(raw, []);
  if (value instanceof Refusal) return refuse(value.message);
  const make = (name: string, email: string): { name: string; email?: string } =>
    email === "" ? { name } : { name, email };
  if (isRecord(value)) {
    const [name, email] = [textField(value, "name"), textField(value, "email")];
    return name === "" && email === ""
      ? refuse("'name' and/or 'email' values required in object")
      : make(name, email);
  }
  if (typeof value !== "string") return refuse("invalid value type, must be string or map");
  const words = value.split(/\s+/).filter((word) => word !== "");
  const last = words.at(-1);
  if (last === undefined) return refuse("author is an empty string");
  const email = /^<(.*)>$/.exec(last)?.[1];
  return email === undefined ? make(words.join(" "), "") : make(words.slice(0, -1).join(" "), email);
}

type Compile = NonNullable<Annotations["compile"]>;

function compileSection(raw: ReadonlyMap<string, unknown>, parseTerm: TermParser): Compile | Refusal {
  const compile: Mutable<Compile> = {};
  const unknowns = raw.get("unknowns");
  if (Array.isArray(unknowns)) {
    const texts = unknowns.filter((item) => typeof item === "string");
    const refs = each(texts, (text) => {
      const { term, diagnostics } = parseTerm(text);
      if (term?.kind === "ref") return term;
      const why = term === undefined ? (diagnostics[0]?.message ?? "") : `expected ref but got ${text}`;
      return new Refusal(`invalid unknowns element ${JSON.stringify(text)}: ${why}`);
    });
    if (refs instanceof Refusal) return refs;
    compile.unknowns = refs;
  }
  const mask = raw.get("mask_rule");
  if (typeof mask === "string") {
    const { term, diagnostics } = parseTerm(mask);
    const quoted = JSON.stringify(mask);
    if (term === undefined)
      return new Refusal(`invalid mask_rule annotation ${quoted}: ${diagnostics[0]?.message ?? ""}`);
    if (term.kind === "ref") compile.maskRule = term;
    else if (term.kind === "var" || term.kind === "string") {
      compile.maskRule = { kind: "ref", terms: [term], location: term.location };
    } else return new Refusal(`invalid mask_rule annotation type ${quoted}: string`);
  }
  return compile;
}

type Schema = NonNullable<Annotations["schemas"]>[number];

function schema([key, value]: readonly [string, unknown], parseTerm: TermParser): Schema | Refusal {
  const path = parseTerm(key).term;
  if (path?.kind !== "ref") return new Refusal("invalid document reference");
  if (typeof value === "string") {
    const ref = schemaRef(parseTerm(value).term);
    return ref === undefined ? new Refusal("invalid schema reference") : { path, schema: ref };
  }
  if (!(value instanceof Map))
    return new Refusal(`invalid schema declaration for path ${JSON.stringify(key)}`);
  const definition = toPlain(value, []);
  if (definition instanceof Refusal) return new Refusal(`invalid schema definition: ${definition.message}`);
  return { path, definition };
}

function schemaRef(term: Term | undefined): RefTerm | undefined {
  if (term?.kind === "var" && term.name === "schema") {
    const location = { ...term.location, row: 0, col: 0, text: "" };
    return { kind: "ref", terms: [{ ...term, location }], location };
  }
  if (term?.kind !== "ref") return undefined;
  const [head] = term.terms;
  return head.kind === "var" && head.name === "schema" ? term : undefined;
}

// --- what annotations stand above

/** A statement of the module: `target` as in Annotations. */
export interface Target {
  readonly kind: "package" | "import" | "rule";
  readonly row: number;
  readonly target: number;
}

/** Gives each block its statement and, where it has none, its scope. */
export function attachAnnotations(
  blocks: readonly AnnotationBlock[],
  targets: readonly Target[],
): { annotations: Annotations[]; diagnostics: Diagnostic[] } {
  const annotations: Annotations[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const block of blocks) {
    const found = targets.find(({ row }) => row > block.location.row);
    const scope = block.scope === "" ? defaultScope(found, block.entrypoint === true) : block.scope;
    const refuse = (message: string): unknown =>
      diagnostics.push({ code: "rego_parse_error", message, location: block.location });
    const wanted =
      scope === "rule" || scope === "document" ? "rule" : /^(sub)?packages?$/.test(scope) ? "package" : "";
    if (wanted === "" || scope === "packages" || scope === "subpackage") {
      refuse(
        `invalid annotation scope '${scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'`,
      );
    } else if (found?.kind !== wanted) {
      const have = found === undefined ? "" : ` (have ${found.kind})`;
      refuse(`annotation scope '${scope}' must be applied to ${wanted}${have}`);
    }
    if (block.entrypoint === true && scope !== "document" && scope !== "package") {
      refuse(`annotation entrypoint applied to non-document or package scope '${scope}'`);
    }
    annotations.push({ ...block, scope: scope as Annotations["scope"], target: found?.target ?? -1 });
  }
  return { annotations, diagnostics };
}

function defaultScope(found: Target | undefined, entrypoint: boolean): string {
  if (found === undefined) return "";
  if (found.kind === "rule") return entrypoint ? "document" : "rule";
  return found.kind;
}

/** The annotations of each rule: those of its document, and of scope `rule` the ones above it that no earlier rule of the document has taken. */
export function ruleAnnotations(module: Module): Annotations[][] {
  const left = [...module.annotations];
  const prefixOf = (block: Annotations): readonly Term[] => {
    const rule = module.rules[block.target];
    return rule === undefined ? module.package.path.terms : groundPrefix(module, rule);
  };
  return module.rules.map((rule) => {
    const path = groundPrefix(module, rule);
    const attached: Annotations[] = [];
    let taken = -1;
    for (const [i, block] of left.entries()) {
      if (!equalPaths(path, prefixOf(block))) continue;
      if (block.scope === "document") attached.push(block);
      else if (block.scope === "rule" && rule.location.row > block.location.row) {
        attached.push(block);
        taken = i;
      }
    }
    if (taken >= 0) left.splice(taken, 1);
    return attached;
  });
}

function groundPrefix(module: Module, rule: Rule): readonly Term[] {
  const [head, ...rest] = rule.head.reference.terms;
  const name: Term = { kind: "string", value: head.kind === "var" ? head.name : "", location: head.location };
  const open = rest.findIndex((term) => !isGround(term));
  return [...module.package.path.terms, name, ...(open < 0 ? rest : rest.slice(0, open))];
}

function equalPaths(a: readonly Term[], b: readonly Term[]): boolean {
  return a.length === b.length && a.every((term, i) => equalTerms(term, b[i]!));
}
