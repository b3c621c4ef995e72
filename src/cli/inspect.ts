// `reeve inspect`: what is in a bundle, a bundle folder or a Rego file - manifest, namespaces, Wasm modules, signatures, annotations and what
// the modules require - without activating or verifying it.

import { statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Bundle } from "../bundle/bundle.ts";
import { encodeManifest } from "../bundle/manifest.ts";
import { type AnnotationsRef, checkModules } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { annotationsToJson, type JsonNode, JsonNumber, jsonText, termToJson } from "../syntax/ast-json.ts";
import type { Module } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { decode } from "../value/json.ts";
import { isArray, isObject, type Value } from "../value/value.ts";
import { annotationsText, manifestText, namespacesText } from "./inspect-text.ts";
import { loadBundleModules, loadFiles, regoVersionFor } from "./load.ts";
import { addVersionOptions, formatOption, usageError } from "./options.ts";
import * as output from "./output.ts";
import { requiredCapabilities } from "./required.ts";

interface InspectFlags {
  readonly format: string;
  readonly annotations?: boolean;
  readonly v0Compatible?: boolean;
}

type Namespaces = Map<string, string[]>;

export function command(): Command {
  const command = new Command("inspect")
    .description("Print what is in a bundle, a bundle folder or a Rego file.")
    .argument("[path...]", "bundle, folder or Rego file")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .option("-a, --annotations", "list annotations");
  return addVersionOptions(command).action(run);
}

async function run(paths: string[], flags: InspectFlags): Promise<void> {
  const [path] = paths;
  if (path === undefined || paths.length > 1) throw usageError("specify exactly one OPA bundle or path");
  const isFile = path.endsWith(".rego");
  let during = isFile ? " during loading" : "";
  try {
    const regoVersion = regoVersionFor(flags);
    const loaded: { bundle?: Bundle; modules: readonly Module[] } = isFile
      ? { modules: loadFiles([path], { regoVersion }).modules }
      : await loadBundleModules(path, { regoVersion });
    during = "";
    const { bundle, modules } = loaded;
    const namespaces = namespacesOf(path, bundle, modules);
    const compiled = checkModules(modules, { allowUndefinedFunctions: true });
    const annotations = flags.annotations === true ? compiled.annotations.flatten() : [];
    process.stdout.write(
      flags.format === "json"
        ? `${jsonText(report(path, bundle, namespaces, annotations, requiredCapabilities(modules, compiled)), "  ")}\n`
        : (bundle === undefined ? "" : manifestText(bundle)) +
            namespacesText(namespaces) +
            annotationsText(annotations, modules),
    );
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(`error: ${output.failureText(error, during)}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

function namespacesOf(path: string, bundle: Bundle | undefined, modules: readonly Module[]): Namespaces {
  const namespaces: Namespaces = new Map();
  const add = (name: string, file: string): void => {
    namespaces.set(name, [...(namespaces.get(name) ?? []), file]);
  };
  const isFolder = bundle !== undefined && statSync(path).isDirectory();
  const place = (file: string): string => (isFolder ? join(path, file) : `/${file}`);
  const regoFiles = bundle?.files.filter((file) => file.path.endsWith(".rego")) ?? [];
  for (const [i, module] of modules.entries()) {
    const file = regoFiles[i] === undefined ? join(module.file) : place(regoFiles[i].path);
    add(printRef(module.package.path.terms), file);
  }
  for (const file of bundle?.files ?? []) {
    if (!/(^|\/)data\.(json|yaml)$/.test(file.path)) continue;
    add(["data", ...file.path.split("/").slice(0, -1)].join("."), place(file.path));
  }
  for (const { entrypoint, module } of bundle?.manifest.wasm ?? [])
    add(`data.${entrypoint.replace(/^\//, "").replaceAll("/", ".")}`, module);
  return new Map([...namespaces].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function report(
  path: string,
  bundle: Bundle | undefined,
  namespaces: Namespaces,
  annotations: readonly AnnotationsRef[],
  capabilities: JsonNode,
): JsonNode {
  const { signatures, plugin } = bundle?.signatures ?? {};
  return {
    ...(bundle && { manifest: manifestNode(bundle) }),
    signatures_config: {
      ...(signatures && signatures.length > 0 && { signatures }),
      ...(plugin && { plugin }),
    },
    ...(bundle && bundle.wasm.length > 0 && { wasm_modules: wasmModules(bundle, path) }),
    ...(namespaces.size > 0 && { namespaces: Object.fromEntries(namespaces) }),
    ...(annotations.length > 0 && { annotations: annotations.map(annotationNode) }),
    capabilities,
  };
}

/** Members in the order in which OPA prints them. */
const MANIFEST = ["revision", "roots", "wasm", "rego_version", "file_rego_versions", "metadata"];

function manifestNode(bundle: Bundle): JsonNode {
  const members = Object.entries(
    valueNode(decode(encodeManifest(bundle.manifest))) as Record<string, JsonNode>,
  );
  const place = ([name]: readonly [string, unknown]): number => MANIFEST.indexOf(name);
  return Object.fromEntries(members.sort((a, b) => place(a) - place(b)));
}

function wasmModules(bundle: Bundle, path: string): JsonNode {
  return bundle.wasm.map((module) => {
    const entrypoints = module.entrypoints.map((entrypoint) => `data.${entrypoint.replaceAll("/", ".")}`);
    return {
      entrypoints: entrypoints.length === 0 ? null : entrypoints,
      path: `/${module.path}`,
      url: `${path}/${module.path}`,
    };
  });
}

function annotationNode({ annotations, location, path }: AnnotationsRef): JsonNode {
  return {
    ...(annotations && { annotations: annotationsToJson(annotations) }),
    location: { file: location.file, row: location.row, col: location.col },
    path: path.map((term) => termToJson(term)),
  };
}

/** A document as the writer of syntax trees takes it: every number with its digits. */
function valueNode(value: Value): JsonNode {
  if (isArray(value)) return value.map(valueNode);
  if (isObject(value))
    return Object.fromEntries([...value.entries()].map(([key, item]) => [String(key), valueNode(item)]));
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  return new JsonNumber(output.valueToJson(value));
}
