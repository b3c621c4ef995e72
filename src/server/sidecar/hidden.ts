// Rules that a bundle ships as Wasm are not in its Rego: a query or a client's policy that names them would find them undefined, an answer
// that looks like "no" (or, under `not`, like "yes") where there is a policy. Such Rego is refused, with the place to ask instead.

import { rootsOverlap } from "../../bundle/manifest.ts";
import type { Body, Module, Term } from "../../syntax/ast.ts";
import { type Visitor, walkBody, walkModule, walkTerm } from "../../syntax/visit.ts";
import { httpError } from "../http.ts";
import type { AgentPort } from "./ports.ts";

/** Throws when a query or module may reach under the roots of a bundle with Wasm. */
export function refuseHidden(agent: AgentPort, rego: Body | Module): void {
  const hidden = [...agent.bundles()].filter(([, { manifest }]) => manifest.wasm.length > 0);
  if (hidden.length === 0) return;
  const refuse = (path: readonly string[]): void => {
    const owner = hidden.find(([, { manifest }]) =>
      manifest.roots.some((root) => path.length === 0 || rootsOverlap(root, path.join("/"))),
    );
    if (owner !== undefined)
      throw httpError(
        501,
        "rego_unsupported_error",
        `bundle ${JSON.stringify(owner[0])} ships its rules as Wasm: ask for \`/v1/data/${path.join("/")}\`, Rego cannot name it here`,
      );
  };
  const visitor: Visitor = {
    term(term) {
      if (term.kind === "var" && term.name === "data") refuse([]);
      if (term.kind !== "ref") return undefined;
      const [head, ...steps] = term.terms;
      if (head.kind !== "var" || head.name !== "data") return undefined;
      refuse(groundPath(steps));
      for (const step of steps) walkTerm(step, visitor);
      return true;
    },
  };
  if (!("rules" in rego)) return walkBody(rego, visitor);
  for (const { path } of rego.imports) walkTerm(path, visitor);
  walkModule(rego, visitor);
}

function groundPath(steps: readonly Term[]): string[] {
  const path: string[] = [];
  for (const step of steps) {
    if (step.kind !== "string") break;
    path.push(step.value);
  }
  return path;
}
