package ai.calls_test

import data.ai.calls

catalogue := {
	"version": "reeve-catalogue/1",
	"sets": {"bank": "sha256:set"},
	"tools": {
		"read": {
			"read_only": true,
			"definition": "sha256:read",
			"server": "bank",
			"arguments": {"url": {"url": true}},
		},
		"pay": {
			"read_only": false,
			"definition": "sha256:pay",
			"server": "bank",
			"readers": ["to"],
			"arguments": {
				"to": {"sensitive": true, "required": true},
				"amount": {"amount": "money"},
				"note": {"text": true},
				"tags": {"sensitive": true},
			},
		},
		"erase": {"read_only": false, "destructive": true, "server": "bank", "arguments": {"id": {"sensitive": true}}},
		"reboot": {"read_only": false, "approval": true, "server": "bank", "arguments": {"id": {}}},
		"constructor": {"read_only": true, "server": "bank", "arguments": {"__proto__": {}}},
	},
}

site := {"catalogue": catalogue}

leaf(name, value, integrity) := {
	"path": concat("", ["/", name]),
	"value": value,
	"integrity": integrity,
	"from": [],
	"confidentiality": [],
	"encoded": [],
	"mentions": [],
}

request(tool, leaves) := {
	"subject": {"type": "user", "id": "alice"},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"task": {"id": "t"},
	"action": {
		"name": "tools/call",
		"arguments": {name: value | some name, item in leaves; value := item.value},
		"values": {name: [item] | some name, item in leaves},
		"digest": "sha256:this",
	},
	"tool": {"name": tool, "server": "bank"},
	"session": {"counters": {"tool_calls": 0, "by_tool": {}, "amounts": {}}},
	"context": {},
}

payment(integrity) := request("pay", {"to": leaf("to", "GB29", integrity)})

decide(question) := answer if {
	answer := calls.decision with input as question with data.site as site
}

decide_at(question, other) := answer if {
	answer := calls.decision with input as question with data.site as object.union(site, other)
}

codes(decision) := {reason.code | some reason in decision.reasons}

with_member(question, path, value) := json.patch(question, [{"op": "add", "path": path, "value": value}])

test_allows_what_the_user_said if {
	decision := decide(payment("user"))
	decision.effect == "allow"
	codes(decision) == {"permitted"}
}

test_allows_a_trusted_field if decide(payment("trusted")).effect == "allow"

test_asks_about_untrusted_values if {
	decision := decide(payment("untrusted"))
	decision.effect == "approve"
	codes(decision) == {"untrusted_argument", "unanchored"}
}

test_asks_about_values_seen_nowhere if "unseen_argument" in codes(decide(payment("unseen")))

test_asks_about_integrities_nobody_knows if decide(payment("kosher")).effect == "approve"

test_computed_values_can_be_let_pass if {
	question := with_member(payment("unseen"), "/action/values/note", [leaf("note", "rent", "user")])
	decide(question).effect == "approve"
	decide_at(question, {"flow": {"unseen": "allow"}}).effect == "allow"
	untrusted := with_member(payment("untrusted"), "/action/values/note", [leaf("note", "rent", "user")])
	decide_at(untrusted, {"flow": {"unseen": "allow"}}).effect == "approve"
}

test_a_value_without_label_is_not_trusted if {
	question := json.patch(payment("user"), [{"op": "remove", "path": "/action/values/to"}])
	decision := decide(question)
	decision.effect == "approve"
	"unlabelled_argument" in codes(decision)
}

test_one_bad_leaf_among_good_ones if {
	question := with_member(payment("user"), "/action/values/to/-", leaf("to", "US13", "untrusted"))
	decide(question).effect == "approve"
}

# A leaf without a path or a value still counts.
test_broken_labels_never_allow[note] if {
	some note, label in {"empty": {}, "no path": {"value": "x", "integrity": "untrusted"}, "no value": {"path": "/to"}, "text": "x"}
	anchored := with_member(payment("user"), "/action/values/note", [leaf("note", "rent", "user")])
	decide(with_member(anchored, "/action/values/to", [label])).effect != "allow"
}

test_an_empty_list_needs_no_label if {
	question := with_member(payment("user"), "/action/arguments/tags", [])
	decide(with_member(question, "/action/values/tags", [])).effect == "allow"
}

test_reading_is_free_of_provenance if {
	decide(request("read", {"url": leaf("url", "https://example.com/", "untrusted")})).effect == "allow"
}

test_default_is_deny if {
	decide({}).effect == "deny"
	decision := calls.decision with input as payment("user") with data.site as {}
	decision.effect == "deny"
}

test_denies[note] if {
	some note, test in {
		"a tool nobody described": {"question": request("fly", {}), "code": "unknown_tool"},
		"an argument nobody described": {
			"question": with_member(payment("user"), "/action/arguments/cc", "x"),
			"code": "unknown_argument",
		},
		"a missing argument": {
			"question": json.patch(payment("user"), [{"op": "remove", "path": "/action/arguments/to"}]),
			"code": "missing_argument",
		},
		"arguments that are a list": {
			"question": with_member(payment("user"), "/action/arguments", []),
			"code": "malformed_arguments",
		},
		"a tool that changed": {
			"question": with_member(payment("user"), "/tool/definition", "sha256:other"),
			"code": "tool_changed",
		},
		"a tool that two servers show": {
			"question": with_member(payment("user"), "/tool/shadowed", true),
			"code": "tool_shadowed",
		},
		"a tool of another server": {
			"question": with_member(payment("user"), "/tool/server", "evil"),
			"code": "tool_shadowed",
		},
	}
	decision := decide(test.question)
	decision.effect == "deny"
	test.code in codes(decision)
}

test_pinning if {
	decide(with_member(payment("user"), "/tool/definition", "sha256:pay")).effect == "allow"
	decide_at(payment("user"), {"pinning": {"required": true}}).effect == "deny"
	set_changed := with_member(payment("user"), "/tool/set", "sha256:other")
	decide_at(set_changed, {"pinning": {"set": true}}).effect == "deny"
}

test_destruction if {
	decide(request("erase", {"id": leaf("id", "report.doc", "user")})).effect == "allow"
	trusted := request("erase", {"id": leaf("id", "13", "trusted")})
	codes(decide(trusted)) == {"destructive"}
	decide_at(trusted, {"destructive": "allow"}).effect == "allow"
	user := request("erase", {"id": leaf("id", "report.doc", "user")})
	decide_at(user, {"destructive": "approve"}).effect == "approve"
}

test_a_person_may_have_to_approve_each_call if {
	codes(decide(request("reboot", {"id": leaf("id", "web-1", "user")}))) == {"approval_required"}
}

test_approval_is_for_this_action_only if {
	approved := with_member(payment("untrusted"), "/context/approval", {"digest": "sha256:this", "id": "a"})
	decide(approved).effect == "allow"
	other := with_member(payment("untrusted"), "/context/approval", {"digest": "sha256:other", "id": "a"})
	decide(other).effect == "approve"

	# An approval never answers a denial.
	decide(with_member(approved, "/action/arguments/cc", "x")).effect == "deny"
}

test_links_in_texts if {
	link := {"kind": "url", "value": "evil.example", "host": "evil.example", "integrity": "untrusted"}
	note := object.union(leaf("note", "see evil.example", "unseen"), {"mentions": [link]})
	question := with_member(
		with_member(payment("user"), "/action/values/note", [note]),
		"/action/arguments/note", "see evil.example",
	)
	codes(decide(question)) == {"untrusted_link"}
	decide_at(question, {"flow": {"links": "allow"}}).effect == "allow"
	users := object.union(note, {"mentions": [object.union(link, {"integrity": "user"})]})
	decide(with_member(question, "/action/values/note", [users])).effect == "allow"
}

test_private_content_reaches_only_whom_the_user_named if {
	note := object.union(leaf("note", "code 463820", "unseen"), {"confidentiality": ["mail"]})
	named := with_member(payment("user"), "/action/values/note", [note])
	decide(named).effect == "allow"
	found := with_member(payment("trusted"), "/action/values/note", [note])
	codes(decide(found)) == {"private_to_sink"}
	decide_at(found, {"readers": {"mail": ["GB29"]}}).effect == "allow"
	decide_at(found, {"readers": {"mail": ["*"]}}).effect == "allow"
}

test_encoded_private_content if {
	note := object.union(leaf("note", "NDYzODIw", "unseen"), {"confidentiality": ["mail"], "encoded": ["base64"]})
	codes(decide(with_member(payment("user"), "/action/values/note", [note]))) == {"encoded_private"}
}

test_task_scope if {
	decide(with_member(payment("user"), "/task/tools", ["pay"])).effect == "allow"
	codes(decide(with_member(payment("user"), "/task/tools", ["read"]))) == {"out_of_task_scope"}
}

paid(amount, before) := json.patch(payment("user"), [
	{"op": "add", "path": "/action/arguments/amount", "value": amount},
	{"op": "add", "path": "/session/counters/amounts/money", "value": before},
])

test_budgets if {
	budgets := {"budgets": {"amounts": {"money": "100"}}}
	decide_at(paid(40, "60"), budgets).effect == "allow"
	codes(decide_at(paid(40.01, "60"), budgets)) == {"budget_exceeded"}
	codes(decide_at(paid(-500, "60"), budgets)) == {"budget_exceeded"}
	codes(decide_at(paid("4000", "60"), budgets)) == {"budget_exceeded"}
	codes(decide_at(paid(40, "garbage"), budgets)) == {"budget_exceeded"}
}

test_call_limits if {
	decide_at(payment("user"), {"budgets": {"calls": 1, "tools": {"pay": 1}}}).effect == "allow"
	decide_at(payment("user"), {"budgets": {"calls": 0}}).effect == "deny"
	used := with_member(payment("user"), "/session/counters/by_tool/pay", 1)
	decide_at(used, {"budgets": {"tools": {"pay": 1}}}).effect == "deny"
	blind := json.patch(payment("user"), [{"op": "remove", "path": "/session"}])
	decide_at(blind, {"budgets": {"calls": 5}}).effect == "deny"
}

test_identity_where_it_is_required if {
	unknown := with_member(payment("user"), "/agent/identity/verified", false)
	decide(unknown).effect == "allow"
	decide_at(unknown, {"identity": {"required": true}}).effect == "deny"
}

test_names_of_prototypes_are_names_like_others if {
	decide(request("constructor", {"__proto__": leaf("__proto__", 1, "unseen")})).effect == "allow"
	decide(request("__proto__", {})).effect == "deny"
	decide(request("read", {"constructor": leaf("constructor", 1, "user")})).effect == "deny"
}

# --- what a site may require beside the catalogue's rules -------------------------------------------------------------------------------

test_roles_of_the_site if {
	roles := {"roles": {"payer": {"tools": ["pay"]}}}
	with_role := with_member(payment("user"), "/subject/properties", {"roles": ["payer"]})
	decide_at(with_role, roles).effect == "allow"
	codes(decide_at(payment("user"), roles)) == {"tool_not_permitted"}
}

test_hours_of_the_site if {
	hours := {"hours": {"zone": "UTC", "days": ["Monday"], "opens": [8, 0], "closes": [18, 0]}}
	monday := with_member(payment("user"), "/context/time", "2026-03-02T10:00:00Z")
	decide_at(monday, hours).effect == "allow"
	codes(decide_at(with_member(payment("user"), "/context/time", "2026-03-02T20:00:00Z"), hours)) == {"outside_working_hours"}
	reading := with_member(request("read", {}), "/context/time", "2026-03-02T20:00:00Z")
	decide_at(reading, hours).effect == "allow"
}

test_networks_of_the_site if {
	networks := {"networks": ["10.0.0.0/8"]}
	inside := with_member(payment("user"), "/context/network", {"ip": "10.1.1.1"})
	decide_at(inside, networks).effect == "allow"
	codes(decide_at(payment("user"), networks)) == {"untrusted_network"}
}

test_paths_of_the_catalogue if {
	writer := {"catalogue": {"version": "reeve-catalogue/1", "tools": {"write": {
		"read_only": false,
		"server": "bank",
		"arguments": {"path": {"path": true}},
	}}}}
	question := request("write", {"path": leaf("path", "notes.txt", "user")})
	in_folder := with_member(question, "/task/folder", "/srv/task")
	resolved := with_member(in_folder, "/action/properties", {"paths": [{
		"pointer": "/path",
		"given": "notes.txt",
		"real": "/srv/task/notes.txt",
	}]})
	decide_at(resolved, writer).effect == "allow"
	codes(decide_at(in_folder, writer)) == {"path_unresolved"}
	codes(decide_at(question, writer)) == {"no_task_folder", "path_unresolved"}
}

test_duties_and_revocation_of_the_site if {
	done := with_member(payment("user"), "/session/calls", [{"id": "c1", "tool": "erase", "status": "committed", "digest": "d"}])
	codes(decide_at(done, {"duties": [{"name": "both", "tools": ["pay", "erase"]}]})) == {"duty_conflict"}
	codes(decide_at(payment("user"), {"revoked": {"agents": ["bot"]}})) == {"revoked"}
}

test_an_approval_answers_for_private_addresses_as_well if {
	question := request("read", {"url": leaf("url", "http://localhost/", "user")})
	codes(decide(question)) == {"url_private"}
	decide(with_member(question, "/context/approval", {"digest": "sha256:this"})).effect == "allow"
}

test_labels_and_budgets_in_the_answer if {
	labelled := {"catalogue": {
		"version": "reeve-catalogue/1",
		"tools": {"look": {"read_only": true, "server": "bank", "arguments": {}, "results": {"trusted": ["/id"]}}},
		"budgets": {"looks": {"per": "agent", "limit": 10}},
	}}
	question := with_member(request("look", {}), "/session/budgets", {"looks": {"used": "3", "asked": "1"}})
	decision := decide_at(question, labelled)
	decision.labels == {"result": {"": "untrusted", "/id": "trusted"}}
	decision.budget == [{"name": "looks", "remaining": "6", "limit": "10"}]
}

test_counts_that_are_no_numbers_give_one_answer if {
	question := with_member(payment("user"), "/session/counters/by_tool", {"pay": false})
	decide_at(question, {"budgets": {"tools": {"pay": 3}}}).effect == "deny"
}

test_labels_that_are_no_list_are_none if {
	question := with_member(payment("user"), "/action/values/to", "user")
	codes(decide(question)) == {"unlabelled_argument", "unanchored"}
}

test_a_url_without_labels_is_denied if {
	question := with_member(request("read", {"url": leaf("url", "https://a.example", "user")}), "/action/values", {})
	codes(decide(question)) == {"url_not_allowed"}
}
