// From the marks that a run passed to the events that OPA's tracer would tell: rules and bodies entered, expressions tried and failed. In: the
// log of one run. Out: events in order. Complete rules are not tried again behind what follows them, so OPA has some Redo events more: see trace-redo.ts.

import type { Mark } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import type { Body, Expr, Rule } from "../syntax/ast.ts";
import { isCallTerms } from "../syntax/visit.ts";
import type { Value } from "../value/value.ts";
import type { Owners } from "./owners.ts";

export type Logged =
  | { readonly mark: Mark; readonly values: readonly (Value | undefined)[] }
  | { readonly note: string }
  /** A case of a parameterised test begins. */
  | { readonly testCase: number };

export type EventNode = Rule | Expr | Body;

export interface TraceEvent {
  readonly op: "Enter" | "Eval" | "Fail" | "Exit" | "Redo" | "Index" | "Note" | "TestCase";
  readonly query: number;
  readonly parent: number;
  readonly node: EventNode | undefined;
  readonly location: Location | undefined;
  /** By the names that the compiler gave. */
  readonly locals: ReadonlyMap<string, Value>;
  /** What a lone ref came to, if it came to anything. */
  readonly value?: Value | undefined;
  readonly message?: string;
  /** What is told behind the node. */
  readonly suffix?: string;
  /** One of the rules that an `Index` event is about. */
  readonly rule?: Rule;
  /** The number of the test case. */
  readonly testCase?: number;
}

interface Tried {
  readonly expr: Expr;
  readonly index: number;
  locals: ReadonlyMap<string, Value>;
  value: Value | undefined;
  passed: boolean;
}

interface Frame {
  readonly query: number;
  readonly parent: number;
  readonly node: Rule | Body;
  tried: Tried[];
  exited: ReadonlyMap<string, Value> | undefined;
  /** The `not` whose operand this is. */
  readonly negation?: Expr;
}

const QUERY = 0;
const NO_LOCALS: ReadonlyMap<string, Value> = new Map();

/** With `query` the events of that query too. */
export function traceOf(log: readonly Logged[], owners: Owners, query?: Body): TraceEvent[] {
  return new Tracer(owners, query).run(log);
}

class Tracer {
  readonly #owners: Owners;
  readonly #query: Body | undefined;
  readonly #events: TraceEvent[] = [];
  readonly #stack: Frame[] = [];
  #next = 1;
  /** The expression that the current mark says holds. */
  #passing: Expr | undefined;

  constructor(owners: Owners, query: Body | undefined) {
    this.#owners = owners;
    this.#query = query;
  }

  run(log: readonly Logged[]): TraceEvent[] {
    for (const entry of log) {
      if ("mark" in entry) this.#mark(entry.mark, localsOf(entry.mark, entry.values));
      else if ("note" in entry) this.#inside("Note", { message: entry.note });
      else this.#inside("TestCase", { testCase: entry.testCase });
    }
    while (this.#stack.length > 0) this.#pop();
    return this.#events;
  }

  #mark({ kind, node }: Mark, locals: Map<string, Value>): void {
    this.#passing = kind === "pass" ? (node as Expr) : undefined;
    // OPA tells that it enters a rule before the arguments are there.
    if (kind === "enter") this.#push(node as Rule, isBody(node) ? locals : NO_LOCALS);
    else if (kind === "leave") this.#leave(node as Rule);
    else if (kind === "exit") this.#exit(node as Rule, locals);
    else this.#expr(kind, node as Expr, locals);
  }

  /** What a `not` negates is a query of its own. If the `not` holds, it has failed. */
  #negated(expr: Expr, locals: ReadonlyMap<string, Value>): void {
    const inner: Expr = { ...expr, negated: false, with: [] };
    const frame = this.#push([inner], locals, expr);
    frame.tried.push({ expr: inner, index: 0, locals, value: undefined, passed: false });
    this.#add(frame, "Eval", inner, locals);
  }

  #push(node: Rule | Body, locals: ReadonlyMap<string, Value>, negation?: Expr): Frame {
    // The same rule again: what was open of it came to its end.
    if (this.#stack.some((frame) => frame.node === node)) {
      this.#popTo(node);
      this.#pop();
    }
    const frame: Frame = {
      query: this.#next++,
      parent: this.#parent(node),
      node,
      tried: [],
      exited: undefined,
      ...(negation !== undefined && { negation }),
    };
    this.#stack.push(frame);
    this.#add(frame, "Enter", node, locals);
    return frame;
  }

  /** What an `every` says of its elements begins a query of its own. */
  #parent(node: Rule | Body): number {
    const frame = this.#stack.at(-1);
    const last = frame?.tried.at(-1)?.expr;
    if (isBody(node) && last !== undefined && isEvery(last)) return -this.#next;
    return frame?.query ?? QUERY;
  }

  #leave(node: Rule): void {
    if (!this.#stack.some((frame) => frame.node === node)) return;
    this.#popTo(node);
    this.#pop();
  }

  #exit(node: Rule, locals: ReadonlyMap<string, Value>): void {
    const frame = this.#popTo(node);
    if (frame === undefined) return;
    this.#redo(frame);
    this.#add(frame, "Exit", node, locals);
    frame.exited = locals;
  }

  /** The expression may stand without its `not` or `with` here: it is the one that is being tried. */
  #value(location: Location, value: Value | undefined): void {
    for (const { tried } of [...this.#stack].reverse()) {
      // Both of a negation: it, and what it negates.
      const found = tried.findLast(({ expr }) => expr.location === location);
      if (found !== undefined) found.value = value;
    }
  }

  #expr(kind: Mark["kind"], expr: Expr, locals: Map<string, Value>): void {
    if (kind === "value") return this.#value(expr.location, locals.get("$value"));
    const owner = this.#owners.get(expr);
    if (owner === undefined) return;
    const open = this.#popTo(owner.node);
    // Every element is a query of its own.
    const again = open !== undefined && open.parent < 0 && owner.index === 0 && kind === "eval";
    const frame = open === undefined || again ? this.#push(owner.node, locals) : open;
    this.#redo(frame);
    const { index } = owner;
    const known = frame.tried.find((item) => item.index === index);
    this.#backTo(frame, kind === "pass" ? index + 1 : index);
    if (kind === "pass" && known !== undefined) {
      if (known.passed) this.#add(frame, "Redo", expr, known.locals);
      known.passed = true;
      // Of a rule its own mark says so.
      if (isBody(owner.node) && index === owner.body.length - 1) {
        this.#add(frame, "Exit", owner.node, locals);
        frame.exited = locals;
      }
      return;
    }
    frame.tried.push({ expr, index, locals, value: undefined, passed: false });
    this.#add(frame, "Eval", expr, locals);
    if (expr.negated) this.#negated(expr, locals);
  }

  /** Behind an exit the rule is tried further. */
  #redo(frame: Frame): void {
    if (frame.exited === undefined) return;
    this.#add(frame, "Redo", frame.node, frame.exited);
    frame.exited = undefined;
  }

  /** Everything from this place of the body on is over; what held nowhere failed. */
  #backTo(frame: Frame, index: number): void {
    while ((frame.tried.at(-1)?.index ?? -1) >= index) {
      const { expr, locals, passed, value } = frame.tried.pop() as Tried;
      if (passed) continue;
      this.#add(frame, "Fail", expr, locals, { value });
      // OPA tells it twice: of what the elements are taken from, and of the expression.
      if (isEvery(expr)) this.#add(frame, "Fail", expr, locals, { value });
    }
  }

  #popTo(node: Rule | Body): Frame | undefined {
    if (!this.#stack.some((frame) => frame.node === node)) return undefined;
    while (this.#stack.at(-1)?.node !== node) this.#pop();
    return this.#stack.at(-1);
  }

  #pop(): void {
    const frame = this.#stack.at(-1);
    if (frame === undefined) return;
    const [operand] = frame.tried;
    if (operand !== undefined && frame.negation !== undefined)
      operand.passed = frame.negation !== this.#passing;
    this.#backTo(frame, 0);
    this.#stack.pop();
  }

  #inside(op: "Note" | "TestCase", rest: Partial<TraceEvent>): void {
    const frame = this.#stack.at(-1);
    const expr = frame?.tried.at(-1)?.expr;
    this.#events.push({
      op,
      query: frame?.query ?? QUERY,
      parent: frame?.parent ?? QUERY,
      node: expr,
      location: expr?.location,
      locals: new Map(),
      ...rest,
    });
  }

  #add(
    frame: Frame,
    op: TraceEvent["op"],
    node: EventNode,
    locals: ReadonlyMap<string, Value>,
    rest: Partial<TraceEvent> = {},
  ): void {
    const location = isBody(node) ? node[0]?.location : node.location;
    this.#events.push({ op, query: frame.query, parent: frame.parent, node, location, locals, ...rest });
  }
}

function isEvery({ terms }: Expr): boolean {
  return !isCallTerms(terms) && terms.kind === "every";
}

export function isBody(node: EventNode): node is Body {
  return Array.isArray(node);
}

function localsOf({ vars }: Mark, values: readonly (Value | undefined)[]): Map<string, Value> {
  const locals = new Map<string, Value>();
  for (const [i, name] of vars.entries()) {
    const value = values[i];
    if (value !== undefined) locals.set(name, value);
  }
  return locals;
}

/** The events that a reader wants, each with the way that leads to it, as OPA shows them: a way is told once. */
export function withLineage(
  events: readonly TraceEvent[],
  wanted: (event: TraceEvent) => boolean,
): TraceEvent[] {
  const result: TraceEvent[] = [];
  let ways = new Map<number, TraceEvent>();
  for (const event of events) {
    if (wanted(event)) {
      const path = [event];
      let previous: TraceEvent | undefined;
      for (let at = ways.get(event.query); at !== undefined && at !== previous; at = ways.get(at.parent)) {
        path.push(at);
        previous = at;
      }
      result.push(...path.reverse());
      ways = new Map();
    }
    const isWay = event.op === "Enter" || event.op === "Redo";
    if (isWay && (event.node === undefined || isBody(event.node) || event.node.kind === "rule"))
      ways.set(event.query, event);
  }
  return result;
}
