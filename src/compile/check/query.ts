// Ad-hoc queries: the same stages over one body, against modules that passed check. A body in, CompiledQuery or findings out.

import type { Diagnostic } from "../../error.ts";
import type { Body, Import, RefTerm, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import {
  checkCalls,
  checkDeprecatedBuiltins,
  checkUnsafeBuiltins,
  checkVoidCalls,
  exprsOfBody,
  overBody,
} from "./calls.ts";
import { arityDetails, TypeChecker } from "./check-types.ts";
import {
  type Compilation,
  type CompiledModules,
  type CompiledQuery,
  Findings,
  LocalGenerator,
} from "./compilation.ts";
import { overrides } from "./conflicts.ts";
import { isConstantRule } from "./features.ts";
import { declaredIn, exportsOf, globalsOf, Resolver } from "./resolve-refs.ts";
import { LocalRewriter } from "./local-rewriter.ts";
import { namesIn } from "./rewrite-locals.ts";
import { erasePrints, rewritePrintsIn } from "./rewrite-print.ts";
import { TemplateRewriter } from "./rewrite-templates.ts";
import { ComprehensionTerms, Dynamics, Hoister, type Subjects } from "./rewrite-terms.ts";
import { WithRewriter } from "./rewrite-with.ts";
import { reportUnsafe, SafetyChecker } from "./safety.ts";
import { Scopes } from "./scopes.ts";
import { TypeEnv } from "./type-env.ts";
import { reservedVars } from "./vars.ts";
import { walkBody } from "../../syntax/visit.ts";
import { callOf } from "./walk.ts";

export interface QueryOptions {
  readonly strict?: boolean;
  readonly print?: boolean;
  /** Overrides the set that the modules were checked with. */
  readonly unsafeBuiltins?: ReadonlySet<string>;
  /** The package whose rules the query may name, and imports. */
  readonly package?: RefTerm;
  readonly imports?: readonly Import[];
  readonly maxErrors?: number;
}

export interface QueryResult {
  readonly query: CompiledQuery | undefined;
  readonly diagnostics: Diagnostic[];
}

/** What the stages of one query share. */
interface QueryState {
  readonly compilation: Compilation;
  readonly options: QueryOptions;
  readonly findings: Findings;
  readonly rewritten: Map<string, string>;
  readonly subjects: Subjects;
  readonly reserved: ReadonlySet<string>;
  body: Body;
  types: TypeEnv | undefined;
}

const generator = (state: QueryState): LocalGenerator => new LocalGenerator(namesIn(state.body), "__localq");

interface QueryStage {
  /** As the stage over modules is called. */
  readonly name: string;
  readonly run: (state: QueryState) => void;
}

/** In the order of the stages over modules; `==` stays, since a query shows its value. */
export const queryStages: readonly QueryStage[] = [
  {
    name: "check-keyword-overrides",
    run: (s) => {
      if (s.options.strict === true) walkBody(s.body, overrides(s.findings));
    },
  },
  {
    name: "resolve-refs",
    run: (s) => {
      const { imports = [], package: path } = s.options;
      const globals =
        path === undefined
          ? globalsOf(emptyPath, [], imports)
          : globalsOf(path, exportsOf(s.compilation.modules, path), imports);
      s.body = new Resolver(globals, [declaredIn(s.body)]).body(s.body);
    },
  },
  {
    name: "rewrite-locals",
    run: (s) => {
      const rewriter = new LocalRewriter(generator(s), new Scopes(), s.options.strict === true);
      s.body = rewriter.body(s.body);
      for (const { location, message } of rewriter.errors)
        s.findings.add("rego_compile_error", location, message);
      for (const [k, v] of rewriter.scopes.rewritten) s.rewritten.set(k, v);
    },
  },
  {
    name: "rewrite-templates",
    run: (s) => {
      const { compilation, findings, rewritten } = s;
      s.body = new TemplateRewriter({
        compilation,
        findings,
        locals: generator(s),
        rewritten,
        arity: compilation.arity,
        isConstant: isConstantRule,
      }).body(s.body, s.reserved).body;
    },
  },
  { name: "check-void-calls", run: (s) => checkVoidCalls(s.compilation, s.findings, overBody(s.body)) },
  {
    name: "rewrite-print",
    run: (s) => {
      const { findings, rewritten } = s;
      s.body =
        s.options.print === true
          ? rewritePrintsIn(
              { findings, rewritten, locals: generator(s), arity: s.compilation.arity },
              s.body,
              s.reserved,
            )
          : erasePrints(s.body);
    },
  },
  {
    name: "rewrite-expr-terms",
    run: (s) => {
      s.body = new Hoister(generator(s), s.subjects).body(s.body);
    },
  },
  {
    name: "rewrite-comprehension-terms",
    run: (s) => {
      s.body = new ComprehensionTerms(generator(s)).body(s.body);
    },
  },
  {
    name: "rewrite-with",
    run: (s) => {
      const { compilation, findings } = s;
      s.body = new WithRewriter({
        compilation,
        findings,
        locals: generator(s),
        unsafeBuiltins: unsafeBuiltins(s),
      }).body(s.body);
    },
  },
  {
    name: "check-undefined-functions",
    run: (s) => {
      const { compilation, findings, rewritten } = s;
      checkCalls(
        { compilation, findings, rewritten, argumentDetails: arityDetails(compilation) },
        exprsOfBody(s.body),
      );
    },
  },
  {
    name: "check-body-safety",
    run: (s) => {
      const { body, unsafe } = new SafetyChecker(s.compilation.arity).check(s.reserved, s.body);
      reportUnsafe(s.findings, unsafe, s.rewritten, "");
      s.body = body;
    },
  },
  {
    name: "rewrite-dynamics",
    run: (s) => {
      s.body = new Dynamics(generator(s), s.subjects).body(s.body);
    },
  },
  {
    name: "check-types",
    run: (s) => {
      const { compilation, rewritten, subjects } = s;
      const checker = new TypeChecker({
        compilation,
        subjects,
        rewritten: [rewritten, compilation.rewritten],
      });
      const env = compilation.typeEnv instanceof TypeEnv ? compilation.typeEnv : checker.global();
      const { env: inner, errors } = checker.body(env, s.body);
      s.types = inner;
      for (const error of errors) s.findings.push(error);
    },
  },
  {
    name: "check-unsafe-builtins",
    run: (s) => checkUnsafeBuiltins(unsafeBuiltins(s), s.findings, exprsOfBody(s.body)),
  },
  {
    name: "check-deprecated-builtins",
    run: (s) => {
      if (s.options.strict === true) checkDeprecatedBuiltins(s.compilation, s.findings, overBody(s.body));
    },
  },
];

const nowhere = { file: "", row: 0, col: 0, offset: 0, text: "" };
const emptyPath: RefTerm = {
  kind: "ref",
  terms: [{ kind: "var", name: "", location: nowhere }],
  location: nowhere,
};

function unsafeBuiltins(state: QueryState): ReadonlySet<string> {
  return state.options.unsafeBuiltins ?? state.compilation.options.unsafeBuiltins ?? new Set();
}

export function checkQuery(compiled: CompiledModules, body: Body, options: QueryOptions = {}): QueryResult {
  if (body.length === 0)
    return {
      query: undefined,
      diagnostics: [{ code: "rego_compile_error", message: "empty query cannot be compiled" }],
    };
  const state: QueryState = {
    compilation: compiled.compilation,
    options,
    findings: new Findings(options.maxErrors ?? 0),
    rewritten: new Map(),
    subjects: new Map(),
    reserved: new Set(reservedVars),
    body,
    types: undefined,
  };
  for (const stage of queryStages) {
    stage.run(state);
    if (state.findings.any) return { query: undefined, diagnostics: state.findings.all() };
  }
  const required = new Set<string>();
  walkBody(state.body, {
    expr: (expr) => {
      const call = callOf(expr);
      const name = call === undefined ? "" : printRef(call[0].terms);
      if (state.compilation.builtins.has(name)) required.add(name);
      return false;
    },
  });
  return {
    query: {
      body: state.body,
      typeOf: (term: Term) => state.types?.typeOf(term),
      rewrittenVars: state.rewritten,
      requiredBuiltins: required,
    } as unknown as CompiledQuery,
    diagnostics: [],
  };
}
