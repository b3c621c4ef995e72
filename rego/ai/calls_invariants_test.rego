# METADATA
# title: What a decision about a call must never do
# description: |
#   Checked by `reeve prove rego/ai` on generated inputs: each invariant says in its own words what an allow rests on, from the request and a
#   small site alone.
package ai.calls_invariants

import data.ai.calls

site := {
	"identity": {"required": true},
	"pinning": {"required": true, "set": true},
	"budgets": {"calls": 5, "tools": {"send": 2}, "amounts": {"money": "100"}},
	"urls": {"hosts": ["*.example.com"], "schemes": ["https"]},
	"readers": {"mail": ["ann@example.com"]},
	"catalogue": {
		"sets": {"bank": "s1"},
		"tools": {
			"look": {"server": "bank", "definition": "d1", "read_only": true, "arguments": {"id": {}}},
			"send": {
				"server": "bank", "definition": "d2", "readers": ["to"],
				"arguments": {"to": {"sensitive": true, "required": true}, "amount": {"amount": "money"}, "text": {"text": true}},
			},
			"post": {
				"server": "bank", "definition": "d3",
				"arguments": {"url": {"url": true, "sensitive": true, "required": true}},
			},
			"wipe": {
				"server": "bank", "definition": "d4", "destructive": true, "approval": true,
				"arguments": {"id": {"sensitive": true, "required": true}},
			},
		},
	},
}

request(tool, definition, arguments, values) := {
	"subject": {"id": "ann"},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"task": {"id": "t"},
	"action": {"arguments": arguments, "values": values, "digest": "x"},
	"tool": {"name": tool, "definition": definition, "server": "bank", "set": "s1"},
	"session": {"counters": {"tool_calls": 0, "by_tool": {}, "amounts": {}}},
	"context": {},
}

leaf(value) := {
	"path": "/x", "value": value, "integrity": "user",
	"confidentiality": [], "encoded": [], "mentions": [],
}

example_look := request("look", "d1", {"id": "1"}, {"id": [leaf("1")]})

example_send := request("send", "d2", {"to": "bob", "amount": 1, "text": "hi"}, {
	"to": [leaf("bob")],
	"text": [object.union(leaf("hi"), {"confidentiality": ["mail"]})],
})

example_post := request("post", "d3", {"url": "a.example.com"}, {"url": [leaf("a.example.com")]})

example_wipe := object.union(
	request("wipe", "d4", {"id": "1"}, {"id": [leaf("1")]}),
	{"context": {"approval": {"digest": "x"}}},
)

decision := document if document := calls.decision with data.site as site

allowed if decision.effect == "allow"

entry := site.catalogue.tools[input.tool.name]

approved if {
	is_string(input.action.digest)
	input.action.digest == input.context.approval.digest
}

# METADATA
# title: Nobody acts unproven
invariant_identity if {
	input.agent.identity.verified == true
	input.agent.id != ""
	input.subject.id != ""
}

assume_identity if allowed

# METADATA
# title: No tool and no argument that nobody described
invariant_described if object.keys(input.action.arguments) - object.keys(entry.arguments) == set()

assume_described if allowed

# METADATA
# title: No call without what the tool requires
invariant_required if {
	every name, argument in entry.arguments {
		not lacks(name, argument)
	}
}

lacks(name, argument) if {
	argument.required == true
	not name in object.keys(input.action.arguments)
}

assume_required if allowed

# METADATA
# title: Only the definition that was reviewed, from the server that was reviewed
invariant_pinned if {
	input.tool.definition == entry.definition
	input.tool.server == "bank"
	input.tool.set == "s1"
	not input.tool.shadowed == true
}

assume_pinned if allowed

# METADATA
# title: What decides who is affected comes from the user, or a person was asked
invariant_sensitive if {
	every name, argument in entry.arguments {
		not doubtful(name, argument)
	}
}

doubtful(name, argument) if {
	argument.sensitive == true
	name in object.keys(input.action.arguments)
	not founded(name)
}

founded(name) if {
	count(input.action.values[name]) > 0
	every leaf in input.action.values[name] {
		is_founded(leaf)
	}
}

founded(name) if input.action.arguments[name] in [[], {}]

is_founded(leaf) if leaf.integrity in {"user", "trusted", "default"}

is_founded(leaf) if leaf.value == null

assume_sensitive if {
	input.tool.name != "look"
	not approved
	allowed
}

# METADATA
# title: No more money than the budget has
invariant_budget if {
	input.action.arguments.amount >= 0
	input.action.arguments.amount + to_number(object.get(input.session.counters.amounts, "money", 0)) <= 100
}

assume_budget if {
	input.tool.name == "send"
	is_object(input.session.counters.amounts)
	object.get(input.action.arguments, "amount", null) != null
	not approved
	allowed
}

# METADATA
# title: Not one call beyond the limits
invariant_calls if {
	input.session.counters.tool_calls < 5
	not spent_tool
}

spent_tool if {
	input.tool.name == "send"
	input.session.counters.by_tool.send >= 2
}

assume_calls if allowed

# METADATA
# title: Not even an approval opens another host
invariant_url if input.action.arguments.url == null

invariant_url if {
	count(input.action.values.url) > 0
	every leaf in input.action.values.url {
		leads_home(leaf)
	}
}

leads_home(leaf) if leaf.value == null

leads_home(leaf) if regex.match(`^([Hh][Tt][Tt][Pp][Ss]://)?[A-Za-z0-9_.-]+\.[Ee][Xx][Aa][Mm][Pp][Ll][Ee]\.[Cc][Oo][Mm]\.?(:[0-9]+)?([/?#].*)?$`, leaf.value)

assume_url if {
	input.tool.name == "post"
	allowed
}

# METADATA
# title: What cannot be undone, or always asks, is only done with an approval of exactly this
invariant_approval if approved

assume_approval if {
	input.tool.name == "wipe"
	allowed
}

# METADATA
# title: Nothing private to somebody whom neither the user nor the site named
invariant_private if input.action.arguments.to in [[], {}]

invariant_private if {
	every leaf in input.action.values.to {
		may_know(leaf)
	}
}

may_know(leaf) if leaf.integrity == "user"

may_know(leaf) if leaf.value == "ann@example.com"

may_know(leaf) if leaf.value == null

assume_private if {
	input.tool.name == "send"
	some leaf in input.action.values.text
	"mail" in leaf.confidentiality
	not approved
	allowed
}

# METADATA
# title: There is always a decision, with a reason
invariant_total if {
	decision.effect in {"allow", "deny", "approve"}
	count(decision.reasons) > 0
}
