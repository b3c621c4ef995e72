// One version of a policy, ready to be compared with another: decisions, the rules that gave a value on the way, and what no input reached.
// In: parsed modules or a Wasm module, and data. Out: a Side. Loads no files.

import { loadRuntime } from "../build.ts";
import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { builtins } from "../builtins/registry.ts";
import { checkModules, type CompiledModules, compile, Marks } from "../compile/compile.ts";
import { ruleRef } from "../compile/check/cells.ts";
import { type Document, type Engine, prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import type { Module, Rule } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { encode } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import type { Json } from "./arbitrary.ts";
import { makeWatch, type Watch } from "./comparisons.ts";
import { type Effect, effectOf } from "./effect.ts";
import { exampleInputs } from "./examples.ts";
import type { ReadTree } from "./law.ts";
import { fixedContext, reachable } from "./prove-program.ts";
import { inferShapes, type Shape } from "./prove-shape.ts";

export interface SideSource {
  /** The path that it came from. */
  readonly name: string;
  readonly modules: readonly Module[];
  /** The modules, where they are checked already. */
  readonly compiled?: CompiledModules | undefined;
  readonly data: RegoObject;
  /** A compiled module answers these entrypoints: its Rego may be gone. */
  readonly wasm?: { readonly bytes: Uint8Array; readonly entrypoints: readonly string[] } | undefined;
  /** Inputs to start from; absent: those of rules `example_<name>`. */
  readonly examples?: readonly Json[] | undefined;
}

/** A rule as its author wrote it: two versions have the same one where name and text are the same. */
export interface RuleText {
  /** `data.a.b.name` */
  readonly name: string;
  readonly text: string;
  readonly file: string;
  readonly row: number;
}

export interface Answer {
  readonly value: Value | undefined;
  readonly effect: Effect;
  readonly error?: string | undefined;
}

/** What evaluation may see of the world beyond the input. */
export interface World {
  readonly context: Partial<BuiltinContext>;
  /** Takes the place of builtins that are not deterministic; undefined: the builtin itself is asked. */
  readonly recorded?: ((builtin: string, args: readonly Value[]) => Value | undefined) | undefined;
}

const PLAIN_WORLD: World = { context: fixedContext };

export class Side {
  readonly name: string;
  readonly data: RegoObject;
  /** Of inputs; more than one where the other side reads more. */
  readonly shape: Shape;
  /** Rules that the entrypoints can come to, by key. Empty for compiled modules. */
  readonly rules: ReadonlyMap<string, RuleText>;
  readonly examples: readonly Json[];
  readonly #engine: Engine;
  readonly #known: ReadonlySet<string>;
  /** For each mark the key of its rule. */
  readonly #owners: readonly (string | undefined)[];
  readonly #exits: readonly boolean[];
  readonly #ever: Uint8Array;
  readonly #now: Uint32Array;
  #turn = 0;
  #signature = 0;
  /** Somewhere that no input came to before, since `begin`. */
  novel = false;
  /** What is compared on an input; nothing for compiled modules. */
  readonly watch: Watch;
  #world = PLAIN_WORLD;

  constructor(source: SideSource, entrypoints: readonly string[]) {
    this.name = source.name;
    this.data = source.data;
    const marks = new Marks({ wants: () => true });
    const onMark = (mark: number): void => this.#mark(mark);
    const made =
      source.wasm === undefined
        ? fromModules(source, entrypoints, marks)
        : fromWasm(source, source.wasm, entrypoints);
    const { wasm } = made;
    this.shape = made.shape;
    this.watch = made.watch;
    this.rules = made.rules;
    this.examples = made.examples;
    this.#known = made.known;
    this.#engine = prepare({ wasm, builtins: this.#replayed(), data: encode(source.data), onMark });
    this.#owners = marks.list.map(({ location }) => made.ruleAt(location.file, location.offset));
    this.#exits = marks.list.map(({ kind }) => kind === "exit");
    this.#ever = new Uint8Array(marks.list.length);
    this.#now = new Uint32Array(marks.list.length);
  }

  /** A number that tells inputs apart that went other ways, since `begin`. */
  get signature(): number {
    return this.#signature;
  }

  /** Marks passed by any input, of all. */
  get coverage(): { readonly reached: number; readonly total: number } {
    return { reached: this.#ever.reduce((sum, hit) => sum + hit, 0), total: this.#ever.length };
  }

  has(entrypoint: string): boolean {
    return this.#known.has(entrypoint);
  }

  begin(): void {
    this.#turn++;
    this.#signature = 0;
    this.novel = false;
  }

  decide(entrypoint: string, document: Document | undefined, world: World = PLAIN_WORLD): Answer {
    if (!this.#known.has(entrypoint)) return { value: undefined, effect: "undefined" };
    this.#world = world;
    try {
      const { value } = this.#engine.evaluate(entrypoint, document, { context: world.context });
      return { value, effect: effectOf(entrypoint, value) };
    } catch (error) {
      if (!(error instanceof PolicyError) || !error.code.startsWith("eval_")) throw error;
      return { value: undefined, effect: "error", error: error.message };
    }
  }

  /** Keys of the rules that gave a value since `begin`. */
  fired(): Set<string> {
    return this.#keys((mark) => this.#exits[mark] === true && this.#now[mark] === this.#turn);
  }

  /** Keys of the rules that any input came to, whether they gave a value or not. */
  tried(): Set<string> {
    return this.#keys((mark) => this.#ever[mark] === 1);
  }

  #keys(wanted: (mark: number) => boolean): Set<string> {
    const keys = new Set<string>();
    for (const [mark, owner] of this.#owners.entries())
      if (owner !== undefined && wanted(mark)) keys.add(owner);
    return keys;
  }

  #mark(mark: number): void {
    if (this.#ever[mark] === 0) this.novel = true;
    this.#ever[mark] = 1;
    if (this.#now[mark] === this.#turn) return;
    this.#now[mark] = this.#turn;
    this.#signature = (this.#signature + Math.imul(mark + 1, 0x9e3779b1)) | 0;
  }

  #replayed(): Map<string, Builtin> {
    return new Map(
      Array.from(builtins, ([name, builtin]): [string, Builtin] => {
        const { host } = builtin;
        if (builtin.nondeterministic !== true || host === undefined) return [name, builtin];
        const replay: typeof host = (args, context) =>
          this.#world.recorded?.(name, args) ?? host(args, context);
        return [name, { ...builtin, host: replay }];
      }),
    );
  }
}

interface Made {
  readonly wasm: WebAssembly.Module;
  readonly known: ReadonlySet<string>;
  readonly shape: Shape;
  readonly watch: Watch;
  readonly rules: ReadonlyMap<string, RuleText>;
  readonly examples: readonly Json[];
  readonly ruleAt: (file: string, offset: number) => string | undefined;
}

function fromModules(source: SideSource, entrypoints: readonly string[], marks: Marks): Made {
  const compiled = source.compiled ?? checkModules(source.modules);
  const known = new Set(entrypoints.filter((entrypoint) => answers(compiled, entrypoint)));
  const only = reachable(compiled, [...known]);
  const { emitted } = compile(
    compiled,
    { entrypoints: [...known, ...(known.size === 0 ? [...entrypoints].slice(0, 1) : [])], marks },
    { runtime: loadRuntime() },
  );
  const places = rulePlaces(source.modules);
  const ruleAt = (file: string, offset: number): string | undefined =>
    places.get(file)?.find(({ from, to }) => from <= offset && offset < to)?.key;
  const owners = new Set(marks.list.map(({ location }) => ruleAt(location.file, location.offset)));
  const rules = new Map<string, RuleText>();
  for (const list of places.values())
    for (const { key, rule } of list) if (owners.has(key)) rules.set(key, rule);
  return {
    wasm: new WebAssembly.Module(emitted.bytes as Uint8Array<ArrayBuffer>),
    known,
    shape: inferShapes(compiled, source.data, { only, paired: new Set() }).input,
    watch: known.size === 0 ? () => [] : makeWatch(compiled, [...known], source.data, fixedContext),
    rules,
    examples: source.examples ?? exampleInputs(compiled, source.data),
    ruleAt,
  };
}

/** What the module reads, and whatever Rego came with it. */
function fromWasm(
  source: SideSource,
  { bytes, entrypoints: answered }: NonNullable<SideSource["wasm"]>,
  entrypoints: readonly string[],
): Made {
  const wasm = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const shape = inferShapes(checkModules(source.modules), source.data, { paired: new Set() }).input;
  const [section] = WebAssembly.Module.customSections(wasm, "reeve.reads");
  if (section !== undefined) {
    const reads = JSON.parse(new TextDecoder().decode(section)) as { [plan: string]: ReadTree };
    for (const entrypoint of entrypoints) addReads(shape, reads[entrypoint] ?? true);
  }
  const known = new Set(entrypoints.filter((entrypoint) => answered.includes(entrypoint)));
  return {
    wasm,
    known,
    shape,
    watch: () => [],
    rules: new Map(),
    examples: source.examples ?? [],
    ruleAt: () => undefined,
  };
}

function addReads(shape: Shape, reads: ReadTree): void {
  if (reads === true) return;
  for (const [key, below] of Object.entries(reads)) addReads(shape.field(key), below);
}

/** Whether some rule is at the path, above it or below it, and no function. */
function answers(compiled: CompiledModules, entrypoint: string): boolean {
  return compiled.compilation.modules.some(({ rules }) =>
    rules.some((rule) => {
      if (rule.head.args !== undefined) return false;
      const path: string[] = [];
      for (const term of ruleRef(rule).slice(1)) {
        if (term.kind !== "string") break;
        path.push(term.value);
      }
      const full = path.join("/");
      return full === entrypoint || full.startsWith(`${entrypoint}/`) || entrypoint.startsWith(`${full}/`);
    }),
  );
}

/** What two versions of a rule are told apart by. */
export function ruleKey({ name, text }: Pick<RuleText, "name" | "text">): string {
  return `${name}\n${text}`;
}

interface Place {
  readonly from: number;
  readonly to: number;
  readonly key: string;
  readonly rule: RuleText;
}

function rulePlaces(modules: readonly Module[]): Map<string, Place[]> {
  const bytes = new TextEncoder();
  return new Map(
    modules.map((module): [string, Place[]] => [
      module.file,
      module.rules.map((rule): Place => {
        const { location } = rule;
        const text = normal(location.text);
        const name = `${printRef(module.package.path.terms)}.${nameOf(rule)}`;
        return {
          from: location.offset,
          to: location.offset + bytes.encode(location.text).length,
          key: ruleKey({ name, text }),
          rule: { name, text, file: location.file, row: location.row },
        };
      }),
    ]),
  );
}

function nameOf(rule: Rule): string {
  const { terms } = rule.head.reference;
  const ground = terms.findIndex((term, i) => i > 0 && term.kind !== "string");
  return printRef((ground < 0 ? terms : terms.slice(0, ground)) as typeof terms);
}

/** Without what changes nothing: indentation, line ends, lines that are only a comment. */
function normal(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");
}
