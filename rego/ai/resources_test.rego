package ai.resources_test

import data.ai
import data.ai.calls

catalogue := {
	"version": "reeve-catalogue/1",
	"sets": {"docs": "sha256:set"},
	"tools": {"look": {"read_only": true, "server": "docs", "arguments": {"uri": {}}}},
	"reads": {"docs": {
		"resources": ["demo://static/*", "demo://one", "file:///*", "https://docs.example.com/*", "http://127.0.0.1/*"],
		"prompts": ["greet"],
	}},
}

request(method, arguments) := {
	"subject": {"type": "user", "id": "alice", "properties": {"roles": ["reader"]}},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"task": {"id": "t", "folder": "/srv/task"},
	"action": {
		"name": method,
		"properties": {},
		"arguments": arguments,
		"values": {name: [{
			"path": concat("", ["/", name]), "value": value, "integrity": "untrusted",
			"from": [], "confidentiality": [], "encoded": [], "mentions": [],
		}] |
			some name, value in arguments
		},
		"digest": "sha256:this",
	},
	"resource": {"type": "mcp_resource", "id": "x"},
	"tool": {"name": method, "server": "docs"},
	"session": {"calls": [], "counters": {"tool_calls": 0, "by_tool": {}, "amounts": {}}},
	"context": {"time": "2026-07-01T22:00:00Z"},
}

read(uri) := request("resources/read", {"uri": uri})

found(uri, real) := json.patch(read(uri), [{
	"op": "add",
	"path": "/action/properties/paths",
	"value": [{"pointer": "/uri", "given": uri, "real": real}],
}])

decided(asked) := decision if {
	decision := calls.decision with input as asked with data.site as {"catalogue": catalogue}
}

codes(decision) := {reason.code | some reason in decision.reasons}

test_listed_resources_are_read[uri] if {
	some uri in ["demo://static/a", "demo://static/a/b?c=d", "demo://one", "https://docs.example.com/page"]
	decided(read(uri)).effect == "allow"
}

test_others_are_not[uri] if {
	some uri in [
		"demo://two", "demo://one/x", "demo://static", "DEMO://static/a", "demo://static/../two", "demo://static/%2e%2e/two",
		"demo://static/..", "demo://static/a/.%2E", "demo://static/a%2fb", "demo://static/a\\..\\b", "demo://static/a b",
		"demo://static/a%00", "demo://static/%252e%252e/two", "", "__proto__", null, 1, {}, ["demo://one"],
	]
	decision := decided(read(uri))
	decision.effect == "deny"
	"not_listed" in codes(decision)
}

test_another_server_lists_for_itself if {
	decided(json.patch(read("demo://one"), [{"op": "replace", "path": "/tool/server", "value": "other"}])).effect == "deny"
}

test_files_stay_in_the_folder if {
	decided(found("file:///srv/task/a.txt", "/srv/task/a.txt")).effect == "allow"
	codes(decided(found("file:///srv/task/link", "/etc/passwd"))) == {"path_outside_folder"}
	codes(decided(read("file:///srv/task/a.txt"))) == {"path_unresolved"}
	codes(decided(found("FILE:///etc/passwd", "/srv/task/a.txt"))) == {"not_listed"}
}

test_the_web_is_judged_as_urls_are if {
	codes(decided(read("http://127.0.0.1/latest"))) == {"url_not_allowed"}
}

test_prompts if {
	decided(request("prompts/get", {"name": "greet", "arguments": {"style": "short"}})).effect == "allow"
	decided(request("prompts/get", {"name": "greet"})).effect == "allow"
	codes(decided(request("prompts/get", {"name": "other"}))) == {"not_listed"}
	codes(decided(request("prompts/get", {}))) == {"not_listed"}
	codes(decided(request("prompts/get", {"name": "greet", "more": 1}))) == {"unknown_argument"}
}

# A tool that its server calls like a method is a tool, and is none that the catalogue can know.
test_a_method_is_no_tool if {
	asked := json.patch(read("demo://one"), [{"op": "replace", "path": "/action/name", "value": "tools/call"}])
	decision := calls.decision with input as asked
		with data.site as {"catalogue": object.union(catalogue, {"tools": {"resources/read": {
			"read_only": true,
			"arguments": {"uri": {}},
		}}})}
	decision.effect == "deny"
	"unknown_tool" in codes(decision)
}

test_a_tool_is_no_method if {
	asked := json.patch(read("demo://one"), [{"op": "replace", "path": "/tool/name", "value": "look"}])
	decided(asked).effect == "deny"
}

test_roles_pins_and_revocation_count if {
	site := {"catalogue": catalogue, "pinning": {"required": true, "set": true}}
	allowed := calls.decision with input as read("demo://one") with data.site as site
	allowed.effect == "allow"
	roles := calls.decision with input as read("demo://one")
		with data.site as object.union(site, {"roles": {"reader": {"tools": ["look"]}}})
	codes(roles) == {"tool_not_permitted"}
	permitted := calls.decision with input as read("demo://one")
		with data.site as object.union(site, {"roles": {"reader": {"tools": ["resources/read"]}}})
	permitted.effect == "allow"
	revoked := calls.decision with input as read("demo://one")
		with data.site as object.union(site, {"revoked": {"agents": ["bot"]}})
	codes(revoked) == {"revoked"}
}

# --- the smaller library: `ai/decision` ------------------------------------------------------------------------------------------------

site := {
	"roles": {"reader": {"tools": ["resources/read"]}},
	"tools": {"resources/read": {"kind": "read", "paths": ["uri"], "options": []}},
}

test_files_by_the_rules_of_reading_tools if {
	inside := ai.decision with input as found("file:///srv/task/a.txt", "/srv/task/a.txt") with data.site as site
	inside.effect == "allow"
	outside := ai.decision with input as found("file:///srv/task/a.txt", "/etc/passwd") with data.site as site
	codes(outside) == {"path_outside_folder"}
	other := ai.decision with input as read("demo://one") with data.site as site
	codes(other) == {"path_unresolved"}
	nothing := ai.decision with input as found("file:///srv/task/a.txt", "/srv/task/a.txt") with data.site as {}
	nothing.effect == "deny"
}

test_nor_is_a_method_a_tool_there if {
	asked := json.patch(
		found("file:///srv/task/a.txt", "/srv/task/a.txt"),
		[{"op": "replace", "path": "/action/name", "value": "tools/call"}],
	)
	decision := ai.decision with input as asked with data.site as site
	"unknown_tool" in codes(decision)
}
