// Where an expression stands: in which rule or nested body, and at which place. In: modules as the planner takes them. Out: a map by identity.

import type { Body, Expr, Module, Rule } from "../syntax/ast.ts";
import { walkBody, walkModule } from "../syntax/visit.ts";

export interface Owner {
  readonly node: Rule | Body;
  readonly index: number;
  /** The body that the expression belongs to. */
  readonly body: Body;
}

export type Owners = ReadonlyMap<Expr, Owner>;

/** Of modules, and of a query beside them. */
export function ownersOf(modules: readonly Module[], query: Body = []): Owners {
  const rules = new Map<Body, Rule>();
  const owners = new Map<Expr, Owner>();
  const visitor = {
    rule: (rule: Rule): false => {
      rules.set(rule.body, rule);
      return false;
    },
    body: (body: Body): false => {
      const node = rules.get(body) ?? body;
      for (const [index, expr] of body.entries()) owners.set(expr, { node, index, body });
      return false;
    },
  };
  for (const module of modules) walkModule(module, visitor);
  if (query.length > 0) walkBody(query, visitor);
  return owners;
}
