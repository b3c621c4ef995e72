// The plan contract: what the planner hands to the optimiser and the emitter. It is OPA's IR ("Intermediate Representation",
// plan.json) with statement names spelled as OPA spells them, so that json.ts is a near-identity both ways and OPA's own plans
// run on our emitter. Semantics: a statement that is undefined or fails breaks out of its innermost block; `BreakStmt` index n leaves
// n+1 blocks; locals 0 and 1 are input and data. Nothing here may import the AST.

export interface Policy {
  readonly static: Static;
  readonly plans: readonly Plan[];
  readonly funcs: readonly Func[];
}

export interface Static {
  /** String constants, and the texts of number constants (MakeNumberRefStmt). */
  readonly strings: readonly string[];
  /** Every builtin that a CallStmt names, with its declaration as OPA's JSON has it. */
  readonly builtinFuncs: readonly BuiltinFunc[];
  /** File names that `at.file` indexes. */
  readonly files: readonly string[];
}

export interface BuiltinFunc {
  readonly name: string;
  /** OPA's type JSON of the function: `{type: "function", args: [...], result: ...}`. */
  readonly decl: unknown;
}

/** One entrypoint: its blocks add to the result set. */
export interface Plan {
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** `params` are locals (0 input, 1 data, then arguments); `return` is the local that ReturnLocalStmt names. Undefined = no value. */
export interface Func {
  readonly name: string;
  readonly params: readonly Local[];
  readonly return: Local;
  readonly blocks: readonly Block[];
  /** Where the function hangs in the data tree, for CallDynamicStmt: ["g0", "a", "b"]. */
  readonly path?: readonly string[];
  /**
   * How many of the last `params` are arguments of a user function (0 for rules). Between `data` and them stand values of mocks.
   * OPA's plans do not say; absent means `params.length - 2`.
   */
  readonly arity?: number;
}

export interface Block {
  readonly stmts: readonly Stmt[];
}

export type Local = number;

export type Operand =
  | { readonly type: "local"; readonly value: Local }
  | { readonly type: "string_index"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean };

/** Source position of a statement. `file` indexes Static.files; the end of the text stands there where it is known. */
export interface At {
  readonly file: number;
  readonly row: number;
  readonly col: number;
  readonly endRow?: number;
  readonly endCol?: number;
}

export type Stmt =
  | { readonly kind: "ArrayAppendStmt"; readonly value: Operand; readonly array: Local; readonly at: At }
  | { readonly kind: "AssignIntStmt"; readonly value: number; readonly target: Local; readonly at: At }
  | { readonly kind: "AssignVarStmt"; readonly source: Operand; readonly target: Local; readonly at: At }
  | { readonly kind: "AssignVarOnceStmt"; readonly source: Operand; readonly target: Local; readonly at: At }
  | { readonly kind: "BlockStmt"; readonly blocks: readonly Block[]; readonly at: At }
  | { readonly kind: "BreakStmt"; readonly index: number; readonly at: At }
  | {
      readonly kind: "CallStmt";
      readonly func: string;
      readonly args: readonly Operand[];
      readonly result: Local;
      readonly at: At;
    }
  /** `args` are locals (input, data, …); `path` operands name a Func by its `path`. Undefined when there is none. */
  | {
      readonly kind: "CallDynamicStmt";
      readonly args: readonly Local[];
      readonly path: readonly Operand[];
      readonly result: Local;
      readonly at: At;
    }
  | {
      readonly kind: "DotStmt";
      readonly source: Operand;
      readonly key: Operand;
      readonly target: Local;
      readonly at: At;
    }
  | { readonly kind: "EqualStmt"; readonly a: Operand; readonly b: Operand; readonly at: At }
  | { readonly kind: "IsArrayStmt"; readonly source: Operand; readonly at: At }
  | { readonly kind: "IsDefinedStmt"; readonly source: Local; readonly at: At }
  | { readonly kind: "IsObjectStmt"; readonly source: Operand; readonly at: At }
  | { readonly kind: "IsSetStmt"; readonly source: Operand; readonly at: At }
  | { readonly kind: "IsUndefinedStmt"; readonly source: Local; readonly at: At }
  | { readonly kind: "LenStmt"; readonly source: Operand; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeArrayStmt"; readonly capacity: number; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeNullStmt"; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeNumberIntStmt"; readonly value: number; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeNumberRefStmt"; readonly index: number; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeObjectStmt"; readonly target: Local; readonly at: At }
  | { readonly kind: "MakeSetStmt"; readonly target: Local; readonly at: At }
  /** Tells a measuring host that this place was reached, with what some variables hold. Never in what ships. */
  | { readonly kind: "MarkStmt"; readonly mark: number; readonly values: readonly Operand[]; readonly at: At }
  | { readonly kind: "NopStmt"; readonly at: At }
  | { readonly kind: "NotEqualStmt"; readonly a: Operand; readonly b: Operand; readonly at: At }
  | { readonly kind: "NotStmt"; readonly block: Block; readonly at: At }
  | {
      readonly kind: "ObjectInsertStmt";
      readonly key: Operand;
      readonly value: Operand;
      readonly object: Local;
      readonly at: At;
    }
  | {
      readonly kind: "ObjectInsertOnceStmt";
      readonly key: Operand;
      readonly value: Operand;
      readonly object: Local;
      readonly at: At;
    }
  | {
      readonly kind: "ObjectMergeStmt";
      readonly a: Local;
      readonly b: Local;
      readonly target: Local;
      readonly at: At;
    }
  | { readonly kind: "ResetLocalStmt"; readonly target: Local; readonly at: At }
  | { readonly kind: "ResultSetAddStmt"; readonly value: Local; readonly at: At }
  | { readonly kind: "ReturnLocalStmt"; readonly source: Local; readonly at: At }
  | {
      readonly kind: "ScanStmt";
      readonly source: Local;
      readonly key: Local;
      readonly value: Local;
      readonly block: Block;
      readonly at: At;
    }
  | { readonly kind: "SetAddStmt"; readonly value: Operand; readonly set: Local; readonly at: At }
  /** `path` holds string indices; an empty path replaces the local for the length of the block. */
  | {
      readonly kind: "WithStmt";
      readonly local: Local;
      readonly path: readonly number[];
      readonly value: Operand;
      readonly block: Block;
      readonly at: At;
    };

export type StmtKind = Stmt["kind"];
export type StmtOf<K extends StmtKind> = Extract<Stmt, { kind: K }>;
