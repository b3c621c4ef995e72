// The working state of check, and its branded result. Stages read and replace what hangs on the cells below; the trees
// themselves (Head, Body, Term) are never changed in place, so the modules that came in stay as their author wrote them.

import type { Diagnostic, ErrorCode, Location } from "../../error.ts";
import type { Body, Module, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import type { Type } from "../../value/type.ts";
import type { AnnotationSet } from "./annotation-set.ts";
import type { ModuleCell, RuleCell } from "./cells.ts";
import type { Graph } from "./graph.ts";
import type { Arity } from "./outputs.ts";
import type { ModuleNode, RuleNode } from "./trees.ts";

/** What check needs to know of a builtin; `Builtin` of the registry is one. */
export interface BuiltinDeclaration {
  readonly name: string;
  readonly args: readonly { readonly type: unknown }[];
  readonly result: { readonly type: unknown } | undefined;
  readonly relation?: true;
  readonly deprecated?: true;
  readonly variadic?: true;
}

export interface CheckOptions {
  /** The builtins that exist; absent means those of the registry. */
  readonly builtins?: ReadonlyMap<string, BuiltinDeclaration>;
  /** Unused things, deprecated calls and shadowing are errors in every module, not only where Rego v1 says so. */
  readonly strict?: boolean;
  /** Keeps print calls; otherwise they are erased. */
  readonly print?: boolean;
  /** Builtins that may not be called. */
  readonly unsafeBuiltins?: ReadonlySet<string>;
  /** Features of the capabilities in force; absent means all. */
  readonly features?: ReadonlySet<string>;
  /** How many findings are reported before check gives up; 0 is no limit. OPA's is 10. */
  readonly maxErrors?: number;
  /** JSON schemas by path: `schema` is the one for input, `schema.a.b` those that annotations name. */
  readonly schemas?: ReadonlyMap<string, unknown>;
  /** Lets schema annotations take part in type checking. */
  readonly schemaAnnotations?: boolean;
  /** Calls of functions that nobody knows are left alone. */
  readonly allowUndefinedFunctions?: boolean;
  /** Captures the operands of equalities of `test_` rules in locals, for reports of failed tests. */
  readonly captureTestTerms?: boolean;
  /** Tells at run time which case of a `test_x[case]` is tried, by calls of internal.test_case. */
  readonly testCases?: boolean;
  /** True when base data has a document at the path: rules may not stand there. */
  readonly pathExists?: (path: readonly string[]) => boolean;
}

/** Makes names that no module uses. */
export class LocalGenerator {
  readonly #prefix: string;
  readonly #taken: ReadonlySet<string>;
  #next = 0;

  constructor(taken: ReadonlySet<string>, prefix = "__local") {
    this.#taken = taken;
    this.#prefix = prefix;
  }

  /** How many names were tried so far. */
  get count(): number {
    return this.#next;
  }

  generate(): string {
    for (;;) {
      const name = `${this.#prefix}${this.#next++}__`;
      if (!this.#taken.has(name)) return name;
    }
  }
}

/** Gathers findings up to the limit, then says that there were more. */
export class Findings {
  readonly #list: Diagnostic[] = [];
  readonly #limit: number;

  /** 0 is no limit. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get any(): boolean {
    return this.#list.length > 0;
  }

  get count(): number {
    return this.#list.length;
  }

  add(code: ErrorCode, location: Location | undefined, message: string, details?: unknown): void {
    this.push({
      code,
      message,
      ...(location === undefined ? {} : { location }),
      ...(details === undefined ? {} : { details }),
    });
  }

  push(finding: Diagnostic): void {
    if (this.#limit > 0 && this.#list.length >= this.#limit) return;
    // Row 0 is a node that the author did not write.
    const { location, ...rest } = finding;
    this.#list.push(location?.row === 0 ? rest : finding);
  }

  /** In the order in which they were met, as in OPA; the word about the limit comes last. */
  all(): Diagnostic[] {
    const all = [...this.#list];
    if (this.#limit > 0 && all.length >= this.#limit) {
      all.push({ code: "rego_compile_error", message: "error limit reached" });
    }
    return all;
  }
}

/** What stages share while a set of modules is checked. */
export interface Compilation {
  readonly options: CheckOptions;
  readonly builtins: ReadonlyMap<string, BuiltinDeclaration>;
  readonly findings: Findings;
  /** What the stages work on. */
  readonly modules: readonly ModuleCell[];
  /** Modules that are checked already and are only looked at: those of an earlier check, while the ones that changed are checked again. */
  readonly others: readonly ModuleCell[];
  /** Generated name -> the author's. */
  readonly rewritten: Map<string, string>;
  /** Generated name -> the term that it stands for, for messages about types. */
  readonly subjects: Map<string, Term>;
  /** Builtins that the modules call, in the form that they are left in. */
  readonly required: Set<string>;
  locals: LocalGenerator;
  arity: Arity;
  moduleTree: ModuleNode;
  ruleTree: RuleNode;
  graph: Graph;
  annotations: AnnotationSet;
  typeEnv: unknown;
  /** What each rule gave to `typeEnv`, in the order in which they were typed. */
  types: ReadonlyMap<RuleCell, RuleType | undefined>;
}

/** Where the type of a rule stands in the environment, and which it is. */
export interface RuleType {
  readonly path: readonly Term[];
  readonly type: Type;
}

declare const compiledBrand: unique symbol;

/** Modules that passed every check, in the form that the planner takes. Only `check` makes one. */
export interface CompiledModules {
  readonly [compiledBrand]: true;
  /** Sorted by file name; imports are gone, refs full, bodies ordered. */
  readonly modules: readonly Module[];
  /** Rules by path; `values` are rules of `modules`. */
  readonly ruleTree: RuleNode<Rule>;
  readonly annotations: AnnotationSet;
  /** Generated name -> the author's. */
  readonly rewrittenVars: ReadonlyMap<string, string>;
  readonly builtins: ReadonlyMap<string, BuiltinDeclaration>;
  readonly requiredBuiltins: ReadonlySet<string>;
  /** Rule paths (`data.a.b.p`) that annotations name as entrypoints, and packages. */
  readonly entrypoints: readonly RefTerm[];
  readonly graph: Graph;
  /** The state that queries over these modules are checked against. */
  readonly compilation: Compilation;
  /** The finished rules by the cells that they were made of. */
  readonly finished: ReadonlyMap<RuleCell, Rule>;
  /** The same object as long as rules see the same of each other: which there are where, and of what kind. */
  readonly shape: Shape;
}

export interface Shape {
  /** How many names were generated when all modules were checked. */
  readonly names: number;
}

/** A query in the form that the planner takes. */
export interface CompiledQuery {
  readonly [compiledBrand]: true;
  readonly body: Body;
  /** What is known of a term of the body. */
  readonly typeOf: (term: Term) => Type | undefined;
  /** Generated name -> the author's. */
  readonly rewrittenVars: ReadonlyMap<string, string>;
  readonly requiredBuiltins: ReadonlySet<string>;
}
