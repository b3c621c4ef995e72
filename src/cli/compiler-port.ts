// The compiler that a daemon's routes are given: policies that clients put are checked, and ad-hoc queries are compiled and run.

import { checkTexts } from "../build.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { builtins } from "../builtins/registry.ts";
import type { SourceModule } from "../decision/ports.ts";
import { CompileCache, type SourceText } from "../compile/compile.ts";
import { prepareQuery } from "../query.ts";
import type { CompilerPort } from "../server/sidecar/ports.ts";
import type { RegoVersion } from "../syntax/ast.ts";
import { object } from "../value/object.ts";

/** Texts for the compiler; what says nothing of its version has the one that is given. */
export function sourceTexts(modules: readonly SourceModule[], otherwise: RegoVersion = "v1"): SourceText[] {
  const versions: readonly (RegoVersion | undefined)[] = ["v0", "v1"];
  return modules.map(({ file, text, regoVersion }) => ({
    file,
    text,
    regoVersion: versions[regoVersion ?? -1] ?? otherwise,
  }));
}

/** The compiler of a daemon whose policies may call these builtins of the host's own. What did not change since last time is not checked again. */
export function compilerWith(custom: readonly Builtin[], version: RegoVersion = "v1"): CompilerPort {
  const cache = new CompileCache();
  const check = (modules: readonly SourceModule[]) =>
    checkTexts(sourceTexts(modules, version), custom, cache);
  return {
    check: (modules) => {
      check(modules);
    },
    async query({ text, modules, data, input, regoVersion, start }) {
      const compiled = start("rego_query_compile");
      const prepared = prepareQuery(check(modules), {
        text,
        regoVersion,
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
  };
}
