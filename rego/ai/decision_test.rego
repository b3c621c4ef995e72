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
	"task": {"id": "t-1", "folder": "/work/task-1"},
	"action": {
		"name": "tools/call",
		"properties": {
			"tool": tool,
			"paths": [{"pointer": "/path", "given": "a.txt", "real": "/work/task-1/a.txt"}],
		},
		"arguments": {"path": "a.txt"},
	},
	"resource": {"type": "mcp_tool", "id": concat("", ["files#", tool])},
	"tool": {"name": tool},
	"context": {"time": noon, "network": {"ip": "10.1.2.3"}, "channel": "mcp"},
}

changed(tool, path, value) := json.patch(request(tool), [{"op": "add", "path": path, "value": value}])

decide(document) := decision if {
	decision := ai.decision with input as document with data.site as site
}

codes(document) := {reason.code | some reason in decide(document).reasons}

test_allows_what_meets_every_requirement[tool] if {
	some tool in ["read_file", "write_file"]
	decision := decide(request(tool))
	decision.effect == "allow"
	decision.obligations == []
	codes(request(tool)) == {"permitted"}
}

test_default_is_deny if {
	decision := ai.decision with input as {} with data.site as site
	decision.effect == "deny"
}

test_denies_without_data if {
	decision := ai.decision with input as request("read_file") with data.site as {}
	decision.effect == "deny"
}

test_unverified_identity_denies if {
	document := changed("read_file", "/agent/identity", {"verified": false, "reason": "no token was presented"})
	decide(document).effect == "deny"
	codes(document) == {"identity_unverified"}
}

test_role_must_permit_the_tool if {
	document := changed("write_file", "/subject/properties/roles", ["reader"])
	decide(document).effect == "deny"
	codes(document) == {"tool_not_permitted"}
}

test_unknown_tool_is_denied_even_where_a_role_names_it if {
	decide(request("mystery")).effect == "deny"
	codes(request("mystery")) == {"unknown_tool"}
}

test_reading_outside_the_folder_denies if {
	document := changed("read_file", "/action/properties/paths/0/real", "/etc/passwd")
	decide(document).effect == "deny"
	codes(document) == {"path_outside_folder"}
}

test_writing_at_night_denies if {
	codes(changed("write_file", "/context/time", night)) == {"outside_working_hours"}
}

test_writing_from_an_unknown_network_denies if {
	codes(changed("write_file", "/context/network/ip", "203.0.113.9")) == {"untrusted_network"}
}

test_reading_is_not_bound_to_hours_and_networks if {
	document := json.patch(request("read_file"), [
		{"op": "replace", "path": "/context/time", "value": night},
		{"op": "replace", "path": "/context/network/ip", "value": "203.0.113.9"},
	])
	decide(document).effect == "allow"
}

test_every_reason_is_given if {
	document := json.patch(request("write_file"), [
		{"op": "replace", "path": "/agent/identity/verified", "value": false},
		{"op": "replace", "path": "/subject/properties/roles", "value": []},
		{"op": "replace", "path": "/context/time", "value": night},
		{"op": "replace", "path": "/context/network/ip", "value": "203.0.113.9"},
		{"op": "replace", "path": "/action/properties/paths/0/real", "value": "/etc/passwd"},
	])
	codes(document) == {
		"identity_unverified",
		"outside_working_hours",
		"path_outside_folder",
		"tool_not_permitted",
		"untrusted_network",
	}
}

test_approval_is_asked_for_where_the_catalogue_says_so if {
	decide(request("move_file")).effect == "approve"
	codes(request("move_file")) == {"approval_required"}
}

test_nobody_is_asked_to_approve_what_is_denied if {
	decide(changed("move_file", "/context/time", night)).effect == "deny"
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
	decide(document).effect == "deny"
}
