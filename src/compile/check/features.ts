// What a rule is made of, found in one walk, so that stages about something rare pass over the rules that have none of it. In: a rule as it was
// parsed, without its `else`. Out: which rare kinds of nodes stand in it. What stages make later is theirs to add.

import type { Rule } from "../../syntax/ast.ts";
import { walkBody, walkHead, walkTerm } from "../../syntax/visit.ts";
import { isComprehension } from "./walk.ts";

export interface Features {
  comprehension: boolean;
  template: boolean;
  with: boolean;
}

const known = new WeakMap<Rule, Features>();

export function featuresOf(rule: Rule): Features {
  let found = known.get(rule);
  if (found === undefined) {
    found = look(rule);
    known.set(rule, found);
  }
  return found;
}

function look(rule: Rule): Features {
  const found: Features = { comprehension: false, template: false, with: false };
  const visitor = {
    term: (term: Parameters<typeof isComprehension>[0]): false => {
      if (isComprehension(term)) found.comprehension = true;
      else if (term.kind === "template-string") found.template = true;
      return false;
    },
    with: (): false => {
      found.with = true;
      return false;
    },
  };
  walkHead(rule.head, visitor);
  for (const term of rule.head.reference.terms) if (term.kind !== "string") walkTerm(term, visitor);
  walkBody(rule.body, visitor);
  return found;
}
