// What Rego v1 does not allow and formatting cannot mend: imports that shadow each other, `data` and `input` as names, deprecated builtins, keywords as
// names of rules. A parsed module in, findings out, in OPA's words.

import type { Diagnostic, Location } from "../error.ts";
import type { Import, Module } from "./ast.ts";
import { printRef, printTerm } from "./print.ts";
import { isKeywordIn } from "./token.ts";
import { isCallTerms, walkModule } from "./visit.ts";

export function checkForV1(module: Module, deprecated: ReadonlySet<string>): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: Diagnostic["code"], location: Location, message: string): void => {
    found.push({ code, message, location });
  };
  const imported = new Map<string, Import>();
  for (const node of module.imports) {
    const last = node.path.terms.at(-1);
    const name = node.alias ?? (last?.kind === "string" ? last.value : last?.kind === "var" ? last.name : "");
    const before = imported.get(name);
    if (before === undefined) imported.set(name, node);
    else {
      const alias = before.alias === undefined ? "" : ` as ${before.alias}`;
      report(
        "rego_compile_error",
        node.location,
        `import must not shadow import ${printRef(before.path.terms)}${alias}`,
      );
    }
  }
  checkOverrides(module, report);
  walkModule(module, {
    expr: ({ terms, location }) => {
      if (isCallTerms(terms)) checkDeprecated(printTerm(terms[0]), location);
      return undefined;
    },
    term: (term) => {
      if (term.kind === "call") checkDeprecated(printTerm(term.operator), term.operator.location);
      return undefined;
    },
  });
  function checkDeprecated(name: string, location: Location): void {
    if (!deprecated.has(name)) return;
    report("rego_type_error", location, `deprecated built-in function calls in expression: ${name}`);
  }
  for (const rule of module.rules) {
    const { name, reference } = rule.head;
    if (reference.terms.length > 1 || !isKeywordIn(name, "v1")) continue;
    report("rego_parse_error", rule.location, `${name} keyword cannot be used for rule name`);
  }
  return found;
}

const ROOTS: ReadonlySet<string> = new Set(["data", "input"]);

type Report = (code: Diagnostic["code"], location: Location, message: string) => void;

function checkOverrides(module: Module, report: Report): void {
  for (const rule of module.rules) {
    const [first] = rule.head.reference.terms;
    const name = first.kind === "var" ? first.name : "";
    if (ROOTS.has(name)) {
      report(
        "rego_compile_error",
        rule.location,
        `rules must not shadow ${name} (use a different rule name)`,
      );
    }
    for (const arg of rule.head.args ?? []) {
      const text = printTerm(arg);
      if (arg.kind !== "ref" || !ROOTS.has(text)) continue;
      report(
        "rego_compile_error",
        arg.location,
        `args must not shadow ${text} (use a different variable name)`,
      );
    }
  }
  walkModule(module, {
    expr: ({ terms, location }) => {
      if (!isCallTerms(terms) || printTerm(terms[0]) !== "assign" || terms[1] === undefined) return undefined;
      const name = printTerm(terms[1]);
      if (ROOTS.has(name)) {
        report(
          "rego_compile_error",
          location,
          `variables must not shadow ${name} (use a different variable name)`,
        );
      }
      return undefined;
    },
  });
}
