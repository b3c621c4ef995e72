// `reeve inspect`: what is in a bundle - manifest, namespaces, Wasm modules, signature - without activating or verifying it.

import { statSync } from "node:fs";
import { Command } from "commander";
import type { Bundle } from "../bundle/bundle.ts";
import { load } from "../bundle/load.ts";
import { encodeManifest } from "../bundle/manifest.ts";
import { parse } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { loadSources } from "../sources.ts";
import { printRef } from "../syntax/print.ts";
import { decode, encode, fromPlain } from "../value/json.ts";
import { isObject, type RegoObject, type Value } from "../value/value.ts";
import { formatOption } from "./options.ts";
import * as output from "./output.ts";

interface InspectFlags {
  readonly format: string;
}

type Namespaces = Map<string, string[]>;

export function command(): Command {
  return new Command("inspect")
    .description("Print what is in a bundle, a bundle folder or a Rego file.")
    .argument("<path>", "bundle, folder or Rego file")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .action(run);
}

async function run(path: string, flags: InspectFlags): Promise<void> {
  const bundle = path.endsWith(".rego") ? undefined : await load(path);
  const modules =
    bundle?.modules ?? loadSources([path]).modules.map(({ file, text }) => ({ path: file, text }));
  const isFolder = statSync(path).isDirectory();
  const namespaces: Namespaces = new Map();
  const { modules: parsed, diagnostics } = parse(
    modules.map((module) => ({ file: module.path, text: module.text })),
  );
  if (diagnostics.length > 0)
    throw new PolicyError("rego_parse_error", diagnostics[0]?.message ?? "", { diagnostics });
  for (const module of parsed)
    add(
      namespaces,
      printRef(module.package.path.terms),
      isFolder || !bundle ? module.file : `/${module.file}`,
    );
  if (bundle !== undefined) addBundleFiles(namespaces, bundle, isFolder ? path : "");
  const report =
    bundle === undefined ? { namespaces: record(namespaces) } : describe(bundle, path, namespaces);
  if (flags.format === "json") process.stdout.write(`${encode(fromPlain(report), { indent: "  " })}\n`);
  else process.stdout.write(pretty(bundle, namespaces));
}

function add(namespaces: Namespaces, name: string, file: string): void {
  namespaces.set(name, [...(namespaces.get(name) ?? []), file]);
}

function addBundleFiles(namespaces: Namespaces, bundle: Bundle, folder: string): void {
  const place = (path: string): string =>
    folder === "" ? `/${path}` : `${folder.replace(/\/+$/, "")}/${path}`;
  for (const { path } of bundle.files) {
    if (!/(^|\/)data\.(json|ya?ml)$/.test(path)) continue;
    add(namespaces, ["data", ...path.split("/").slice(0, -1)].join("."), place(path));
  }
  for (const module of bundle.wasm) {
    for (const entrypoint of module.entrypoints)
      add(namespaces, `data.${entrypoint.replaceAll("/", ".")}`, place(module.path));
  }
}

function record(namespaces: Namespaces): Record<string, string[]> {
  return Object.fromEntries([...namespaces].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describe(bundle: Bundle, path: string, namespaces: Namespaces): Record<string, unknown> {
  return {
    manifest: manifestOf(bundle),
    signatures_config:
      bundle.signatures === undefined ? {} : { signatures: [...bundle.signatures.signatures] },
    ...(bundle.wasm.length > 0 && {
      wasm_modules: bundle.wasm.map((module) => ({
        entrypoints: module.entrypoints.map((entrypoint) => `data.${entrypoint.replaceAll("/", ".")}`),
        path: `/${module.path}`,
        url: `${path}/${module.path}`,
      })),
    }),
    namespaces: record(namespaces),
  };
}

function manifestOf(bundle: Bundle): Value {
  return decode(encodeManifest(bundle.manifest));
}

function pretty(bundle: Bundle | undefined, namespaces: Namespaces): string {
  const parts: string[] = [];
  const rows = bundle === undefined ? [] : manifestRows(bundle, manifestOf(bundle));
  if (rows.length > 0) parts.push(`MANIFEST:\n${output.table(["FIELD", "VALUE"], rows)}`);
  const places = Object.entries(record(namespaces)).flatMap(([name, files]) =>
    files.map((file, i) => [i === 0 ? name : "", file]),
  );
  if (places.length > 0) parts.push(`NAMESPACES:\n${output.table(["NAMESPACE", "FILE"], places)}`);
  return parts.join("");
}

function manifestRows(bundle: Bundle, manifest: Value): string[][] {
  const { revision, roots, regoVersion } = bundle.manifest;
  const metadata = isObject(manifest) ? (manifest as RegoObject).get("metadata") : undefined;
  const shownRoots = roots.length === 1 && roots[0] === "" ? [] : [...roots].sort();
  return [
    ...(regoVersion === undefined ? [] : [["Rego Version", String(regoVersion)]]),
    ...(revision === "" ? [] : [["Revision", revision]]),
    ...shownRoots.map((root) => ["Roots", root]),
    ...(metadata === undefined ? [] : [["Metadata", encode(metadata)]]),
    ...(bundle.signatures === undefined ? [] : [["Signatures", String(bundle.signatures.signatures.length)]]),
  ];
}
