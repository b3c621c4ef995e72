// `reeve build`: sources and bundles to one packed bundle, with OPA's flags. As in OPA what went wrong is said on stdout.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { build, BuildCache, type BuildOptions, type BuildResult, type Target } from "../build.ts";
import { printPolicy } from "../compile/ir/print.ts";
import { inputWriterModule } from "../engine/input-writer.ts";
import { PolicyError } from "../error.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { capabilityOptions, refuseWithoutV1 } from "./capability-file.ts";
import { loadBundleModules, loadFiles, regoVersionFor } from "./load.ts";
import { addVersionOptions, collect, collectList, parseInteger, usageError, writeWhole } from "./options.ts";
import * as output from "./output.ts";
import {
  addSigningOptions,
  addVerificationOptions,
  type SigningFlags,
  signOptions,
  type VerificationFlags,
  verificationOf,
} from "./signing.ts";
import { watch } from "./watch.ts";

interface BuildFlags extends SigningFlags, VerificationFlags {
  readonly bundle?: boolean;
  readonly target: Target;
  readonly format: string;
  readonly planAddons?: string[];
  readonly entrypoint?: string[];
  readonly output: string;
  readonly optimize: number;
  readonly revision?: string;
  readonly ignore?: string[];
  readonly capabilities?: string;
  readonly builtins?: string;
  readonly pruneUnused?: boolean;
  readonly debug?: boolean;
  readonly v0Compatible?: boolean;
  readonly wasmIncludePrint?: boolean;
  readonly inputWriter?: string;
  readonly watch?: boolean;
}

export function command(): Command {
  const command = new Command("build")
    .description("Build a bundle from policy and data files.")
    .argument("[paths...]", "files, folders or (with -b) bundles")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .addOption(
      new Option("-t, --target <target>", "output bundle target type")
        .choices(["rego", "wasm", "plan"])
        .default("rego"),
    )
    .addOption(
      new Option("--format <format>", "plan output format (only with --target=plan)")
        .choices(["json", "proto"])
        .default("json"),
    )
    .option("--plan-addons <name>", "optional extra data in the plan; not supported", collect)
    .option("-e, --entrypoint <path>", "slash separated entrypoint path; this flag can be repeated", collect)
    .option("--prune-unused", "exclude dependents of entrypoints")
    .option("-o, --output <file>", "output filename", "bundle.tar.gz")
    .option("-w, --watch", "build again when files change; what does not build leaves the output as it is")
    .option("-r, --revision <revision>", "output bundle revision")
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .option("--capabilities <path>", "capabilities version or capabilities.json file path")
    .option("--builtins <path>", "ES module that declares builtins of the host's own")
    .option(
      "-O, --optimize <level>",
      "level of the compiler's own passes; needs an entrypoint",
      parseInteger,
      0,
    )
    .option(
      "--partial-namespace <name>",
      "accepted for OPA's sake: nothing is partially evaluated",
      "partial",
    )
    .option("--follow-symlinks", "accepted for OPA's sake: links to files are read")
    .option("--debug", "print the plan on stderr")
    .option("--wasm-include-print", "keep print statements in the Wasm module")
    .option(
      "--input-writer <file>",
      "ES module to write that hands inputs to the Wasm module fast: `writer` of `prepare`",
    );
  return addVersionOptions(addVerificationOptions(addSigningOptions(command))).action(run);
}

async function run(paths: string[], flags: BuildFlags): Promise<void> {
  if (paths.length === 0) throw usageError("expected at least one path");
  const capabilities = capabilityOptions(flags.capabilities, await loadBuiltins(flags.builtins));
  const cache = flags.watch === true ? new BuildCache() : undefined;
  let last: Uint8Array | undefined;
  const once = async (): Promise<void> => {
    const start = performance.now();
    const bundle = await buildOnce(paths, flags, capabilities, cache);
    if (bundle === undefined) return;
    const { bytes } = bundle;
    // What did not change is not written: whoever watches the bundle has no reason to load it again.
    const same = last !== undefined && Buffer.compare(bytes, last) === 0;
    if (!same) {
      writeWhole(flags.output, bytes);
      if (flags.inputWriter !== undefined)
        writeWhole(
          flags.inputWriter,
          new TextEncoder().encode(inputWriterModule(bundle.bundle.wasm[0]!.bytes)),
        );
    }
    last = bytes;
    if (flags.watch !== true) return;
    const took = `in ${Math.round(performance.now() - start)} ms`;
    process.stdout.write(`${flags.output}: ${same ? "as before" : `${bytes.length} bytes`}, ${took}\n`);
  };
  if (flags.watch !== true) return once();
  await watch(paths, {
    announce: () => void process.stdout.write("Watching for changes ...\n"),
    work: once,
    outputs: [flags.output, ...(flags.inputWriter === undefined ? [] : [flags.inputWriter])],
  });
  process.exitCode = 0;
}

/** Undefined where it cannot be built, which is said. */
async function buildOnce(
  paths: readonly string[],
  flags: BuildFlags,
  capabilities: ReturnType<typeof capabilityOptions>,
  cache: BuildCache | undefined,
): Promise<BuildResult | undefined> {
  try {
    const options = optionsOf(paths, flags, capabilities);
    refuseWithoutV1(capabilities, regoVersionFor(flags));
    const built = await build({ ...options, cache });
    if (
      flags.optimize > 0 &&
      flags.target === "rego" &&
      !hasEntrypoint(
        flags,
        built.bundle.modules.map(({ text }) => text),
      )
    )
      throw new PolicyError("invalid_input", "bundle optimizations require at least one entrypoint");
    return built;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stdout.write(`error: ${await failureOf(error, paths, flags)}\n`);
    process.exitCode = output.EXIT_FAIL;
    return undefined;
  }
}

/** OPA's optimizer wants to know where to begin; ours does not, but scripts may count on the refusal. */
function hasEntrypoint(flags: BuildFlags, texts: readonly string[]): boolean {
  return (flags.entrypoint?.length ?? 0) > 0 || texts.some((text) => /^#\s*entrypoint:\s*true/m.test(text));
}

function optionsOf(
  paths: readonly string[],
  flags: BuildFlags,
  capabilities: ReturnType<typeof capabilityOptions>,
): BuildOptions {
  const signing = signOptions(flags);
  const verification = verificationOf(flags);
  const wrong = (message: string) => new PolicyError("invalid_input", message);
  if (flags.bundle !== true) {
    if (signing !== undefined || verification !== undefined)
      throw wrong("enable bundle mode (ie. --bundle) to verify or sign bundle files or directories");
    for (const path of paths.filter((folder) => existsSync(join(folder, ".manifest"))))
      process.stderr.write(
        `Warning: .manifest file found in "${path}" but -b flag not specified. Manifest will be ignored.\n`,
      );
  }
  if (flags.format === "proto") {
    if (flags.target !== "plan") throw wrong('plan format "proto" is only valid with target "plan"');
    throw wrong("plans are written as JSON only");
  }
  if (flags.inputWriter !== undefined && flags.target !== "wasm")
    throw wrong("an input writer is made of a Wasm module: add --target=wasm");
  if (flags.planAddons !== undefined) {
    if (flags.target !== "plan") throw wrong('plan addons are only valid with target "plan"');
    const unknown = flags.planAddons.find((name) => name !== "unplanned_rules");
    if (unknown !== undefined)
      throw wrong(`unsupported plan addon ${JSON.stringify(unknown)} (want one of [unplanned_rules])`);
    throw wrong("plan addons are not supported");
  }
  return {
    paths,
    asBundle: flags.bundle,
    target: flags.target,
    entrypoints: flags.entrypoint,
    revision: flags.revision,
    ignore: flags.ignore,
    v0Compatible: flags.v0Compatible,
    print: flags.target === "plan" || flags.wasmIncludePrint === true,
    pruneUnused: flags.pruneUnused,
    capabilities,
    signing,
    verification,
    ...(flags.debug === true && {
      onPlan: (policy) => void process.stderr.write(`${printPolicy(policy)}\n`),
    }),
  };
}

/** The words for a failed build. What cannot be loaded is told whole: every file with what is wrong with it. */
async function failureOf(error: PolicyError, paths: readonly string[], flags: BuildFlags): Promise<string> {
  const options = { ignore: flags.ignore ?? [], regoVersion: regoVersionFor(flags) };
  let during = "";
  try {
    if (flags.bundle === true) for (const path of paths) await loadBundleModules(path, options);
    else {
      during = " during loading";
      refuseWithoutV1(capabilityOptions(flags.capabilities), options.regoVersion);
      loadFiles(paths, options);
    }
  } catch (loading) {
    return `load error: ${output.failureText(loading, during)}`;
  }
  if (/^bundle .*: /.test(error.message)) return `load error: ${error.message}`;
  if (error.diagnostics.length > 0) return output.prettyErrors(error);
  return error.message;
}
