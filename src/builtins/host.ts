// Loads the host bodies that a module imports, category by category, so that an evaluate-only build carries neither parsers nor tables
// it never calls. Names in, builtins out; unknown names are left to the caller.

import type { Builtin } from "./builtin.ts";

type Load = () => Promise<readonly Builtin[]>;

/** What a category's names look like; the first row that fits a name is asked for it. Everything else is in `plain.ts`. */
const CATEGORIES: readonly (readonly [RegExp, Load])[] = [
  [/^(crypto\.(hmac\.|md5$|sha))/, async () => (await import("./crypto.ts")).cryptoBuiltins],
  [/^crypto\./, async () => (await import("./x509.ts")).x509Builtins],
  [/^io\.jwt\./, async () => (await import("./tokens.ts")).tokensBuiltins],
  [/^glob\./, async () => (await import("./glob.ts")).globBuiltins],
  [/^graphql\./, async () => (await import("./graphql.ts")).graphqlBuiltins],
  [/^http\./, async () => (await import("./http.ts")).httpBuiltins],
  [/^json\..*schema$/, async () => (await import("./json-schema.ts")).jsonSchemaBuiltins],
  [/^net\./, async () => (await import("./net.ts")).netBuiltins],
  [/^providers\./, async () => (await import("./providers.ts")).providersBuiltins],
  [/^(regex\.|re_match$)/, async () => (await import("./regex.ts")).regexBuiltins],
  [/^time\./, async () => (await import("./time.ts")).timeBuiltins],
  [/^(uuid\.)/, async () => (await import("./uuid.ts")).uuidBuiltins],
  [/^(uri\.)/, async () => (await import("./uri.ts")).uriBuiltins],
  [/^yaml\./, async () => (await import("./yaml.ts")).yamlBuiltins],
  [/^/, async () => (await import("./plain.ts")).plainBuiltins],
];

/** The builtins of these names that exist. */
export async function hostBuiltins(names: Iterable<string>): Promise<Map<string, Builtin>> {
  const found = new Map<string, Builtin>();
  for (const name of new Set(names)) {
    const load = CATEGORIES.find(([pattern]) => pattern.test(name))?.[1];
    const builtin = (await load?.())?.find((candidate) => candidate.name === name);
    if (builtin !== undefined) found.set(name, builtin);
  }
  return found;
}
