// Every reason code, in one place: policies of the library and the enforcement point use no other. A code never changes its meaning.
// `who` says who gives it: the library's Rego, or the code around it.

export type ReasonSource = "policy" | "enforcement";

export const reasonCodes = new Map<string, { readonly who: ReasonSource; readonly means: string }>([
  // The enforcement point: there is no answer to enforce.
  ["policy_undefined", { who: "enforcement", means: "the policy gave no decision" }],
  ["policy_malformed", { who: "enforcement", means: "the policy's answer is no decision document" }],
  ["policy_stale", { who: "enforcement", means: "the policy was confirmed too long ago" }],
  ["policy_unverified", { who: "enforcement", means: "no verified policy is active" }],
  ["obligation_unsupported", { who: "enforcement", means: "an obligation cannot be carried out here" }],
  ["deny_rule_errored", { who: "enforcement", means: "a rule that denies could not be evaluated" }],
  ["effect_unsupported", { who: "enforcement", means: "the host has no way to carry the effect out" }],
  // Who acts.
  ["identity_unverified", { who: "policy", means: "the AI agent's identity is not proven" }],
  ["tool_not_permitted", { who: "policy", means: "no role of the person permits the tool" }],
  ["outside_working_hours", { who: "policy", means: "not at this time" }],
  ["untrusted_network", { who: "policy", means: "not from this network" }],
  // What is called.
  ["unknown_tool", { who: "policy", means: "the catalogue has no such tool" }],
  ["unknown_argument", { who: "policy", means: "the catalogue has no such argument" }],
  ["malformed_arguments", { who: "policy", means: "the arguments are not an object" }],
  ["missing_argument", { who: "policy", means: "an argument that the tool requires is not there" }],
  ["tool_changed", { who: "policy", means: "the definition is not the one that was reviewed" }],
  ["tool_set_changed", { who: "policy", means: "the server shows other tools than those reviewed" }],
  ["tool_shadowed", { who: "policy", means: "another server shows a tool of that name" }],
  ["approval_required", { who: "policy", means: "a person must approve each call" }],
  ["destructive", { who: "policy", means: "the call cannot be undone" }],
  ["repeated", { who: "policy", means: "the task has destroyed the same once already" }],
  ["out_of_task_scope", { who: "policy", means: "the task does not include the tool" }],
  // Where values come from and go.
  ["untrusted_argument", { who: "policy", means: "a sensitive argument was read in untrusted content" }],
  ["unseen_argument", { who: "policy", means: "a sensitive argument was seen nowhere before" }],
  ["unlabelled_argument", { who: "policy", means: "a sensitive argument has no label" }],
  [
    "untrusted_link",
    { who: "policy", means: "a text contains a link that neither user nor trusted field gave" },
  ],
  ["dictated_text", { who: "policy", means: "content from outside words a message to somebody" }],
  ["unasked", { who: "policy", means: "the user's words do not ask for what the tool does" }],
  ["unanchored", { who: "policy", means: "nothing in the call was said by the user" }],
  ["private_to_sink", { who: "policy", means: "private content would reach somebody the user did not name" }],
  ["encoded_private", { who: "policy", means: "private content would leave in an encoding" }],
  ["url_not_allowed", { who: "policy", means: "the URL leads to a private, local or unlisted address" }],
  // Files.
  ["no_task_folder", { who: "policy", means: "the task has no folder" }],
  ["path_unresolved", { who: "policy", means: "it cannot be told where a path leads" }],
  ["path_outside_folder", { who: "policy", means: "a path leads out of the task's folder" }],
  // How much.
  ["budget_exceeded", { who: "policy", means: "the sum of amounts would pass a limit" }],
  ["call_limit_exceeded", { who: "policy", means: "the number of calls would pass a limit" }],
  // Combining.
  ["permitted", { who: "policy", means: "every requirement is met" }],
  ["default_deny", { who: "policy", means: "nothing permits the action" }],
]);
