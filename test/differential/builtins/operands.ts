// Operands for calls of builtins: by the declared type, or by what the builtin is about (patterns, layouts, addresses, documents ...),
// words that belong there and mutants of them. A seed in, Values out; nothing here asks an engine.

import { text as anyText, numberText } from "../literals.ts";
import type { Random } from "../random.ts";
import { number } from "../../../src/value/number.ts";
import { object } from "../../../src/value/object.ts";
import { set } from "../../../src/value/set.ts";
import type { Type } from "../../../src/value/type.ts";
import type { Value } from "../../../src/value/value.ts";
import * as words from "./words.ts";

export type Draw = (random: Random) => Value;

export const num: Draw = (random) => number(numberText(random));
export const str: Draw = (random) => anyText(random);
export const bool: Draw = (random) => random.chance(0.5);

export function any(random: Random, depth = 2): Value {
  const kind = random.int(0, depth > 0 ? 6 : 3);
  if (kind === 0) return num(random);
  if (kind === 1) return str(random);
  if (kind === 2) return bool(random);
  if (kind === 3) return random.chance(0.5) ? null : str(random);
  if (kind === 4) return random.times(0, 3, () => any(random, depth - 1));
  if (kind === 5) return set(random.times(0, 3, () => any(random, depth - 1)));
  return object(
    random.times(0, 3, (): [Value, Value] => [
      random.chance(0.8) ? str(random) : any(random, depth - 1),
      any(random, depth - 1),
    ]),
  );
}

export const one =
  (...values: readonly (string | number | Value)[]): Draw =>
  (random) => {
    const value = random.pick(values);
    return typeof value === "number" ? number(String(value)) : value;
  };

export const either =
  (...draws: readonly Draw[]): Draw =>
  (random) =>
    random.pick(draws)(random);

export const list =
  (draw: Draw, most = 4): Draw =>
  (random) =>
    random.times(0, most, () => draw(random));

export const members =
  (draw: Draw, most = 4): Draw =>
  (random) =>
    set(random.times(0, most, () => draw(random)));

export const record =
  (key: Draw, value: Draw, most = 4): Draw =>
  (random) =>
    object(random.times(0, most, (): [Value, Value] => [key(random), value(random)]));

/** Every field with the chance that stands beside it. */
export const fields =
  (shape: Readonly<Record<string, readonly [chance: number, draw: Draw]>>): Draw =>
  (random) =>
    object(
      Object.entries(shape)
        .filter(([, [chance]]) => random.chance(chance))
        .map(([name, [, draw]]): [Value, Value] => [name, draw(random)]),
    );

/** A word of the pool, or a mutant of one: characters of the alphabet put in, taken out or doubled, two words joined. */
export const word =
  (pool: readonly string[], alphabet = pool.join(""), mutants = 0.4): Draw =>
  (random) => {
    let value = random.pick(pool);
    if (!random.chance(mutants)) return value;
    const letters = [...alphabet];
    for (let edits = random.int(1, 3); edits > 0; edits--) {
      const characters = [...value];
      const at = random.int(0, characters.length);
      const letter = letters.length > 0 ? random.pick(letters) : "";
      random.pick([
        () => characters.splice(at, 0, letter),
        () => characters.splice(at, 1),
        () => characters.splice(at, 1, letter),
        () => characters.splice(at, 0, ...characters.slice(at, at + random.int(1, 4))),
        () => characters.splice(at, random.int(1, 4)),
        () => characters.splice(at, 0, ...random.pick(pool)),
      ])();
      value = characters.join("").slice(0, 400);
    }
    return value;
  };

/** What a declaration asks for. */
export function byType(type: Type, random: Random, depth = 2): Value {
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return bool(random);
    case "number":
      return num(random);
    case "string":
      return str(random);
    case "any":
      return type.of.length === 0 ? any(random, depth) : byType(random.pick(type.of), random, depth);
    case "array": {
      const { dynamic } = type;
      const fixed = type.static.map((item) => byType(item, random, depth - 1));
      return dynamic === undefined
        ? fixed
        : [...fixed, ...random.times(0, 4, () => byType(dynamic, random, depth - 1))];
    }
    case "set": {
      const { of } = type;
      return set(of === undefined ? [] : random.times(0, 4, () => byType(of, random, depth - 1)));
    }
    case "object": {
      const entries = type.static.map(({ key, value }): [Value, Value] => [
        key,
        byType(value, random, depth - 1),
      ]);
      const { dynamic } = type;
      if (dynamic !== undefined)
        entries.push(
          ...random.times(0, 4, (): [Value, Value] => [
            byType(dynamic.key, random, depth - 1),
            byType(dynamic.value, random, depth - 1),
          ]),
        );
      return object(entries);
    }
    default:
      return null;
  }
}

/** Numbers by their texts. */
const nums = (...texts: readonly (string | number)[]): Draw =>
  one(...texts.map((text) => number(String(text))));

const small = one(-3, -1, 0, 1, 2, 3, 4, 7, 10);
const smallish = either(small, small, nums("1.5", "9223372036854775807", "1e3"));
const letters = word(
  ["abc", "", "a", "foo bar", "日本語", "é", "😀x", "aXbXc", " pad ", "ABC", "aaa"],
  "abcX é日😀",
);
const numeric = either(num, num, small);
/** What OPA's templates can read of variables: see the README. */
const plain = one("a", "foo", "x.y", "", 0, 5, true, null, "1.5");
const ns = either(one(...words.INSTANTS.map((text) => number(text))), (random) =>
  number(
    String(
      BigInt(random.int(-2_000_000_000, 4_000_000_000)) * 1_000_000_000n + BigInt(random.int(0, 999_999_999)),
    ),
  ),
);
const zone = word(words.ZONES, "UTC+-19", 0.1);
const moment = either(ns, ns, (random) => [ns(random), zone(random)]);
const regex = word(words.PATTERNS, words.PATTERN_LETTERS);
const subject = word(words.SUBJECTS, "abc019.-_é日\n /");
const cidr = word(words.CIDRS, "0123456789./:abf", 0.3);
const jsonPath = either(word(words.JSON_PATHS, "/~01ab-"), list(one("a", "b", 0, 1, "-", "x", "~1", "/"), 3));
const document = either(
  fields({ a: [0.9, any], b: [0.7, fields({ c: [0.8, list(num)], d: [0.5, any] })], x: [0.5, list(any)] }),
  any,
);
const schema = word(words.SCHEMAS, '{}[]":,0a$', 0.15);
const schemaDocument = either(schema, schema, (random) => any(random));
const graph = record(
  one("a", "b", "c", "d", "e"),
  either(list(one("a", "b", "c", "d", "e", "z")), members(one("a", "b", "c", "d")), one(null)),
  6,
);
const yamlPieces: Draw = (random) => random.times(0, 9, () => random.pick(words.YAML_PIECES)).join("");
const yamlText = either(
  word(words.YAMLS, words.YAML_LETTERS, 0.5),
  yamlPieces,
  yamlPieces,
  (random) =>
    // One between two others: errors far from the ends.
    `${random.pick(words.YAMLS)}${yamlPieces(random)}${random.pick(words.YAMLS)}`,
);
/** Texts that are hard to write down: breaks and blanks at the ends, long lines, what reads as something else. */
const yamlWord = either(
  yamlPieces,
  word(words.YAMLS, words.YAML_LETTERS, 0.5),
  (random) =>
    random.times(5, 40, () => random.pick(["word", "a", "é", "  ", " ", ": ", "\n", "'", "😀"])).join(" "),
  (random) =>
    random.times(0, 5, () => random.pick([..." \n\u0085\u2028\u2029\r\tab0:#-?'\"\ufeff\u00a0"])).join(""),
);
function yamlDocument(random: Random, depth = 3): Value {
  const kind = random.int(0, depth === 0 ? 2 : 5);
  if (kind <= 1) return yamlWord(random);
  if (kind === 2) return random.chance(0.5) ? any(random, 0) : random.pick([[], object([]), null]);
  if (kind === 3) return random.times(0, 3, () => yamlDocument(random, depth - 1));
  return object(
    random.times(0, 3, (): [Value, Value] => [yamlWord(random), yamlDocument(random, depth - 1)]),
  );
}

/** Operands of a builtin that its types do not say enough of. */
export const OPERANDS: Readonly<Record<string, readonly Draw[]>> = {
  "array.slice": [list(any), smallish, smallish],
  "base64.decode": [word(words.BASE64, "AQgw=+/-_ \n")],
  "base64.is_valid": [word(words.BASE64, "AQgw=+/-_ \n")],
  "base64url.decode": [word(words.BASE64, "AQgw=+/-_ \n")],
  "bits.lsh": [num, nums(-1, 0, 1, 3, 63, 64, 65, 200, "1.5")],
  "bits.rsh": [num, one(-1, 0, 1, 3, 63, 64, 65, 200)],
  concat: [letters, either(list(letters), members(letters), list(any))],
  contains: [letters, letters],
  "crypto.x509.parse_certificates": [word(words.CERTIFICATES, "A\n=-", 0.2)],
  endswith: [letters, letters],
  format_int: [num, one(2, 8, 10, 16, 3, 0, -1, 36)],
  "glob.match": [
    word(words.GLOBS, "*?{}[]!,-\\abc./:", 0.5),
    either(one(null), list(one(".", "/", ":", "", "ab", "日"), 2)),
    word(words.GLOB_SUBJECTS, "abc./:-日", 0.5),
  ],
  "glob.quote_meta": [word(words.GLOBS, "*?{}[]!,-\\abc")],
  "graph.reachable": [graph, either(list(one("a", "b", "z")), members(one("a", "b", "z")))],
  "graph.reachable_paths": [graph, either(list(one("a", "b", "z")), members(one("a", "b", "z")))],
  "graphql.is_valid": [
    word(words.GRAPHQL_QUERIES, words.GRAPHQL_LETTERS, 0.3),
    word(words.GRAPHQL_SCHEMAS, words.GRAPHQL_LETTERS, 0.2),
  ],
  "graphql.parse": [
    word(words.GRAPHQL_QUERIES, words.GRAPHQL_LETTERS, 0.3),
    word(words.GRAPHQL_SCHEMAS, words.GRAPHQL_LETTERS, 0.2),
  ],
  "graphql.parse_and_verify": [
    word(words.GRAPHQL_QUERIES, words.GRAPHQL_LETTERS, 0.3),
    word(words.GRAPHQL_SCHEMAS, words.GRAPHQL_LETTERS, 0.2),
  ],
  "graphql.parse_query": [word(words.GRAPHQL_QUERIES, words.GRAPHQL_LETTERS, 0.5)],
  "graphql.parse_schema": [word(words.GRAPHQL_SCHEMAS, words.GRAPHQL_LETTERS, 0.5)],
  "graphql.schema_is_valid": [word(words.GRAPHQL_SCHEMAS, words.GRAPHQL_LETTERS, 0.5)],
  "hex.decode": [word(["", "61", "6G", "a", "00ff", "C3A9", "f0"], "0123abcfFgG ")],
  indexof: [letters, letters],
  indexof_n: [letters, letters],
  "io.jwt.decode": [word(words.TOKENS, "eyJ.-_=A", 0.4)],
  "io.jwt.decode_verify": [
    word(words.TOKENS, "eyJ.-_=A", 0.2),
    fields({
      secret: [0.8, one("secret", "other", "")],
      alg: [0.3, one("HS256", "HS512", "RS256", "none")],
      iss: [0.3, one("me", "you", "")],
      aud: [0.3, one("api", "other", "")],
      time: [0.7, ns],
      cert: [0.1, one("x", "{}", '{"keys":[]}')],
      nope: [0.05, any],
    }),
  ],
  "io.jwt.verify_hs256": [word(words.TOKENS, "eyJ.-_=A", 0.2), one("secret", "other", "")],
  "io.jwt.verify_hs384": [word(words.TOKENS, "eyJ.-_=A", 0.2), one("secret", "other", "")],
  "io.jwt.verify_hs512": [word(words.TOKENS, "eyJ.-_=A", 0.2), one("secret", "other", "")],
  "io.jwt.encode_sign": [
    fields({
      alg: [0.9, one("HS256", "HS384", "HS512", "none", "XX", 1)],
      typ: [0.5, one("JWT", "text/plain", "jwt")],
      x: [0.2, any],
    }),
    document,
    fields({
      kty: [0.95, one("oct", "RSA", "x")],
      k: [
        0.95,
        one(
          "c2VjcmV0",
          "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
          "!",
          1,
        ),
      ],
    }),
  ],
  "io.jwt.encode_sign_raw": [
    one(
      '{"alg":"HS256"}',
      '{"typ":"JWT", "alg":"HS256"}',
      '{"alg":"HS512","typ":"x"}',
      "{}",
      "x",
      '{"alg":"none"}',
    ),
    one("{}", '{"a": 1}', "x", "", "[1]"),
    one('{"kty":"oct","k":"c2VjcmV0"}', '{"kty":"oct"}', "x", "{}"),
  ],
  "json.filter": [document, either(list(jsonPath), members(jsonPath))],
  "json.remove": [document, either(list(jsonPath), members(jsonPath))],
  "json.is_valid": [word(words.JSON_TEXTS, words.JSON_LETTERS, 0.6)],
  "json.unmarshal": [word(words.JSON_TEXTS, words.JSON_LETTERS, 0.6)],
  "json.marshal_with_options": [
    any,
    fields({
      indent: [0.6, one("", " ", "\t", "--")],
      prefix: [0.6, one("", "> ", "é")],
      pretty: [0.5, either(bool, bool, any)],
      nope: [0.05, any],
    }),
  ],
  "json.match_schema": [either(any, document, word(words.JSON_TEXTS)), schemaDocument],
  "json.verify_schema": [schemaDocument],
  "json.patch": [
    document,
    list(
      fields({
        op: [0.97, one("add", "remove", "replace", "move", "copy", "test", "nope", 1)],
        path: [0.97, jsonPath],
        from: [0.6, jsonPath],
        value: [0.8, any],
      }),
      3,
    ),
  ],
  "net.cidr_contains": [cidr, cidr],
  "net.cidr_contains_matches": [
    either(cidr, list(either(cidr, list(cidr))), members(cidr), record(str, cidr)),
    either(cidr, list(cidr), record(str, either(cidr, list(cidr)))),
  ],
  "net.cidr_expand": [word(words.SMALL_CIDRS, "", 0)],
  "net.cidr_intersects": [cidr, cidr],
  "net.cidr_overlap": [cidr, cidr],
  "net.cidr_is_valid": [cidr],
  "net.cidr_merge": [either(list(cidr, 6), members(cidr, 6))],
  "numbers.range": [nums(-3, 0, 3, 10, "1.5", "2.0"), small],
  "numbers.range_step": [small, small, nums(-1, 0, 1, 2, 5, "1.5")],
  "object.subset": [
    either(record(one("a", "b", "c"), small), list(small, 5), members(small, 5)),
    either(record(one("a", "b", "c"), small, 2), list(small, 2), members(small, 2)),
  ],
  "object.get": [document, either(one("a", "b", "x", 1), list(one("a", "b", "c", 0), 3), any), any],
  "providers.aws.sign_req": [
    fields({
      method: [0.97, one("get", "POST", "Put", 1)],
      url: [0.97, word(words.URLS, "/?&=%a", 0.3)],
      headers: [
        0.5,
        record(one("Foo", "X-A", "host", "é"), either(one("bar", " a  b "), list(one("x"), 2)), 3),
      ],
      body: [0.4, any],
      raw_body: [0.3, one("", "x", "é")],
      nope: [0.03, any],
    }),
    fields({
      aws_access_key: [0.97, one("MYAWSACCESSKEYGOESHERE")],
      aws_secret_access_key: [0.97, one("MYAWSSECRETACCESSKEYGOESHERE")],
      aws_service: [0.97, one("s3", "es", "execute-api", "s3express")],
      aws_region: [0.97, one("us-east-1", "é")],
      aws_session_token: [0.3, one("TOKEN")],
      disable_payload_signing: [0.3, bool],
      nope: [0.03, any],
    }),
    ns,
  ],
  re_match: [regex, subject],
  "regex.find_all_string_submatch_n": [regex, subject, small],
  "regex.find_n": [regex, subject, small],
  "regex.globs_match": [word(words.REGEX_GLOBS, "ab.*[]-+1", 0.5), word(words.REGEX_GLOBS, "ab.*[]-+1", 0.5)],
  "regex.is_valid": [regex],
  "regex.match": [regex, subject],
  "regex.replace": [
    subject,
    regex,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the templates of Go's regexp are written so.
    word(["", "x", "$1", "${1}y", "$0", "$$", "$1x", "${name}", "é", "$", "${", "$a-b"], "${}1aé"),
  ],
  "regex.split": [regex, subject],
  "regex.template_match": [
    word(words.TEMPLATES, "{}ab.*"),
    subject,
    one("{", "<", "é", "", "{{"),
    one("}", ">", "é", "", "}}"),
  ],
  "rego.parse_module": [one("a.rego"), word(words.MODULES, "{}[]=:ab \n", 0.5)],
  replace: [letters, either(letters, one("a", "X", "")), letters],
  "semver.compare": [word(words.VERSIONS, "0123.-+ab"), word(words.VERSIONS, "0123.-+ab")],
  "semver.is_valid": [either(word(words.VERSIONS, "0123.-+ab"), any)],
  split: [letters, either(letters, one("", "X", "a"))],
  sprintf: [word(words.FORMATS, words.FORMAT_LETTERS, 0.6), either(list(any, 3), list(either(num, str), 3))],
  startswith: [letters, letters],
  "strings.any_prefix_match": [
    either(letters, list(letters), members(letters)),
    either(letters, list(letters), members(letters)),
  ],
  "strings.any_suffix_match": [
    either(letters, list(letters), members(letters)),
    either(letters, list(letters), members(letters)),
  ],
  "strings.count": [letters, either(letters, one("a", ""))],
  "strings.render_template": [
    word(words.GO_TEMPLATES, "{}. |abx", 0.3),
    fields({ x: [0.9, plain], name: [0.9, plain], items: [0.8, list(plain)] }),
  ],
  "strings.replace_n": [record(either(letters, one("a", "b", "")), letters), letters],
  "strings.split_n": [letters, either(letters, one("", "X", "a")), small],
  substring: [letters, small, small],
  "time.add_date": [moment, nums(-1, 0, 1, 4, 2000, "1.5"), one(-13, 0, 1, 12), one(-31, 0, 1, 29, 366)],
  "time.clock": [moment],
  "time.date": [moment],
  "time.diff": [moment, moment],
  "time.format": [
    either(moment, (random) => [ns(random), zone(random), word(words.LAYOUTS, words.LAYOUT_LETTERS)(random)]),
  ],
  "time.weekday": [moment],
  "time.parse_duration_ns": [word(words.DURATIONS, "0123456789.-+hmsuµn")],
  "time.parse_ns": [
    word(words.LAYOUTS, words.LAYOUT_LETTERS, 0.3),
    word(words.TIMES, words.LAYOUT_LETTERS, 0.3),
  ],
  "time.parse_rfc3339_ns": [word(words.TIMES, "0123456789TZ:+-.", 0.4)],
  to_number: [either(any, word(words.NUMBERS, "0123456789eE- ", 0.2))],
  trim: [letters, letters],
  trim_left: [letters, letters],
  trim_right: [letters, letters],
  trim_prefix: [letters, letters],
  trim_suffix: [letters, letters],
  trim_space: [word([" a ", "\u00a0a\u2003", "\ta\n", "\u0085x\u200b", ""], " \t\n\v\u00a0\u2028\ufeffa")],
  lower: [word(words.CASES, "", 0.2)],
  upper: [word(words.CASES, "", 0.2)],
  "units.parse": [word(words.UNITS, "0123456789.eEkKmMgGiIbB\"' ")],
  "units.parse_bytes": [word(words.UNITS, "0123456789.eEkKmMgGiIbB\"' ")],
  "uri.parse": [word(words.URLS, ":/?#[]@!%&=a1é ")],
  "uri.is_valid": [word(words.URLS, ":/?#[]@!%&=a1é ")],
  "urlquery.decode": [word(words.QUERIES, "%+&=;aA0é ")],
  "urlquery.decode_object": [word(words.QUERIES, "%+&=;aA0é ")],
  "urlquery.encode": [either(str, word(words.URLS))],
  "urlquery.encode_object": [record(str, either(str, list(str), members(str)))],
  "uuid.parse": [word(words.UUIDS, "0123456789abcdefABF-{}", 0.5)],
  "yaml.is_valid": [yamlText],
  "yaml.marshal": [yamlDocument],
  "yaml.unmarshal": [yamlText],
  abs: [numeric],
  ceil: [numeric],
  floor: [numeric],
  round: [numeric],
  rem: [numeric, numeric],
  div: [numeric, numeric],
};
