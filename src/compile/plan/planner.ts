// CompiledModules to Policy. In: checked modules, and what is asked of them: entrypoints by path, or queries. Out: one Plan for each,
// with the functions of every rule they can reach. The one place where the plan files are joined.

import { declarationToJson } from "../../builtins/declaration.ts";
import type { Builtin } from "../../builtins/builtin.ts";
import { PolicyError } from "../../error.ts";
import type { RefTerm, Term } from "../../syntax/ast.ts";
import type { CompiledModules, CompiledQuery } from "../check/compilation.ts";
import { safetyOptions, varsOfBody } from "../check/vars.ts";
import type { Block, Plan, Policy } from "../ir/ir.ts";
import { planComprehension } from "./comprehension.ts";
import { Context, type Rooms, Shared } from "./context.ts";
import { planBody, planCall, planExpr } from "./expr.ts";
import type { KeptPlans } from "./kept-plans.ts";
import { Reach } from "./reach.ts";
import type { Marks } from "./marks.ts";
import { planRef } from "./ref.ts";
import { buildTrie } from "./rule-trie.ts";
import { planFunc } from "./rules.ts";
import { planTerm, planTerms, planValue } from "./term.ts";
import { planUnify, planUnifyOperand } from "./unify.ts";
import { planWiths } from "./with.ts";

/** Queries of one name are alternatives: their solutions are put together. */
export interface QuerySet {
  readonly name: string;
  readonly queries: readonly CompiledQuery[];
}

export interface PlanRequests {
  /** Paths as `authz/allow`, or refs as `data.authz.allow`. The plan gives `{"result": value}`. */
  readonly entrypoints?: readonly (string | RefTerm)[];
  /** The plans give one object of the query's variables for each solution. */
  readonly queries?: readonly QuerySet[];
  /** Marks the places that are reached, for coverage and traces; filled with what was marked. */
  readonly marks?: Marks;
  /** False: rules are tried although one of them has given the one possible value. For measurements; answers are the same. */
  readonly earlyExit?: boolean;
}

const ROOMS: Rooms = {
  term: planTerm,
  terms: planTerms,
  value: planValue,
  ref: planRef,
  unify: planUnify,
  unifyOperand: planUnifyOperand,
  comprehension: planComprehension,
  body: planBody,
  expr: planExpr,
  call: planCall,
  withs: planWiths,
};

/** With what an earlier plan left the functions are the same, but texts and files may stand under other numbers. */
export function plan(compiled: CompiledModules, requests: PlanRequests, kept?: KeptPlans): Policy {
  const { trie, tables } = kept?.begin(compiled) ?? { trie: buildTrie(compiled.modules), tables: undefined };
  const shared = new Shared(
    ROOMS,
    trie,
    new Reach(trie),
    compiled.builtins,
    requests.marks,
    requests.earlyExit,
    tables,
  );
  const plans = [
    ...(requests.entrypoints ?? []).map((entrypoint) => {
      const make = () => planEntrypoint(shared, entrypoint);
      if (kept === undefined || typeof entrypoint !== "string") return make();
      return kept.plan(shared, entrypoint, () => trie.find(refOfPath(entrypoint).terms.slice(1)), make);
    }),
    ...(requests.queries ?? []).map((query) => planQuerySet(shared, query)),
  ];
  // Functions ask for further functions while they are planned.
  for (let wanted = shared.queue.shift(); wanted !== undefined; wanted = shared.queue.shift()) {
    const next = wanted;
    const make = () => planFunc(shared, next);
    shared.funcs.push(kept === undefined ? make() : kept.func(shared, next, make));
  }
  kept?.end();
  const builtinFuncs = [...shared.called].sort().map((name) => {
    const builtin = compiled.builtins.get(name);
    if (builtin === undefined)
      throw new PolicyError("internal_error", `planner: unknown builtin \`${name}\``);
    return { name, decl: declarationToJson(builtin as Builtin, false) };
  });
  return {
    static: { strings: shared.tables.strings, builtinFuncs, files: shared.tables.files },
    plans,
    funcs: shared.funcs,
  };
}

export function planEntrypoints(
  compiled: CompiledModules,
  entrypoints: readonly (string | RefTerm)[],
): Policy {
  return plan(compiled, { entrypoints });
}

export function planQuery(compiled: CompiledModules, query: CompiledQuery, name: string): Policy {
  return plan(compiled, { queries: [{ name, queries: [query] }] });
}

const NOWHERE = { file: "", row: 0, col: 0, offset: 0, text: "" };

function planEntrypoint(shared: Shared, entrypoint: string | RefTerm): Plan {
  const ref = typeof entrypoint === "string" ? refOfPath(entrypoint) : entrypoint;
  const name = typeof entrypoint === "string" ? entrypoint : pathOfRef(entrypoint);
  const location = shared.trie.find(ref.terms.slice(1))?.group?.rules[0]?.rule.head.location ?? NOWHERE;
  const c = new Context(shared, shared.position(location));
  const block = c.nested(() =>
    c.rooms.term(c, ref, (value) => {
      const result = c.local();
      c.emit({ kind: "MakeObjectStmt", target: result });
      c.emit({ kind: "ObjectInsertStmt", key: c.string("result"), value, object: result });
      c.emit({ kind: "ResultSetAddStmt", value: result });
    }),
  );
  return { name, blocks: [block] };
}

function refOfPath(path: string): RefTerm {
  const steps = path.split("/").filter((step) => step !== "");
  const terms = steps.map((value): Term => ({ kind: "string", value, location: NOWHERE }));
  return {
    kind: "ref",
    terms: [{ kind: "var", name: "data", location: NOWHERE }, ...terms],
    location: NOWHERE,
  };
}

function pathOfRef(ref: RefTerm): string {
  return ref.terms
    .slice(1)
    .map((term) => (term.kind === "string" ? term.value : "text" in term ? String(term.text) : ""))
    .join("/");
}

function planQuerySet(shared: Shared, { name, queries }: QuerySet): Plan {
  return { name, blocks: queries.map((query) => planQueryBlock(shared, query)) };
}

function planQueryBlock(shared: Shared, query: CompiledQuery): Block {
  const c = new Context(shared, shared.position(query.body[0]?.location ?? NOWHERE));
  const names = visibleVars(query);
  return c.nested(() =>
    c.rooms.body(c, query.body, () => {
      const result = c.local();
      c.emit({ kind: "MakeObjectStmt", target: result });
      for (const [generated, written] of names) {
        const value = c.vars.get(generated);
        if (value !== undefined)
          c.emit({ kind: "ObjectInsertStmt", key: c.string(written), value, object: result });
      }
      c.emit({ kind: "ResultSetAddStmt", value: result });
    }),
  );
}

/** The variables of a query that its author named, with their names after check and as written, sorted as written. */
function visibleVars(query: CompiledQuery): [generated: string, written: string][] {
  const names: [string, string][] = [];
  for (const name of varsOfBody(query.body, safetyOptions)) {
    const written = query.rewrittenVars.get(name) ?? name;
    if (
      written.startsWith("__local") ||
      (written.startsWith("$") && !written.startsWith("$capture")) ||
      written === "data" ||
      written === "input"
    )
      continue;
    names.push([name, written]);
  }
  return names.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
}
