// Where values come from. In: the user's words and results of calls, labelled by path from the catalogue. Out: for every leaf of a call's
// arguments, where its value was seen. Content from outside can only ever add `untrusted`: no result makes a value the user's, and no field
// is trusted that the catalogue does not name.

import { decode, encode } from "../value/json.ts";
import { object } from "../value/object.ts";
import { isArray, isNumber, isObject, type RegoObject, type Value } from "../value/value.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Integrity } from "./documents.ts";
import type { StampedEvent } from "./ledger.ts";
import { decodings, findMentions } from "./mentions.ts";
import { readRendering } from "./renderings.ts";
import { escapePointer } from "./schema.ts";
import {
  isShortName,
  MIN_LENGTH,
  normalise,
  numberForm,
  stem,
  tellingParts,
  TokenIndex,
  weight,
} from "./tokens.ts";

interface Leaf {
  readonly path: readonly string[];
  readonly value: string | boolean | null;
  /** Of a number: its digits. */
  readonly number: boolean;
}

/** A date and a time of day in one value; people say them apart. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(?::00)?(?:\.0+)?(?:Z|\+00:00)?$/;

interface TrustedPlace {
  readonly from: string;
  readonly field: string;
  readonly spelling: string;
}

/** A text with longer lines than these is no list of values. */
const MAX_ITEM_LENGTH = 80;
const MAX_ITEM_WORDS = 8;

interface Seen {
  readonly integrity: Integrity;
  readonly from: readonly string[];
}

const TRUSTED: ReadonlySet<Integrity> = new Set(["user", "trusted", "default"]);
const DEFAULT: Seen = { integrity: "default", from: [] };

export class Provenance {
  readonly #catalogue: Catalogue;
  readonly #user = new TokenIndex();
  readonly #untrusted = new TokenIndex();
  /** Whole values of trusted fields -> where, with the name of the field. */
  readonly #trusted = new Map<string, TrustedPlace[]>();
  /** Stems of the user's words. */
  readonly #words = new Set<string>();
  readonly #private = new Map<string, Set<string>>();
  /** Values of fields that are in no log. */
  readonly #secrets = new Set<string>();
  #sawUntrusted = false;
  #sawPrivate = false;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  get labels(): { readonly saw_untrusted: boolean; readonly saw_private: boolean } {
    return { saw_untrusted: this.#sawUntrusted, saw_private: this.#sawPrivate };
  }

  addUserWords(text: string): void {
    this.#user.add(text, "user");
    for (const word of normalise(text).match(/\p{L}+/gu) ?? []) this.#words.add(stem(word));
  }

  /**
   * Whether the user asked for what the tool does: said one of the verbs that the catalogue gives it. True where it gives none.
   */
  asked(tool: string): boolean {
    const verbs = this.#catalogue.tool(tool)?.verbs;
    return verbs === undefined || verbs.some((verb) => this.#words.has(stem(normalise(verb))));
  }

  /** An event of the ledger; every one passes here once, whichever process wrote it. */
  see(event: StampedEvent, toolOf: (call: string) => string | undefined): void {
    if (event.type === "user_turn") this.addUserWords(event.text);
    if (event.type === "seen") this.addResult(event.source, "", decode(event.content));
    if (event.type === "returned")
      this.addResult(event.call, toolOf(event.call) ?? "", decode(event.result), event.failed);
  }

  /**
   * What a call returned, as a document or as the text of one (JSON, or as Python prints it). Other text is one untrusted text, unless the
   * catalogue trusts the whole of it. A trusted path trusts what lies below it. Nothing is trusted of a call that failed: the catalogue speaks
   * of results, and an error's message repeats what was asked for.
   */
  addResult(callId: string, tool: string, returned: Value, failed = false): void {
    const result = typeof returned === "string" ? (readRendering(returned) ?? returned) : returned;
    const entry = this.#catalogue.tool(tool)?.results;
    const trusted = failed ? [] : (entry?.trusted ?? []).map(segments);
    const trustedKeys = failed ? [] : (entry?.trusted_keys ?? []).map(segments);
    const labels = Object.entries(entry?.confidential ?? {}).map(
      ([path, names]) => [segments(path), names] as const,
    );
    const secret = (entry?.secret ?? []).map(segments);
    for (const leaf of leaves(result)) {
      if (secret.some((pattern) => matches(pattern, leaf.path, true))) this.#addSecret(leaf);
      const from = `call:${callId}#${pointer(leaf.path)}`;
      const isTrusted = trusted.some((pattern) => matches(pattern, leaf.path, true));
      const prose = typeof leaf.value === "string" && isProse(leaf.value);
      if (isTrusted && leaf.value !== null && typeof leaf.value !== "boolean") this.#trust(leaf, from);
      // Of prose nothing but the whole is ever trusted: what stands in it is content.
      if (!isTrusted || prose) this.#distrust(leaf, from);
      for (const [pattern, names] of labels) if (matches(pattern, leaf.path, true)) this.#keep(leaf, names);
    }
    for (const { key, path } of keys(result)) {
      const from = `call:${callId}#${pointer([...path, key])}`;
      if (trustedKeys.some((pattern) => matches(pattern, path, false))) {
        this.#trust({ path, value: key, number: false }, from);
        continue;
      }
      this.#untrusted.add(key, from);
      this.#sawUntrusted = true;
    }
  }

  #trust(leaf: Leaf, from: string): void {
    const field = leaf.path.findLast((step) => !/^\d+$/.test(step)) ?? "";
    const whole = String(leaf.value);
    for (const spelling of leaf.number ? [whole] : [whole, ...listed(whole)]) {
      const key = wholeForm(spelling, leaf.number);
      const known = this.#trusted.get(key);
      if (known === undefined) this.#trusted.set(key, [{ from, field, spelling }]);
      else if (known.length < 16) known.push({ from, field, spelling });
    }
  }

  #distrust(leaf: Leaf, from: string): void {
    if (leaf.value === null || typeof leaf.value === "boolean") return;
    this.#sawUntrusted = true;
    this.#untrusted.add(leaf.value, from);
  }

  #keep(leaf: Leaf, names: readonly string[]): void {
    if (leaf.value === null || typeof leaf.value === "boolean") return;
    this.#sawPrivate = true;
    for (const text of tellingParts(leaf.value)) {
      const known = this.#private.get(text) ?? new Set();
      for (const name of names) known.add(name);
      this.#private.set(text, known);
    }
  }

  #addSecret({ value }: Leaf): void {
    const text = typeof value === "string" ? normalise(value).trim() : "";
    if (text.length >= MIN_LENGTH) this.#secrets.add(text);
  }

  /** Whether a text holds a value that a catalogue marks as secret. */
  holdsSecret(text: string): boolean {
    if (this.#secrets.size === 0) return false;
    const normal = normalise(text);
    for (const secret of this.#secrets) if (normal.includes(secret)) return true;
    return false;
  }

  /** `input.action.values`: the leaves of each argument with their labels. `filled` names arguments that are the schema's defaults. */
  label(tool: string, args: RegoObject, filled: ReadonlySet<string>): RegoObject {
    const labelled = Array.from(args.entries(), ([key, value]): [Value, Value] => {
      const name = String(key);
      const entry = this.#catalogue.argument(tool, name);
      const isText = entry?.text === true;
      const fields = new Set(entry?.fields ?? []);
      const beside = stemsOf(tool, name);
      const found = leaves(value).map((leaf) => {
        const short = !isText && leaf.value !== null && typeof leaf.value !== "boolean";
        return short && this.#user.standsBeside(leaf.value, beside)
          ? this.#labelLeaf(name, leaf, isText, { integrity: "user", from: ["user"] })
          : this.#labelLeaf(name, leaf, isText, filled.has(name) ? DEFAULT : undefined);
      });
      // Keys of nested objects reach the tool as much as values do.
      const inner = keys(value)
        .filter(({ key }) => !fields.has(key))
        .map(({ key }) =>
          this.#labelLeaf(
            name,
            { path: [], value: key, number: false },
            isText,
            filled.has(name) ? DEFAULT : undefined,
          ),
        );
      return [key, [...found, ...inner]];
    });
    return object(labelled);
  }

  #labelLeaf(name: string, leaf: Leaf, isText: boolean, known: Seen | undefined): RegoObject {
    const seen = known ?? this.#seen(name, leaf.value === null ? "" : String(leaf.value), leaf);
    const text = typeof leaf.value === "string" && !leaf.number ? leaf.value : "";
    const told = this.#tells(String(leaf.value));
    const encoded: string[] = [];
    for (const { encoding, decoded } of decodings(text)) {
      const inside = this.#tells(decoded);
      if (inside.length === 0) continue;
      encoded.push(encoding);
      told.push(...inside);
    }
    const mentions = isText || /\s/.test(text) ? findMentions(text) : [];
    return object([
      ["path", `/${escapePointer(name)}${pointer(leaf.path)}`],
      ["value", leaf.value],
      ["integrity", seen.integrity],
      ["from", [...seen.from]],
      ["confidentiality", [...new Set(told)].sort()],
      ["encoded", encoded],
      ...(isText && !TRUSTED.has(seen.integrity) && this.#untrusted.isPart(text)
        ? [["dictated", true] as [Value, Value]]
        : []),
      [
        "mentions",
        mentions.map(({ kind, value, host }) =>
          object([
            ["kind", kind],
            ["value", value],
            ...(host === undefined ? [] : [["host", host] as [Value, Value]]),
            ["integrity", this.#seen(name, value, undefined).integrity],
          ]),
        ),
      ],
    ]);
  }

  #seen(name: string, text: string, leaf: Leaf | undefined): Seen {
    if (leaf?.value === null || typeof leaf?.value === "boolean") return { integrity: "unseen", from: [] };
    const isNumeric = leaf?.number === true;
    const user = this.#saidByUser(text, isNumeric);
    if (user) return { integrity: "user", from: ["user"] };
    const trusted = this.#inTrustedField(name, text, isNumeric);
    if (trusted.length > 0) return { integrity: "trusted", from: trusted };
    const untrusted =
      this.#untrusted.find(text) ?? (isNumeric ? this.#untrusted.findNumber(text) : undefined);
    return untrusted === undefined
      ? { integrity: "unseen", from: [] }
      : { integrity: "untrusted", from: [untrusted] };
  }

  #saidByUser(text: string, isNumeric: boolean): boolean {
    if (this.#user.find(text) !== undefined) return true;
    if (isNumeric) return this.#user.findNumber(text) !== undefined;
    const [, date, time] = DATE_TIME.exec(text) ?? [];
    if (date === undefined || time === undefined) return false;
    return this.#user.find(date) !== undefined && this.#user.find(time) !== undefined;
  }

  /** A short value says little: it counts only where field and argument are called alike (`id_` and `event_id`), or as a name. */
  #inTrustedField(name: string, text: string, isNumeric: boolean): string[] {
    const places = this.#trusted.get(wholeForm(text, isNumeric)) ?? [];
    const says = (place: TrustedPlace): boolean =>
      sharesWord(place.field, name) || (isShortName(text) && place.spelling === text);
    const fitting = weight(text) >= MIN_LENGTH ? places : places.filter(says);
    return fitting.slice(0, 1).map(({ from }) => from);
  }

  #tells(text: string): string[] {
    if (this.#private.size === 0) return [];
    return tellingParts(text).flatMap((part) => [...(this.#private.get(part) ?? [])]);
  }
}

function wholeForm(text: string, isNumeric: boolean): string {
  const number = isNumeric ? numberForm(text) : numberForm(text.trim());
  return number === undefined ? `s:${normalise(text).trim()}` : `n:${number}`;
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

function sharesWord(a: string, b: string): boolean {
  const plain = (name: string): string[] => wordsOf(name).map((word) => word.replace(/s$/, ""));
  const first = new Set(plain(a));
  return plain(b).some((word) => first.has(word));
}

/** What a person calls the thing that an argument names: words of the argument's and of the tool's name. */
function stemsOf(tool: string, argument: string): ReadonlySet<string> {
  const words = [...wordsOf(argument), ...wordsOf(tool)];
  return new Set(words.filter((word) => word.length > 2 || word === "id").map(stem));
}

function leaves(value: Value, path: readonly string[] = []): Leaf[] {
  if (value === null || typeof value === "boolean") return [{ path, value, number: false }];
  if (typeof value === "string") return [{ path, value, number: false }];
  if (isNumber(value)) return [{ path, value: value.text, number: true }];
  if (isArray(value)) return value.flatMap((member, i) => leaves(member, [...path, String(i)]));
  if (isObject(value))
    return Array.from(value.entries()).flatMap(([key, member]) =>
      leaves(member, [...path, typeof key === "string" ? key : encode(key)]),
    );
  return Array.from(value.values()).flatMap((member) => leaves(member, path));
}

/** Keys of objects are content as well: maps by address, by file name. */
function keys(
  value: Value,
  path: readonly string[] = [],
): { readonly key: string; readonly path: string[] }[] {
  if (value === null || typeof value !== "object" || isNumber(value)) return [];
  if (isArray(value)) return value.flatMap((member, i) => keys(member, [...path, String(i)]));
  if (!isObject(value)) return [];
  return Array.from(value.entries()).flatMap(([key, member]) =>
    typeof key === "string"
      ? [{ key, path: [...path] }, ...keys(member, [...path, key])]
      : keys(member, path),
  );
}

/**
 * The values in a text that is a plain list: one a line, or separated by commas, after a heading (`Rooms: A, B`). Nothing of a text with a
 * line of prose in it: somebody may have written that.
 */
function isProse(text: string): boolean {
  return text.length > MAX_ITEM_LENGTH || text.split(/\s+/).length > MAX_ITEM_WORDS;
}

function listed(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const filled = lines.filter((line) => line !== "");
  const [single = ""] = filled;
  const pieces = filled.length === 1 ? single.replace(/^[^:,]*:\s/, "").split(/[,;]\s/) : filled;
  if (filled.length === 0 || pieces.some(isProse)) return [];
  return pieces
    .map((piece) => piece.replace(/^(?:[-*•]|\d+[.)])\s+/, "").trim())
    .flatMap((piece) => [piece, /:\s+(\S.*)$/.exec(piece)?.[1] ?? ""])
    .filter((piece) => piece !== "" && piece !== text);
}

function segments(path: string): readonly string[] {
  if (path === "") return [];
  return path
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function matches(pattern: readonly string[], path: readonly string[], orBelow: boolean): boolean {
  if (orBelow ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((step, i) => step === "*" || step === path[i]);
}

function pointer(path: readonly string[]): string {
  return path.map((step) => `/${escapePointer(step)}`).join("");
}
