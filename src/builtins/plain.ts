// The categories that need nothing but values: one load for all of them.

import type { Builtin } from "./builtin.ts";
import { aggregatesBuiltins } from "./aggregates.ts";
import { arithmeticBuiltins } from "./arithmetic.ts";
import { arraysBuiltins } from "./arrays.ts";
import { bitsBuiltins } from "./bits.ts";
import { comparisonBuiltins } from "./comparison.ts";
import { conversionsBuiltins } from "./conversions.ts";
import { encodingBuiltins } from "./encoding.ts";
import { graphBuiltins } from "./graph.ts";
import { internalBuiltins } from "./internal.ts";
import { jsonBuiltins } from "./json.ts";
import { numbersBuiltins } from "./numbers.ts";
import { objectsBuiltins } from "./objects.ts";
import { opaBuiltins } from "./opa.ts";
import { regoBuiltins } from "./rego.ts";
import { semverBuiltins } from "./semver.ts";
import { setsBuiltins } from "./sets.ts";
import { stringsBuiltins } from "./strings.ts";
import { traceBuiltins } from "./trace.ts";
import { typesBuiltins } from "./types.ts";
import { unitsBuiltins } from "./units.ts";

export const plainBuiltins: readonly Builtin[] = [
  ...aggregatesBuiltins,
  ...arithmeticBuiltins,
  ...arraysBuiltins,
  ...bitsBuiltins,
  ...comparisonBuiltins,
  ...conversionsBuiltins,
  ...encodingBuiltins,
  ...graphBuiltins,
  ...internalBuiltins,
  ...jsonBuiltins,
  ...numbersBuiltins,
  ...objectsBuiltins,
  ...opaBuiltins,
  ...regoBuiltins,
  ...semverBuiltins,
  ...setsBuiltins,
  ...stringsBuiltins,
  ...traceBuiltins,
  ...typesBuiltins,
  ...unitsBuiltins,
];
