// Which operand a Rego variable stands for, scope by scope. In: names and operands while a body is planned. Out: the operand of a
// name, or undefined while nothing has bound it yet. Scopes are pushed for closures and for alternatives that must not see each other.

import type { Operand } from "../ir/ir.ts";

export class Scopes {
  readonly #frames: Map<string, Operand>[] = [new Map()];

  get(name: string): Operand | undefined {
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      const operand = this.#frames[i]?.get(name);
      if (operand !== undefined) return operand;
    }
    return undefined;
  }

  /** Every variable that is bound, innermost last. */
  all(): [name: string, operand: Operand][] {
    return [...new Map(this.#frames.flatMap((frame) => [...frame]))];
  }

  bind(name: string, operand: Operand): void {
    this.#frames.at(-1)?.set(name, operand);
  }

  /** Runs `body` in a scope of its own; what it binds is forgotten afterwards. */
  within<T>(body: () => T): T {
    this.#frames.push(new Map());
    try {
      return body();
    } finally {
      this.#frames.pop();
    }
  }

  /** Runs `body` in a scope of its own; what it binds is kept if it gives true. */
  attempt(body: () => boolean): boolean {
    this.#frames.push(new Map());
    const keep = body();
    const frame = this.#frames.pop();
    if (keep) for (const [name, operand] of frame ?? []) this.bind(name, operand);
    return keep;
  }
}
