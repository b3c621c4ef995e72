// The tokens of a YAML text to the tree of its first document, as go-yaml builds it. Of what follows that document only the next token is
// looked at. A text in, a tree out; errors are the library's words.

import { failure } from "./failure.ts";
import type { Token, TokenKind } from "./scan.ts";
import { YamlScanner } from "./scan.ts";

export interface YamlNode {
  readonly kind: "scalar" | "sequence" | "mapping" | "alias";
  /** In full, `tag:yaml.org,2002:int`; empty without one. */
  readonly tag: string;
  /** The text of a scalar, the name of an alias. */
  readonly value: string;
  /** A scalar whose text tells what it is. */
  readonly isImplicit: boolean;
  /** Of a mapping, keys and values in turn. */
  readonly items: YamlNode[];
  /** What an alias stands for. */
  readonly target?: YamlNode;
}

/** Far from what the stack holds, and from what anyone writes. (The library stops at 10 000.) */
export const MAX_YAML_DEPTH = 1_000;
export const YAML_TAG = "tag:yaml.org,2002:";
const EMPTY: YamlNode = { kind: "scalar", tag: "", value: "", isImplicit: true, items: [] };
const NO_DOCUMENT_CONTENT: readonly TokenKind[] = [
  "version",
  "tag directive",
  "document start",
  "document end",
  "stream end",
];

/**
 * What becomes of text behind the first document. OPA always ignores it; refused, the document must end where the text does, or where YAML
 * says that it ends (`---`, `...`).
 */
export type Rest = "ignored" | "refused";

/** Undefined for a text without a document. */
export function parseYaml(text: string, rest: Rest): YamlNode | undefined {
  return new Parser(new YamlScanner(text)).document(rest);
}

class Parser {
  readonly #tokens: YamlScanner;
  #depth = 0;
  readonly #handles = new Map<string, string>();
  readonly #anchors = new Map<string, YamlNode>();

  constructor(tokens: YamlScanner) {
    this.#tokens = tokens;
  }

  document(rest: Rest): YamlNode | undefined {
    this.#tokens.next();
    const { kind } = this.#tokens.peek();
    if (kind === "stream end") return undefined;
    const isExplicit = kind === "version" || kind === "tag directive" || kind === "document start";
    this.#directives();
    if (isExplicit) {
      this.#expect(["document start"], "did not find expected <document start>");
      this.#tokens.next();
    }
    const root = isExplicit && this.#isNext(...NO_DOCUMENT_CONTENT) ? EMPTY : this.#node(true);
    const behind = this.#tokens.peek();
    if (rest === "refused" && !NO_DOCUMENT_CONTENT.includes(behind.kind))
      throw failure(`yaml: line ${behind.line + 1}: text behind the end of the document`);
    return root;
  }

  // Tokens

  #isNext(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.#tokens.peek().kind);
  }

  /** Takes the next token if it is of that kind. */
  #takes(kind: TokenKind): boolean {
    if (this.#tokens.peek().kind !== kind) return false;
    this.#tokens.next();
    return true;
  }

  #expect(kinds: readonly TokenKind[], problem: string): void {
    if (!this.#isNext(...kinds)) this.#fail(problem, this.#tokens.peek());
  }

  #fail(problem: string, { line }: Token): never {
    // The library counts lines from 0 here, and does not tell of line 0.
    throw failure(`yaml: ${line === 0 ? "" : `line ${line}: `}${problem}`);
  }

  // Productions

  #directives(): void {
    let hasVersion = false;
    while (this.#isNext("version", "tag directive")) {
      const token = this.#tokens.peek();
      if (token.kind === "version") {
        if (hasVersion) this.#fail("found duplicate %YAML directive", token);
        if (token.value !== "1.1") this.#fail("found incompatible YAML document", token);
        hasVersion = true;
      } else {
        if (this.#handles.has(token.value)) this.#fail("found duplicate %TAG directive", token);
        this.#handles.set(token.value, token.suffix);
      }
      this.#tokens.next();
    }
    if (!this.#handles.has("!")) this.#handles.set("!", "!");
    if (!this.#handles.has("!!")) this.#handles.set("!!", YAML_TAG);
  }

  /** With `isIndentless`, also a sequence whose `-` stand no further in than the key before it. */
  #node(isBlock: boolean, isIndentless = false): YamlNode {
    const first = this.#tokens.peek();
    if (this.#takes("alias")) {
      const target = this.#anchors.get(first.value);
      if (target === undefined) throw failure(`yaml: unknown anchor '${first.value}' referenced`);
      return { ...EMPTY, kind: "alias", value: first.value, isImplicit: false, target };
    }
    const [anchor, tagToken] = this.#properties();
    const token = this.#tokens.peek();
    const tag = tagToken === undefined ? "" : this.#tag(tagToken);
    const kind = token.kind === "scalar" ? "scalar" : collectionKind(token.kind, isBlock, isIndentless);
    if (kind === undefined && anchor === undefined && tag === "")
      this.#fail("did not find expected node content", token);
    const node: YamlNode = {
      kind: kind ?? "scalar",
      tag,
      value: kind === "scalar" ? token.value : "",
      isImplicit: kind === "scalar" ? tag === "!" || (tag === "" && token.isPlain) : tag === "",
      items: [],
    };
    if (anchor !== undefined) this.#anchors.set(anchor.value, node);
    if (kind === "scalar") this.#tokens.next();
    else if (kind !== undefined) this.#fill(node.items, token.kind);
    return node;
  }

  #fill(items: YamlNode[], start: TokenKind): void {
    if (++this.#depth > MAX_YAML_DEPTH) throw tooDeep();
    if (start === "[") this.#flowSequence(items);
    else if (start === "{") this.#flowMapping(items);
    else if (start === "block mapping") this.#blockMapping(items);
    else if (start === "block sequence") this.#blockSequence(items);
    else this.#indentless(items);
    this.#depth--;
  }

  /** An anchor and a tag, in either order. */
  #properties(): [anchor: Token | undefined, tag: Token | undefined] {
    const first = this.#tokens.peek();
    if (this.#takes("anchor")) {
      const second = this.#tokens.peek();
      return [first, this.#takes("tag") ? second : undefined];
    }
    if (!this.#takes("tag")) return [undefined, undefined];
    const second = this.#tokens.peek();
    return [this.#takes("anchor") ? second : undefined, first];
  }

  #tag(token: Token): string {
    if (token.value === "") return token.suffix;
    const tag = this.#handles.get(token.value);
    if (tag === undefined) this.#fail("found undefined tag handle", token);
    return tag + token.suffix;
  }

  #blockSequence(items: YamlNode[]): void {
    this.#tokens.next();
    while (this.#takes("-")) items.push(this.#isNext("-", "block end") ? EMPTY : this.#node(true));
    this.#expect(["block end"], "did not find expected '-' indicator");
    this.#tokens.next();
  }

  #indentless(items: YamlNode[]): void {
    while (this.#takes("-"))
      items.push(this.#isNext("-", "key", "value", "block end") ? EMPTY : this.#node(true));
  }

  #blockMapping(items: YamlNode[]): void {
    const ends: readonly TokenKind[] = ["key", "value", "block end"];
    this.#tokens.next();
    while (this.#takes("key")) {
      items.push(this.#isNext(...ends) ? EMPTY : this.#node(true, true));
      items.push(!this.#takes("value") || this.#isNext(...ends) ? EMPTY : this.#node(true, true));
    }
    this.#expect(["block end"], "did not find expected key");
    this.#tokens.next();
  }

  #flowSequence(items: YamlNode[]): void {
    this.#tokens.next();
    for (let isFirst = true; !this.#isNext("]"); isFirst = false) {
      if (!isFirst) {
        this.#expect([","], "did not find expected ',' or ']'");
        this.#tokens.next();
      }
      if (this.#takes("key")) {
        const ends: readonly TokenKind[] = [",", "]"];
        const pair: YamlNode = { ...EMPTY, kind: "mapping", items: [] };
        if (this.#isNext("value", ...ends)) {
          // The library skips what shows it that the key is empty.
          this.#tokens.next();
          pair.items.push(EMPTY);
        } else {
          pair.items.push(this.#node(false));
        }
        pair.items.push(!this.#takes("value") || this.#isNext(...ends) ? EMPTY : this.#node(false));
        items.push(pair);
      } else if (!this.#isNext("]")) {
        items.push(this.#node(false));
      }
    }
    this.#tokens.next();
  }

  #flowMapping(items: YamlNode[]): void {
    const ends: readonly TokenKind[] = [",", "}"];
    this.#tokens.next();
    for (let isFirst = true; !this.#isNext("}"); isFirst = false) {
      if (!isFirst) {
        this.#expect([","], "did not find expected ',' or '}'");
        this.#tokens.next();
      }
      if (this.#takes("key")) {
        items.push(this.#isNext("value", ...ends) ? EMPTY : this.#node(false));
        items.push(!this.#takes("value") || this.#isNext(...ends) ? EMPTY : this.#node(false));
      } else if (!this.#isNext("}")) {
        items.push(this.#node(false), EMPTY);
      }
    }
    this.#tokens.next();
  }
}

export function tooDeep(): Error {
  return failure(`yaml: exceeded max depth of ${MAX_YAML_DEPTH}`);
}

/** What begins with such a token, where it may begin. */
function collectionKind(
  kind: TokenKind,
  isBlock: boolean,
  isIndentless: boolean,
): "sequence" | "mapping" | undefined {
  if (kind === "[" || (kind === "-" && isIndentless) || (kind === "block sequence" && isBlock))
    return "sequence";
  return kind === "{" || (kind === "block mapping" && isBlock) ? "mapping" : undefined;
}
