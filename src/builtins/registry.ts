// All builtins by name. For those who compile and list; whoever only decides loads what it needs through host.ts. Refuses doubles.

import { PolicyError } from "../error.ts";
import type { Builtin } from "./builtin.ts";
import { aggregatesBuiltins } from "./aggregates.ts";
import { arithmeticBuiltins } from "./arithmetic.ts";
import { arraysBuiltins } from "./arrays.ts";
import { bitsBuiltins } from "./bits.ts";
import { comparisonBuiltins } from "./comparison.ts";
import { conversionsBuiltins } from "./conversions.ts";
import { cryptoBuiltins } from "./crypto.ts";
import { encodingBuiltins } from "./encoding.ts";
import { globBuiltins } from "./glob.ts";
import { graphBuiltins } from "./graph.ts";
import { graphqlBuiltins } from "./graphql.ts";
import { httpBuiltins } from "./http.ts";
import { internalBuiltins } from "./internal.ts";
import { jsonBuiltins } from "./json.ts";
import { jsonSchemaBuiltins } from "./json-schema.ts";
import { netBuiltins } from "./net.ts";
import { numbersBuiltins } from "./numbers.ts";
import { objectsBuiltins } from "./objects.ts";
import { opaBuiltins } from "./opa.ts";
import { providersBuiltins } from "./providers.ts";
import { regexBuiltins } from "./regex.ts";
import { regoBuiltins } from "./rego.ts";
import { semverBuiltins } from "./semver.ts";
import { setsBuiltins } from "./sets.ts";
import { stringsBuiltins } from "./strings.ts";
import { timeBuiltins } from "./time.ts";
import { tokensBuiltins } from "./tokens.ts";
import { traceBuiltins } from "./trace.ts";
import { typesBuiltins } from "./types.ts";
import { unitsBuiltins } from "./units.ts";
import { uriBuiltins } from "./uri.ts";
import { uuidBuiltins } from "./uuid.ts";
import { x509Builtins } from "./x509.ts";
import { yamlBuiltins } from "./yaml.ts";

/** One map out of the categories; a name that stands in two of them is an error. */
export function register(categories: readonly (readonly Builtin[])[]): ReadonlyMap<string, Builtin> {
  const map = new Map<string, Builtin>();
  for (const builtin of categories.flat()) {
    if (map.has(builtin.name))
      throw new PolicyError("internal_error", `builtin \`${builtin.name}\` is declared twice`);
    map.set(builtin.name, builtin);
  }
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const builtins: ReadonlyMap<string, Builtin> = register([
  aggregatesBuiltins,
  arithmeticBuiltins,
  arraysBuiltins,
  bitsBuiltins,
  comparisonBuiltins,
  conversionsBuiltins,
  cryptoBuiltins,
  encodingBuiltins,
  globBuiltins,
  graphBuiltins,
  graphqlBuiltins,
  httpBuiltins,
  internalBuiltins,
  jsonBuiltins,
  jsonSchemaBuiltins,
  netBuiltins,
  numbersBuiltins,
  objectsBuiltins,
  opaBuiltins,
  providersBuiltins,
  regexBuiltins,
  regoBuiltins,
  semverBuiltins,
  setsBuiltins,
  stringsBuiltins,
  timeBuiltins,
  tokensBuiltins,
  traceBuiltins,
  typesBuiltins,
  unitsBuiltins,
  uriBuiltins,
  uuidBuiltins,
  x509Builtins,
  yamlBuiltins,
]);
