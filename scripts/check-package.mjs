#!/usr/bin/env node
// Packs the package, installs it into an empty folder and uses it as a stranger would: `import "reeve"`, `npx reeve version`. Then bundles
// `import … from "reeve"` for the browser and fails if a Node built-in, Express or the compiler got in. Prints the gzip size.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
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

  const bundled = await build({
    stdin: { contents: 'export * from "reeve";', resolveDir: folder },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    splitting: true,
    outdir: join(folder, "browser"),
    metafile: true,
    logLevel: "silent",
    write: true,
    absWorkingDir: folder,
  });
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
  const entry = Object.entries(bundled.metafile.outputs).find(
    ([, output]) => output.entryPoint !== undefined,
  );
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const next of bundled.metafile.outputs[path].imports)
      if (next.kind === "import-statement") load(next.path);
  };
  load(entry[0]);
  const text = [...loaded].map((path) => readFileSync(join(folder, path)));
  const builtins = Object.keys(bundled.metafile.inputs).filter(
    (path) => path.startsWith("node:") || builtinModules.includes(path),
  );
  if (builtins.length > 0) throw new Error(`the browser bundle needs ${builtins.join(", ")}`);
  const raw = text.reduce((sum, part) => sum + part.length, 0);
  const gzip = text.reduce((sum, part) => sum + gzipSync(part).length, 0);
  console.log(`package: deciding half for the browser ${raw} bytes, ${gzip} gzip`);
} catch (error) {
  const detail = error.errors
    ? error.errors.map((e) => `${e.text} (${e.location?.file ?? "?"})`).join("\n")
    : error.stderr || error.message;
  console.error(`package: ${detail}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
