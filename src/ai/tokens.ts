// Text as comparable tokens. In: text. Out: tokens with what stands around them, and the way back from a value to the places where it was
// seen. Comparison is exact after normalising case, spacing, Unicode (NFKC) and, in account-like values only, separators: anything looser
// would let one address pass for another.

/** Runs of characters that belong together; brackets, quotes, commas and white space end them. */
const CHUNK = /[^\s"'`“”‘’«»<>()[\]{},;|]+/gu;

/** Stand at an end of a chunk without belonging to it: sentence marks, markup. A dot in front is part of a path. */
const MARKS = ":!?*_~#=";
const END_MARKS = `.${MARKS}`;

/** Without the marks at its ends; in one pass, since content from outside may be nothing but marks (a regex would take its square). */
export function withoutMarks(text: string, leading: string, trailing: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && leading.includes(text.charAt(from))) from++;
  while (to > from && trailing.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Values shorter than this (letters and digits) match by accident. */
export const MIN_LENGTH = 4;

export function normalise(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** A short word in the spelling of a name (`Bob`, `HR2`): three letters or digits at least, one of them a capital. */
export function isShortName(text: string): boolean {
  return weight(text) === MIN_LENGTH - 1 && /^[\p{L}\p{N}]+$/u.test(text) && /\p{Lu}/u.test(text);
}

/** Words of a text in their own spelling, as far as they may be short names. */
export function shortNames(text: string): string[] {
  const words = text.normalize("NFKC").match(/[\p{L}\p{N}][\p{L}\p{N}_.@-]*/gu) ?? [];
  return words.map((word) => withoutMarks(word, MARKS, END_MARKS)).filter(isShortName);
}

/** What is left of a word without its endings: `deleted`, `deleting` and `deletes` are one. */
export function stem(word: string): string {
  const bare = word.replace(/(?:ing|ed|es|s|d)$/u, "");
  return (bare.length < 3 ? word : bare).replace(/e$/u, "").replace(/(\p{L})\1$/u, "$1");
}

export interface Chunk {
  /** Without the marks at its ends. */
  readonly text: string;
  readonly raw: string;
  /** In quotes in the text: `'13'`. */
  readonly quoted: boolean;
}

/** Comparisons of chunks that one search may take: what content from outside makes longer is not found. */
const MAX_COMPARISONS = 200_000;

export function chunks(text: string): Chunk[] {
  const normal = normalise(text);
  const found: Chunk[] = [];
  for (const match of normal.matchAll(CHUNK)) {
    const trimmed = withoutMarks(match[0], MARKS, END_MARKS);
    const before = normal[match.index - 1];
    const after = normal[match.index + match[0].length];
    const quoted = before !== undefined && before === after && "'\"`".includes(before);
    found.push({ text: trimmed, raw: match[0], quoted });
  }
  return found;
}

/** Letters and digits in groups, digits among them: IBANs, card and phone numbers, which people write with and without separators. */
const ACCOUNT = /^[+]?[a-z0-9]+(?:[ -][a-z0-9]+)*$/u;

const GROUP = /^[+]?[a-z0-9]+(?:-[a-z0-9]+)*$/u;
const MAX_ACCOUNT = 48;

/** The form in which account-like values compare; undefined for everything else. */
export function accountForm(text: string): string | undefined {
  const normal = normalise(text).trim();
  if (!ACCOUNT.test(normal)) return undefined;
  const plain = normal.replace(/[ +-]/g, "");
  return isAccount(plain, plain.replace(/[^0-9]/g, "").length) ? plain : undefined;
}

function isAccount(plain: string, digits: number): boolean {
  return plain.length >= 8 && plain.length <= MAX_ACCOUNT && digits >= 6;
}

/** The number that a chunk is, in one spelling: `1,000.50`, `$98.70`; undefined if it is none. */
export function numberForm(text: string): string | undefined {
  const match = /^[-+]?[$€£¥]?((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)[$€£¥%]?$/u.exec(text);
  if (match?.[1] === undefined) return undefined;
  const plain = match[1].replaceAll(",", "");
  const [whole = "", fraction = ""] = plain.split(".");
  const digits = withoutMarks(fraction, "", "0");
  const sign = text.startsWith("-") ? "-" : "";
  return `${sign}${whole.replace(/^0+(?=\d)/, "")}${digits === "" ? "" : `.${digits}`}`;
}

/** So many words in a row are not the same by accident. */
const PHRASE = 4;

/**
 * What in a text tells where the text is from: words that are no plain words (codes, addresses, numbers), and phrases. Common words tell
 * nothing.
 */
export function tellingParts(text: string): string[] {
  const words = chunks(text).map((chunk) => chunk.text);
  const codes = words
    .flatMap((word) => [word, ...(word.match(/[\p{L}\p{N}]+/gu) ?? [])])
    .filter((word) => weight(word) >= TELLING_LENGTH && !/^[\p{L}'-]+$/u.test(word));
  const phrases = words.slice(PHRASE - 1).map((_, i) => words.slice(i, i + PHRASE).join(" "));
  return [...new Set([...codes, ...phrases])];
}

/** Letters and digits that a code has at least. */
const TELLING_LENGTH = 5;

/** Letters and digits: what counts for the minimum length. */
export function weight(text: string): number {
  return text.replace(/[^\p{L}\p{N}]/gu, "").length;
}

/** Where texts were seen, for one level of trust. Texts are added; values are asked for. */
export class TokenIndex {
  /** First chunk of a run -> the places where it starts. */
  readonly #starts = new Map<string, { readonly source: number; readonly at: number }[]>();
  readonly #texts: { readonly chunks: readonly Chunk[]; readonly label: string }[] = [];
  readonly #accounts = new Map<string, string>();
  readonly #numbers = new Map<string, string>();
  readonly #quoted = new Map<string, string>();
  readonly #names = new Map<string, string>();
  /** Values too short to count by themselves -> stems of the words that stand beside them. */
  readonly #beside = new Map<string, Set<string>>();

  add(text: string, label: string): void {
    const found = chunks(text);
    for (const name of shortNames(text)) this.#names.set(name, label);
    const source = this.#texts.push({ chunks: found, label }) - 1;
    for (const [at, chunk] of found.entries()) {
      for (const key of new Set([chunk.text, chunk.raw])) {
        const places = this.#starts.get(key);
        if (places === undefined) this.#starts.set(key, [{ source, at }]);
        else places.push({ source, at });
      }
      if (chunk.text !== "" && weight(chunk.text) < MIN_LENGTH) this.#addBeside(found, at);
      if (chunk.quoted) this.#quoted.set(chunk.text, label);
      const digits = numberForm(chunk.text);
      if (digits !== undefined && weight(chunk.text) >= MIN_LENGTH) this.#numbers.set(digits, label);
    }
    for (const [grouped] of text.matchAll(/(?<![\d,.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])/g))
      this.#numbers.set(numberForm(grouped) ?? grouped, label);
    this.#addAccounts(found, label);
  }

  /** Runs of up to ten neighbouring groups that make an account-like value together. */
  #addAccounts(found: readonly Chunk[], label: string): void {
    const plain = found.map(({ text }) => (GROUP.test(text) ? text.replace(/[+-]/g, "") : undefined));
    const digits = plain.map((part) => part?.replace(/[^0-9]/g, "").length ?? 0);
    for (let from = 0; from < found.length; from++) {
      let joined = "";
      let digitsSeen = 0;
      for (let to = from; to < Math.min(found.length, from + 10); to++) {
        const part = plain[to];
        if (part === undefined) break;
        joined += part;
        digitsSeen += digits[to] ?? 0;
        if (joined.length > MAX_ACCOUNT) break;
        if (isAccount(joined, digitsSeen) && !this.#accounts.has(joined)) this.#accounts.set(joined, label);
      }
    }
  }

  #addBeside(found: readonly Chunk[], at: number): void {
    const key = found[at]?.text ?? "";
    const known = this.#beside.get(key) ?? new Set();
    for (const i of [at - 2, at - 1, at + 1])
      for (const word of found[i]?.text.match(/\p{L}+/gu) ?? []) known.add(stem(word));
    this.#beside.set(key, known);
  }

  /** Whether a short value stands beside one of these stems: `issue 481`, `version 3.2.1`. */
  standsBeside(text: string, stems: ReadonlySet<string>): boolean {
    const wanted = normalise(text).replace(/^#/, "");
    if (weight(wanted) >= MIN_LENGTH) return false;
    for (const word of this.#beside.get(wanted) ?? []) if (stems.has(word)) return true;
    return false;
  }

  /** Where `text` was seen as a whole, between token boundaries; undefined if nowhere. */
  find(text: string): string | undefined {
    const account = accountForm(text);
    if (account !== undefined) return this.#accounts.get(account) ?? this.#run(text);
    return this.#run(text);
  }

  findNumber(text: string): string | undefined {
    const digits = numberForm(text);
    if (digits === undefined) return undefined;
    return this.#numbers.get(digits) ?? this.#quoted.get(digits);
  }

  #run(text: string): string | undefined {
    const wanted = chunks(text);
    const [first] = wanted;
    if (first === undefined) return undefined;
    if (weight(text) < MIN_LENGTH) {
      const quoted = wanted.length === 1 ? this.#quoted.get(first.raw) : undefined;
      return quoted ?? this.#names.get(text.normalize("NFKC"));
    }
    // What is looked for is taken as it is: only a place in a text can have a full stop too many.
    const same = (seen: Chunk, { raw }: Chunk): boolean => seen.raw === raw || seen.text === raw;
    for (const { label } of this.#places(wanted, first.raw, same)) return label;
    return undefined;
  }

  /** Whether a longer text was taken from inside a text and is nowhere a whole one: words that somebody put into another's mouth. */
  isPart(text: string): boolean {
    const wanted = chunks(text).filter((chunk) => chunk.text !== "");
    const [first] = wanted;
    if (first === undefined || wanted.length < PART_WORDS || weight(text) < PART_LENGTH) return false;
    const same = (seen: Chunk, { text }: Chunk): boolean => seen.text === text;
    let found = false;
    for (const { chunks: all } of this.#places(wanted, first.text, same)) {
      if (all.length <= wanted.length) return false;
      found = true;
    }
    return found;
  }

  /** The texts in which `wanted` stands as a run that begins with `key`. */
  *#places(
    wanted: readonly Chunk[],
    key: string,
    same: (seen: Chunk, wanted: Chunk) => boolean,
  ): Iterable<{ readonly chunks: readonly Chunk[]; readonly label: string }> {
    let left = MAX_COMPARISONS;
    for (const { source, at } of this.#starts.get(key) ?? []) {
      const place = this.#texts[source];
      if (place === undefined) continue;
      const fits = wanted.every((chunk, i) => {
        const seen = place.chunks[at + i];
        return left-- > 0 && seen !== undefined && same(seen, chunk);
      });
      if (fits) yield place;
      if (left <= 0) return;
    }
  }
}

/** Shorter texts stand inside others by accident. */
const PART_WORDS = 3;
const PART_LENGTH = 12;
