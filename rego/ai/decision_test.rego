package ai.decision_test

import data.ai

site := {
	"networks": ["10.0.0.0/8"],
	"hours": {
		"zone": "Europe/Berlin",
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

noon := "2026-07-01T10:00:00Z"

night := "2026-07-01T22:00:00Z"

request(tool) := {
	"version": "reeve/1",
	"subject": {"type": "user", "id": "alice@example.com", "properties": {"roles": ["editor"]}},
	"agent": {"id": "spiffe://example.com/notes", "identity": {"verified": true, "method": "jwt"}},
	"task": {"id": "t-1", "folder": "/tasks/task-1"},
	"action": {
		"name": "tools/call",
		"properties": {
			"tool": tool,
			"paths": [{"pointer": "/path", "given": "a.txt", "real": "/tasks/task-1/a.txt"}],
		},
		"arguments": {"path": "a.txt"},
	},
	"resource": {"type": "mcp_tool", "id": concat("", ["files#", tool])},
	"tool": {"name": tool},
	"context": {"time": noon, "network": {"ip": "10.1.2.3"}, "channel": "mcp"},
}

changed(tool, path, value) := json.patch(request(tool), [{"op": "add", "path": path, "value": value}])

codes(decision) := {reason.code | some reason in decision.reasons}

test_allows_what_meets_every_requirement[tool] if {
	some tool in ["read_file", "write_file"]
	decision := ai.decision with input as request(tool) with data.site as site
	decision.effect == "allow"
	decision.obligations == []
	codes(decision) == {"permitted"}
}

test_default_is_deny if {
	decision := ai.decision with input as {} with data.site as site
	decision.effect == "deny"
}

test_denies_without_data if {
	decision := ai.decision with input as request("read_file") with data.site as {}
	decision.effect == "deny"
}

# One change to a permitted request, and the reasons why it is denied then.
test_denies[note] if {
	some note, change in {
		"an identity that is not verified": {
			"tool": "read_file",
			"path": "/agent/identity",
			"value": {"verified": false, "reason": "no token was presented"},
			"codes": {"identity_unverified"},
		},
		"a role that does not permit the tool": {
			"tool": "write_file",
			"path": "/subject/properties/roles",
			"value": ["reader"],
			"codes": {"tool_not_permitted"},
		},
		"an unknown tool, even where a role names it": {
			"tool": "mystery",
			"path": "/context/channel",
			"value": "mcp",
			"codes": {"unknown_tool"},
		},
		"reading outside the folder": {
			"tool": "read_file",
			"path": "/action/properties/paths/0/real",
			"value": "/etc/passwd",
			"codes": {"path_outside_folder"},
		},
		"writing at night": {
			"tool": "write_file",
			"path": "/context/time",
			"value": night,
			"codes": {"outside_working_hours"},
		},
		"writing from an unknown network": {
			"tool": "write_file",
			"path": "/context/network/ip",
			"value": "203.0.113.9",
			"codes": {"untrusted_network"},
		},
		"what a person would have to approve, at night": {
			"tool": "move_file",
			"path": "/context/time",
			"value": night,
			"codes": {"outside_working_hours"},
		},
	}
	decision := ai.decision with input as changed(change.tool, change.path, change.value) with data.site as site
	decision.effect == "deny"
	codes(decision) == change.codes
}

test_reading_is_not_bound_to_hours_and_networks if {
	document := json.patch(request("read_file"), [
		{"op": "replace", "path": "/context/time", "value": night},
		{"op": "replace", "path": "/context/network/ip", "value": "203.0.113.9"},
	])
	decision := ai.decision with input as document with data.site as site
	decision.effect == "allow"
}

test_every_reason_is_given if {
	document := json.patch(request("write_file"), [
		{"op": "replace", "path": "/agent/identity/verified", "value": false},
		{"op": "replace", "path": "/subject/properties/roles", "value": []},
		{"op": "replace", "path": "/context/time", "value": night},
		{"op": "replace", "path": "/context/network/ip", "value": "203.0.113.9"},
		{"op": "replace", "path": "/action/properties/paths/0/real", "value": "/etc/passwd"},
	])
	decision := ai.decision with input as document with data.site as site
	codes(decision) == {
		"identity_unverified",
		"outside_working_hours",
		"path_outside_folder",
		"tool_not_permitted",
		"untrusted_network",
	}
}

test_approval_is_asked_for_where_the_catalogue_says_so if {
	decision := ai.decision with input as request("move_file") with data.site as site
	decision.effect == "approve"
	codes(decision) == {"approval_required"}
}

# Taking away any one part of a permitted request never leaves it permitted.
test_each_part_is_needed[path] if {
	some path in [
		"/subject", "/subject/id", "/subject/properties", "/subject/properties/roles", "/agent", "/agent/id",
		"/agent/identity", "/agent/identity/verified", "/task", "/task/folder", "/action", "/action/arguments",
		"/action/properties", "/action/properties/paths", "/tool", "/tool/name", "/context", "/context/time",
		"/context/network", "/context/network/ip",
	]
	document := json.patch(request("write_file"), [{"op": "remove", "path": path}])
	decision := ai.decision with input as document with data.site as site
	decision.effect == "deny"
}
