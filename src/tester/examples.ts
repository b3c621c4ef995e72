// Inputs that authors gave as examples: rules `example_<name>`. In: checked modules and base data. Out: the inputs. They are evaluated by a build
// of their own, so that the one that decides is not changed by them.

import { loadRuntime } from "../build.ts";
import { builtins } from "../builtins/registry.ts";
import { type CompiledModules, compile } from "../compile/compile.ts";
import { prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { printRef } from "../syntax/print.ts";
import { encode, toPlain } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import type { Json } from "./arbitrary.ts";
import { fixedContext } from "./prove-program.ts";

/** Those that have no value, or fail, are left out: it is not they that are asked about. */
export function exampleInputs(compiled: CompiledModules, data: RegoObject): Json[] {
  const found = new Set<string>();
  for (const { source } of compiled.compilation.modules) {
    const path = printRef(source.package.path.terms).split(".").slice(1);
    for (const { head } of source.rules) {
      const [name, ...more] = head.reference.terms;
      const plain = head.args === undefined && head.key === undefined && more.length === 0;
      if (plain && name.kind === "var" && /^example_./.test(name.name))
        found.add([...path, name.name].join("/"));
    }
  }
  if (found.size === 0) return [];
  const { emitted } = compile(compiled, { entrypoints: [...found] }, { runtime: loadRuntime() });
  const engine = prepare({ wasm: emitted.bytes, builtins, data: encode(data), context: fixedContext });
  return Array.from(found).flatMap((entrypoint): Json[] => {
    try {
      const { value } = engine.evaluate(entrypoint, undefined);
      return value === undefined ? [] : [toPlain(value) as Json];
    } catch (error) {
      if (!(error instanceof PolicyError) || !error.code.startsWith("eval_")) throw error;
      return [];
    }
  });
}
