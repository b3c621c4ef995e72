#!/usr/bin/env node
// Packs the package, installs it into an empty folder and uses it as a stranger would: `import "reeve"`, `npx reeve version`. Then bundles
// imports of `reeve` for the browser and fails if a Node built-in, Express or the compiler got in, or more bytes than are said here.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "reeve-package-"));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Rooms that must not be in a bundle of the deciding half. */
const FORBIDDEN = [
  /^src\/compile\//,
  /^src\/syntax\//,
  /^src\/build\.ts/,
  /^src\/server\//,
  /^src\/cli\//,
  /^node_modules\/express\//,
];

/** What a browser loads before the first line of it runs, in bytes of gzip at most. A bundler leaves out what is not asked for. */
const BROWSER = {
  'export * from "reeve";': 65_000,
  'export { createDecisionAgent } from "reeve";': 48_500,
  'export { prepare } from "reeve";': 16_000,
  'export { prepare } from "reeve/engine";': 14_200,
};

/** Bytes of gzip that a page loads at once, bundled by esbuild; fails if they need a Node built-in. */
async function browserBytes(contents) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    splitting: true,
    outdir: join(folder, "browser"),
    metafile: true,
    logLevel: "silent",
    write: false,
    absWorkingDir: folder,
  });
  const builtins = Object.keys(metafile.inputs).filter(
    (path) => path.startsWith("node:") || builtinModules.includes(path),
  );
  if (builtins.length > 0) throw new Error(`the browser bundle needs ${builtins.join(", ")}`);
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const next of metafile.outputs[path].imports) if (next.kind === "import-statement") load(next.path);
  };
  // What is imported later has files of its own, and each of these is an entry point, too.
  load(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === "<stdin>"));
  return outputFiles
    .filter(({ path }) => loaded.has(relative(realpathSync(folder), path)))
    .reduce((sum, { contents: bytes }) => sum + gzipSync(bytes).length, 0);
}

try {
  const [{ filename, size, unpackedSize, files }] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", folder], root),
  );
  console.log(`package: ${filename}, ${size} bytes packed, ${unpackedSize} unpacked, ${files.length} files`);
  writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true, "type": "module" }\n');
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", join(folder, filename)], folder);
  writeFileSync(
    join(folder, "use.mjs"),
    'import * as reeve from "reeve";\nif (Object.keys(reeve).length === 0) throw new Error("no exports");\nawait import("reeve/build");\nawait import("reeve/server");\nconst engine = await import("reeve/engine");\nif (engine.prepare !== reeve.prepare) throw new Error("reeve and reeve/engine have engines of their own");\ntry {\n  engine.prepare({ wasm: new Uint8Array(8) });\n} catch (error) {\n  if (!(error instanceof reeve.PolicyError)) throw error;\n}\nconsole.log(Object.keys(reeve).sort().join(" "));\n',
  );
  // Adapters import no host: they load without one.
  const adapters = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports).filter(
    (name) => /^\.\/(adapters\/|authzen$)/.test(name),
  );
  writeFileSync(
    join(folder, "adapters.mjs"),
    adapters.map((name) => `await import("reeve${name.slice(1)}");\n`).join(""),
  );
  run("node", ["adapters.mjs"], folder);
  console.log(`package: ${adapters.length} adapters load without their hosts`);
  console.log(`package: import gives ${run("node", ["use.mjs"], folder).trim()}`);
  console.log(`package: npx reeve version prints ${run("npx", ["reeve", "version"], folder).split("\n")[0]}`);

  // What ships is chunks without names of rooms: whose code they hold is asked of the sources.
  const { metafile } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    logLevel: "silent",
    write: false,
    absWorkingDir: root,
  });
  const bad = Object.keys(metafile.inputs).filter((path) => FORBIDDEN.some((pattern) => pattern.test(path)));
  if (bad.length > 0) throw new Error(`the browser bundle contains ${bad.join(", ")}`);
  for (const [contents, limit] of Object.entries(BROWSER)) {
    const gzip = await browserBytes(contents);
    console.log(`package: in a browser, ${contents} loads ${gzip} bytes of gzip`);
    if (gzip > limit) throw new Error(`${contents} loads ${gzip} bytes in a browser, more than ${limit}`);
  }
} catch (error) {
  const detail = error.errors
    ? error.errors.map((e) => `${e.text} (${e.location?.file ?? "?"})`).join("\n")
    : error.stderr || error.message;
  console.error(`package: ${detail}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
