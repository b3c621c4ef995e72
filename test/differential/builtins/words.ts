// Words of the small languages that builtins read: patterns, layouts, addresses, documents, tokens. Plain lists, and the letters that
// mutants of them are made with.

export const INSTANTS = [
  "0", "1", "-1", "1500000000123456789", "1700000000000000000", "253402300799999999999", "-62135596800000000000",
  "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.5", "1e18", "951782400000000000",
];

export const ZONES = [
  "UTC", "", "Local", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo",
  "Pacific/Apia", "EST", "CET", "Etc/GMT+5", "Nope/Zone", "asia/tokyo", "GMT", "EST5EDT",
];

export const PATTERNS = [
  "", "a", "a+", "a*", "(a|b)+", "^a.*b$", "[a-c]+", "[^a-c]", "\\d+", "\\w+\\s\\W", "(?i)abc", "(?P<name>a)(b)?", "(?:x|y)z", "a{2,3}", "a{2}",
  "\\bfoo\\b", "\\p{L}+", "\\pN", "[[:alpha:]]+", "[[:^digit:]]", "(?s).", "(?m)^b$", "x*?", "a??", "(a*)*", "(a|ab)(c|bcd)(d*)", "\\x{1F600}",
  "\\Qa.b\\E", "é", "日", ".", "\\.", "(", ")", "[", "a{1001}", "a**", "(?<n>a)", "\\C", "\\z", "\\A\\d", "[]a]", "[a-\\d]", "(?U)a+", "(?i)ß|K", "\\1",
  "(?=a)", "(a)(b)(c)", "a|b|", "(?i:a)b", "[\\w-]+@[a-z]+\\.com", "\\B", "$", "\\PL", "\\p{Greek}", "\\p{Foo}", "[^\\n]", "()", "(|a)+",
];
export const PATTERN_LETTERS = "ab.*+?()[]{}|^$\\dwsWbBpL1,2-:é日iP<n>";
export const SUBJECTS = [
  "", "a", "aaa", "abc", "abcabc", "foo bar", "b", "ABC", "x\ny\nb", "123 abc", "日本語", "éa", "😀", "a.b", "user@example.com", "aXbXc", "  ", "abcd",
  "kK\u212a", "ſs", "αβγ", "-_-", "a\u0000b", "urn:foo:bar:baz", "ab\nb",
];
export const REGEX_GLOBS = ["a.a.", ".b.b", "[a-z]+", "[0-9]*", "a*b", "", "abc", ".*", "a+b*", "[a-c][1-3]+", "a", "\\.a", "[abc]", "a.", ".+b", "[0-9]+", "[", "[a-]"];
export const TEMPLATES = ["urn:foo:{.*}", "urn:foo:<.*>", "{[a-z]+}", "a{b{c}}", "", "{", "}", "a{.}b{\\d+}", "é.é", "{(a|b)}x", "a.b", "{{a}}"];

export const GLOBS = [
  "", "*", "**", "?", "a*", "*.b", "a.*.c", "a.**.c", "[a-c]", "[!a-c]", "[abc]x", "[!abc]", "{a,b}c", "{a*,*b}", "a\\*b", "a/*/c", "*:*", "{a,{b,c}}",
  "**.github.com", "[", "{a", "a]", "{}", "a?c", "ab*cd*", "*a*b*", "[日]*", "?*", "*?", "{?,ab}*", "[a-]", "[-a]", "[!]", "\\", "**a", "a**b",
];
export const GLOB_SUBJECTS = ["", "a", "abc", "a.b", "a.b.c", "a.x.y.c", "ac", "bc", "a*b", "a/b/c", "api.github.com", "日本", "x:y", "ab", "abcd", "b", "c", "ax", "."];

export const CIDRS = [
  "10.0.0.0/8", "10.0.0.1", "10.0.0.0/24", "192.168.1.0/24", "192.168.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "::ffff:10.0.0.1",
  "10.0.0.0/33", "1.2.3", "", "10.0.0.128/25", "10.0.1.0/24", "fe80::1%eth0", "010.0.0.1", "1.2.3.4/00", "::1/128", "2001:db8:0:1::/64", "10.0.0.1/32",
  "::ffff:1.2.3.0/120", "255.255.255.255", "2001:0db8::/33", "1.2.3.4/", "/8",
];
export const SMALL_CIDRS = ["10.0.0.0/28", "10.0.0.5/30", "10.0.0.1/32", "2001:db8::/124", "::1/128", "1.2.3", "", "10.0.0.0/33", "255.255.255.252/30", "::ffff:1.2.3.4/126", "10.0.0.1"];

export const BASE64 = ["", "aGVsbG8=", "aGVsbG8", "aGVsbG8gd29ybGQ=", "_-8=", "/+8=", "YQ==", "YQ=", "YQ", "====", "aGVs\nbG8=", "aGVs bG8=", "aGVsbG9=", "8J+YgA==", "/w==", "é"];

export const JSON_TEXTS = [
  "", "null", "true", "1", "-0", "1.50", "1e5", "1E+2", "01", "-", "1.", ".5", "\"a\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\x\"", "\"a\nb\"",
  "[]", "[1,2]", "[1,]", "{}", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{a:1}", "{\"a\"}", " [ 1 , { \"b\" : [ ] } ] ", "nul", "truex", "1 2", "[1", "{\"a\":", "\"",
  "123456789012345678901234567890", "0.1e-7", "[[[[1]]]]", "\ufeff1", "'a'", "NaN", "[1 2]", "{\"a\":1,}", "\u00a01",
];
export const JSON_LETTERS = '{}[],:"\\ntrufalse0123456789.eE+- \n\té';
export const JSON_PATHS = ["", "/", "a", "/a", "a/b", "/a/0", "/b/c", "b/c/0", "/x/-", "x/1", "/x/01", "/a~1b", "/a~0", "/é", "//", "/x/-1", "b/c/-", "/b/c/99", "/x/1/a"];

export const SCHEMAS = [
  "{}", "true", '{"type":"string"}', '{"type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1}}}', '{"type":["string","null"]}',
  '{"type":"nope"}', '{"enum":[1,"a",null]}', '{"const":1}', '{"type":"array","items":{"type":"number"},"minItems":1,"uniqueItems":true}',
  '{"anyOf":[{"type":"string"},{"type":"number","maximum":5}]}', '{"oneOf":[{"type":"number"},{"multipleOf":2}]}', '{"allOf":[{"minLength":2},{"maxLength":3}]}',
  '{"not":{"type":"string"}}', '{"pattern":"^a+$"}', '{"pattern":"("}', '{"format":"date-time"}', '{"format":"email"}', '{"format":"ipv4"}', '{"format":"uri"}', '{"format":"uuid"}',
  '{"additionalProperties":false,"properties":{"a":{},"b":{}}}', '{"patternProperties":{"^a":{"type":"number"}}}', '{"propertyNames":{"maxLength":1}}',
  '{"definitions":{"x":{"type":"string"}},"$ref":"#/definitions/x"}', '{"$ref":"#/nope"}', '{"if":{"type":"number"},"then":{"minimum":3},"else":{"maxLength":2}}',
  '{"contains":{"type":"string"}}', '{"minProperties":2,"maxProperties":3}', '{"dependencies":{"a":["b"]}}', '{"items":[{"type":"number"},{"type":"string"}],"additionalItems":false}',
  '{"exclusiveMinimum":2,"exclusiveMaximum":4}', '{"minimum":"x"}', '{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","minimum":2,"exclusiveMinimum":true}',
  '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', '{"required":"a"}', '{"type":"integer"}', "", "[]", '{"minLength":-1}', '{"multipleOf":0}', '{"properties":[]}',
];

export const GRAPHQL_SCHEMAS = [
  "", "type Query { a: Int }", "type Query { a(x: Int = 1, y: [String!]!): String! b: Query }\nenum E { A B }", "schema { query: Q } type Q { e: E } enum E { A @deprecated(reason: \"x\") B }",
  "interface N { id: ID! } type A implements N { id: ID! n: N } type Query { n: N u: U } union U = A | B type B { x: Float }", "input I { a: Int! = 3 b: [I] } type Query { f(i: I): Boolean }",
  "directive @d(a: Int) repeatable on FIELD | OBJECT scalar T @specifiedBy(url: \"u\") type Query { t: T }", "extend type Query { z: Int } type Query { a: Int }", "type Query { a: Nope }", "type Query { }",
  "\"\"\"doc\"\"\" type Query { \"f\" a: Int }", "type Query { a: Int a: Int }", "type Query { e: E } enum E { true }", "type Subscription { s: Int } type Query { a: Int } type Mutation { m(x: Int): Int }",
];
export const GRAPHQL_QUERIES = [
  "", "{ a }", "query Q { a }", "query Q($x: Int = 2, $y: [String!]!) { a(x: $x, y: $y) b { a } }", "{ b { b { a } } }", "{ e }", "fragment F on A { id } { n { ...F ... on A { id } } }", "{ n { id __typename } u { ... on B { x } } }",
  "{ f(i: {a: 1, b: [{a: 2}]}) }", "{ t @d(a: 1) @skip(if: true) }", "mutation { m(x: 1) }", "subscription S { s }", "{ nope }", "{ a(x: \"s\", y: []) }", "{ a ", "query ($x: Int) { a }", "{ x: a y: a }", "{ a { b } }", "{ a(y: [\"\"\"b\"\"\" \"\\u00e9\" null]) }",
  "{ a(x: -1.5e3 y: [$z true ENUM]) }", "query A { a } query A { a }", "{ a } query B { a }", "{ __schema { types { name } } }",
];
export const GRAPHQL_LETTERS = '{}()[]:!$@=|&."# \nabxyQInt1-,';

export const TOKENS = [
  "", "a.b.c", "a.b", "eyJhbGciOiJIUzI1NiJ9.e30.xS-KfEV5V2ZQkbJSUDZxDZL3J8EzTwbzFrZVMlJw2ZU",
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.Zm9v", "eyJhbGciOiJub25lIn0.e30.", "e30.e30.", "eyJhbGciOiJIUzI1NiJ9.WzFd.", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ==.", "e30.eA.", "eyJlbmMiOiJ4In0.e30.", "a.b.c.d.e", "eyJjdHkiOiJKV1QifQ.ZXlKaGJHY2lPaUp1YjI1bEluMC5lMzAu.",
];

export const CERTIFICATES = ["", "x", "LS0t", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----", "MIIB"];

export const VERSIONS = ["1.0.0", "1.2.3", "v1.0.0", "1.0", "1", "", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-0.3.7", "1.0.0+build.1", "1.0.0-rc.1+b", "01.0.0", "1.0.0-01", "1.0.0-", "99999999999999999999.0.0", "1.0.0-é", "2.0.0", "1.0.0-rc.1.2", "1.0.0+"];

export const FORMATS = ["%v", "%d", "%s", "%q", "%x", "%X", "%t", "%5d|%-5d|%05d|%+d", "%.2f", "%8.3f", "%e %g %G", "%c %U", "%b %o %O", "%#v", "%T", "%p", "%%", "%", "%!", "%z", "%[2]v %[1]v", "%[5]d", "%[x]d", "%*d", "%.*f", "%-10s|", "%10q", "%+q", "%#q", "%#x % x", "% d", "é%vé", "%s %s %s", "no", "%v%v", "%6.2v", "%+v", "%.3s", "%.0f", "%08.3f", "%+.2e", "%x %X", "%j", "%w", "%i", "%u"];
export const FORMAT_LETTERS = "%vdsqxXtfgeEGcUboOTp#+- 0123456789.*[]é";

export const GO_TEMPLATES = ["{{.x}}", "{{ .name }}", "a {{.nope}}", "{{range .items}}{{.}},{{end}}", "{{if .x}}y{{else}}n{{end}}", "{{len .items}}", "{{.x | printf \"%v\"}}", "{{index .items 0}}", "{{with .name}}{{.}}{{end}}", "{{", "{{.}}", "{{- .name -}} ", "{{/* c */}}x", "{{$a := .name}}{{$a}}", "{{range $i, $e := .items}}{{$i}}={{$e}} {{else}}none{{end}}", "{{eq .name \"a\"}}", "{{and .x .name}}{{or .x 1}}{{not .x}}", "{{printf \"%d-%s\" 3 .name}}", "{{html .name}}", "{{js .name}}{{urlquery .name}}", "{{slice .name 0 1}}", "{{call .x}}", "{{lt 1 2}}", "{{define \"t\"}}T{{.}}{{end}}{{template \"t\" .name}}", "{{break}}", "{{print 1 2 \"a\"}}", "{{println .name}}", "{{1.5}} {{'a'}} {{`r`}} {{nil}}"];

export const LAYOUTS = [
  "2006-01-02", "2006-01-02T15:04:05Z07:00", "RFC3339", "RFC1123", "RFC1123Z", "RFC822", "RFC822Z", "RFC850", "ANSIC", "UnixDate", "RubyDate", "Kitchen", "Stamp", "RFC3339Nano", "15:04:05.000", "3:04PM", "Jan _2 06", "Monday, 02-Jan-06 15:04:05 MST", "02/01/2006 15:04:05.999999999 -0700", "2006-002", "__2", "Z0700 Z07 -07 -07:00 -070000 Z07:00:00", "pm 03", "", "x",
  "2006-01-02 15:04:05,000", "January 2 2006", "Mon Jan", "DateTime", "DateOnly", "TimeOnly", "StampNano", "1/2/06", "5.00",
];
export const LAYOUT_LETTERS = "0123456789-:/ TZ.,+JanMopP_";
export const TIMES = [
  "2006-01-02", "2017-07-14", "2024-02-29", "2023-02-29", "2017-07-14T02:40:00Z", "2017-07-14T02:40:00.123456789+02:00", "2017-07-14T02:40:00.5-07:00", "Mon, 02 Jan 2006 15:04:05 MST", "Mon, 02 Jan 2006 15:04:05 -0700", "3:04PM", "15:04:05.000", "Jan  2 06", "Jan _2 06", "02 Jan 06 15:04 MST", "Mon Jan  2 15:04:05 2006", "2006-366", "2024-060", "12:60:00", "1/2/06", "9999-12-31", "1677-09-21T00:12:43Z", "2262-04-11T23:47:16.854775807Z", "2262-04-12T00:00:00Z", "0001-01-01T00:00:00Z", "", "January 2 2006", "2017-07-14T24:00:00Z", "2017-07-14t02:40:00z", "2017-07-14 02:40:00,123",
];
export const DURATIONS = ["1h", "1h30m", "1.5s", "100ms", "1us", "1µs", "1μs", "1ns", "-2m", "+3s", "0", "", "1", "1d", "1h1h", "9223372036854775807ns", "9223372036854775808ns", "2562047h47m16.854775807s", ".5s", "1.s", "s", "-", "1e3s", "3000000h"];

export const NUMBERS = ["0", "1", "-1", "1.5", "1e3", "0x1f", "", " 1", "1 ", "1_000", "-0", "1e400", "123456789012345678901234567890", "1e", "0b1", "0o7", "é", "1.50", "1E+2"];
export const CASES = ["abc", "ÀÉ", "ß", "İ", "ı", "ǅ", "Σας", "ﬁ", "ŉ", "ᾳ", "ΑΣ", "K", "Ω", "ა", "Ꭰ", "\u{10400}", "ⅷ", "ⓐ", "日本", "ΐ", "𝐀", "ꭰ", "ẞ", "i̇"];
export const UNITS = ["0", "1", "1K", "1Ki", "1k", "1KiB", "1MB", "1m", "1M", "1.5G", "10Gi", "1T", "1P", "1E", "1Ei", "1e3", "1E3", "1e3K", "", "K", "1 K", "\"1K\"", "-1K", "+1K", "1.K", ".5M", "1KB", "1kib", "1b", "1B", "1.5.5", "100µ", "1mi", "1tb", "0.0001Ki", "1Kii", "12345678901234567890Ki", "1n", "1u", "1d", "1h"];
export const URLS = [
  "", "http://example.com", "https://user:pa%20ss@example.com:8080/a/b%2Fc?q=1&r=a+b&q=2#frag", "/a/b", "a:b", "mailto:a@b.c", "http://[::1]:80/", "http://[fe80::1%25en0]/", "//host/p", "?q", "#f", "http://a b/", "http://a/%zz", "http://a:b/", "HTTP://EXAMPLE.com/é", "1http://x", ":", "http://x?a=1;b=2", "http://é.com", "file:///etc/passwd", "urn:isbn:123", "http://a/?x=%", "http://x/\u007f", "http://x#%zz", "http://u@/", "http://x:/",
];
export const QUERIES = ["", "a=1", "a=1&b=2&a=3", "a", "a=", "=b", "a%20b=c+d", "%zz", "a;b", "a=1;b=2", "&", "&&a", "a=b=c", "%", "%e9", "%C3%A9=1", "+", "a=%2"];
export const UUIDS = ["", "00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-21d1-80b4-00c04fd430c8", "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8", "{6ba7b810-9dad-51d1-80b4-00c04fd430c8}", "6ba7b8109dad11d180b400c04fd430c8", "000003e8-48b9-21ee-b200-325096b39f47", "1EC9414C-232A-6B00-B3C8-9E6BDECED846", "018e8f6e-1c3a-7000-8000-000000000000", "6ba7b810-9dad-11d1-00b4-00c04fd430c8", "x", "6ba7b810-9dad-11d1-c0b4-00c04fd430c8", "ffffffff-ffff-ffff-ffff-ffffffffffff", "6ba7b810-9dad-11d1-e0b4-01c04fd430c8"];

export const YAMLS = [
  "", "a: 1", "- 1\n- two\n- true\n- null\n- ~", "a:\n  b: [1, {c: d}]\n", "\"quoted\": 'single'", "x: |\n  line1\n  line2\n", "x: >-\n  folded\n  text\n", "a: &x 1\nb: *x", "<<: {a: 1}\nb: 2", "a: &m {x: 1}\nb:\n  <<: *m\n  y: 2", "yes", "no", "on: off", "y: n", "0o17", "017", "0x1F", "1_000", "1e3", ".inf", "-.inf", ".nan", "2001-01-01", "2001-01-01T00:00:00Z", "!!str 1", "!!int \"3\"", "!!binary aGk=", "!!float 1", "? a\n: b", "1: a\n2: b", "true: x", "null: x", "[1,2", "{a: b", "a: b: c", "a\tb", "\ta: 1", "a: 1\na: 2", "---\na: 1\n...\n", "---\na\n---\nb", "# c", "a: # c\n  b", "'it''s'", "\"\\u00e9\\x41\"", "a: \"b\\\n  c\"", "- - 1\n  - 2", "a:\n- 1\n- 2", "1.0", "1.50", "123456789012345678901234567890", "-0", "é: 日", "%YAML 1.1\n---\na: 1", "@a", "`a", "a: *nope", "[a: 1]", "{a, b: 1}", "!foo a", "null", "~", "Null", "TRUE", "False", "- ? a", "12:30:45", "a: |2\n    x\n", "\"a\nb\"", "x: !!set {a, b}", "!!null x",
];
export const YAML_LETTERS = ":-[]{},*|>'\"# \n\t?ab01.~";

export const MODULES = ["package a", "package a\n\nx := 1", "package a.b\n\nimport rego.v1\n\nallow if input.x == 1", "package a\n\np contains x if { some x in input.xs; not q[x] }", "package a\n\nf(x) := y if { y := x + 1 } else := 2", "# METADATA\n# title: t\npackage a\n\nx := {1, \"a\": 2}", "package a\n\ndefault x := false", "package a\n\nx if every y in [1] { y > 0 }", "", "x", "package", "package a\n\nx := $\"a{input.b}\"", "package a\n\nx := [y | y := input[_]]", "package a\n\nx := 1 with input as 2"];
