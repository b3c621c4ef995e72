# METADATA
# title: What a decision about an AI agent must never do
# description: |
#   Checked by `reeve prove rego/ai` on generated inputs. Each invariant says in its own words what an allow rests on, from the request and the
#   site alone, so that it does not repeat a mistake of the rules it watches.
package ai.decision_invariants

import data.ai

site := {
	"networks": ["10.0.0.0/8"],
	"hours": {
		"zone": "UTC",
		"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
		"opens": [8, 0],
		"closes": [18, 0],
	},
	"roles": {
		"reader": {"tools": ["read_file"]},
		"editor": {"tools": ["read_file", "write_file", "move_file", "mystery"]},
	},
	"tools": {
		"read_file": {"kind": "read", "paths": ["path"], "options": []},
		"write_file": {"kind": "write", "paths": ["path"], "options": ["content"]},
		"move_file": {"kind": "write", "paths": ["path"], "options": [], "approval": true},
		"format_disk": {"kind": "write", "paths": [], "options": []},
	},
}

example_write := {
	"subject": {"id": "ann", "properties": {"roles": ["editor"]}},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"task": {"folder": "/srv/task"},
	"tool": {"name": "write_file"},
	"action": {
		"arguments": {"path": "a", "content": "x"},
		"properties": {"paths": [{"pointer": "/path", "given": "a", "real": "/srv/task/a"}]},
	},
	"context": {"time": "2026-03-04T11:00:00Z", "network": {"ip": "10.0.0.1"}},
}

decision := document if document := ai.decision with data.site as site

allowed if decision.effect == "allow"

writes if site.tools[input.tool.name].kind == "write"

# METADATA
# title: Nobody acts unproven
# description: The enforcement point verified the identity, and both the AI agent and the person are named.
invariant_identity if {
	input.agent.identity.verified == true
	is_string(input.agent.id)
	input.agent.id != ""
	is_string(input.subject.id)
	input.subject.id != ""
}

assume_identity if allowed

# METADATA
# title: No tool without a role
invariant_role if {
	some role in input.subject.properties.roles
	some tool in site.roles[role].tools
	tool == input.tool.name
}

assume_role if allowed

# METADATA
# title: No tool and no argument that nobody described
invariant_described if {
	tool := site.tools[input.tool.name]
	known := {name | some name in array.concat(tool.paths, tool.options)}
	object.keys(input.action.arguments) - known == set()
}

assume_described if allowed

# METADATA
# title: No path out of the folder
# description: For each path argument somebody resolved this very text, and every such report lies in the task's folder.
invariant_path if {
	not strays
	not unresolved
}

assume_path if allowed

reports(pointer, given) := [report.real |
	some report in input.action.properties.paths
	report.pointer == pointer
	report.given == given
	is_string(report.real)
	not regex.match(`(^|/)[.][.](/|$)`, report.real)
]

paths[pointer] := given if {
	some name in site.tools[input.tool.name].paths
	given := input.action.arguments[name]
	not is_array(given)
	pointer := sprintf("/%s", [name])
}

paths[pointer] := given if {
	some name in site.tools[input.tool.name].paths
	is_array(input.action.arguments[name])
	some i, given in input.action.arguments[name]
	pointer := sprintf("/%s/%d", [name, i])
}

unresolved if {
	some pointer, given in paths
	count(reports(pointer, given)) == 0
}

strays if {
	some pointer, given in paths
	some real in reports(pointer, given)
	folder := trim_right(input.task.folder, "/")
	not startswith(sprintf("%s/", [real]), sprintf("%s/", [folder]))
}

strays if not is_string(input.task.folder)

strays if input.task.folder == ""

# METADATA
# title: Nothing is written outside working hours
invariant_hours if {
	now := time.parse_rfc3339_ns(input.context.time)
	not time.weekday(now) in {"Saturday", "Sunday"}
	[hour, _, _] := time.clock(now)
	hour >= 8
	hour < 18
}

assume_hours if {
	writes
	allowed
}

# METADATA
# title: Nothing is written from a network that is not trusted
invariant_network if net.cidr_contains("10.0.0.0/8", input.context.network.ip)

assume_network if {
	writes
	allowed
}

# METADATA
# title: What needs a person's approval is never simply allowed
invariant_approval if not allowed

assume_approval if input.tool.name == "move_file"

# METADATA
# title: There is always a decision, with a reason
invariant_total if {
	decision.effect in {"allow", "deny", "approve"}
	count(decision.reasons) > 0
	every reason in decision.reasons {
		is_string(reason.code)
		is_string(reason.message)
	}
}

# METADATA
# title: One more role never takes a permission away
# custom:
#   vary: [subject.properties.roles]
invariant_more_roles if allows_b

assume_more_roles if {
	is_array(input.a.subject.properties.roles)
	is_array(input.b.subject.properties.roles)
	every role in input.a.subject.properties.roles {
		role in input.b.subject.properties.roles
	}
	allows_a
}

allows_a if allowed with input as input.a

allows_b if allowed with input as input.b
