// What makes modules faster and changes no answer, by name. In: nothing. Out: the switches; a pass that is `false` is left out, the others are on.
// A property holds modules with all passes and with none equal (test/unit/wasm/passes.test.ts).

export interface Passes {
  /** The input's parts have fixed addresses, and entrypoints answer without a result set, for hosts that know both. */
  readonly cells?: boolean;
  /** Rules that a constant text chooses are found in a table. */
  readonly ruleIndex?: boolean;
  /** Rules behind a table that differ in nothing but constants have one body. */
  readonly mergeRules?: boolean;
  /** Scans of base documents that an equality restricts go over what an index finds. */
  readonly dataIndex?: boolean;
  /** Loops end when only repetitions could follow. */
  readonly earlyExit?: boolean;
  /** A rule keeps its value for the rest of the evaluation. */
  readonly memo?: boolean;
  /** What a loop looks up at a ground path is looked up once. */
  readonly loopInvariants?: boolean;
  /** What a function looks up at a ground path in several places is looked up once. */
  readonly commonLookups?: boolean;
  /** Sets and arrays of constants are static data. */
  readonly constants?: boolean;
  /** Off: nothing counts steps, and no budget of steps holds. For measurements only. */
  readonly fuel?: boolean;
}
