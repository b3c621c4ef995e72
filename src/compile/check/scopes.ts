// A stack of scopes of local names: what each name was rewritten to, how it came up, how often it was seen.

/** How a name came up in a scope: as an argument, by being used, by `:=`, or by `some` and `every`. */
export type Occurrence = "new" | "arg" | "seen" | "assigned" | "declared";

interface Scope {
  readonly names: Map<string, string>;
  readonly occurrences: Map<string, Occurrence>;
  readonly counts: Map<string, number>;
}

const newScope = (): Scope => ({ names: new Map(), occurrences: new Map(), counts: new Map() });

export class Scopes {
  readonly #stack: Scope[];
  /** Generated name -> the author's, for every name ever rewritten here. */
  readonly rewritten: Map<string, string>;

  constructor(stack: Scope[] = [newScope()], rewritten: ReadonlyMap<string, string> = new Map()) {
    this.#stack = stack;
    this.rewritten = new Map(rewritten);
  }

  copy(): Scopes {
    return new Scopes(
      this.#stack.map((s) => ({
        names: new Map(s.names),
        occurrences: new Map(s.occurrences),
        counts: new Map(s.counts),
      })),
      this.rewritten,
    );
  }

  get #top(): Scope {
    return this.#stack[this.#stack.length - 1] as Scope;
  }

  push(): void {
    this.#stack.push(newScope());
  }

  pop(): void {
    this.#stack.pop();
  }

  insert(name: string, generated: string, occurrence: Occurrence): void {
    const top = this.#top;
    top.names.set(name, generated);
    top.occurrences.set(name, occurrence);
    top.counts.set(name, 1);
    if (name !== generated) this.rewritten.set(generated, name);
  }

  #find<T>(get: (scope: Scope) => T | undefined): T | undefined {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const found = get(this.#stack[i] as Scope);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What the name was rewritten to, in this scope or one around it. */
  declared(name: string): string | undefined {
    return this.#find((scope) => scope.names.get(name));
  }

  /** How the name came up in the innermost scope. */
  occurrence(name: string): Occurrence {
    return this.#top.occurrences.get(name) ?? "new";
  }

  /** How the name came up in the nearest scope that has it. */
  anywhere(name: string): Occurrence | undefined {
    return this.#find((scope) => scope.occurrences.get(name));
  }

  seen(name: string): void {
    const scope = this.#find((s) => (s.counts.has(name) ? s : undefined)) ?? this.#top;
    scope.counts.set(name, (scope.counts.get(name) ?? 0) + 1);
  }

  count(name: string): number {
    return this.#find((scope) => scope.counts.get(name)) ?? 0;
  }

  /** The names of the innermost scope with what they were rewritten to. */
  names(): ReadonlyMap<string, string> {
    return this.#top.names;
  }

  current(): Iterable<readonly [string, Occurrence]> {
    return this.#top.occurrences;
  }
}
