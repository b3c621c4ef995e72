// A site with every setting of the library on, and requests that it allows: where the search for inputs that break a law begins.

import type { SourceText } from "../../../src/test.ts";

export const callsSite = {
  identity: { required: true },
  pinning: { required: true, set: true },
  delegation: { max_depth: 3, required: true },
  revoked: { agents: ["old-bot"], subjects: ["eve"], tasks: ["t-old"] },
  roles: {
    clerk: { tools: ["look", "send"] },
    owner: { tools: ["look", "send", "wipe"], when: { unit: ["bank"] } },
  },
  networks: ["10.0.0.0/8"],
  hours: {
    zone: "UTC",
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    opens: [8, 0],
    closes: [18, 0],
  },
  duties: [{ name: "paying", tools: ["send", "wipe"] }],
  approvals: { four_eyes: true, approvers: ["cem", "planner"] },
  budgets: { calls: 5, tools: { send: 2 }, amounts: { money: "100" } },
  catalogue: {
    sets: { bank: "s1" },
    tools: {
      look: { server: "bank", definition: "d1", read_only: true, arguments: { id: {} } },
      send: {
        server: "bank",
        definition: "d2",
        readers: ["to"],
        arguments: {
          to: { sensitive: true, required: true },
          amount: { amount: "money" },
          text: { text: true },
        },
      },
      wipe: {
        server: "bank",
        definition: "d4",
        destructive: true,
        approval: true,
        arguments: { id: { sensitive: true, required: true } },
      },
    },
  },
};

/** Each is allowed by the site. */
export const examples: SourceText = {
  file: "examples_invariants_test.rego",
  text: `package site_examples

chain := [
	{"from": "ann", "to": "planner", "verified": true, "scope": ["look", "send", "wipe"]},
	{"from": "planner", "to": "bot", "verified": true},
]

request(tool, definition, arguments, context) := {
	"subject": {"type": "user", "id": "ann", "properties": {"roles": ["owner"], "unit": "bank"}},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"delegation": chain,
	"task": {"id": "t1", "tools": [tool]},
	"action": {"name": "tools/call", "arguments": arguments, "values": values(arguments), "asked": true, "digest": "x"},
	"tool": {"name": tool, "definition": definition, "server": "bank", "set": "s1"},
	"session": {"counters": {"tool_calls": 0, "by_tool": {}, "amounts": {}}, "calls": []},
	"context": object.union({"time": "2026-03-04T11:00:00Z", "network": {"ip": "10.0.0.1"}}, context),
}

values(arguments) := {name: [leaf] |
	some name, value in arguments
	leaf := {"path": "", "value": value, "integrity": "user", "confidentiality": [], "encoded": [], "mentions": []}
}

example_look := request("look", "d1", {"id": "1"}, {})

example_send := request("send", "d2", {"to": "bob", "amount": 1, "text": "hi"}, {})

example_wipe := request("wipe", "d4", {"id": "1"}, {"approval": {"digest": "x", "approver": "cem"}})
`,
};
