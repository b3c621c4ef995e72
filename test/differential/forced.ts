// Collections whose members are computed, made before they are used. OPA walks such a literal as it is written: `some x in {1, input.x}` gives
// equal members twice and in the order of the text, and of `{1: "a", input.k: "b"}` it finds the first of two equal keys, while the same
// literal as a value has every member once and the last of the keys. In: a module's text. Out: the text in which a builtin makes the value first.

import type { Term } from "../../src/syntax/ast.ts";
import { parseModule } from "../../src/syntax/parser.ts";
import { type Visitor, walkBody, walkRule, walkTerm } from "../../src/syntax/visit.ts";

/** Undefined where nothing of the kind is in the module. */
export function forceLiterals(text: string, regoVersion?: "v0"): string | undefined {
  const { module } = parseModule(text, {
    file: "m.rego",
    annotations: false,
    ...(regoVersion !== undefined && { regoVersion }),
  });
  if (module === undefined) return undefined;
  const inserts: [at: number, text: string][] = [];
  const visitor: Visitor = {
    term: (term) => {
      const around = wrapOf(term);
      if (around !== undefined) {
        const { offset, text: own } = term.location;
        inserts.push([offset, around[0]], [offset + Buffer.byteLength(own), around[1]]);
      }
      return false;
    },
  };
  for (const first of module.rules) {
    for (let rule: typeof first | undefined = first; rule !== undefined; rule = rule.else) {
      // Arguments are patterns.
      if (rule.head.key !== undefined) walkTerm(rule.head.key, visitor);
      if (rule.head.value !== undefined) walkTerm(rule.head.value, visitor);
      walkBody(rule.body, visitor);
    }
  }
  if (inserts.length === 0) return undefined;
  let bytes = Buffer.from(text);
  // What begins first at a place is the outer one; a stable sort keeps it outside.
  for (const [at, part] of inserts.sort(([a], [b]) => b - a))
    bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(part), bytes.subarray(at)]);
  return bytes.toString("utf8");
}

function wrapOf(term: Term): readonly [string, string] | undefined {
  if (term.kind === "set" && term.items.some(isComputed)) return ["union({", "})"];
  if (term.kind === "object" && term.entries.some(([key]) => isComputed(key)))
    return ["object.union(", ", {})"];
  return undefined;
}

function isComputed(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return false;
    case "array":
    case "set":
      return term.items.some(isComputed);
    case "object":
      return term.entries.some(([key, value]) => isComputed(key) || isComputed(value));
    default:
      return true;
  }
}

/**
 * The base document made by a rule. OPA looks base documents up by path in its store, which takes a text for an index (`data.base.list["1"]`,
 * even "-0"); the same reference into a value finds nothing.
 */
export function baseAsRule(
  modules: readonly { readonly text: string; readonly regoVersion?: "v0" }[],
  data: string,
): { readonly texts: readonly string[]; readonly extra: string } {
  const texts = modules.map((module) =>
    patchesByWith(module)
      .replace(/^import data\.base$/gm, "import data.made_base.value as base")
      .replace(/(?<![\w."])data\.base\b/g, "data.made_base.value"),
  );
  const v0 = modules.some(({ regoVersion }) => regoVersion === "v0");
  const body = `value = json.unmarshal(${JSON.stringify(data)}).base`;
  return { texts, extra: `package made_base\n\n${v0 ? `${body} { true }` : `${body} if true`}\n` };
}

/** A rule can only be replaced whole: `with data.base.t as 1` becomes `with data.base as` all of it, patched at `t`. */
function patchesByWith({
  text,
  regoVersion,
}: {
  readonly text: string;
  readonly regoVersion?: "v0";
}): string {
  const { module } = parseModule(text, {
    file: "m.rego",
    annotations: false,
    ...(regoVersion !== undefined && { regoVersion }),
  });
  const aliases = new Map(
    (module?.imports ?? [])
      .filter(({ path }) => path.location.text === "data.base")
      .map(({ alias }) => [alias ?? "base", "data.base"]),
  );
  const edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  const visitor: Visitor = {
    expr: (expr) => {
      const parts = expr.with.flatMap(({ target, value }) => {
        const [head, ...rest] = target.kind === "ref" ? target.terms : [target];
        const steps = rest.flatMap((step) => (step.kind === "string" ? [step.value] : []));
        const aliased = head?.kind === "var" && aliases.has(head.name);
        const path = aliased ? ["base", ...steps] : steps;
        const inBase = head?.kind === "var" && (aliased || head.name === "data") && path[0] === "base";
        return inBase && path.length > 1 ? [{ target, value, path: path.slice(1) }] : [];
      });
      const operations = parts.map(
        ({ path, value }) =>
          `{"op": "add", "path": ${JSON.stringify(path)}, "value": ${value.location.text}}`,
      );
      for (const { target, value } of parts) {
        const from = target.location.offset;
        const to = value.location.offset + Buffer.byteLength(value.location.text);
        edits.push({ from, to, text: `data.base as json.patch(data.base, [${operations.join(", ")}])` });
      }
      return false;
    },
  };
  for (const rule of module?.rules ?? []) walkRule(rule, visitor);
  let bytes = Buffer.from(text);
  for (const { from, to, text: made } of edits.sort((a, b) => b.from - a.from))
    bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(made), bytes.subarray(to)]);
  return bytes.toString("utf8");
}

/** Paths of packages, as `p/q`, that some reference walks as a whole or under a computed key. */
export function walkedPackages(
  modules: readonly { readonly text: string; readonly regoVersion?: "v0" }[],
  packages: readonly string[],
): string[] {
  const found = new Set<string>();
  for (const { text, regoVersion } of modules) {
    const { module } = parseModule(text, {
      file: "m.rego",
      annotations: false,
      ...(regoVersion !== undefined && { regoVersion }),
    });
    const imports = new Map<string, readonly Term[]>();
    for (const { path, alias } of module?.imports ?? []) {
      const last = path.terms.at(-1);
      imports.set(alias ?? (last?.kind === "string" ? last.value : ""), path.terms);
    }
    const visitor: Visitor = {
      term: (term) => {
        if (term.kind !== "ref" && term.kind !== "var") return false;
        const [head, ...rest] = term.kind === "ref" ? term.terms : [term];
        const full = head?.kind === "var" ? [...(imports.get(head.name) ?? [head]), ...rest] : [];
        if (full[0]?.kind !== "var" || full[0].name !== "data") return false;
        const steps: string[] = [];
        for (const step of full.slice(1)) {
          if (step.kind !== "string") break;
          steps.push(step.value);
        }
        const prefix = steps.map((step) => `${step}/`).join("");
        for (const path of packages) if (`${path}/`.startsWith(prefix)) found.add(path);
        return false;
      },
    };
    for (const rule of module?.rules ?? []) walkRule(rule, visitor);
  }
  return [...found];
}

/** The module with its rules in the opposite order. */
export function reverseRules(text: string, regoVersion?: "v0"): string {
  const { module } = parseModule(text, {
    file: "m.rego",
    annotations: false,
    ...(regoVersion !== undefined && { regoVersion }),
  });
  const [first] = module?.rules ?? [];
  if (module === undefined || first === undefined) return text;
  const bytes = Buffer.from(text);
  const starts = module.rules.map(({ location }) => location.offset);
  const parts = starts.map((start, i) =>
    bytes
      .subarray(start, starts[i + 1] ?? bytes.length)
      .toString("utf8")
      .trimEnd(),
  );
  return `${bytes.subarray(0, starts[0]).toString("utf8")}${parts.reverse().join("\n\n")}\n`;
}
