// What the formatter writes into: text, indentation, and the comments that wait for their place. A comment goes before the first node that stands below it,
// or behind the line of the node it shares a row with. Where two comments would end up behind one line, what is being written gives up ("comment")
// and the smallest term around it is written as its author left it.

import type { Location } from "../error.ts";
import type { Comment, Expr, Term } from "./ast.ts";
import { isMetadataComment } from "./annotations.ts";

/** Why something was not written: a comment has no place in it, or (never in a parsed module) there is no text to fall back to. */
export type Trouble = "comment" | "fatal" | undefined;

/** Formatting decisions that hold for the module as a whole. */
export interface Style {
  readonly v1: boolean;
  readonly contains: boolean;
  readonly ifs: boolean;
  /** Some head is a ref of more than two parts, so all are written as refs. */
  readonly refHeads: boolean;
  /** Keywords of the version and the imported ones. */
  readonly keywords: ReadonlySet<string>;
  /** Wildcards that stand in several places, with the names they get. */
  readonly wildcards: ReadonlyMap<string, string>;
}

export class Writer {
  readonly style: Style;
  out = "";
  level = 0;
  inline = false;
  comments: readonly Comment[];
  /** The comment that ends the current line. */
  lineEnd: Comment | undefined;
  /** Whether a last comment inside text written unformatted is to be written with it. */
  commentOnFinalLine = false;
  /** To be put in parentheses by whoever writes them. */
  parenExpr: Expr | undefined;
  parenTerm: Term | undefined;
  /** Messages of what cannot be formatted, with places. */
  readonly refusals: { readonly message: string; readonly location: Location; readonly details?: unknown }[] =
    [];
  #delayed = false;

  constructor(style: Style, comments: readonly Comment[]) {
    this.style = style;
    this.comments = comments;
  }

  write(text: string): void {
    this.out += text;
  }

  startLine(): void {
    this.inline = true;
    this.write("\t".repeat(this.level));
  }

  endLine(): void {
    this.inline = false;
    if (this.lineEnd !== undefined && !this.#delayed) {
      this.write(` #${this.lineEnd.text}`);
      this.lineEnd = undefined;
    }
    this.#delayed = false;
    this.write("\n");
  }

  blankLine(): void {
    if (this.inline) this.endLine();
    this.write("\n");
  }

  writeLine(text: string): void {
    if (!this.inline) this.startLine();
    this.write(text);
    this.endLine();
  }

  /** Opens a sequence of lines; a comment that waits for the end of this line waits for the next. */
  startMultiline(): void {
    this.#delayed = true;
    this.endLine();
    this.level++;
    this.startLine();
  }

  /** Forgets the comments, as is due where a caller will go back to its own. */
  drop(trouble: Trouble): Trouble {
    this.comments = [];
    return trouble;
  }

  /** The comments above `row`, and the one on it. */
  before(row: number): readonly Comment[] {
    const end = this.comments.findIndex((comment) => comment.location.row >= row);
    return end < 0 ? this.comments : this.comments.slice(0, end);
  }

  /** Writes what stands above `row`, and keeps what stands on it for the end of the line. */
  insertComments(row: number): Trouble {
    const first = this.comments[0];
    if (first === undefined || first.location.row > row) return this.#endLineWith(undefined);
    const before = this.before(row);
    let rest = this.comments.slice(before.length);
    let here: Comment | undefined;
    while (rest[0]?.location.row === row) {
      here = rest[0];
      rest = rest.slice(1);
    }
    this.comments = rest;
    this.writeComments(before);
    const last = before.at(-1);
    if (last !== undefined && row - last.location.row > 1) this.blankLine();
    return this.#endLineWith(here);
  }

  #endLineWith(comment: Comment | undefined): Trouble {
    if (this.lineEnd === undefined) this.lineEnd = comment;
    else if (comment !== undefined) {
      this.lineEnd = undefined;
      return "comment";
    }
    return undefined;
  }

  /** Blank lines between comments stay; METADATA blocks that touch are parted. */
  writeComments(comments: readonly Comment[]): void {
    let inBlock = false;
    for (const [i, comment] of comments.entries()) {
      const previous = comments[i - 1];
      const distance = previous === undefined ? 0 : comment.location.row - previous.location.row;
      if (distance > 1) {
        this.blankLine();
        inBlock = false;
      } else if (distance === 1 && inBlock && isMetadataComment(comment)) this.blankLine();
      if (isMetadataComment(comment)) inBlock = true;
      this.writeLine(`#${comment.text}`);
    }
  }

  /** The source text of a node instead of its layout; comments inside it are in that text already. */
  writeUnformatted(location: Location, comments: readonly Comment[]): Trouble {
    if (location.text === "") return this.drop("fatal");
    const lastRow = location.row + newlines(location.text);
    this.write(location.text);
    this.comments = comments.filter((comment) => {
      if (this.commentOnFinalLine && comment.location.row === lastRow) {
        this.write(` ${comment.location.text}`);
        return false;
      }
      return comment.location.row >= lastRow;
    });
    return undefined;
  }
}

export function newlines(text: string): number {
  let count = 0;
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) count++;
  return count;
}

export function endRow(location: Location): number {
  return location.row + newlines(location.text);
}

/** Index in `text` of the byte `offset`. */
export function byteIndex(text: string, offset: number): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    if (bytes >= offset) return i;
    const code = text.codePointAt(i) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code > 0xffff) i++;
  }
  return text.length;
}

/** Where the pair that `open` opens first ends; `from` and the rows before it are counted by the caller. */
function pairEnd(
  text: string,
  open: string,
  close: string,
  from: number,
): { index: number; rows: number } | undefined {
  const start = text.indexOf(open, from);
  if (start < 0) return undefined;
  let depth = 1;
  let rows = 0;
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === open) depth++;
    else if (text[i] === close) depth--;
    else if (text[i] === "\n") rows++;
    if (depth === 0) return { index: i, rows };
  }
  return undefined;
}

/** The row where a bracket closes, counted as OPA counts: rows before the opening bracket are left out. -1 without one. */
export function closingRow(
  open: string,
  close: string,
  location: Location,
  skip?: readonly [string, string],
): number {
  let from = 0;
  let skipped = 0;
  if (skip !== undefined) {
    const pair = pairEnd(location.text, skip[0], skip[1], 0);
    if (pair === undefined) return -1;
    from = pair.index;
    skipped = pair.rows;
  }
  const pair = pairEnd(location.text, open, close, from);
  return pair === undefined ? -1 : location.row + skipped + pair.rows;
}
