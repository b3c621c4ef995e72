// Disagreements that stay, each with its reason. Only what no answer of ours could mend, or what is the wording of a library's parser.

import type { Answer, Call } from "./calls.ts";

interface Reason {
  readonly why: string;
  fits(call: Call, opa: Answer, ours: Answer): boolean;
}

const isError = (answer: Answer): boolean => /^eval_[a-z_]+: /.test(answer);

/** Builtins that read a language of their own through a library of OPA's: that both refuse the text is compared, not how they put it. */
const FOREIGN_WORDING = /^(yaml\.|graphql\.parse|strings\.render_template$|json\.(match|verify)_schema$)/;

const REASONS: readonly Reason[] = [
  {
    why: "OPA itself fails: a panic, or a number that it cannot write as JSON",
    fits: (_, opa) => opa.startsWith("no answer: ") && /panic|invalid number literal/.test(opa),
  },
  {
    why: "the wording of a syntax error in YAML, GraphQL, Go templates: both refuse the text",
    fits: ({ builtin }, opa, ours) => FOREIGN_WORDING.test(builtin.name) && isError(opa) && isError(ours),
  },
  {
    why: "the wording of malformed JSON in a header of io.jwt.encode_sign_raw",
    fits: ({ builtin }, opa, ours) =>
      builtin.name === "io.jwt.encode_sign_raw" && opa.includes("cannot parse JSON: ") && ours.includes("cannot parse JSON: "),
  },
];

export function explained(call: Call, opa: Answer, ours: Answer): boolean {
  return REASONS.some((reason) => reason.fits(call, opa, ours));
}
