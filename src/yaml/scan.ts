// The characters of a YAML text to tokens, as libyaml (and so go-yaml, OPA's library) has them: YAML 1.1 with that scanner's liberties, kept
// to the letter because what it reads and where it stops is what OPA reads. A text in, one token after the other out, no further than asked.

import { isBlank, isBlankOrEnd, YamlCursor } from "./cursor.ts";
import { blockScalar, plainScalar, quotedScalar } from "./scalars.ts";
import { takeDirective, takeTag } from "./tags.ts";

export type TokenKind =
  | "stream start"
  | "stream end"
  | "version"
  | "tag directive"
  | "document start"
  | "document end"
  | "block sequence"
  | "block mapping"
  | "block end"
  | "["
  | "]"
  | "{"
  | "}"
  | "-"
  | ","
  | "key"
  | "value"
  | "alias"
  | "anchor"
  | "tag"
  | "scalar";

export interface Token {
  readonly kind: TokenKind;
  /** From 0. */
  readonly line: number;
  /** The text of a scalar, the name of an anchor or alias, a version, the handle of a tag. */
  readonly value: string;
  /** What follows the handle of a tag, or what a handle stands for. */
  readonly suffix: string;
  readonly isPlain: boolean;
}

/** Where a key without `?` may have begun. */
interface SimpleKey {
  isPossible: boolean;
  readonly isRequired: boolean;
  /** Of its first token, counted from the start of the text. */
  readonly number: number;
  readonly line: number;
  readonly column: number;
  readonly index: number;
}

const MAX_FLOW_DEPTH = 10_000;
const MAX_KEY_LENGTH = 1024;
const INDICATORS = "-?:,[]{}#&*!|>'\"%@`";
export class YamlScanner {
  readonly #cursor: YamlCursor;
  /** The column of the innermost block; -1 outside of all. */
  #indent = -1;
  readonly #indents: number[] = [];
  #keyAllowed = true;
  /** One for each level of brackets, and one for what is outside of them. */
  readonly #keys: SimpleKey[] = [];
  /** Levels of the keys that may begin with a token, by its number. */
  readonly #levels = new Map<number, number>();
  #tokens: Token[] = [];
  #head = 0;
  #taken = 0;

  constructor(text: string) {
    this.#cursor = new YamlCursor(text);
    this.#keys.push(this.#noKey());
    this.#append("stream start");
  }

  /** The next token, which stays the next one. */
  peek(): Token {
    while (this.#head === this.#tokens.length || this.#headMayBeKey()) this.#fetch();
    return this.#tokens[this.#head] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#taken++;
    if (++this.#head === this.#tokens.length) {
      this.#tokens = [];
      this.#head = 0;
    }
    return token;
  }

  /** Whether what follows decides what comes before the next token: it may turn out to be the beginning of a key. */
  #headMayBeKey(): boolean {
    const level = this.#levels.get(this.#taken);
    return level !== undefined && this.#isKeyPossible(this.#keys[level]);
  }

  // Tokens

  #token(kind: TokenKind, value = "", suffix = "", isPlain = false, line = this.#cursor.line): Token {
    return { kind, line, value, suffix, isPlain };
  }

  #append(kind: TokenKind): void {
    this.#tokens.push(this.#token(kind));
  }

  /** Puts a token before the one of that number; last, if that one has been taken. */
  #insert(token: Token, number: number): void {
    const place = number - this.#taken;
    if (place < 0) this.#tokens.push(token);
    else this.#tokens.splice(this.#head + place, 0, token);
  }

  #fetch(): void {
    this.#skipToToken();
    this.#unroll(this.#cursor.column);
    const character = this.#cursor.peek();
    const isFlow = this.#keys.length > 1;
    if (character === "") return this.#endStream();
    if (this.#cursor.column === 0 && character === "%") return this.#directive();
    if (this.#cursor.isDocumentMark()) return this.#documentMark(character === "-");
    if (character === "[" || character === "{") return this.#open(character);
    if (character === "]" || character === "}") return this.#close(character);
    if (character === ",") return this.#flowEntry();
    const endsWord = isBlankOrEnd(this.#cursor.peek(1));
    if (character === "-" && endsWord) return this.#blockEntry();
    if (character === "?" && (isFlow || endsWord)) return this.#key();
    if (character === ":" && (isFlow || endsWord)) return this.#value();
    if (character === "*" || character === "&") return this.#anchor(character === "*");
    if (character === "!") return this.#tag();
    if ((character === "|" || character === ">") && !isFlow) return this.#blockScalar();
    if (character === "'" || character === '"') return this.#scalar(() => quotedScalar(this.#cursor));
    const startsPlain =
      !(INDICATORS.includes(character) || isBlankOrEnd(character)) ||
      (character === "-" && !isBlank(this.#cursor.peek(1))) ||
      (!isFlow && (character === "?" || character === ":") && !endsWord);
    if (!startsPlain) this.#cursor.fail("found character that cannot start any token");
    this.#plainScalar();
  }

  /** Over blanks, comments and line breaks. */
  #skipToToken(): void {
    for (;;) {
      // Tabs do not indent: where a key may begin, they are no blanks.
      while (
        this.#cursor.peek() === " " ||
        (this.#cursor.peek() === "\t" && (this.#keys.length > 1 || !this.#keyAllowed))
      ) {
        this.#cursor.skip();
      }
      this.#cursor.skipComment();
      if (this.#cursor.takeBreak() === "") return;
      if (this.#keys.length === 1) this.#keyAllowed = true;
    }
  }

  /** Begins a block where a token stands further in than the innermost one. */
  #roll(column: number, number: number | undefined, kind: TokenKind, line: number): void {
    if (this.#keys.length > 1 || this.#indent >= column) return;
    this.#indents.push(this.#indent);
    this.#indent = column;
    if (this.#indents.length > MAX_FLOW_DEPTH) this.#cursor.fail(`exceeded max depth of ${MAX_FLOW_DEPTH}`);
    const token = this.#token(kind, "", "", false, line);
    if (number === undefined) this.#tokens.push(token);
    else this.#insert(token, number);
  }

  /** Ends the blocks that stand further in than a column. */
  #unroll(column: number): void {
    while (this.#keys.length === 1 && this.#indent > column) {
      this.#append("block end");
      this.#indent = this.#indents.pop() as number;
    }
  }

  // Keys without `?`

  #noKey(): SimpleKey {
    const number = this.#taken + this.#tokens.length - this.#head;
    return { isPossible: false, isRequired: false, number, line: this.#cursor.line, column: 0, index: 0 };
  }

  #isKeyPossible(key: SimpleKey | undefined): boolean {
    if (key?.isPossible !== true) return false;
    if (key.line === this.#cursor.line && key.index + MAX_KEY_LENGTH >= this.#cursor.index) return true;
    if (key.isRequired) this.#cursor.fail("could not find expected ':'");
    key.isPossible = false;
    return false;
  }

  #saveKey(): void {
    if (!this.#keyAllowed) return;
    const key = {
      isPossible: true,
      isRequired: this.#keys.length === 1 && this.#indent === this.#cursor.column,
      number: this.#taken + this.#tokens.length - this.#head,
      line: this.#cursor.line,
      column: this.#cursor.column,
      index: this.#cursor.index,
    };
    this.#dropKey();
    this.#keys[this.#keys.length - 1] = key;
    this.#levels.set(key.number, this.#keys.length - 1);
  }

  #dropKey(): void {
    const key = this.#keys.at(-1) as SimpleKey;
    if (!key.isPossible) return;
    if (key.isRequired) this.#cursor.fail("could not find expected ':'");
    key.isPossible = false;
    this.#levels.delete(key.number);
  }

  // The kinds of tokens

  #endStream(): void {
    if (this.#cursor.column !== 0) {
      this.#cursor.column = 0;
      this.#cursor.line++;
    }
    this.#unroll(-1);
    this.#dropKey();
    this.#keyAllowed = false;
    this.#append("stream end");
  }

  #documentMark(isStart: boolean): void {
    this.#unroll(-1);
    this.#dropKey();
    this.#keyAllowed = false;
    this.#append(isStart ? "document start" : "document end");
    this.#cursor.skip(3);
  }

  #open(bracket: "[" | "{"): void {
    this.#saveKey();
    this.#keys.push(this.#noKey());
    if (this.#keys.length > MAX_FLOW_DEPTH + 1) this.#cursor.fail(`exceeded max depth of ${MAX_FLOW_DEPTH}`);
    this.#keyAllowed = true;
    this.#append(bracket);
    this.#cursor.skip();
  }

  #close(bracket: "]" | "}"): void {
    this.#dropKey();
    // An empty pair of brackets takes away that its opening may begin a key: the library loses `[]: x` so.
    if (this.#keys.length > 1) this.#levels.delete((this.#keys.pop() as SimpleKey).number);
    this.#keyAllowed = false;
    this.#append(bracket);
    this.#cursor.skip();
  }

  #flowEntry(): void {
    this.#dropKey();
    this.#keyAllowed = true;
    this.#append(",");
    this.#cursor.skip();
  }

  #blockEntry(): void {
    if (this.#keys.length === 1) {
      if (!this.#keyAllowed) this.#cursor.fail("block sequence entries are not allowed in this context");
      this.#roll(this.#cursor.column, undefined, "block sequence", this.#cursor.line);
    }
    this.#dropKey();
    this.#keyAllowed = true;
    this.#append("-");
    this.#cursor.skip();
  }

  #key(): void {
    const isBlock = this.#keys.length === 1;
    if (isBlock) {
      if (!this.#keyAllowed) this.#cursor.fail("mapping keys are not allowed in this context");
      this.#roll(this.#cursor.column, undefined, "block mapping", this.#cursor.line);
    }
    this.#dropKey();
    this.#keyAllowed = isBlock;
    this.#append("key");
    this.#cursor.skip();
  }

  #value(): void {
    const key = this.#keys.at(-1) as SimpleKey;
    const isBlock = this.#keys.length === 1;
    if (this.#isKeyPossible(key)) {
      this.#insert(this.#token("key", "", "", false, key.line), key.number);
      this.#roll(key.column, key.number, "block mapping", key.line);
      key.isPossible = false;
      this.#levels.delete(key.number);
      this.#keyAllowed = false;
    } else {
      if (isBlock) {
        if (!this.#keyAllowed) this.#cursor.fail("mapping values are not allowed in this context");
        this.#roll(this.#cursor.column, undefined, "block mapping", this.#cursor.line);
      }
      this.#keyAllowed = isBlock;
    }
    this.#append("value");
    this.#cursor.skip();
  }

  /** A token that may begin a key and that no other one follows without a separator. */
  #atom(scan: () => Token): void {
    this.#saveKey();
    this.#keyAllowed = false;
    this.#tokens.push(scan());
  }

  #anchor(isAlias: boolean): void {
    this.#atom(() => {
      const line = this.#cursor.line;
      this.#cursor.skip();
      const name = this.#cursor.takeWord();
      const end = this.#cursor.peek();
      if (name === "" || !(isBlankOrEnd(end) || "?:,]}%@`".includes(end)))
        this.#cursor.fail("did not find expected alphabetic or numeric character");
      return this.#token(isAlias ? "alias" : "anchor", name, "", false, line);
    });
  }

  // Directives and tags

  #directive(): void {
    this.#unroll(-1);
    this.#dropKey();
    this.#keyAllowed = false;
    const { line } = this.#cursor;
    const { name, value, suffix } = takeDirective(this.#cursor);
    this.#tokens.push(this.#token(name === "YAML" ? "version" : "tag directive", value, suffix, false, line));
  }

  #tag(): void {
    this.#atom(() => {
      const { line } = this.#cursor;
      const { handle, suffix } = takeTag(this.#cursor);
      return this.#token("tag", handle, suffix, false, line);
    });
  }

  // Scalars

  #scalar(scan: () => string): void {
    this.#atom(() => {
      const { line } = this.#cursor;
      return this.#token("scalar", scan(), "", false, line);
    });
  }

  #plainScalar(): void {
    this.#atom(() => {
      const { line } = this.#cursor;
      const { text, endsLine } = plainScalar(this.#cursor, this.#indent + 1, this.#keys.length > 1);
      if (endsLine) this.#keyAllowed = true;
      return this.#token("scalar", text, "", true, line);
    });
  }

  #blockScalar(): void {
    this.#dropKey();
    this.#keyAllowed = true;
    const { line } = this.#cursor;
    this.#tokens.push(this.#token("scalar", blockScalar(this.#cursor, this.#indent), "", false, line));
  }
}
