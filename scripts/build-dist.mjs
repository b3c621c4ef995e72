#!/usr/bin/env node
// Bundles src/ to what ships: one file for each entry point of package.json (`exports`, `bin`) and for each thread or program that is started
// by path, and shared chunks beside them. A process then opens a handful of files instead of hundreds, which is most of a cold start.
// `reeve/engine` is one file with all that an engine needs: it starts from that file alone. Everything else imports from it, so that its
// classes are the same ones wherever they are met; what it exports for that and not for users has names with `$` and no types.
// The command line is bundled by itself, dist/cli: what most commands need is one file, core.js, and the packages that they use are in it
// or beside it, for these consist of hundreds of files too. Elsewhere dependencies stay outside. Types are checked and declared by tsc.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { bin, exports, dependencies, peerDependencies } = JSON.parse(
  readFileSync(resolve(root, "package.json"), "utf8"),
);

/** Programs and threads that no import leads to: a thread's file is the one that listens to its parent. */
const started = [
  "src/demo/main.ts",
  "src/demo/mail-server.ts",
  ...readdirSync(resolve(root, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => join("src", path))
    .filter((path) => path.endsWith(".ts") && !path.startsWith("src/runtime/"))
    .filter((path) => /\bparentPort\b/.test(readFileSync(resolve(root, path), "utf8"))),
];

const sourceOf = (path) => path.replace(/^(\.\/)?dist\//, "src/").replace(/\.js$/, ".ts");
const published = Object.values(exports)
  .map((entry) => entry.default)
  .filter((path) => path !== undefined)
  .map(sourceOf);
const commands = Object.values(bin).map(sourceOf);

/** What all bundles are made with. */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2023",
  packages: "external",
  logLevel: "warning",
};

/** Files that load with one of these, as absolute paths. */
async function loadedWith(entryPoints) {
  const { metafile } = await build({
    ...common,
    entryPoints,
    outdir: "dist",
    splitting: true,
    write: false,
    metafile: true,
  });
  const seen = new Set();
  const pending = Object.keys(metafile.outputs).filter((path) =>
    entryPoints.includes(metafile.outputs[path].entryPoint),
  );
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next) || metafile.outputs[next] === undefined) continue;
    seen.add(next);
    for (const { path, kind } of metafile.outputs[next].imports)
      if (kind === "import-statement") pending.push(path);
  }
  const inputs = [...seen].flatMap((path) => Object.keys(metafile.outputs[path].inputs));
  return inputs.map((path) => resolve(root, path)).sort();
}

/** What each of these files exports. */
async function exportsOf(files) {
  const { metafile } = await build({
    ...common,
    bundle: false,
    packages: undefined,
    entryPoints: files,
    outbase: "src",
    outdir: "dist",
    write: false,
    metafile: true,
  });
  const outputs = Object.values(metafile.outputs);
  return new Map(outputs.map(({ entryPoint, exports: names }) => [resolve(root, entryPoint), names]));
}

/** Imports of `files` become imports of `placeholder(file)`: where what it stands for lies depends on who imports it. */
function outside(name, files, placeholder) {
  return {
    name,
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
        const file = resolve(resolveDir, path);
        if (kind === "entry-point" || !files.has(file)) return undefined;
        // What is imported when it is needed names no names: a file that passes them all on does.
        if (kind === "dynamic-import") return { path: file, namespace: name };
        return { path: placeholder(file), external: true, sideEffects: false };
      });
      onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({
        contents: `export { ${files.get(path).join(", ")} } from ${JSON.stringify(placeholder(path))};\n`,
      }));
    },
  };
}

/** Imports and exports from the placeholders in `text`, which will lie at `path`: from `file`, by the names that `rename` gives. */
function resolved(text, path, { pattern, file, rename }) {
  const away = relative(dirname(path), file);
  const from = JSON.stringify(away.startsWith(".") ? away : `./${away}`);
  const statement = new RegExp(`\\b(import|export)\\s*\\{([^}]*)\\}\\s*from\\s*"(${pattern})"`, "g");
  const done = text.replace(statement, (_, what, list, placeholder) => {
    const items = list
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => {
        const [name, as = name] = item.split(" as ");
        const renamed = rename(name, placeholder);
        return renamed === as ? as : `${renamed} as ${as}`;
      });
    return `${what}{${items.join(",")}}from${from}`;
  });
  if (new RegExp(`"${pattern}"`).test(done))
    throw new Error(`${path}: name what is imported from a shared file: a namespace of it is not handled`);
  return done;
}

/** A module of a CommonJS package asks for Node's own by `require`. */
function withRequire(text) {
  if (!text.includes("Dynamic require of")) return text;
  return `import{createRequire as $require}from"node:module";const require=$require(import.meta.url);${text}`;
}

function written(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

// The engine's file.

const ENGINE = "src/engine/engine.ts";
const engine = await exportsOf(await loadedWith([ENGINE]));
// Numbers only, which the compiler imports as a namespace: a copy of them does no harm.
engine.delete(resolve(root, "src/runtime/abi.ts"));
const isPublic = new Set(engine.get(resolve(root, ENGINE)));
const outsideEngine = outside("engine", engine, () => "reeve:engine");
const fromEngine = {
  pattern: "reeve:engine",
  file: resolve(root, "dist/engine/engine.js"),
  rename: (name) => (isPublic.has(name) ? name : `$${name}`),
};

const exporters = new Map();
for (const [path, names] of engine)
  for (const name of names) exporters.set(name, [...(exporters.get(name) ?? []), path]);
for (const [name, paths] of exporters) {
  const declares = new RegExp(`^export (?:async )?(?:class|const|function|let) ${name}\\b`, "m");
  const declaring = paths.filter((path) => declares.test(readFileSync(path, "utf8")));
  if (declaring.length > 1)
    throw new Error(`${declaring.join(" and ")} both export \`${name}\`: all files of the engine share one`);
}
const lines = [...exporters].map(
  ([name, [path]]) => `export { ${name} as ${fromEngine.rename(name)} } from ${JSON.stringify(path)};\n`,
);
await build({
  ...common,
  stdin: { contents: lines.join(""), resolveDir: root },
  // Less to read is a faster start.
  minify: true,
  outfile: fromEngine.file,
});

// The library, and what is started by path.

rmSync(resolve(root, "dist/chunks"), { recursive: true, force: true });
const library = await build({
  ...common,
  // What the command line shares with the library lies in chunks, of which bundlers take what they need; it is not written from here.
  entryPoints: [...published.filter((path) => path !== ENGINE), ...started, ...commands],
  metafile: true,
  outbase: "src",
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  splitting: true,
  plugins: [outsideEngine],
  write: false,
});
// Imports for the sake of evaluation only keep an order that nobody needs, and bundlers from dropping what they name.
const bare = /^import "\.{1,2}\/[^"]+\.js";\n/gm;
const { outputs } = library.metafile;
const ofLibrary = new Set();
const toWrite = Object.keys(outputs).filter((path) => {
  const { entryPoint } = outputs[path];
  return published.includes(entryPoint) || started.includes(entryPoint);
});
for (let next = toWrite.pop(); next !== undefined; next = toWrite.pop()) {
  if (ofLibrary.has(next) || outputs[next] === undefined) continue;
  ofLibrary.add(next);
  toWrite.push(...outputs[next].imports.map(({ path }) => path));
}
for (const { path, text } of library.outputFiles.filter((file) => ofLibrary.has(relative(root, file.path))))
  written(path, resolved(text.replace(bare, ""), path, fromEngine));

// The command line.

/** Packages whose code the command line's files hold. */
const HELD = ["commander", "diff-match-patch-es", "graphql", "jose", "re2js", "tar", "yaml"];
const inCommandLine = {
  ...common,
  packages: undefined,
  external: [
    "reeve:*",
    ...Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !HELD.includes(name)),
  ],
  mainFields: ["module", "main"],
  // For Node its package names a CommonJS build, which cannot be taken apart.
  alias: { yaml: resolve(root, "node_modules/yaml/browser/index.js") },
  outbase: "src",
  outdir: "dist",
  chunkNames: "cli/[name]-[hash]",
  splitting: true,
  minify: true,
  write: false,
  metafile: true,
};
/** Whatever loads with these is the core; all commands but a few need most of it. */
const CORE = ["src/query.ts", "src/build.ts"];
const coreFiles = (await loadedWith(CORE)).filter(
  (file) => !engine.has(file) && !file.endsWith("/runtime/abi.ts"),
);
const core = await exportsOf(coreFiles);
const OF_CORE = "reeve:core/";
const fileInCore = (placeholder) => resolve(root, placeholder.slice(OF_CORE.length));
const coreName = (name, placeholder) => `$${coreFiles.indexOf(fileInCore(placeholder))}${name}`;
const fromCore = {
  pattern: `${OF_CORE}[^"]*`,
  file: resolve(root, "dist/cli/core.js"),
  rename: (name, placeholder) => {
    wantedOfCore.add(JSON.stringify([name, placeholder]));
    return coreName(name, placeholder);
  },
};
const wantedOfCore = new Set();
for (const name of existsSync(resolve(root, "dist/cli")) ? readdirSync(resolve(root, "dist/cli")) : [])
  if (name.endsWith(".js")) rmSync(resolve(root, "dist/cli", name));
const cli = await build({
  ...inCommandLine,
  entryPoints: commands,
  plugins: [outsideEngine, outside("core", core, (file) => `${OF_CORE}${relative(root, file)}`)],
});
for (const { path, text } of cli.outputFiles)
  written(path, withRequire(resolved(resolved(text, path, fromEngine), path, fromCore)));
const coreLines = [...wantedOfCore].sort().map((wanted) => {
  const [name, placeholder] = JSON.parse(wanted);
  return `export { ${name} as ${coreName(name, placeholder)} } from ${JSON.stringify(fileInCore(placeholder))};\n`;
});
const shared = await build({
  ...inCommandLine,
  stdin: { contents: coreLines.join(""), resolveDir: root },
  entryNames: "cli/core",
  plugins: [outsideEngine],
});
for (const { path, text } of shared.outputFiles) written(path, withRequire(resolved(text, path, fromEngine)));

/** The licences of the packages that are in the command line's files. */
const inside = new Set();
for (const { metafile } of [cli, shared])
  for (const path of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found !== null) inside.add(found[1]);
  }
const notices = [...inside].sort().map((name) => {
  const folder = resolve(root, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const terms = file === undefined ? license : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version} (${license})\n\n${terms}\n`;
});
written(
  resolve(root, "dist/cli/LICENSES.txt"),
  `The files of this folder hold code of these packages.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`,
);
