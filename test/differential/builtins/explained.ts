// Disagreements that stay, each with its reason. Only what no answer of ours could mend, or what is the wording of a library's parser.

import { isObject } from "../../../src/value/value.ts";
import type { Answer, Call } from "./calls.ts";

interface Reason {
  readonly why: string;
  fits(call: Call, opa: Answer, ours: Answer): boolean;
}

const isError = (answer: Answer): boolean => /^eval_[a-z_]+: /.test(answer);

/** Builtins that read a language of their own through a library of OPA's: that both refuse the text is compared, not how they put it. */
const FOREIGN_WORDING = /^(graphql\.parse|strings\.render_template$|json\.(match|verify)_schema$)/;

const REASONS: readonly Reason[] = [
  {
    why: "OPA itself fails: a panic, or a number that it cannot write as JSON",
    fits: (_, opa) => opa.startsWith("no answer: ") && /panic|invalid number literal/.test(opa),
  },
  {
    why: "the wording of a syntax error in GraphQL, Go templates: both refuse the text",
    fits: ({ builtin }, opa, ours) => FOREIGN_WORDING.test(builtin.name) && isError(opa) && isError(ours),
  },
  {
    why: "the wording of malformed JSON in a header of io.jwt.encode_sign_raw",
    fits: ({ builtin }, opa, ours) =>
      builtin.name === "io.jwt.encode_sign_raw" &&
      opa.includes("cannot parse JSON: ") &&
      ours.includes("cannot parse JSON: "),
  },
  {
    why: "OPA reads the Rego text of variables as JSON, and so refuses sets, other keys than strings and some characters",
    fits: ({ builtin }, opa) =>
      builtin.name === "strings.render_template" && / invalid character '/.test(opa),
  },
  {
    why: "the wording of what Go's netip says of an address with a zone",
    fits: ({ builtin }, opa, ours) =>
      builtin.name === "uri.parse" && [opa, ours].every((each) => each.includes("ParseAddr(")),
  },
  {
    why: "whether a broken METADATA block is told beside other findings",
    fits: ({ builtin, text }, opa, ours) =>
      builtin.name === "rego.parse_module" && text.includes("# METADATA") && isError(opa) && isError(ours),
  },
  {
    why: "a byte that is no character, which only the module still has where JSON is at fault",
    fits: ({ builtin }, opa, ours) =>
      builtin.name.startsWith("io.jwt.") &&
      [opa, ours].every((each) => each.includes("invalid JSON: invalid character")),
  },
  {
    why: "yaml.marshal of keys like `1a`, `9`, `10`, which OPA's library orders in a ring: it starts from Go's order of maps, which is drawn",
    fits: ({ builtin }, opa, ours) =>
      builtin.name === "yaml.marshal" && [...opa].sort().join("") === [...ours].sort().join(""),
  },
  {
    why: "graphql.*: objects that are no syntax trees, of which OPA's structs keep nothing",
    fits: ({ builtin, args }) =>
      builtin.name.startsWith("graphql.") &&
      args.some((one) => typeof one === "object" && one !== null && isObject(one)),
  },
  {
    why: "the wording of what jwx says of a key that is no key",
    fits: ({ builtin }, opa, ours) =>
      builtin.name.startsWith("io.jwt.") &&
      [opa, ours].every((each) => each.includes("failed to probe data")),
  },
  {
    why: "glob patterns whose braces do not close: what OPA's library makes of them is no rule of its own",
    fits: ({ builtin, args: [pattern] }) =>
      /^glob\.match$/.test(builtin.name) &&
      typeof pattern === "string" &&
      pattern.split("{").length !== pattern.split("}").length,
  },
  {
    why: "names and dots without blanks between them in a template: both dots are one word to us",
    fits: ({ builtin, text }, opa) =>
      builtin.name === "strings.render_template" &&
      opa.includes("unexpected <.> in operand") &&
      text.includes(".."),
  },
  {
    why: "time.add_date by more than 10^12 units: OPA's sum of the calendar runs over at 2^63, and what is left may look like a time of our days",
    fits: ({ builtin, text }, _, ours) =>
      builtin.name === "time.add_date" &&
      ours.includes("time outside of valid range") &&
      /\d{13}.*\d{13}|-?\d{13,}\)/.test(text),
  },
];

export function explained(call: Call, opa: Answer, ours: Answer): boolean {
  return REASONS.some((reason) => reason.fits(call, opa, ours));
}
