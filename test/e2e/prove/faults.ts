// Planted faults: realistic mistakes for copies of our own policies, each with the invariant that has to catch it. Data only: who plants and
// proves them is in planted.ts.

export interface Fault {
  readonly what: string;
  readonly file: string;
  /** Each text, which stands in the file, and what takes its place. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** `package/invariant` without their prefixes, as `decision/path`; `law/name` for a ready law of decisions about calls. */
  readonly invariant: string;
  /** Found within 30 seconds, but not within the few inputs of the test. */
  readonly slow?: true;
  /** It is known not to be found, and why. */
  readonly missed?: string;
}

const fault = (what: string, file: string, from: string, to: string, invariant: string): Fault => ({
  what,
  file,
  edits: [[from, to]],
  invariant,
});

const decision: readonly Fault[] = [
  fault(
    "a condition is missing: verified",
    "ai/identity.rego",
    "\tinput.agent.identity.verified == true\n",
    "",
    "decision/identity",
  ),
  fault(
    "a negation of an undefined value",
    "ai/identity.rego",
    "input.agent.identity.verified == true",
    "not input.agent.identity.verified == false",
    "decision/identity",
  ),
  fault("an empty name passes", "ai/identity.rego", '\tid != ""\n', "", "decision/identity"),
  fault(
    "a string compared to a boolean, negated",
    "ai/identity.rego",
    "input.agent.identity.verified == true",
    'input.agent.identity.verified != "false"',
    "decision/identity",
  ),
  fault(
    "the same name is checked twice",
    "ai/identity.rego",
    "named(input.subject.id)",
    "named(input.agent.id)",
    "decision/identity",
  ),
  fault(
    "any role permits",
    "ai/roles.rego",
    "input.tool.name in data.site.roles[role].tools",
    "data.site.roles[role].tools",
    "decision/role",
  ),
  fault(
    "a role of anybody permits",
    "ai/roles.rego",
    "some role in input.subject.properties.roles",
    "some role, _ in data.site.roles",
    "decision/role",
  ),
  {
    ...fault(
      "the tool of the path report, not of the call",
      "ai/roles.rego",
      "input.tool.name in data.site.roles[role].tools",
      "input.action.properties.tool in data.site.roles[role].tools",
      "decision/role",
    ),
    slow: true,
  },
  fault(
    "unknown arguments are compared with themselves",
    "ai/tools.rego",
    "name in described",
    "name in object.keys(input.action.arguments)",
    "decision/described",
  ),
  fault(
    "the arguments of any tool pass for those of this one",
    "ai/tools.rego",
    "{name | some name in entry.options}",
    "{name | some tool in data.site.tools; some name in tool.options}",
    "decision/described",
  ),
  fault(
    "a report about another text counts",
    "ai/paths.rego",
    "\treport.given == value\n",
    "",
    "decision/path",
  ),
  fault(
    "a report about another argument counts",
    "ai/paths.rego",
    "\treport.pointer == pointer\n",
    "",
    "decision/path",
  ),
  fault(
    "a prefix without its slash",
    "ai/paths.rego",
    'concat("", [trim_right(dir, "/"), "/"])',
    'trim_right(dir, "/")',
    "decision/path",
  ),
  fault(
    "swapped operands of a prefix",
    "ai/paths.rego",
    'startswith(path, concat("", [trim_right(dir, "/"), "/"]))',
    'startswith(dir, concat("", [trim_right(path, "/"), "/"]))',
    "decision/path",
  ),
  fault(
    "contained anywhere, not at the beginning",
    "ai/paths.rego",
    "startswith(path, concat(",
    "contains(path, concat(",
    "decision/path",
  ),
  fault(
    "a swapped argument: the folder inside the path",
    "ai/paths.rego",
    "not inside(real, folder)",
    "not inside(folder, real)",
    "decision/path",
  ),
  {
    ...fault(
      "one resolved path stands for all",
      "ai/paths.rego",
      "not resolved[pointer]",
      "count(resolved) == 0",
      "decision/path",
    ),
    missed: "it takes a list of two paths of which one is reported, and everything else right",
  },
  fault(
    "a path that goes up",
    "ai/paths.rego",
    '\tnot ".." in split(report.real, "/")\n',
    "",
    "decision/path",
  ),
  {
    ...fault(
      "closing time included",
      "ai/hours.rego",
      "clock < hours.closes",
      "clock <= array.concat(hours.closes, [0])",
      "decision/hours",
    ),
    slow: true,
  },
  fault("or for and: opening hours", "ai/hours.rego", "\tclock >= hours.opens\n", "", "decision/hours"),
  fault(
    "weekdays forgotten",
    "ai/hours.rego",
    "\ttime.weekday([now, hours.zone]) in hours.days\n",
    "",
    "decision/hours",
  ),
  fault(
    "a network that is always trusted",
    "ai/networks.rego",
    "net.cidr_contains(network, input.context.network.ip)",
    "input.context.network.ip",
    "decision/network",
  ),
  fault(
    "a boolean compared to a string",
    "ai/tools.rego",
    "entry.approval == true",
    'entry.approval == "true"',
    "decision/approval",
  ),
  fault(
    "an empty list of reasons",
    "ai/combining.rego",
    "\tcount(grants) > 0\n\tcount(approvals) > 0",
    "\tcount(grants) >= 0\n\tcount(approvals) >= 0",
    "decision/total",
  ),
  fault(
    "allowed only with one role",
    "ai/roles.rego",
    "\tsome role in input.subject.properties.roles\n",
    "\tsome role in input.subject.properties.roles\n\tcount(input.subject.properties.roles) < 3\n",
    "decision/more_roles",
  ),
];

const calls: readonly Fault[] = [
  fault(
    "one call too many: off by one at a limit",
    "ai/budgets.rego",
    "input.session.counters.tool_calls < to_number(limit)",
    "input.session.counters.tool_calls <= to_number(limit)",
    "calls/calls",
  ),
  fault(
    "the limits of a tool are not looked up by its name",
    "ai/budgets.rego",
    "data.site.budgets.tools[input.tool.name]",
    "data.site.budgets.tools[input.tool.server]",
    "calls/calls",
  ),
  {
    ...fault(
      "what was spent before is forgotten",
      "ai/budgets.rego",
      "spent(name) + asked(name) <= to_number(limit)",
      "asked(name) <= to_number(limit)",
      "calls/budget",
    ),
    slow: true,
  },
  fault(
    "a negative amount wins budget back",
    "ai/budgets.rego",
    "input.action.arguments[argument] < 0",
    "input.action.arguments[argument] < -1000000",
    "calls/budget",
  ),
  fault(
    "a number compared to a string",
    "ai/budgets.rego",
    "spent(name) + asked(name) <= to_number(limit)",
    "spent(name) + asked(name) <= limit",
    "calls/budget",
  ),
  fault(
    "an approval of anything counts",
    "ai/calls.rego",
    "input.context.approval.digest == input.action.digest",
    "input.context.approval.digest",
    "calls/approval",
  ),
  {
    ...fault(
      "no approval equals no digest",
      "ai/calls.rego",
      "\tis_string(input.action.digest)\n\tinput.context.approval.digest == input.action.digest",
      '\tobject.get(input, ["context", "approval", "digest"], "") == object.get(input, ["action", "digest"], "")',
      "calls/approval",
    ),
    slow: true,
  },
  fault(
    "unknown integrity is trusted",
    "ai/flow.rego",
    'trusted(item) if item.integrity in {"user", "trusted", "default"}',
    'trusted(item) if not item.integrity in {"untrusted", "unseen"}',
    "calls/sensitive",
  ),
  fault(
    "a rule shadowed by else: every setting is off",
    "ai/flow.rego",
    "} else := defaults[name]",
    '} else := "off" if { true } else := defaults[name]',
    "calls/sensitive",
  ),
  {
    ...fault(
      "off by one: no label is enough",
      "ai/flow.rego",
      "count(input.action.values[name]) > 0",
      "count(input.action.values[name]) >= 0",
      "calls/sensitive",
    ),
    slow: true,
  },
  fault(
    "swapped operands of a suffix",
    "ai/urls.rego",
    "endswith(name, substring(pattern, 1, -1))",
    "endswith(substring(pattern, 1, -1), name)",
    "calls/url",
  ),
  fault(
    "a definition is needed, but any will do",
    "ai/pinning.rego",
    "input.tool.definition == catalogue.entry.definition",
    "input.tool.definition != null",
    "calls/pinned",
  ),
  fault(
    "required pins, or none",
    "ai/pinning.rego",
    "unchanged if {\n\tnot required\n\tnot input.tool.definition\n}",
    "unchanged if {\n\tnot input.tool.definition\n}",
    "calls/pinned",
  ),
  fault(
    "required arguments may be missing",
    "ai/catalogue.rego",
    "argument.required == true",
    'argument.required == "true"',
    "calls/required",
  ),
  fault(
    "a negation is forgotten: who may read is a leak",
    "ai/sinks.rego",
    "not may_read(reader, item.label)",
    "may_read(reader, item.label)",
    "calls/private",
  ),
  {
    ...fault(
      "a trusted field is taken for the user",
      "ai/sinks.rego",
      'leaf.integrity == "user"',
      'leaf.integrity in {"user", "trusted"}',
      "calls/private",
    ),
    slow: true,
  },
];

const rbac: readonly Fault[] = [
  fault(
    "a default of true",
    "rbac/rbac.rego",
    "default allow := false",
    "default allow := true",
    "rbac/bound",
  ),
  fault("or for and: any action", "rbac/rbac.rego", "\tmatches_action(action)\n", "", "rbac/write_depth"),
  fault(
    "a star for one segment takes many",
    "rbac/rbac.rego",
    'glob.match(resource, ["/"], input.resource)',
    "glob.match(resource, [], input.resource)",
    "rbac/write_depth",
  ),
  fault(
    "swapped arguments of a match",
    "rbac/rbac.rego",
    'glob.match(resource, ["/"], input.resource)',
    'glob.match(input.resource, ["/"], resource)',
    "rbac/resources",
  ),
  fault(
    "roles of anybody",
    "rbac/rbac.rego",
    "data.rbac.bindings[input.user]",
    "data.rbac.bindings[_]",
    "rbac/bound",
  ),
  fault(
    "roles that were never held",
    "rbac/rbac.rego",
    "some role in held\n\tsome i, grant",
    "some role, _ in data.rbac.roles\n\tsome i, grant",
    "rbac/bound",
  ),
];

/** What the ready law about delegation has to catch. */
const delegation: readonly Fault[] = [
  fault(
    "only the scope of the last link counts",
    "ai/delegation.rego",
    "\tsome hop in hops\n\thop.scope\n",
    "\thop := hops[count(hops) - 1]\n\thop.scope\n",
    "law/no_widening_by_delegation",
  ),
  fault(
    "who is revoked still acts through another",
    "ai/delegation.rego",
    "\tsome id in parties\n\tid in data.site.revoked.agents\n",
    "\tinput.agent.id in data.site.revoked.agents\n",
    "law/no_widening_by_delegation",
  ),
  {
    ...fault(
      "who asks approves, if it hands on first",
      "ai/duties.rego",
      "not input.context.approval.approver in delegation.parties",
      "not input.context.approval.approver in {input.subject.id, input.agent.id}",
      "law/no_widening_by_delegation",
    ),
    slow: true,
  },
  fault(
    "what was delegated permits as a role does",
    "ai/roles.rego",
    "permitted if {\n\tsome role in input.subject.properties.roles\n",
    "permitted if {\n\tsome hop in input.delegation\n\tinput.tool.name in hop.scope\n}\n\npermitted if {\n\tsome role in input.subject.properties.roles\n",
    "law/no_widening_by_delegation",
  ),
];

export const faults: readonly Fault[] = [...decision, ...calls, ...rbac, ...delegation];
