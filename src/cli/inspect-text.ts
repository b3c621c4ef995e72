// The human form of `inspect`: tables of manifest and namespaces, and annotations as pages of text. Bundle and modules in, text out.

import type { Bundle } from "../bundle/bundle.ts";
import { encodeManifest } from "../bundle/manifest.ts";
import type { AnnotationsRef } from "../compile/compile.ts";
import type { Annotations, Module, Term } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { decode } from "../value/json.ts";
import { isObject } from "../value/value.ts";
import * as output from "./output.ts";

const MAX_CELL = 50;
const PAGE_WIDTH = 80;

/** As OPA cuts: from `limit` characters on. */
function cut(text: string, limit = MAX_CELL): string {
  return text.length < limit ? text : `${text.slice(0, limit - 3)}...`;
}

/** Long paths lose folders in the middle. */
function cutPath(path: string): string {
  if (path.length < MAX_CELL) return path;
  const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0)).replace(/^\//, "");
  const first = folder.indexOf("/");
  let middle = first > 0 ? folder.slice(first + 1) : folder;
  const spare = MAX_CELL - (path.length - middle.length + 3);
  if (spare > 0) middle = spare > middle.length ? "" : middle.slice(0, middle.length - spare);
  return middle.length > 3 ? path.replace(middle, () => "...") : path;
}

export function manifestText({ manifest }: Bundle): string {
  const { revision, roots, regoVersion } = manifest;
  const document = decode(encodeManifest(manifest));
  const metadata = isObject(document) ? document.get("metadata") : undefined;
  const shownRoots = roots.length === 1 && roots[0] === "" ? [] : [...roots].sort();
  const rows = [
    ...(regoVersion === undefined ? [] : [["Rego Version", String(regoVersion)]]),
    ...(revision === "" ? [] : [["Revision", cut(revision)]]),
    ...shownRoots.map((root, i) => [i === 0 ? "Roots" : "", cutPath(root)]),
    ...(metadata === undefined || (isObject(metadata) && metadata.size === 0)
      ? []
      : [["Metadata", cut(output.valueToJson(metadata))]]),
  ];
  return rows.length === 0 ? "" : `MANIFEST:\n${output.table(["FIELD", "VALUE"], rows)}`;
}

export function namespacesText(namespaces: ReadonlyMap<string, readonly string[]>): string {
  const rows = [...namespaces].flatMap(([name, files]) =>
    files.map((file, i) => [i === 0 ? name : "", cutPath(file)]),
  );
  return rows.length === 0 ? "" : `NAMESPACES:\n${output.table(["NAMESPACE", "FILE"], rows)}`;
}

export function annotationsText(refs: readonly AnnotationsRef[], modules: readonly Module[]): string {
  if (refs.length === 0) return "";
  return `ANNOTATIONS:\n${refs.map((ref) => page(ref, modules)).join("")}`;
}

function page(ref: AnnotationsRef, modules: readonly Module[]): string {
  const { annotations, location } = ref;
  const module = modules.find(({ file }) => file === location.file);
  const title = annotations?.title?.trim() || printRef(withoutData(ref.path));
  const lines = [title, "=".repeat(Math.min(byteLength(title), PAGE_WIDTH)), ""];
  if (annotations?.description) lines.push(annotations.description, "");
  if (module !== undefined) lines.push(`Package:  ${printRef(withoutData(module.package.path.terms))}`);
  const rule = annotations === undefined ? undefined : module?.rules[annotations.target];
  const isOfRule = annotations?.scope === "rule" || annotations?.scope === "document";
  if (rule !== undefined && isOfRule) lines.push(`Rule:     ${printRef(rule.head.reference.terms)}`);
  lines.push(`Location: ${location.file}:${location.row}`);
  if (annotations?.scope) lines.push(`Scope: ${annotations.scope}`);
  if (annotations?.entrypoint === true) lines.push("Entrypoint: true");
  lines.push("");
  return `${lines.join("\n")}\n${annotations === undefined ? "" : lists(annotations)}`;
}

function lists(annotations: Annotations): string {
  const { organizations, authors, schemas, relatedResources, custom } = annotations;
  const oneLine = (text: string): string => text.replaceAll("\n", " ");
  return [
    list(
      "Organizations",
      "",
      organizations?.map((name) => [oneLine(name), ""]),
    ),
    list(
      "Authors",
      "",
      authors?.map(({ name, email }) => [oneLine(authorText(name, email)), ""]),
    ),
    list(
      "Schemas",
      ": ",
      schemas?.map(({ path, schema, definition }) => [
        printRef(path.terms),
        schema !== undefined
          ? printRef(schema.terms)
          : definition === undefined
            ? ""
            : output.plainToJson(definition),
      ]),
    ),
    list(
      "Related Resources",
      " ",
      relatedResources?.map(({ ref, description }) => [oneLine(ref), description ?? ""]),
    ),
    // OPA's order is random here.
    list(
      "Custom",
      ": ",
      Object.entries(custom ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, output.plainToJson(value)]),
    ),
  ].join("");
}

function authorText(name: string, email: string | undefined): string {
  if (email === undefined || email === "") return name;
  return name === "" ? `<${email}>` : `${name} <${email}>`;
}

function list(
  title: string,
  separator: string,
  entries: readonly (readonly [string, string])[] | undefined,
): string {
  if (entries === undefined || entries.length === 0) return "";
  const width = Math.max(...entries.map(([key]) => byteLength(key)));
  const lines = entries.map(([key, value]) =>
    cut(
      value === "" ? ` ${key}` : ` ${key}${separator}${" ".repeat(width - byteLength(key))}${value}`,
      PAGE_WIDTH,
    ),
  );
  return `${title}:\n${lines.join("\n")}\n\n`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** `data.a.b` as `a.b`. */
function withoutData(path: readonly Term[]): readonly Term[] {
  const [, first, ...rest] = path;
  if (first === undefined) return [];
  const head: Term =
    first.kind === "string" ? { kind: "var", name: first.value, location: first.location } : first;
  return [head, ...rest];
}
