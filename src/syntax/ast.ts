// The Rego syntax tree: plain tagged objects, built by the parser, rewritten (copied, never mutated after their stage) by
// compile/check. The shape follows OPA's AST so that ast-json.ts can spell it as OPA does and every rule about
// Rego that is stated over OPA's tree can be stated over this one. Nothing here may hold behaviour.
// A node that OPA leaves without a location has row 0. A v0 module with `import rego.v1` has regoVersion "v1".

import type { Location } from "../error.ts";

export type RegoVersion = "v0" | "v1";

/** One Rego file as its author wrote it. */
export interface Module {
  readonly kind: "module";
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
  readonly comments: readonly Comment[];
  readonly annotations: readonly Annotations[];
  readonly regoVersion: RegoVersion;
  /** A v0 file made v1 by `import rego.v1`. */
  readonly importsV1?: true;
  readonly file: string;
}

/** `path` is a full ref that starts with the var `data`: `data.a.b`. */
export interface Package {
  readonly kind: "package";
  readonly path: RefTerm;
  readonly location: Location;
}

export interface Import {
  readonly kind: "import";
  readonly path: RefTerm;
  /** The name after `as`; absent when the import has none. */
  readonly alias?: string;
  readonly location: Location;
}

export interface Comment {
  /** Text after `#`, without it. */
  readonly text: string;
  readonly location: Location;
}

/** A rule with one body. `else` chains hang on it; each extra `{…}` body is a Rule of its own (as in OPA). */
export interface Rule {
  readonly kind: "rule";
  readonly default: boolean;
  readonly head: Head;
  readonly body: Body;
  readonly else?: Rule;
  readonly location: Location;
  /** True when the author wrote no body (`p := 1`, `p contains 1`); the body is then the single expression `true`. */
  readonly generatedBody?: boolean;
}

/**
 * `p.q[r]`, with what the author gave as arguments, key and value.
 * - complete rule: `value` set. function: `args` set. partial set: `key` set, `value` absent.
 * - partial object / ref head: the last element of `reference` is not ground, or `key` and `value` are both set.
 * `reference` always starts with a var term holding the rule's name (without `data` and package).
 */
export interface Head {
  readonly reference: RefTerm;
  /** As in OPA: empty where the head is a ref of several parts (except the forms `p[x]`, that OPA names `p`). */
  readonly name: string;
  readonly args?: readonly Term[];
  readonly key?: Term;
  readonly value?: Term;
  /** `:=` rather than `=`. */
  readonly assign: boolean;
  /** Written with `contains`. */
  readonly contains?: boolean;
  /** Written with `if`. */
  readonly if?: boolean;
  /** The value was not written: `p if { … }` means true. */
  readonly generatedValue?: boolean;
  readonly location: Location;
}

/** A conjunction. */
export type Body = readonly Expr[];

export interface With {
  readonly target: Term;
  readonly value: Term;
  readonly location: Location;
}

/**
 * One expression. `terms` is
 * - a Term: the expression is true when it is defined and not `false`;
 * - CallTerms `[operator, ...arguments]`: a call, operator being a RefTerm (`eq`, `plus`, `data.f`); an argument beyond the
 *   declared ones captures the result (as in OPA);
 * - SomeDecl, Every, NotBody or Logical.
 */
export interface Expr {
  readonly kind: "expr";
  readonly terms: Term | CallTerms | SomeDecl | Every | NotBody | Logical;
  readonly negated: boolean;
  readonly with: readonly With[];
  /** Made by the compiler, not by the author. */
  readonly generated?: boolean;
  readonly location: Location;
}

export type CallTerms = readonly [RefTerm, ...Term[]];

/** `some x, y` (symbols are VarTerms) or `some k, v in xs` (one CallTerm to `internal.member_2/3`). */
export interface SomeDecl {
  readonly kind: "some";
  readonly symbols: readonly Term[];
  readonly location: Location;
}

/** `every k, v in domain { body }`; `value` is always there. */
export interface Every {
  readonly kind: "every";
  readonly key?: Term;
  readonly value: Term;
  readonly domain: Term;
  readonly body: Body;
  readonly location: Location;
}

/** `not { body }`, and under `future.keywords.not` every `not x` (then without `explicit`). */
export interface NotBody {
  readonly kind: "not";
  readonly body: Body;
  /** The author wrote the braces. */
  readonly explicit?: boolean;
  readonly location: Location;
}

/** `lhs and rhs`, `lhs or rhs` (future.keywords.and, future.keywords.or); an operand in braces is `explicit`. */
export interface Logical {
  readonly kind: "and" | "or";
  readonly lhs: Body;
  readonly rhs: Body;
  readonly explicitLhs?: boolean;
  readonly explicitRhs?: boolean;
  readonly location: Location;
}

export type Term =
  | NullTerm
  | BooleanTerm
  | NumberTerm
  | StringTerm
  | VarTerm
  | RefTerm
  | ArrayTerm
  | ObjectTerm
  | SetTerm
  | ArrayComprehension
  | SetComprehension
  | ObjectComprehension
  | CallTerm
  | TemplateString;

export type TermKind = Term["kind"];

export interface NullTerm {
  readonly kind: "null";
  readonly location: Location;
}
export interface BooleanTerm {
  readonly kind: "boolean";
  readonly value: boolean;
  readonly location: Location;
}
/** `text` is the literal as JSON would hold it (`1.0` stays `1.0`); `bare`, if its author left out the zero before the point (`.5`). */
export interface NumberTerm {
  readonly kind: "number";
  readonly text: string;
  readonly bare?: boolean;
  readonly location: Location;
}
/** `value` is the decoded text; `raw` marks a back-quoted literal. */
export interface StringTerm {
  readonly kind: "string";
  readonly value: string;
  readonly raw?: boolean;
  readonly location: Location;
}
/** Wildcards are named `$0`, `$1`, … (unique in a module); generated locals `__local0__`, … */
export interface VarTerm {
  readonly kind: "var";
  readonly name: string;
  readonly location: Location;
}
/** `a.b[c]`: the head is a VarTerm (or any term: `{…}[x]`, `f(x).y`); dots give StringTerms. */
export interface RefTerm {
  readonly kind: "ref";
  readonly terms: readonly [Term, ...Term[]];
  readonly location: Location;
}
export interface ArrayTerm {
  readonly kind: "array";
  readonly items: readonly Term[];
  readonly location: Location;
}
/** In source order; entries with equal keys are all there, as in OPA. */
export interface ObjectTerm {
  readonly kind: "object";
  readonly entries: readonly (readonly [Term, Term])[];
  readonly location: Location;
}
/** In source order, without equal members. */
export interface SetTerm {
  readonly kind: "set";
  readonly items: readonly Term[];
  readonly location: Location;
}
export interface ArrayComprehension {
  readonly kind: "array-comprehension";
  readonly term: Term;
  readonly body: Body;
  readonly location: Location;
}
export interface SetComprehension {
  readonly kind: "set-comprehension";
  readonly term: Term;
  readonly body: Body;
  readonly location: Location;
}
export interface ObjectComprehension {
  readonly kind: "object-comprehension";
  readonly key: Term;
  readonly value: Term;
  readonly body: Body;
  readonly location: Location;
}
/** A call inside a term: `count(x) + 1` is plus(count(x), 1). */
export interface CallTerm {
  readonly kind: "call";
  readonly operator: RefTerm;
  readonly args: readonly Term[];
  readonly location: Location;
}
/** `$"a {x} b"`: text parts are StringTerms, expressions are Exprs; an expression that is only a scalar is that scalar. `raw` for $`…`. */
export interface TemplateString {
  readonly kind: "template-string";
  readonly parts: readonly (StringTerm | NumberTerm | BooleanTerm | NullTerm | Expr)[];
  readonly raw: boolean;
  readonly location: Location;
}

/** A METADATA block. Field names as OPA's JSON has them, camel-cased. */
export interface Annotations {
  readonly scope: "package" | "subpackages" | "document" | "rule";
  readonly title?: string;
  readonly description?: string;
  readonly entrypoint?: boolean;
  readonly organizations?: readonly string[];
  readonly relatedResources?: readonly { readonly ref: string; readonly description?: string }[];
  readonly authors?: readonly { readonly name: string; readonly email?: string }[];
  readonly schemas?: readonly {
    readonly path: RefTerm;
    readonly schema?: RefTerm;
    readonly definition?: unknown;
  }[];
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly compile?: { readonly unknowns?: readonly RefTerm[]; readonly maskRule?: RefTerm };
  readonly location: Location;
  /** The rule (its index in Module.rules) or the package (-1) that the block stands above. */
  readonly target: number;
}
