// The subpath `reeve/test`: what `reeve prove` draws inputs with, for fast-check in anybody's own tests; and the run itself. Reads no files:
// the caller has the texts.

import type fc from "fast-check";
import { checkSources, parse, type SourceText } from "./compile/compile.ts";
import { failWith } from "./error.ts";
import { type Json, schemaArbitrary, shapeArbitrary } from "./tester/arbitrary.ts";
import { inferShapes } from "./tester/prove-shape.ts";
import { type ProveOptions, type ProveReport, prove } from "./tester/prove.ts";
import { fromPlain } from "./value/json.ts";
import { emptyObject } from "./value/object.ts";
import { isObject, type RegoObject } from "./value/value.ts";

export type { Json, ProveOptions, ProveReport, SourceText };
export type { ProveResult } from "./tester/prove.ts";

export interface PolicySource {
  readonly modules: readonly SourceText[];
  /** The base document as plain data. */
  readonly data?: unknown;
}

/** Inputs of the shape that the policy reads, with its constants and, now and then, something wrong. */
export function inputArbitrary(policy: PolicySource): fc.Arbitrary<Json> {
  const compiled = checkSources(policy.modules);
  return shapeArbitrary(inferShapes(compiled, dataOf(policy), { paired: new Set() }).input);
}

/** Inputs that a JSON Schema allows, with the constants of the policy where one is given. */
export function schemaInputArbitrary(schema: unknown, policy?: PolicySource): fc.Arbitrary<Json> {
  if (policy === undefined) return schemaArbitrary(schema);
  const compiled = checkSources(policy.modules);
  return schemaArbitrary(schema, inferShapes(compiled, dataOf(policy), { paired: new Set() }).input);
}

/** Runs the invariants of the modules; 5000 inputs for each and the seed 1 unless told otherwise. */
export function proveInvariants(policy: PolicySource, options: Partial<ProveOptions> = {}): ProveReport {
  const { modules, diagnostics } = parse(policy.modules);
  if (diagnostics.length > 0) throw failWith(diagnostics);
  return prove(modules, dataOf(policy), { runs: 5000, seed: 1, ...options });
}

function dataOf({ data }: PolicySource): RegoObject {
  const value = fromPlain(data ?? {});
  return isObject(value) ? value : emptyObject;
}
