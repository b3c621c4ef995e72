// Rules cut out of the text of their module, so that everything else stays as its author wrote it. In: a text, its module and the rules to
// leave out. Out: the text without them, which imports them where others of the package may go on naming them. Compiles nothing.

import type { Module, RefTerm, Rule } from "./ast.ts";

/** Ground part of a ref without its head: `data.a["b"][x]` gives `a`, `b`. */
export function pathOf(ref: RefTerm): string[] {
  const path: string[] = [];
  for (const term of ref.terms.slice(1)) {
    if (term.kind !== "string") break;
    path.push(term.value);
  }
  return path;
}

const texts = new WeakMap<Rule, string>();

/** The path of a rule below `data`, as far as it is known from its text: `a/b/c`. */
export function rulePath(module: Module, rule: Rule): string {
  let text = texts.get(rule);
  if (text === undefined) texts.set(rule, (text = stepsOf(module, rule).join("/")));
  return text;
}

function stepsOf(module: Module, rule: Rule): string[] {
  const [name, ...steps] = rule.head.reference.terms;
  const first = name.kind === "var" ? name.name : name.kind === "string" ? name.value : "";
  const path = [...pathOf(module.package.path), first];
  for (const step of steps) {
    if (step.kind !== "string") break;
    path.push(step.value);
  }
  return path;
}

/** `data.a["b c"]` of `a`, `b c`. */
export function refText(path: readonly string[]): string {
  const steps = path.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`));
  return `data${steps.join("")}`;
}

export function cutRules(text: string, module: Module, dropped: readonly Rule[]): string {
  const bytes = new TextEncoder().encode(text);
  const lineStarts = [0];
  for (const [i, byte] of bytes.entries()) if (byte === 10) lineStarts.push(i + 1);
  const cuts: [number, number][] = [];
  for (const rule of dropped) {
    const { offset, text: source } = rule.location;
    cuts.push([offset, offset + new TextEncoder().encode(source).length]);
    const block = module.annotations.find((annotations) => module.rules[annotations.target] === rule);
    if (block !== undefined) cuts.push([lineStarts[block.location.row - 1] ?? offset, offset]);
  }
  const line = bytes.indexOf(10, module.package.location.offset);
  const end = line === -1 ? bytes.length : line;
  const decoder = new TextDecoder();
  const keep = (from: number, to: number): string => {
    let kept = "";
    let at = from;
    for (const [start, stop] of cuts.sort(([a], [b]) => a - b)) {
      if (stop <= at || start >= to) continue;
      kept += decoder.decode(bytes.subarray(at, Math.max(at, start)));
      at = stop;
    }
    return kept + decoder.decode(bytes.subarray(Math.min(at, to), to));
  };
  const paths = new Set(dropped.map((rule) => rulePath(module, rule)));
  const others = module.rules.length > dropped.length;
  const imports = others ? [...paths].map((path) => `\n\nimport ${refText(path.split("/"))}`).join("") : "";
  return `${keep(0, end)}${imports}${keep(end, bytes.length).trimEnd()}\n`;
}
