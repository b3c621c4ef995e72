// Ad-hoc queries: the text of a query over checked modules to its results, in the shape in which OPA shows them - every expression's value
// beside the variables' bindings. The query is compiled to Wasm like everything else and run by the engine.

import { builtins as allBuiltins } from "./builtins/registry.ts";
import type { Builtin, BuiltinContext } from "./builtins/builtin.ts";
import { loadRuntime } from "./build.ts";
import {
  type CompiledModules,
  type CompiledQuery,
  compile,
  compileQuery,
  type Marks,
  parsedModule,
} from "./compile/compile.ts";
import {
  type BuiltinFailure,
  type DataSource,
  type Document,
  type Limits,
  type MarkListener,
  prepare,
} from "./engine/engine.ts";
import { type Diagnostic, failWith, type Location, PolicyError } from "./error.ts";
import type { Body, Expr, Import, RefTerm, RegoVersion, Term } from "./syntax/ast.ts";
import { parseModule, parseQuery, parseRef } from "./syntax/parser.ts";
import { isCallTerms, singleTerm, walkBody } from "./syntax/visit.ts";
import { isObject, type Value } from "./value/value.ts";

export interface QueryRequest {
  readonly text: string;
  /** Absent: `input` is undefined. */
  readonly input?: Document | undefined;
  readonly data?: DataSource | undefined;
  /** A builtin that fails makes the query fail. */
  readonly strictBuiltinErrors?: boolean | undefined;
  /** Compiler strict mode for the query itself. */
  readonly strict?: boolean | undefined;
  /** `data.x` or `future.keywords.in` paths. */
  readonly imports?: readonly string[] | undefined;
  /** The package whose rules the query may name without `data.…`. */
  readonly package?: string | undefined;
  readonly context?: Partial<BuiltinContext> | undefined;
  readonly builtins?: ReadonlyMap<string, Builtin> | undefined;
  /** Functions of the module carry their names, for profiles. */
  readonly names?: boolean | undefined;
  readonly limits?: Limits | undefined;
  /** v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion | undefined;
  /** A query that is parsed already, in the place of `text`. */
  readonly body?: Body | undefined;
  /** Marks the places that the query comes to, and hears of them. */
  readonly marks?: Marks | undefined;
  readonly onMark?: MarkListener | undefined;
  /** Runs a step of the preparation and may measure it; named as OPA's timers are. */
  readonly onTime?: (<T>(timer: string, work: () => T) => T) | undefined;
}

export interface ExpressionValue {
  readonly value: Value;
  readonly text: string;
  readonly location: { readonly row: number; readonly col: number };
}

/** One solution of a query. */
export interface QuerySolution {
  readonly expressions: readonly ExpressionValue[];
  readonly bindings: ReadonlyMap<string, Value>;
}

const CAPTURE = "$capture";
const PLAN = "query";

export interface QueryAnswer {
  readonly solutions: QuerySolution[];
  /** Builtins that failed on the way; each such call was undefined. */
  readonly failures: readonly BuiltinFailure[];
}

/** A compiled query that can be run any number of times, with other inputs and contexts. */
export interface PreparedQuery {
  /** The query as it was planned. */
  readonly query: CompiledQuery;
  run(request?: Pick<QueryRequest, "input" | "strictBuiltinErrors" | "context">): Promise<QueryAnswer>;
}

/** Parses, checks and compiles a query. Throws PolicyError with findings. */
export function prepareQuery(compiled: CompiledModules, request: QueryRequest): PreparedQuery {
  const time = request.onTime ?? ((_, work) => work());
  const body = request.body ?? time("rego_query_parse", () => parseBody(request));
  const { engine, query, shown } = time("rego_query_compile", () => compileBody(compiled, body, request));
  return {
    query,
    async run({ input = request.input, strictBuiltinErrors = request.strictBuiltinErrors, context } = {}) {
      const answer = await engine.evaluateAsync(PLAN, input, {
        strict: strictBuiltinErrors ?? false,
        ...((context ?? request.context) !== undefined && { context: context ?? request.context ?? {} }),
      });
      return { solutions: answer.values.map((value) => solution(value, shown)), failures: answer.errors };
    },
  };
}

/** Compiles and runs a query. Throws PolicyError with findings, or what evaluation failed with. */
export async function runQuery(compiled: CompiledModules, request: QueryRequest): Promise<QuerySolution[]> {
  return (await prepareQuery(compiled, request).run()).solutions;
}

function parseBody(request: QueryRequest): Body {
  const { body, diagnostics } = parseQuery(request.text, {
    imports: request.imports,
    regoVersion: request.regoVersion,
  });
  if (body === undefined) throw failWith(diagnostics, { asGiven: true });
  return body;
}

/** The query as it is written: checked, and not to be run. Throws PolicyError with findings. */
export function checkedQuery(compiled: CompiledModules, request: QueryRequest): CompiledQuery {
  return compileQuery(compiled, parseBody(request), queryOptions(request));
}

function queryOptions(request: QueryRequest): NonNullable<Parameters<typeof compileQuery>[2]> {
  return {
    print: request.context?.print !== undefined,
    ...(request.strict !== undefined && { strict: request.strict }),
    ...(request.package !== undefined && { package: readRef(`data.${request.package}`) }),
    ...(request.imports !== undefined && { imports: dataImports(request.imports) }),
  };
}

function compileBody(compiled: CompiledModules, body: Body, request: QueryRequest) {
  const captured = captureValues(body, compiled, request);
  const query = orderFindings(() => compileQuery(compiled, captured.body, queryOptions(request)));
  const runtime = loadRuntime();
  const { marks } = request;
  const wanted = { queries: [{ name: PLAN, queries: [query] }], ...(marks !== undefined && { marks }) };
  const { emitted } = compile(compiled, wanted, { runtime, names: request.names });
  const engine = prepare({
    wasm: emitted.bytes,
    builtins: request.builtins ?? allBuiltins,
    context: { parseModule: parsedModule },
    ...(request.data !== undefined && { data: request.data }),
    ...(request.limits !== undefined && { limits: request.limits }),
    ...(request.onMark !== undefined && { onMark: request.onMark }),
  });
  return { engine, query, shown: captured.shown };
}

/** A variable of ours is unsafe only because one of the author's is: at one place, theirs is named first (as OPA does). */
function orderFindings<T>(compileIt: () => T): T {
  try {
    return compileIt();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const isOurs = (finding: Diagnostic): boolean => finding.message === "var _ is unsafe";
    const diagnostics = [...error.diagnostics].sort((a, b) => {
      const samePlace = a.location?.row === b.location?.row && a.location?.col === b.location?.col;
      return samePlace ? Number(isOurs(a)) - Number(isOurs(b)) : 0;
    });
    throw new PolicyError(diagnostics[0]?.code ?? error.code, error.message, {
      location: error.location,
      diagnostics,
    });
  }
}

/** Imports are written as in a module, `data.a.b as c`, so they are read as one. */
function dataImports(imports: readonly string[]): readonly Import[] {
  const lines = imports
    .filter((path) => !/^(future|rego)\./.test(path.trim()))
    .map((path) => `import ${path}`);
  const { module, diagnostics } = parseModule(["package imports", ...lines].join("\n"), { file: "" });
  if (module === undefined) throw failWith(diagnostics);
  return module.imports;
}

function readRef(text: string): RefTerm {
  const { ref, diagnostics } = parseRef(text);
  if (ref === undefined) throw failWith(diagnostics);
  return ref;
}

interface Shown {
  readonly location: Location;
  /** The variable that holds the expression's value; absent where its value is `true` by being there. */
  readonly capture: string | undefined;
}

function solution(value: Value, shown: readonly Shown[]): QuerySolution {
  const bindings = new Map<string, Value>();
  const captures = new Map<string, Value>();
  if (isObject(value)) {
    for (const [key, bound] of value.entries()) {
      if (typeof key === "string") (key.startsWith(CAPTURE) ? captures : bindings).set(key, bound);
    }
  }
  const expressions = shown.map(({ location, capture }) => ({
    value: capture === undefined ? true : captures.has(capture) ? (captures.get(capture) as Value) : true,
    text: location.text,
    location: { row: location.row, col: location.col },
  }));
  return { expressions, bindings };
}

/**
 * Gives every expression that has a value a variable to leave it in, as OPA's rego package does: a lone expression may then be shown
 * although it is false; several, or one that iterates, must each be true.
 */
function captureValues(
  body: Body,
  compiled: CompiledModules,
  scope: Pick<QueryRequest, "package" | "imports">,
): { body: Body; shown: Shown[] } {
  const mustHold = body.length > 1 || iterates(body, compiled);
  const shown: Shown[] = [];
  const rewritten: Expr[] = [];
  const conditions: Expr[] = [];
  for (const expr of body) {
    if (
      !isCallTerms(expr.terms) &&
      expr.terms.kind === "some" &&
      !expr.terms.symbols.some((symbol) => symbol.kind === "call")
    ) {
      rewritten.push(expr);
      continue;
    }
    const variable: Term = { kind: "var", name: `${CAPTURE}${shown.length}`, location: expr.location };
    const capturing = expr.negated
      ? undefined
      : capture(expr, variable, (name) => arity(name, compiled, scope));
    shown.push({ location: expr.location, capture: capturing && variable.name });
    rewritten.push(capturing ?? expr);
    if (capturing !== undefined && mustHold) {
      conditions.push({
        kind: "expr",
        terms: variable,
        negated: false,
        with: [],
        generated: true,
        location: expr.location,
      });
    }
  }
  return { body: [...rewritten, ...conditions], shown };
}

function capture(
  expr: Expr,
  variable: Term,
  arityOf: (name: string) => number | undefined,
): Expr | undefined {
  const term = singleTerm(expr);
  if (term !== undefined) {
    const at = expr.location;
    const eq: RefTerm = { kind: "ref", terms: [{ kind: "var", name: "eq", location: at }], location: at };
    return { ...expr, terms: [eq, term, variable] };
  }
  if (!isCallTerms(expr.terms)) return undefined;
  const [operator, ...args] = expr.terms;
  const name = refName(operator);
  if (name === "eq" || name === "assign") return undefined;
  return arityOf(name) === args.length ? { ...expr, terms: [operator, ...args, variable] } : undefined;
}

/** How many arguments a function takes that has a result; undefined for what is unknown or void. */
function arity(
  written: string,
  compiled: CompiledModules,
  scope: Pick<QueryRequest, "package" | "imports">,
): number | undefined {
  const name = written.startsWith("data.") ? written : fullName(written, compiled, scope);
  const builtin = compiled.builtins.get(name);
  if (builtin !== undefined) return builtin.result === undefined ? undefined : builtin.args.length;
  for (const module of compiled.modules) {
    for (const rule of module.rules) {
      if (rule.head.args === undefined) continue;
      const path = [...module.package.path.terms, ...rule.head.reference.terms].map(stepName).join(".");
      if (path === name) return rule.head.args.length;
    }
  }
  return undefined;
}

/** A name as the query may write it, with what the package or an import makes of its first part. */
function fullName(
  written: string,
  compiled: CompiledModules,
  scope: Pick<QueryRequest, "package" | "imports">,
): string {
  if (compiled.builtins.has(written)) return written;
  const [first = "", ...rest] = written.split(".");
  for (const imported of scope.imports ?? []) {
    const [path = "", alias] = imported.trim().split(/\s+as\s+/);
    if ((alias ?? path.split(".").pop()) === first) return [path, ...rest].join(".");
  }
  return scope.package === undefined ? written : `data.${scope.package}.${written}`;
}

function refName(ref: RefTerm): string {
  return ref.terms.map(stepName).join(".");
}

function stepName(term: Term): string {
  if (term.kind === "var") return term.name;
  return term.kind === "string" ? term.value : `[${term.kind}]`;
}

/** Whether a body can have several solutions by what it says: a variable inside a ref, or a relation. */
function iterates(body: Body, compiled: CompiledModules): boolean {
  let found = false;
  walkBody(body, {
    term(term) {
      if (term.kind.endsWith("comprehension")) return true;
      if (term.kind === "ref") {
        if (compiled.builtins.get(refName(term))?.relation === true) found = true;
        if (term.terms.slice(1).some((step) => step.kind === "var")) found = true;
      }
      return found;
    },
  });
  return found;
}
