// Bodies of uri.parse and uri.is_valid over url.ts: a text in, its parts without the empty ones or a truth out.
import { TAG_STRING } from "../abi";
import { failure_clear } from "../failure";
import { object_insert, object_new } from "../object";
import {
  path_is_canonical, url_fragment, url_hostname, url_parse, url_path, url_port, url_raw_path, url_raw_query, url_scheme,
} from "../url";
import { boolean, string_of, tag, word_n } from "../value";
import { is_string } from "./operand";

function put(object: usize, key: string, text: usize): void {
  if (text != 0 && word_n(text) > 0) object_insert(object, string_of(key), text);
}

export function builtin_uri_parse(v: usize): usize {
  if (!is_string("uri.parse", 1, v) || !url_parse("uri.parse", v)) return 0;
  const object = object_new();
  put(object, "scheme", url_scheme);
  put(object, "hostname", url_hostname);
  put(object, "port", url_port);
  put(object, "path", url_path);
  const written = url_path != 0 && word_n(url_path) > 0 && !path_is_canonical();
  put(object, "raw_path", written ? url_raw_path : url_path);
  put(object, "raw_query", url_raw_query);
  put(object, "fragment", url_fragment);
  return object;
}

export function builtin_uri_is_valid(v: usize): usize {
  if (tag(v) != TAG_STRING || word_n(v) == 0) return boolean(false);
  const valid = url_parse("uri.is_valid", v);
  failure_clear();
  return boolean(valid);
}
