// Bodies of the string builtins: strings counted in code points, error texts as OPA's. Results share bytes with their operands where they can.
// Over 450 lines because the category has two dozen builtins of ten lines each.
import { TAG_ARRAY, TAG_SET, TAG_STRING } from "../abi";
import { array_append, array_at, array_new, array_slice } from "../array";
import { buffer_open, buffer_restore, buffer_string, put_bytes, put_rune, put_string } from "../buffer";
import { bytes_equal, sort_object, sort_set } from "../compare";
import { float_negative, float_truncate } from "../float";
import { nat_size } from "../nat";
import { int64_of, int64_ok } from "../number";
import { number_integer, number_float, number_minus } from "../numeric";
import { object_key_at, object_value_at } from "../object";
import { put_nat } from "../radix";
import { set_at } from "../set";
import { rune_offset, runes_before, string_empty, string_index, string_slice } from "../string";
import { is_space, to_lower, to_upper } from "../unicode";
import { rune_at, rune_width } from "../utf8";
import { boolean, is_ascii, number_int, tag, word_a, word_n } from "../value";
import {
  builtin_error, element_error, int_operand, is_int_operand, is_number, is_object, is_string, operand_error, operand_text,
} from "./operand";

export function builtin_contains(v: usize, needle: usize): usize {
  if (!is_string("contains", 1, v) || !is_string("contains", 2, needle)) return 0;
  return boolean(string_index(v, needle, 0) >= 0);
}

function starts(v: usize, prefix: usize): bool {
  return word_n(prefix) <= word_n(v) && bytes_equal(word_a(v), word_a(prefix), word_n(prefix));
}
function ends(v: usize, suffix: usize): bool {
  const skip = word_n(v) - word_n(suffix);
  return skip >= 0 && bytes_equal(word_a(v) + skip, word_a(suffix), word_n(suffix));
}

export function builtin_startswith(v: usize, prefix: usize): usize {
  return is_string("startswith", 1, v) && is_string("startswith", 2, prefix) ? boolean(starts(v, prefix)) : 0;
}
export function builtin_endswith(v: usize, suffix: usize): usize {
  return is_string("endswith", 1, v) && is_string("endswith", 2, suffix) ? boolean(ends(v, suffix)) : 0;
}

/** A string as itself, an array or a set of strings as an array; 0 after a failure. */
function strings_of(name: string, position: i32, v: usize): usize {
  if (tag(v) == TAG_STRING) {
    const one = array_new(1);
    array_append(one, v);
    return one;
  }
  if (tag(v) != TAG_ARRAY && tag(v) != TAG_SET) return operand_error(name, position, v, "one of {string, set, array}");
  if (tag(v) == TAG_SET) sort_set(v);
  const n = word_n(v);
  const all = array_new(n);
  for (let i = 0; i < n; i++) {
    const element = tag(v) == TAG_ARRAY ? array_at(v, i) : set_at(v, i);
    if (tag(element) != TAG_STRING) return element_error(name, position, v, element, "string");
    array_append(all, element);
  }
  return all;
}

function any_match(name: string, a: usize, b: usize, prefix: bool): usize {
  const all = strings_of(name, 1, a);
  if (all == 0) return 0;
  const wanted = strings_of(name, 2, b);
  if (wanted == 0) return 0;
  for (let i = 0; i < word_n(all); i++) {
    for (let j = 0; j < word_n(wanted); j++) {
      if (prefix ? starts(array_at(all, i), array_at(wanted, j)) : ends(array_at(all, i), array_at(wanted, j))) return boolean(true);
    }
  }
  return boolean(false);
}

export function builtin_strings_any_prefix_match(a: usize, b: usize): usize {
  return any_match("strings.any_prefix_match", a, b, true);
}
export function builtin_strings_any_suffix_match(a: usize, b: usize): usize {
  return any_match("strings.any_suffix_match", a, b, false);
}

export function builtin_concat(separator: usize, v: usize): usize {
  if (!is_string("concat", 1, separator)) return 0;
  const t = tag(v);
  if (t != TAG_ARRAY && t != TAG_SET) return operand_error("concat", 2, v, "one of {set, array}");
  if (t == TAG_SET) sort_set(v);
  const n = word_n(v);
  for (let i = 0; i < n; i++) {
    const element = t == TAG_ARRAY ? array_at(v, i) : set_at(v, i);
    if (tag(element) != TAG_STRING) return element_error("concat", 2, v, element, "string");
  }
  if (n == 0) return string_empty();
  if (n == 1) return t == TAG_ARRAY ? array_at(v, 0) : set_at(v, 0);
  const saved = buffer_open(64);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_string(separator);
    put_string(t == TAG_ARRAY ? array_at(v, i) : set_at(v, i));
  }
  return buffer_string(saved);
}

function mapped_case(v: usize, upper: bool): usize {
  const n = word_n(v);
  let p = word_a(v);
  const end = p + n;
  const ascii = is_ascii(v);
  if (ascii) {
    const first: i32 = upper ? 0x61 : 0x41;
    while (p < end && <u32>(<i32>load<u8>(p) - first) >= 26) p++;
    if (p == end) return v;
    p = word_a(v);
  }
  const saved = buffer_open(<usize>n + 8);
  while (p < end) {
    const rune = ascii ? <i32>load<u8>(p) : rune_at(p, end);
    put_rune(upper ? to_upper(rune) : to_lower(rune));
    p += ascii ? 1 : <usize>rune_width;
  }
  return buffer_string(saved);
}

export function builtin_lower(v: usize): usize {
  return is_string("lower", 1, v) ? mapped_case(v, false) : 0;
}
export function builtin_upper(v: usize): usize {
  return is_string("upper", 1, v) ? mapped_case(v, true) : 0;
}

/** Whether the code point stands in the cutset. */
function in_cutset(rune: i32, set: usize): bool {
  let p = word_a(set);
  const end = p + word_n(set);
  while (p < end) {
    if (rune_at(p, end) == rune) return true;
    p += <usize>rune_width;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function trims(rune: i32, set: usize): bool {
  return set == 0 ? is_space(rune) : in_cutset(rune, set);
}

/** Cuts code points of `set` (white space if 0) from one or both ends. */
function trimmed(v: usize, set: usize, left: bool, right: bool): usize {
  const at = word_a(v);
  let p = at;
  let end = at + word_n(v);
  while (left && p < end) {
    const rune = rune_at(p, end);
    const width = <usize>rune_width;
    if (!trims(rune, set)) break;
    p += width;
  }
  while (right && p < end) {
    let last = end - 1;
    while (last > p && last > end - 4 && (load<u8>(last) & 0xc0) == 0x80) last--;
    let rune = rune_at(last, end);
    if (last + <usize>rune_width != end) {
      last = end - 1;
      rune = 0xfffd;
    }
    if (!trims(rune, set)) break;
    end = last;
  }
  return string_slice(v, <i32>(p - at), <i32>(end - at));
}

export function builtin_trim(v: usize, set: usize): usize {
  return is_string("trim", 1, v) && is_string("trim", 2, set) ? trimmed(v, set, true, true) : 0;
}
export function builtin_trim_left(v: usize, set: usize): usize {
  return is_string("trim_left", 1, v) && is_string("trim_left", 2, set) ? trimmed(v, set, true, false) : 0;
}
export function builtin_trim_right(v: usize, set: usize): usize {
  return is_string("trim_right", 1, v) && is_string("trim_right", 2, set) ? trimmed(v, set, false, true) : 0;
}
export function builtin_trim_space(v: usize): usize {
  return is_string("trim_space", 1, v) ? trimmed(v, 0, true, true) : 0;
}
export function builtin_trim_prefix(v: usize, prefix: usize): usize {
  if (!is_string("trim_prefix", 1, v) || !is_string("trim_prefix", 2, prefix)) return 0;
  return starts(v, prefix) ? string_slice(v, word_n(prefix), word_n(v)) : v;
}
export function builtin_trim_suffix(v: usize, suffix: usize): usize {
  if (!is_string("trim_suffix", 1, v) || !is_string("trim_suffix", 2, suffix)) return 0;
  return ends(v, suffix) ? string_slice(v, 0, word_n(v) - word_n(suffix)) : v;
}

/** The parts between the delimiters, at most `limit` of them (-1: all); an empty delimiter cuts behind every code point. */
function split_into(v: usize, delimiter: usize, limit: i64): usize {
  const parts = array_new(4);
  const n = word_n(v);
  const m = word_n(delimiter);
  if (limit == 0) return parts;
  let from = 0;
  if (m == 0) {
    const at = word_a(v);
    while (from < n) {
      if (limit > 0 && word_n(parts) + 1 == limit) {
        array_append(parts, string_slice(v, from, n));
        return parts;
      }
      rune_at(at + from, at + n);
      array_append(parts, string_slice(v, from, from + rune_width));
      from += rune_width;
    }
    return parts;
  }
  while (limit < 0 || word_n(parts) + 1 < limit) {
    const next = string_index(v, delimiter, from);
    if (next < 0) break;
    array_append(parts, string_slice(v, from, next));
    from = next + m;
  }
  array_append(parts, string_slice(v, from, n));
  return parts;
}

export function builtin_split(v: usize, delimiter: usize): usize {
  if (!is_string("split", 1, v) || !is_string("split", 2, delimiter)) return 0;
  return split_into(v, delimiter, -1);
}

export function builtin_strings_split_n(v: usize, delimiter: usize, count: usize): usize {
  const name = "strings.split_n";
  if (!is_string(name, 1, v) || !is_string(name, 2, delimiter) || !is_int_operand(name, 3, count)) return 0;
  const n = int_operand;
  if (n >= 0) {
    const parts = split_into(v, delimiter, n == i64.MAX_VALUE ? -1 : n + 1);
    return array_slice(parts, 0, <i32>min<i64>(n, word_n(parts)));
  }
  const parts = split_into(v, delimiter, -1);
  return array_slice(parts, <i32>max<i64>(word_n(parts) + n, 0), word_n(parts));
}

/** Replaces at each place the first pattern (of keys and values in turn) that stands there; an empty pattern matches between bytes. */
function replaced(v: usize, pairs: usize): usize {
  const at = word_a(v);
  const n = word_n(v);
  const count = word_n(pairs);
  const saved = buffer_open(<usize>n + 32);
  let last = 0;
  let i = 0;
  let empty_before = false;
  let found_any = false;
  while (i <= n) {
    let match = -1;
    for (let k = 0; k < count && match < 0; k += 2) {
      const key = array_at(pairs, k);
      const m = word_n(key);
      if (m == 0 ? !empty_before : m <= n - i && bytes_equal(at + i, word_a(key), m)) match = k;
    }
    empty_before = false;
    if (match >= 0) {
      found_any = true;
      put_bytes(at + last, i - last);
      put_string(array_at(pairs, match + 1));
      const m = word_n(array_at(pairs, match));
      empty_before = m == 0;
      i += m;
      last = i;
      continue;
    }
    i++;
  }
  if (!found_any) {
    buffer_restore(saved);
    return v;
  }
  put_bytes(at + last, n - last);
  return buffer_string(saved);
}

export function builtin_replace(v: usize, old: usize, fresh: usize): usize {
  if (!is_string("replace", 1, v) || !is_string("replace", 2, old) || !is_string("replace", 3, fresh)) return 0;
  const pairs = array_new(2);
  array_append(pairs, old);
  array_append(pairs, fresh);
  return replaced(v, pairs);
}

export function builtin_strings_replace_n(patterns: usize, v: usize): usize {
  const name = "strings.replace_n";
  if (!is_object(name, 1, patterns) || !is_string(name, 2, v)) return 0;
  sort_object(patterns);
  const n = word_n(patterns);
  const pairs = array_new(n * 2);
  for (let i = 0; i < n; i++) {
    const key = object_key_at(patterns, i);
    const fresh = object_value_at(patterns, i);
    if (tag(key) != TAG_STRING) return operand_text(name, 1, "non-string key found in pattern object");
    if (tag(fresh) != TAG_STRING) return operand_text(name, 1, "non-string value found in pattern object");
    array_append(pairs, key);
    array_append(pairs, fresh);
  }
  return replaced(v, pairs);
}

export function builtin_substring(v: usize, offset: usize, length: usize): usize {
  if (!is_string("substring", 1, v) || !is_int_operand("substring", 2, offset)) return 0;
  const start = int_operand;
  if (!is_int_operand("substring", 3, length)) return 0;
  const count = int_operand;
  if (start < 0) return builtin_error("substring", "negative offset");
  const n = word_n(v);
  if (start >= n) return string_empty();
  const from = rune_offset(v, <i32>start);
  if (count < 0 || count >= n) return from >= n ? string_empty() : string_slice(v, from, n);
  return string_slice(v, from, rune_offset(v, <i32>min<i64>(start + count, n)));
}

export function builtin_indexof(v: usize, needle: usize): usize {
  if (!is_string("indexof", 1, v) || !is_string("indexof", 2, needle)) return 0;
  if (word_n(needle) == 0) return builtin_error("indexof", "empty search character");
  const at = string_index(v, needle, 0);
  return number_int(at < 0 ? -1 : runes_before(v, at));
}

export function builtin_indexof_n(v: usize, needle: usize): usize {
  if (!is_string("indexof_n", 1, v) || !is_string("indexof_n", 2, needle)) return 0;
  if (word_n(needle) == 0) return builtin_error("indexof_n", "empty search character");
  const found = array_new(4);
  let at = string_index(v, needle, 0);
  while (at >= 0) {
    array_append(found, number_int(runes_before(v, at)));
    at = string_index(v, needle, at + 1);
  }
  return found;
}

export function builtin_strings_count(v: usize, needle: usize): usize {
  if (!is_string("strings.count", 1, v) || !is_string("strings.count", 2, needle)) return 0;
  if (word_n(needle) == 0) return number_int(runes_before(v, word_n(v)) + 1);
  let count = 0;
  let at = string_index(v, needle, 0);
  while (at >= 0) {
    count++;
    at = string_index(v, needle, at + word_n(needle));
  }
  return number_int(count);
}

export function builtin_strings_reverse(v: usize): usize {
  if (!is_string("strings.reverse", 1, v)) return 0;
  const at = word_a(v);
  let end = at + word_n(v);
  const saved = buffer_open(<usize>word_n(v) + 4);
  while (end > at) {
    let last = end - 1;
    while (last > at && (load<u8>(last) & 0xc0) == 0x80) last--;
    put_bytes(last, <i32>(end - last));
    end = last;
  }
  return buffer_string(saved);
}

export function builtin_format_int(v: usize, base: usize): usize {
  if (!is_number("format_int", 1, v) || !is_number("format_int", 2, base)) return 0;
  const radix = int64_of(base);
  if (!int64_ok || !plain_base(base, radix)) return operand_text("format_int", 2, "must be one of {2, 8, 10, 16}");
  const saved = buffer_open(96);
  let nat = number_integer(v);
  let negative = number_minus;
  if (nat == 0 || !is_integer_text(v)) {
    const f = number_float(v);
    if (f == 0) {
      buffer_restore(saved);
      return builtin_error("format_int", "number too big");
    }
    nat = float_truncate(f);
    negative = float_negative(f) && nat_size(nat) != 0;
  }
  put_nat(negative, nat, <i32>radix, false);
  return buffer_string(saved);
}

// OPA compares the text of the base: `16.0` is not accepted.
function plain_base(base: usize, radix: i64): bool {
  return (load<u8>(base, 1) & 1) != 0 && (radix == 2 || radix == 8 || radix == 10 || radix == 16);
}

/** Digits and a sign only: what OPA formats exactly; the rest goes through its 64-bit floats. */
function is_integer_text(v: usize): bool {
  if (load<u8>(v, 1) & 1) return true;
  const at = word_a(v);
  for (let i = 0; i < word_n(v); i++) {
    const c = load<u8>(at + i);
    if (c == 0x2e || (c | 0x20) == 0x65) return false;
  }
  return true;
}
