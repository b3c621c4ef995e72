// The compiler that a daemon's routes are given: policies that clients put are checked, and ad-hoc queries are compiled and run.

import { checkTexts } from "../build.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { builtins } from "../builtins/registry.ts";
import type { SourceModule } from "../decision/ports.ts";
import { prepareQuery } from "../query.ts";
import type { CompilerPort } from "../server/sidecar/ports.ts";
import { object } from "../value/object.ts";

function sources(modules: readonly SourceModule[]) {
  return modules.map(({ file, text, regoVersion }) => ({
    file,
    text,
    regoVersion: regoVersion === 0 ? ("v0" as const) : ("v1" as const),
  }));
}

/** The compiler of a daemon whose policies may call these builtins of the host's own. */
export const compilerWith = (custom: readonly Builtin[]): CompilerPort => ({
  check: (modules) => {
    checkTexts(sources(modules), custom);
  },
  async query({ text, modules, data, input, start }) {
    const compiled = start("rego_query_compile");
    const prepared = prepareQuery(checkTexts(sources(modules), custom), {
      text,
      data,
      input: input === undefined ? undefined : { value: input },
      builtins: withCustom(builtins, custom),
    });
    compiled();
    const evaluated = start("rego_query_eval");
    const { solutions } = await prepared.run();
    evaluated();
    return solutions.map(({ bindings }) => object(bindings));
  },
});
