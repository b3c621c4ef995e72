#!/usr/bin/env node
// Bundles src/ to what ships: one file for each entry point of package.json (`exports`, `bin`) and for each thread or program that is started
// by path, and shared chunks beside them. A process then opens a handful of files instead of hundreds, which is most of a cold start.
// `reeve/engine` is one file with all that an engine needs: it starts from that file alone. Everything else imports from it, so that its
// classes are the same ones wherever they are met; what it exports for that and not for users has names with `$` and no types.
// Dependencies stay outside. Types are checked and declared by tsc, not here.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
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

/** What both bundles are made with. */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2023",
  packages: "external",
  logLevel: "warning",
};

/** Files that an engine consists of, with what each exports. */
async function engineFiles() {
  const { metafile } = await build({
    ...common,
    entryPoints: [ENGINE],
    outdir: "dist",
    write: false,
    metafile: true,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const single = await build({
    ...common,
    bundle: false,
    packages: undefined,
    entryPoints: Object.keys(inputs).sort(),
    outbase: "src",
    outdir: "dist",
    write: false,
    metafile: true,
  });
  const outputs = Object.values(single.metafile.outputs);
  return new Map(outputs.map(({ entryPoint, exports: names }) => [resolve(root, entryPoint), names]));
}

const ENGINE = "src/engine/engine.ts";
/** Stands for the engine's file in what is bundled; where that lies depends on who imports it. */
const PLACEHOLDER = "reeve:engine";
const engine = await engineFiles();
// Numbers only, which the compiler imports as a namespace: a copy of them does no harm.
engine.delete(resolve(root, "src/runtime/abi.ts"));
const isPublic = new Set(engine.get(resolve(root, ENGINE)));

const outsideEngine = {
  name: "outside the engine",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) =>
      kind !== "entry-point" && engine.has(resolve(resolveDir, path))
        ? { path: PLACEHOLDER, external: true, sideEffects: false }
        : undefined,
    );
  },
};

/** Imports from the engine's file, by the names that it gives to what is not public. */
function importsResolved(text, path, file) {
  const away = relative(dirname(path), file);
  const from = JSON.stringify(away.startsWith(".") ? away : `./${away}`);
  const named = (list) =>
    list
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => {
        const [name, as = name] = item.split(" as ");
        return isPublic.has(name) ? item : `$${name} as ${as}`;
      })
      .join(", ");
  const resolved = text.replace(
    /^(import|export) \{([^}]*)\} from "reeve:engine";$/gm,
    (_, what, list) => `${what} { ${named(list)} } from ${from};`,
  );
  if (resolved.includes(PLACEHOLDER))
    throw new Error(`${path}: name what is imported from the engine: a namespace of it is not handled`);
  return resolved;
}

rmSync(resolve(root, "dist/chunks"), { recursive: true, force: true });
const file = resolve(root, "dist/engine/engine.js");
const exporters = new Map();
for (const [path, names] of engine)
  for (const name of names) exporters.set(name, [...(exporters.get(name) ?? []), path]);
for (const [name, paths] of exporters) {
  const declares = new RegExp(`^export (?:async )?(?:class|const|function|let) ${name}\\b`, "m");
  const declaring = paths.filter((path) => declares.test(readFileSync(path, "utf8")));
  if (declaring.length > 1)
    throw new Error(`${declaring.join(" and ")} both export \`${name}\`: all files of the engine share one`);
}
const lines = [...exporters].map(([name, [path]]) => {
  const as = isPublic.has(name) ? name : `$${name}`;
  return `export { ${name} as ${as} } from ${JSON.stringify(path)};\n`;
});
await build({
  ...common,
  stdin: { contents: lines.join(""), resolveDir: root },
  // Less to read is a faster start.
  minify: true,
  outfile: file,
});
const { outputFiles } = await build({
  ...common,
  entryPoints: [...published.filter((path) => path !== ENGINE), ...started],
  outbase: "src",
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  splitting: true,
  plugins: [outsideEngine],
  write: false,
});
// Imports for the sake of evaluation only keep an order that nobody needs, and bundlers from dropping what they name.
const bare = /^import "\.{1,2}\/[^"]+\.js";\n/gm;
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, importsResolved(text.replace(bare, ""), path, file));
}
