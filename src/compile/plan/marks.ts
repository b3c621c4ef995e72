// Marks: statements that tell a measuring host which place of a policy was reached. In: which files are to be marked, and how closely. Out: the
// list of marks, whose indices the plan holds. Without a request nothing is marked; what ships never is.

import type { Location } from "../../error.ts";
import type { Body, Expr, Rule } from "../../syntax/ast.ts";

export interface MarkRequest {
  /** Files whose rules and expressions are marked. */
  readonly wants: (file: string) => boolean;
  /** Also where bodies begin, and which expressions held, with the values of variables: enough to tell why a rule failed. */
  readonly events?: boolean;
  /** Also which expressions held, without values. */
  readonly passes?: boolean;
  /** Also where rules begin and end, without values: enough to tell whether a body ever failed. */
  readonly branches?: boolean;
  /**
   * The values of the variables that a call names. `all`: of every call, and no other marks; `limits`: besides the other marks, where a
   * variable is compared with a number.
   */
  readonly operands?: "all" | "limits";
  /**
   * Looks first at what an index of rules would look at, and leaves out the rules that it would; nothing in them is reached then. False:
   * no rule is left out, not even one that would fail where OPA does not come to it.
   */
  readonly index?: boolean;
  /** False: rules are tried although one of them has given the value already. */
  readonly earlyExit?: boolean;
}

export type MarkNode = Rule | Expr | Body;

/**
 * - eval: an expression is tried; pass: it has a solution; exit: a rule gives a value
 * - value: what an expression that is only a ref came to
 * - enter: a rule or a nested body begins; leave: a rule is done, whatever it gave
 */
export type MarkKind = "enter" | "eval" | "pass" | "value" | "exit" | "leave";

export interface Mark {
  readonly kind: MarkKind;
  readonly node: MarkNode;
  readonly location: Location;
  /** Names of the variables whose values come with it. */
  readonly vars: readonly string[];
}

/** What one Policy was marked with. */
export class Marks {
  readonly request: MarkRequest;
  readonly list: Mark[] = [];
  /** While a plan looks ahead, nothing is marked. */
  muted = false;

  constructor(request: MarkRequest) {
    this.request = request;
  }

  add(mark: Mark): number {
    return this.list.push(mark) - 1;
  }
}
