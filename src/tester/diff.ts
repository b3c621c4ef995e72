// Two versions of a policy against each other: which decisions change. In: two Sides' sources, entrypoints, bounds, recorded decisions. Out: a
// DiffReport with every kind of flip, counted, each with a smallest example, and how hard it was looked. Prints nothing.

import { createHash } from "node:crypto";
import { PolicyError } from "../error.ts";
import { equal } from "../value/compare.ts";
import { encode, toPlain } from "../value/json.ts";
import { type Json, schemaArbitrary, shapeArbitrary } from "./arbitrary.ts";
import type { Recorded } from "./diff-decisions.ts";
import { type Effect, widening } from "./effect.ts";
import { conforms } from "./prove-conform.ts";
import { runProperty, type Verdict } from "./property.ts";
import { type Answer, type RuleText, ruleKey, Side, type SideSource, type World } from "./side.ts";
import { canonical, shrink } from "./shrink.ts";

export interface DiffOptions {
  /** Slash paths, as `authz/allow`. */
  readonly entrypoints: readonly string[];
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds for drawing inputs. */
  readonly timeMs?: number | undefined;
  readonly schema?: unknown;
  readonly recorded?: readonly Recorded[] | undefined;
  /** Leaves out where only the content of a decision changes: its reasons, say. */
  readonly effectsOnly?: boolean | undefined;
}

export interface Shown {
  readonly effect: Effect;
  /** JSON text; absent: undefined. */
  readonly value?: string | undefined;
  readonly error?: string | undefined;
}

export interface Example {
  /** Absent: without an input. */
  readonly input?: Json | undefined;
  readonly old: Shown;
  readonly new: Shown;
}

/** All inputs whose decision changed in the same way, by the same rules. */
export interface Flip {
  readonly entrypoint: string;
  /** `deny->allow`; `allow->allow` where only the content differs. */
  readonly kind: string;
  /** What an accepted list names: the rules, and a digest of what was changed in them. */
  readonly rule: string;
  readonly rules: readonly (Omit<RuleText, "text"> & { readonly side: "old" | "new" | "both" })[];
  /** Positive: more may happen than before. */
  readonly widening: number;
  readonly generated: number;
  readonly recorded: number;
  /** Ids of recorded decisions, the first few. */
  readonly decisions: readonly string[];
  readonly example: Example;
}

export interface SideReport {
  readonly name: string;
  /** Places of the policy that an input reached; total 0: a compiled module without marks. */
  readonly reached: number;
  readonly total: number;
}

export interface DiffReport {
  readonly entrypoints: readonly string[];
  readonly flips: readonly Flip[];
  readonly old: SideReport;
  readonly new: SideReport;
  readonly seed: number;
  readonly generated: number;
  /** Inputs of the sources' own that the generated ones were made from. */
  readonly examples: number;
  /** Decisions that were left out because their effect stays; absent unless that was asked for. */
  readonly contentOnly?: { readonly generated: number; readonly recorded: number };
  /** Ways through both versions that the inputs took. */
  readonly ways: number;
  readonly recorded: {
    readonly decided: number;
    /** About entrypoints that were not asked for. */
    readonly passedOver: number;
    readonly masked: number;
    /** The old version decides as the log says. */
    readonly asLogged: number;
    /** Builtins whose values the log does not have. */
    readonly missing: readonly string[];
  };
  /** Rules that are in one version only, or have another text there. */
  readonly changed: readonly (RuleText & { readonly side: "old" | "new"; readonly reached: boolean })[];
  readonly dataChanged: boolean;
  readonly milliseconds: number;
}

/** Two compiled modules that treated every input alike: it was not looked at all. */
export function showsNothing({ old, new: fresh, flips, ways, recorded }: DiffReport): boolean {
  return old.total === 0 && fresh.total === 0 && flips.length === 0 && ways <= 1 && recorded.decided === 0;
}

const MAX_SHOWN_IDS = 5;
const MAX_SHRINK_CHECKS = 1_500;
const MAX_SHRUNK = 60;

const EFFECTS: readonly Effect[] = ["allow", "approve", "deny", "undefined", "value", "error"];

/** They say whether the action happens. A value that does not may mean anything, so a change of it is always shown. */
const TOLD: ReadonlySet<Effect> = new Set(["allow", "approve", "deny"]);

interface Found {
  readonly entrypoint: string;
  readonly kind: string;
  readonly responsible: readonly { readonly side: "old" | "new"; readonly rule: RuleText }[];
  readonly names: string;
  generated: number;
  recorded: number;
  readonly decisions: string[];
  readonly input: Json | undefined;
  readonly world: World | undefined;
}

/** A Side is taken as it is, with what it has reached so far; it must answer the same entrypoints. */
export function diff(before: SideSource | Side, after: SideSource, options: DiffOptions): DiffReport {
  return new Differ(before, after, options).run();
}

class Differ {
  readonly #old: Side;
  readonly #new: Side;
  readonly #options: DiffOptions;
  readonly #dataChanged: boolean;
  readonly #found = new Map<string, Found>();
  readonly #ways = new Set<number>();
  readonly #contentOnly = { generated: 0, recorded: 0 };

  constructor(before: SideSource | Side, after: SideSource, options: DiffOptions) {
    this.#old = before instanceof Side ? before : new Side(before, options.entrypoints);
    this.#new = new Side(after, options.entrypoints);
    this.#options = options;
    this.#dataChanged = !equal(before.data, after.data);
    for (const entrypoint of options.entrypoints)
      if (!this.#old.has(entrypoint) && !this.#new.has(entrypoint))
        throw new PolicyError(
          "invalid_parameter",
          `neither version has the entrypoint \`${entrypoint}\`: name rules as \`package/rule\` with -e`,
        );
  }

  run(): DiffReport {
    const started = Date.now();
    const { runs, seed, schema, timeMs, entrypoints } = this.#options;
    const recorded = this.#replay();
    const shape = this.#old.shape;
    shape.join(this.#new.shape);
    const all = new Map(
      [...this.#old.examples, ...this.#new.examples].map((input) => [canonical(input), input]),
    );
    const start = [...all.values()].filter((input) => schema === undefined || conforms(schema, input));
    const outcome = runProperty(
      {
        arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
        check: (input) => this.#check(input),
        watch: (input) =>
          [this.#old, this.#new].flatMap((side) =>
            side.watch(
              entrypoints.filter((entrypoint) => side.has(entrypoint)),
              input,
            ),
          ),
        ...(schema !== undefined && { allowed: (input: Json) => conforms(schema, input) }),
      },
      { runs, seed, start, deadline: timeMs === undefined ? undefined : Date.now() + timeMs },
    );
    const changed = this.#changed();
    const [old, fresh] = [this.#side(this.#old), this.#side(this.#new)];
    const flips = [...this.#found.values()]
      .map((found, i) => this.#flip(found, i < MAX_SHRUNK))
      .sort((a, b) => b.widening - a.widening || b.generated + b.recorded - a.generated - a.recorded);
    return {
      entrypoints,
      flips,
      old,
      new: fresh,
      seed,
      generated: outcome.runs,
      examples: start.length,
      ...(this.#options.effectsOnly === true && { contentOnly: this.#contentOnly }),
      ways: this.#ways.size,
      recorded,
      changed,
      dataChanged: this.#dataChanged,
      milliseconds: Date.now() - started,
    };
  }

  #replay(): DiffReport["recorded"] {
    let [decided, passedOver, masked, asLogged] = [0, 0, 0, 0];
    const missing = new Set<string>();
    for (const event of this.#options.recorded ?? []) {
      if (!this.#options.entrypoints.includes(event.path)) {
        passedOver++;
        continue;
      }
      decided++;
      if (event.masked) masked++;
      const input = event.input === undefined ? undefined : (toPlain(event.input) as Json);
      const document = event.input === undefined ? undefined : { value: event.input };
      this.#begin();
      const old = this.#old.decide(event.path, document, event.world);
      const fresh = this.#new.decide(event.path, document, event.world);
      if (sameAnswer(old, { value: event.result, effect: old.effect })) asLogged++;
      for (const name of event.missing) missing.add(name);
      const found = this.#note(event.path, old, fresh, input, event.world);
      if (found === undefined) continue;
      found.recorded++;
      if (found.decisions.length < MAX_SHOWN_IDS) found.decisions.push(event.id);
    }
    return { decided, passedOver, masked, asLogged, missing: [...missing].sort() };
  }

  #begin(): void {
    this.#old.begin();
    this.#new.begin();
  }

  #check(input: Json): Verdict {
    let signature = 0;
    let met = false;
    let novel = false;
    for (const entrypoint of this.#options.entrypoints) {
      this.#begin();
      const old = this.#old.decide(entrypoint, { value: input });
      const fresh = this.#new.decide(entrypoint, { value: input });
      signature = (Math.imul(signature, 31) + this.#old.signature) ^ Math.imul(this.#new.signature, 7);
      signature =
        (Math.imul(signature, 31) + EFFECTS.indexOf(old.effect) * 8 + EFFECTS.indexOf(fresh.effect)) | 0;
      met ||= old.effect === "allow" || fresh.effect === "allow" || old.effect !== fresh.effect;
      novel ||= this.#old.novel || this.#new.novel;
      const found = this.#note(entrypoint, old, fresh, input, undefined);
      if (found === undefined) continue;
      found.generated++;
      signature = Math.imul(signature, 17) + found.names.length + 1;
    }
    this.#ways.add(signature);
    return { met, signature, novel };
  }

  /** Counts nothing: the caller knows where the input is from. */
  #note(
    entrypoint: string,
    old: Answer,
    fresh: Answer,
    input: Json | undefined,
    world: World | undefined,
  ): Found | undefined {
    if (sameAnswer(old, fresh)) return undefined;
    if (this.#options.effectsOnly === true && old.effect === fresh.effect && TOLD.has(old.effect)) {
      this.#contentOnly[world === undefined ? "generated" : "recorded"]++;
      return undefined;
    }
    const kind = `${old.effect}->${fresh.effect}`;
    const responsible = this.#responsible();
    const names = [...new Set(responsible.map(({ rule }) => rule.name))].sort().join(",");
    const key = `${entrypoint} ${kind} ${textsOf(responsible)}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = {
        entrypoint,
        kind,
        responsible,
        names,
        generated: 0,
        recorded: 0,
        decisions: [],
        input,
        world,
      };
      this.#found.set(key, found);
    }
    return found;
  }

  /** Changed rules that gave a value in one version only; else those that did in both; else whatever went another way. */
  #responsible(): Found["responsible"] {
    const [old, fresh] = [this.#old.fired(), this.#new.fired()];
    const pick = (side: "old" | "new", own: Side, keys: Iterable<string>) =>
      Array.from(keys, (key) => own.rules.get(key)).flatMap((rule) => (rule ? [{ side, rule }] : []));
    const onlyOld = pick(
      "old",
      this.#old,
      [...old].filter((key) => !this.#new.rules.has(key)),
    );
    const onlyNew = pick(
      "new",
      this.#new,
      [...fresh].filter((key) => !this.#old.rules.has(key)),
    );
    const changed = [...onlyOld, ...onlyNew];
    const inOne = changed.filter(
      ({ side, rule }) =>
        !(side === "old" ? onlyNew : onlyOld).some((other) => other.rule.name === rule.name),
    );
    if (inOne.length > 0) return inOne;
    if (changed.length > 0) return changed;
    // Something that gave a value in one version, none in the other, and was not touched itself: it reads what was.
    const first = [
      ...pick(
        "old",
        this.#old,
        [...old].filter((key) => !fresh.has(key)),
      ),
      ...pick(
        "new",
        this.#new,
        [...fresh].filter((key) => !old.has(key)),
      ),
    ];
    return first.slice(0, 1);
  }

  #flip(found: Found, mayShrink: boolean): Flip {
    const { entrypoint, kind, responsible, generated, recorded, decisions } = found;
    const [from, to] = kind.split("->") as [Effect, Effect];
    const decide = (input: Json | undefined): [Answer, Answer] => {
      this.#begin();
      const document = input === undefined ? undefined : { value: input };
      return [
        this.#old.decide(entrypoint, document, found.world),
        this.#new.decide(entrypoint, document, found.world),
      ];
    };
    const same = (input: Json): boolean => {
      if (this.#options.schema !== undefined && !conforms(this.#options.schema, input)) return false;
      const [old, fresh] = decide(input);
      return (
        !sameAnswer(old, fresh) &&
        `${old.effect}->${fresh.effect}` === kind &&
        textsOf(this.#responsible()) === textsOf(found.responsible)
      );
    };
    const input =
      found.input === undefined || !mayShrink
        ? found.input
        : shrink(found.input, same, { maxChecks: MAX_SHRINK_CHECKS });
    const [old, fresh] = decide(input);
    return {
      entrypoint,
      kind,
      rule: `${found.names === "" ? (this.#dataChanged ? "data" : "policy") : found.names}@${this.#digest(responsible)}`,
      rules: onBoth(responsible),
      widening: widening(from, to),
      generated,
      recorded,
      decisions,
      example: { ...(input !== undefined && { input }), old: shown(old), new: shown(fresh) },
    };
  }

  /** Of the changed rules among these; where there is none, of everything. */
  #digest(responsible: Found["responsible"]): string {
    const changed = responsible.filter(({ side, rule }) => {
      const other = side === "old" ? this.#new : this.#old;
      return !other.rules.has(ruleKey(rule));
    });
    const whole = [this.#old, this.#new].map((side) => [...side.rules.keys(), encode(side.data)].sort());
    const what = changed.length > 0 ? textsOf(changed) : JSON.stringify(whole);
    return createHash("sha256").update(what).digest("hex").slice(0, 12);
  }

  #changed(): DiffReport["changed"] {
    const list = (side: "old" | "new", own: Side, other: Side) => {
      const tried = own.tried();
      return [...own.rules]
        .filter(([key]) => !other.rules.has(key))
        .map(([key, rule]) => ({ ...rule, side, reached: tried.has(key) }));
    };
    // Of a compiled module the rules are not known.
    if (this.#old.rules.size === 0 || this.#new.rules.size === 0) return [];
    return [...list("old", this.#old, this.#new), ...list("new", this.#new, this.#old)];
  }

  #side(side: Side): SideReport {
    return { name: side.name, ...side.coverage };
  }
}

function sameAnswer(a: Answer, b: Answer): boolean {
  if (a.effect === "error" || b.effect === "error") return a.effect === b.effect;
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value) || encode(a.value) === encode(b.value);
}

function shown({ value, effect, error }: Answer): Shown {
  return {
    effect,
    ...(value !== undefined && { value: encode(value) }),
    ...(error !== undefined && { error }),
  };
}

const textsOf = (responsible: Found["responsible"]): string =>
  JSON.stringify(responsible.map(({ side, rule }) => `${side} ${ruleKey(rule)}`).sort());

function onBoth(responsible: Found["responsible"]): Flip["rules"] {
  const seen = new Map<string, Flip["rules"][number]>();
  for (const { side, rule } of responsible) {
    const { name, file, row } = rule;
    const before = seen.get(name);
    seen.set(
      name,
      before === undefined || before.side === side
        ? { name, file, row, side }
        : { ...(side === "new" ? { name, file, row } : before), side: "both" },
    );
  }
  return [...seen.values()];
}
