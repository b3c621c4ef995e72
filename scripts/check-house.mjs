#!/usr/bin/env node
// Holds the code against the floor table of src/README.md: a file may import only what its room's row allows, no file cycle exists
// (type imports included), and a hand-written file over 450 lines gives its reason in its first comment.
// Prints one line per breach and exits 1; prints a summary and exits 0 otherwise. Reads only; never changes a file.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
const MAX_LINES = 450;

/** Rows of the table between the `floors` markers: room -> rooms it may import. */
function readFloors() {
  const text = readFileSync(join(src, "README.md"), "utf8");
  const table = text.slice(text.indexOf("<!-- floors -->"), text.indexOf("<!-- /floors -->"));
  const rows = new Map();
  for (const line of table.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    if (cells.length < 6 || !/^\d+$/.test(cells[1])) continue;
    const names = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1].replace(/\/$/, ""));
    for (const room of names(cells[2]))
      rows.set(room, { floor: Number(cells[1]), may: new Set(names(cells[4])) });
  }
  return rows;
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** The longest room name that is the file itself or a folder above it. */
function roomOf(path, rows) {
  let best;
  for (const room of rows.keys()) {
    if ((path === room || path.startsWith(`${room}/`)) && (best === undefined || room.length > best.length))
      best = room;
  }
  return best;
}

function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found = [];
  for (const match of code.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g,
  )) {
    found.push(match[1] ?? match[2] ?? match[3]);
  }
  return found;
}

function resolveImport(from, specifier, files) {
  const base = join(dirname(from), specifier);
  return [base, `${base}.ts`, base.replace(/\.js$/, ".ts")].find((path) => files.has(path));
}

function findCycles(graph) {
  const state = new Map();
  const stack = [];
  const cycles = [];
  const visit = (file) => {
    state.set(file, 1);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === 1) cycles.push([...stack.slice(stack.indexOf(next)), next]);
      else if (!state.has(next)) visit(next);
    }
    stack.pop();
    state.set(file, 2);
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return cycles;
}

const rows = readFloors();
const paths = sourceFiles(src);
const files = new Set(paths);
const graph = new Map();
const breaches = [];

for (const path of paths) {
  const name = relative(src, path);
  const text = readFileSync(path, "utf8");
  const room = roomOf(name, rows);
  if (room === undefined) {
    breaches.push(`${name}: stands in no room of the floor table`);
    continue;
  }
  const row = rows.get(room);
  const targets = [];
  for (const specifier of importsOf(text)) {
    if (!specifier.startsWith(".")) continue;
    const target = resolveImport(path, specifier, files);
    if (target === undefined) {
      breaches.push(`${name}: imports \`${specifier}\`, which is no file`);
      continue;
    }
    targets.push(target);
    const targetName = relative(src, target);
    const targetRoom = roomOf(targetName, rows);
    if (targetRoom === room || targetRoom === undefined) continue;
    if (!row.may.has(targetRoom))
      breaches.push(`${name}: room \`${room}\` may not import \`${targetRoom}\` (${targetName})`);
    else if (rows.get(targetRoom).floor > row.floor)
      breaches.push(`${name}: floor ${row.floor} imports upwards (${targetName})`);
  }
  graph.set(path, targets);
  const lines = text.split("\n").length - 1;
  if (lines > MAX_LINES && !/over 450 lines/i.test(text.slice(0, 1200))) {
    breaches.push(
      `${name}: ${lines} lines, and its first comment does not say why it is over ${MAX_LINES} lines`,
    );
  }
  if (room === "runtime" && /for\s*\(\s*;\s*;\s*\)/.test(text)) {
    breaches.push(`${name}: \`for (;;)\` is miscompiled by asc, write \`while (true)\``);
  }
}
for (const cycle of findCycles(graph))
  breaches.push(`cycle: ${cycle.map((file) => relative(src, file)).join(" -> ")}`);

for (const breach of breaches) console.error(breach);
if (breaches.length > 0) {
  console.error(`${breaches.length} house rule(s) broken`);
  process.exit(1);
}
console.log(`house: ${paths.length} files, ${rows.size} rooms, no breach, no cycle`);
