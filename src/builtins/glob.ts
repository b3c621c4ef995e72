// Globs as the gobwas library reads them: `*` stops at delimiters, `**` does not, `?` is one character that is no delimiter, `[a-z]`,
// `[!abc]`, `{a,b}`, `\` takes the sign off a sign. Texts in, booleans and texts out; patterns run in linear time (automaton.ts).

import { arg, arrayOf, builtin } from "./signature.ts";
import { anyOf, booleanType, nullType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { Step } from "./automaton.ts";
import { accepts } from "./automaton.ts";
import type { HostBody } from "./builtin.ts";
import { arrayOperand, failure, stringOperand, wrongElement, wrongType } from "./operand.ts";
import type { Value } from "../value/value.ts";
import { isArray } from "../value/value.ts";

type Node =
  | { readonly kind: "take"; readonly passes: (character: string) => boolean; readonly lone?: boolean }
  | { readonly kind: "any"; readonly passes: (character: string) => boolean }
  | { readonly kind: "choice"; readonly of: readonly (readonly Node[])[] };

class GlobParser {
  readonly #pattern: readonly string[];
  readonly #delimiters: ReadonlySet<string>;
  #at = 0;

  constructor(pattern: string, delimiters: ReadonlySet<string>) {
    this.#pattern = [...pattern];
    this.#delimiters = delimiters;
  }

  /** Within braces, `,` and `}` end a sequence; braces that are never closed end with the pattern. */
  sequence(inChoice: boolean): Node[] {
    const nodes: Node[] = [];
    const free = (c: string): boolean => !this.#delimiters.has(c);
    for (; this.#at < this.#pattern.length; ) {
      const c = this.#pattern[this.#at] as string;
      if (inChoice && (c === "," || c === "}")) break;
      this.#at++;
      if (c === "*") {
        const across = this.#pattern[this.#at] === "*";
        if (across) this.#at++;
        nodes.push({ kind: "any", passes: across ? () => true : free });
      } else if (c === "?") nodes.push({ kind: "take", passes: free, lone: true });
      else if (c === "[") {
        const lone = this.#pattern[this.#at] === "!";
        nodes.push({ kind: "take", passes: this.#characters(), lone });
      } else if (c === "{") nodes.push(this.#choice());
      else {
        const literal = c === "\\" ? this.#pattern[this.#at++] : c;
        if (literal !== undefined) nodes.push({ kind: "take", passes: (x) => x === literal });
      }
    }
    return nodes;
  }

  #choice(): Node {
    const of = [this.sequence(true)];
    while (this.#pattern[this.#at] === ",") {
      this.#at++;
      of.push(this.sequence(true));
    }
    this.#at++;
    return { kind: "choice", of };
  }

  #characters(): (character: string) => boolean {
    const not = this.#pattern[this.#at] === "!";
    if (not) this.#at++;
    const low = this.#read();
    if (this.#pattern[this.#at] === "-") {
      this.#at++;
      const high = this.#read();
      this.#close();
      const [from, to] = [low.codePointAt(0) as number, high.codePointAt(0) as number];
      if (to < from) throw failure(`hi character '${high}' should be greater than lo '${low}'`);
      return (c) => ((c.codePointAt(0) as number) >= from && (c.codePointAt(0) as number) <= to) !== not;
    }
    this.#at--;
    const list = new Set<string>();
    for (;;) {
      const c = this.#pattern[this.#at];
      if (c === undefined || c === "]") break;
      this.#at++;
      const literal = c === "\\" ? this.#pattern[this.#at++] : c;
      if (literal !== undefined) list.add(literal);
    }
    this.#close();
    if (list.size === 0) throw failure("could not parse range");
    return (c) => list.has(c) !== not;
  }

  #read(): string {
    const c = this.#pattern[this.#at++];
    if (c === undefined) throw failure("unexpected end of input");
    return c;
  }

  #close(): void {
    if (this.#read() !== "]") throw failure("expected close range character");
  }
}

/** A lone `?` or `[!…]`: gobwas lets it match the empty text, where nothing stands around it. */
function matchesEmpty(nodes: readonly Node[]): boolean {
  const [node] = nodes;
  if (node === undefined || nodes.length > 1) return false;
  return node.kind === "choice" ? node.of.some(matchesEmpty) : node.kind === "take" && node.lone === true;
}

function compile(nodes: readonly Node[], program: Step[]): void {
  for (const node of nodes) {
    if (node.kind === "take") program.push(node);
    else if (node.kind === "any") {
      const at = program.length;
      program.push(
        { kind: "split", to: [at + 1, at + 3] },
        { kind: "take", passes: node.passes },
        { kind: "split", to: [at] },
      );
    } else compileChoice(node.of, program);
  }
}

function compileChoice(of: readonly (readonly Node[])[], program: Step[]): void {
  const fork: number[] = [];
  const end: number[] = [];
  program.push({ kind: "split", to: fork });
  for (const branch of of) {
    fork.push(program.length);
    compile(branch, program);
    program.push({ kind: "split", to: end });
  }
  end.push(program.length);
}

const CACHE_SIZE = 100;
/** Programs by pattern and delimiters: pure, so they may outlive a query. */
const cache = new Map<string, readonly Step[]>();

function program(pattern: string, delimiters: readonly string[]): readonly Step[] {
  const key = `${delimiters.join("")}\u0000${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const nodes = new GlobParser(pattern, new Set(delimiters)).sequence(false);
  const steps: Step[] = [];
  compile(matchesEmpty(nodes) ? [{ kind: "choice", of: [nodes, []] }] : nodes, steps);
  steps.push({ kind: "accept" });
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string);
  cache.set(key, steps);
  return steps;
}

function delimitersOperand(value: Value | undefined): readonly string[] {
  if (value === null) return [];
  if (value === undefined || !isArray(value)) throw wrongType(2, value, "array", "null");
  const list = arrayOperand(value, 2).map((member) => {
    if (typeof member !== "string") throw wrongElement(2, value, member, "string");
    if ([...member].length !== 1) throw wrongElement(2, value, member, "rune");
    return member;
  });
  return list.length === 0 ? ["."] : list;
}

const globMatchBody: HostBody = ([pattern, delimiters, match]) => {
  const glob = stringOperand(pattern, 1);
  const separators = delimitersOperand(delimiters);
  const text = stringOperand(match, 3);
  return accepts(program(glob, separators), text);
};

const globQuoteMetaBody: HostBody = ([pattern]) => stringOperand(pattern, 1).replace(/[*?\\[\]{}]/g, "\\$&");

// Declarations

const globMatchBuiltin = builtin({
  name: "glob.match",
  description:
    "Matches a string against a glob: `*` within delimiters, `**` across them, `?`, `[abc]`, `{a,b}`.",
  args: [
    arg("pattern", stringType, "the glob"),
    arg(
      "delimiters",
      anyOf(nullType, arrayOf(stringType)),
      "characters that `*` stops at; null for none, empty for `.`",
    ),
    arg("match", stringType, "string to match"),
  ],
  result: arg("result", booleanType, "true when all of it fits"),
  examples: [['glob.match("*.example.com", ["."], "api.example.com")', "true"]],
  native: true,
  host: globMatchBody,
});

const globQuoteMetaBuiltin = builtin({
  name: "glob.quote_meta",
  description: "Escapes everything in a string that a glob would take for a sign.",
  args: [arg("pattern", stringType, "any string")],
  result: arg("output", stringType, "a glob that matches just that string"),
  examples: [['glob.quote_meta("*.a")', '"\\\\*.a"']],
  native: true,
  host: globQuoteMetaBody,
});

export const globBuiltins: readonly Builtin[] = [globMatchBuiltin, globQuoteMetaBuiltin];
