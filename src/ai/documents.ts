// The two documents, each described once: the request (`input`) and the decision. Types, JSON Schemas and checks are derived from here.
// Names are AuthZEN's where it has them, so that an AuthZEN evaluation request is a valid request. What was verified and what is only
// claimed never share a key.

import {
  anything,
  flag,
  type Infer,
  list,
  map,
  name,
  numeric,
  oneOf,
  optional,
  record,
  text,
} from "./schema.ts";

const properties = map(anything(), "attributes of the caller's choosing");

/** What trust a value deserves: written by the user, read in a trusted field, filled in from the schema, read elsewhere, seen nowhere. */
export const integrities = ["user", "trusted", "default", "untrusted", "unseen"] as const;
export type Integrity = (typeof integrities)[number];

const mention = record({
  kind: oneOf("url", "email"),
  value: text("as it stands in the text"),
  host: optional(text("of a URL, lower case")),
  integrity: oneOf(...integrities),
});

const labelled = record({
  path: text("JSON pointer into the arguments"),
  value: anything(),
  integrity: oneOf(...integrities),
  from: list(text(), "where it was seen: `user`, `call:ID#/pointer`"),
  confidentiality: list(text(), "labels of what it tells"),
  encoded: optional(list(text(), "encodings in which it tells it")),
  dictated: optional(flag("a text of several words that stands inside a text from outside")),
  mentions: list(mention, "what a longer text points to"),
});

const call = record({
  id: text(),
  tool: text(),
  status: oneOf("proposed", "reserved", "committed", "released", "refused", "unreported"),
  effect: optional(text("what was decided")),
  digest: text(),
  turn: numeric(),
});

const session = record({
  id: text(),
  step: numeric("calls proposed so far, this one not counted"),
  turn: numeric("turns of the user so far"),
  labels: record({ saw_untrusted: flag(), saw_private: flag() }),
  calls: list(call),
  counters: record({
    tool_calls: numeric("reserved and committed"),
    by_tool: map(numeric()),
    amounts: map(text("exact decimal"), "sums of amount arguments by `tool/argument`"),
  }),
  pending: list(text(), "calls that were decided and not reported back"),
  budgets: optional(
    map(
      record({ used: text("exact decimal"), asked: text("what this call would add") }),
      "the catalogue's budgets that this call counts against",
    ),
  ),
  duties: optional(
    map(
      record({ used: list(text("a tool")) }),
      "the catalogue's duties that this call is a part of: what their holder has done, in any task",
    ),
  ),
});

const tool = record({
  name: name(),
  server: optional(text()),
  definition: optional(text("hash of the definition that the server shows now")),
  set: optional(text("hash of all definitions that it shows now")),
  shadowed: optional(flag("another server shows a tool of that name")),
});

const context = record({
  time: optional(text("RFC 3339")),
  network: optional(record({ ip: optional(text()), zone: optional(text()) })),
  channel: optional(text()),
  approval: optional(
    record({ digest: text(), id: text(), approver: optional(text()), approved_at: optional(text()) }),
  ),
  risk: optional(anything("advisory: may only ever raise")),
  token: optional(map(anything())),
  supported_obligations: optional(list(text())),
});

export const requestShape = record(
  {
    version: optional(text()),
    subject: record({ type: name(), id: name(), properties: optional(properties) }, "on whose behalf"),
    agent: optional(
      record({
        id: text(),
        version: optional(text()),
        identity: record({
          verified: flag(),
          method: optional(text()),
          issuer: optional(text()),
          binding: optional(text()),
          reason: optional(text()),
        }),
        claims: optional(map(anything(), "what it says of itself")),
      }),
    ),
    delegation: optional(
      list(
        record({
          from: text(),
          to: text(),
          verified: flag(),
          scope: optional(list(text())),
          exp: optional(text()),
          proof: optional(text()),
        }),
      ),
    ),
    task: optional(
      record({
        id: text(),
        folder: optional(text()),
        tools: optional(list(text(), "those the task may use")),
      }),
    ),
    action: record({
      name: name(),
      properties: optional(properties),
      arguments: optional(anything("exactly as the tool gets them, defaults filled in")),
      values: optional(map(list(labelled), "leaves of each argument, with labels")),
      asked: optional(flag("the user said one of the verbs that the catalogue gives the tool")),
      parsed: optional(map(anything(), "arguments that are programs, as their parsers read them")),
      digest: optional(text()),
    }),
    resource: record({ type: name(), id: name(), properties: optional(properties) }),
    tool: optional(tool),
    session: optional(session),
    context: optional(context),
  },
  "what policies see as `input`",
);

export const effects = ["allow", "deny", "approve", "transform"] as const;
export type Effect = (typeof effects)[number];

const reason = record({
  code: name("stable"),
  message: text("for a person"),
  path: optional(text("JSON pointer into the arguments")),
  texts: optional(
    record(
      { person: text(), log: text(), model: text() },
      "the same for each of its readers; written outside the policy",
    ),
  ),
});

const obligation = record({ id: text(), type: name(), properties: optional(properties) });

export const decisionShape = record(
  {
    effect: oneOf(...effects),
    reasons: list(reason),
    obligations: optional(list(obligation)),
    transform: optional(anything("the arguments to use instead")),
    labels: optional(record({ result: optional(map(text())) })),
    budget: optional(list(record({ name: text(), remaining: text(), limit: text() }))),
    mode: optional(oneOf("observe", "enforce")),
    effective: optional(oneOf(...effects)),
    decision: optional(flag("whether the action goes ahead, as AuthZEN says it")),
    evaluation_id: optional(text("the id of the decision in the log")),
    digest: optional(text("of the action that was decided on")),
    deciding_ms: optional(numeric("how long it took")),
    policy: optional(
      record({ bundles: map(record({ revision: text() })) }, "which revisions of which bundles said it"),
    ),
  },
  "the answer: what a policy gives, and what the enforcement point adds from `mode` on",
);

export type RequestDocument = Infer<typeof requestShape>;
export type DecisionDocument = Infer<typeof decisionShape>;
export type Labelled = Infer<typeof labelled>;
export type Mention = Infer<typeof mention>;
export type SessionDocument = Infer<typeof session>;
export type CallRecord = Infer<typeof call>;
