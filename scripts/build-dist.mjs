#!/usr/bin/env node
// Bundles src/ to what ships: one file for each entry point of package.json (`exports`, `bin`) and for each thread or program that is started
// by path, and shared chunks beside them. A process then opens a handful of files instead of hundreds, which is most of a cold start.
// Dependencies stay outside. Types are checked and declared by tsc, not here.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { bin, exports } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));

/** Programs and threads that no import leads to: a thread's file is the one that listens to its parent. */
const started = [
  "src/demo/main.ts",
  "src/demo/mail-server.ts",
  ...readdirSync(resolve(root, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => join("src", path))
    .filter((path) => path.endsWith(".ts") && !path.startsWith("src/runtime/"))
    .filter((path) => /\bparentPort\b/.test(readFileSync(resolve(root, path), "utf8"))),
];

const published = [...Object.values(bin), ...Object.values(exports).map((entry) => entry.default)]
  .filter((path) => path !== undefined)
  .map((path) => path.replace(/^(\.\/)?dist\//, "src/").replace(/\.js$/, ".ts"));

rmSync(resolve(root, "dist/chunks"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [...published, ...started],
  outbase: "src",
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "es2023",
  packages: "external",
  logLevel: "warning",
});
