// Policies with invariants to one marked Wasm module that answers all of them. In: parsed modules, base data, schemas. Out: a ProveProgram.
// Throws PolicyError with every finding, also for invariants that are none.

import { loadRuntime } from "../build.ts";
import { builtins } from "../builtins/registry.ts";
import { checkModules, type CompiledModules, compile, Marks } from "../compile/compile.ts";
import { ruleRef } from "../compile/check/cells.ts";
import { type Engine, type MarkListener, prepare } from "../engine/engine.ts";
import { type Diagnostic, failWith, type Location, PolicyError } from "../error.ts";
import type { Annotations, Module, RefTerm, Rule } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { encode } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import { makeWatch, type Watch } from "./comparisons.ts";
import { inferShapes, placeOf, replacesInput, type Shape } from "./prove-shape.ts";
import type { Path } from "./shrink.ts";

export interface Invariant {
  /** `data.a.b.invariant_x` */
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly location: Location;
  readonly entrypoint: string;
  readonly assumption: string | undefined;
  /** Two inputs that may differ only here. */
  readonly vary: readonly Path[] | undefined;
  readonly schema: unknown;
  /** Slash path of its package: its examples are in there. */
  readonly packagePath: string;
  /** What is drawn, unless there is a schema; also the constants for one. */
  readonly shape: Shape;
}

export interface ProveProgram {
  readonly invariants: readonly Invariant[];
  /** Entrypoints of rules `example_<name>`: inputs that others are made from. */
  readonly examples: readonly string[];
  readonly compiled: CompiledModules;
  readonly engine: Engine;
  readonly marks: Marks;
  readonly input: Shape;
  /** Schema of the policy's input, where one was given. */
  readonly schema: unknown;
  /** Hears of marks while an input is evaluated. */
  readonly listener: { onMark: MarkListener };
  /** What the policy compares on an input. */
  readonly watch: Watch;
  /** What the entrypoint asked for may read. */
  readonly wasm: WebAssembly.Module;
}

export interface ProveProgramOptions {
  /** By the ref that names them; `schema` is that of every input. */
  readonly schemas?: ReadonlyMap<string, unknown> | undefined;
  /** An entrypoint for laws, as `authz/allow`. */
  readonly entrypoint?: string | undefined;
  readonly filter?: ((name: string) => boolean) | undefined;
  /** The modules, where they are checked already. */
  readonly compiled?: CompiledModules | undefined;
}

/** What evaluation sees of the world: always the same. */
export const fixedContext = {
  nowNs: 1_772_000_000_000_000_000n,
  random: (length: number): Uint8Array => new Uint8Array(length),
};

export function makeProveProgram(
  modules: readonly Module[],
  data: RegoObject,
  options: ProveProgramOptions = {},
): ProveProgram {
  const { schemas } = options;
  const compiled = options.compiled ?? checkModules(modules, { ...(schemas !== undefined && { schemas }) });
  const { invariants: found, examples } = discoverInvariants(compiled, options);
  const shapes = inferShapes(compiled, data, {
    only: reachable(compiled, [
      ...found.flatMap(({ entrypoint, assumption }) => [entrypoint, assumption ?? entrypoint]),
      ...(options.entrypoint === undefined ? [] : [options.entrypoint]),
    ]),
    paired: new Set(found.filter(({ vary }) => vary !== undefined).map(({ packagePath }) => packagePath)),
  });
  const invariants = found
    .map(
      ({ place, ...invariant }): Invariant => ({
        ...invariant,
        shape: shapes.own.get(place) ?? shapes.input,
      }),
    )
    .filter(({ name }) => options.filter?.(name) !== false);
  const marks = new Marks({ wants: () => true, operands: "limits" });
  const asked = [
    ...invariants.flatMap(({ entrypoint, assumption }) =>
      assumption === undefined ? [entrypoint] : [entrypoint, assumption],
    ),
    ...(options.entrypoint === undefined ? [] : [options.entrypoint]),
  ];
  const entrypoints = [...asked, ...examples];
  if (asked.length === 0)
    throw new PolicyError(
      "invalid_parameter",
      "no `invariant_` rule found, and no entrypoint given with --laws",
    );
  const { emitted } = compile(
    compiled,
    { entrypoints: [...new Set(entrypoints)], marks },
    { runtime: loadRuntime() },
  );
  const listener: { onMark: MarkListener } = { onMark: () => {} };
  const wasm = new WebAssembly.Module(emitted.bytes as Uint8Array<ArrayBuffer>);
  const engine = prepare({
    wasm,
    builtins,
    data: encode(data),
    context: fixedContext,
    onMark: (mark, values) => listener.onMark(mark, values),
  });
  return {
    invariants,
    examples,
    compiled,
    engine,
    marks,
    input: shapes.input,
    schema: options.schemas?.get("schema"),
    listener,
    watch: makeWatch(compiled, [...new Set(entrypoints)], data, fixedContext),
    wasm,
  };
}

/** Places of the rules that the entrypoints can come to. */
export function reachable(
  { compilation, graph }: CompiledModules,
  entrypoints: readonly string[],
): Set<string> {
  type Cell = (typeof compilation.modules)[number]["rules"][number];
  const pending: Cell[] = [];
  for (const { rules } of compilation.modules)
    for (const rule of rules) {
      const path = slashPath(printRef(ruleRef(rule)));
      if (entrypoints.some((entrypoint) => path === entrypoint || path.startsWith(`${entrypoint}/`)))
        pending.push(rule);
    }
  const seen = new Set<Cell>();
  for (let cell = pending.pop(); cell !== undefined; cell = pending.pop()) {
    if (seen.has(cell)) continue;
    seen.add(cell);
    pending.push(...graph.dependencies(cell));
  }
  return new Set(Array.from(seen, ({ location }) => placeOf(location)));
}

type Found = Omit<Invariant, "shape"> & { readonly place: string };

function discoverInvariants(
  compiled: CompiledModules,
  options: ProveProgramOptions,
): { invariants: Found[]; examples: string[] } {
  const found = new Map<string, Found>();
  const findings: Diagnostic[] = [];
  const assumptions = new Map<string, Location>();
  const examples = new Set<string>();
  const refuse = (location: Location, message: string): void => {
    findings.push({ code: "rego_compile_error", message, location });
  };
  for (const { source } of compiled.compilation.modules) {
    const name = printRef(source.package.path.terms);
    for (const [index, rule] of source.rules.entries()) {
      const own = nameOf(rule.head.reference);
      if (!/^(invariant|assume|example)_./.test(own)) continue;
      const full = `${name}.${own}`;
      if (
        rule.head.args !== undefined ||
        rule.head.reference.terms.length > 1 ||
        rule.head.key !== undefined
      ) {
        refuse(rule.location, `\`${own}\` must be a rule with one value`);
        continue;
      }
      if (own.startsWith("example_")) examples.add(slashPath(full));
      else if (own.startsWith("assume_")) assumptions.set(full, rule.location);
      else if (!found.has(full)) {
        const invariant = readInvariant(source, index, rule, full, options, refuse);
        if (invariant !== undefined) found.set(full, invariant);
      }
    }
  }
  for (const [name, location] of assumptions)
    if (!found.has(name.replace(/\.assume_([^.]*)$/, ".invariant_$1")))
      refuse(location, `\`${name}\` has no invariant of that name`);
  if (findings.length > 0) throw failWith(findings);
  const invariants = Array.from(found.values(), (invariant) => {
    const assumption = invariant.name.replace(/\.invariant_([^.]*)$/, ".assume_$1");
    return { ...invariant, assumption: assumptions.has(assumption) ? slashPath(assumption) : undefined };
  });
  return { invariants, examples: [...examples] };
}

function readInvariant(
  module: Module,
  index: number,
  rule: Rule,
  name: string,
  options: ProveProgramOptions,
  refuse: (location: Location, message: string) => void,
): Found | undefined {
  const own = module.annotations.filter(({ target }) => target === index);
  const vary = own.flatMap(({ custom, location }): Path[] => {
    const given = custom?.vary;
    if (given === undefined) return [];
    const paths = Array.isArray(given) ? given : [given];
    if (paths.length === 0 || paths.some((path) => typeof path !== "string" || path === ""))
      refuse(location, "`vary` must list paths of the input, as `subject.roles`");
    return paths.map((path) =>
      String(path)
        .replace(/^input\./, "")
        .split("."),
    );
  });
  if (vary.length === 0 && !/^data(\.\w+)*$/.test(name)) {
    refuse(rule.location, `\`${name}\`: an invariant must be in a package with a plain name`);
    return undefined;
  }
  return {
    name,
    title: own.find(({ title }) => title !== undefined)?.title,
    description: own.find(({ description }) => description !== undefined)?.description,
    location: rule.location,
    entrypoint: slashPath(name),
    assumption: undefined,
    vary: vary.length === 0 ? undefined : vary,
    schema:
      schemaOf(module, own, options) ??
      (replacesInput(rule) && vary.length === 0 ? undefined : options.schemas?.get("schema")),
    packagePath: name.replace(/\.[^.]*$/, "").replaceAll(".", "/"),
    place: placeOf(rule.location),
  };
}

/** The schema that the rule's annotations, or else the package's, give to `input`. */
function schemaOf(module: Module, own: readonly Annotations[], options: ProveProgramOptions): unknown {
  const ofPackage = module.annotations.filter(({ target, scope }) => target < 0 && scope === "package");
  for (const { schemas } of [...own, ...ofPackage]) {
    for (const { path, schema, definition } of schemas ?? []) {
      if (printRef(path.terms) !== "input") continue;
      if (definition !== undefined) return definition;
      const known = schema === undefined ? undefined : options.schemas?.get(printRef(schema.terms));
      if (known !== undefined) return known;
      throw new PolicyError(
        "invalid_parameter",
        `the schema \`${schema === undefined ? "" : printRef(schema.terms)}\` is not among those given with --schema`,
      );
    }
  }
  return undefined;
}

function nameOf(reference: RefTerm): string {
  const [head] = reference.terms;
  return head.kind === "var" ? head.name : "";
}

function slashPath(name: string): string {
  return name.split(".").slice(1).join("/");
}
