package ai.flow_test

import data.ai.flow

tools := {
	"send": {
		"read_only": false,
		"readers": ["to"],
		"verbs": ["send", "tell"],
		"arguments": {
			"to": {"sensitive": true},
			"on": {"sensitive": true, "computed": true},
			"kind": {"sensitive": true, "computed": true, "values": ["short", "long"]},
			"body": {"text": true},
			"title": {"text": true, "message": false},
		},
	},
	"save": {"read_only": false, "arguments": {"to": {"sensitive": true}, "body": {"text": true}}},
	"read": {"read_only": true, "arguments": {"to": {}}},
}

leaf(name, value, integrity) := {
	"path": concat("", ["/", name]),
	"value": value,
	"integrity": integrity,
	"mentions": [],
}

codes(tool, leaves) := codes_with(tool, leaves, {"asked": true}, {})

codes_with(tool, leaves, action, settings) := found if {
	values := {item.name: [item.leaf] | some item in leaves}
	arguments := {item.name: item.leaf.value | some item in leaves}
	question := {
		"tool": {"name": tool},
		"action": object.union({"arguments": arguments, "values": values}, action),
	}
	found := {reason.code | some reason in flow.approvals} with input as question
		with data.site as {"catalogue": {"tools": tools}, "flow": settings}
}

item(name, value, integrity) := {"name": name, "leaf": leaf(name, value, integrity)}

to_user := item("to", "ann@example.com", "user")

test_from_the_user if codes("send", [to_user]) == set()

test_reading_is_free if codes("read", [item("to", "x", "untrusted")]) == set()

test_from_outside if codes("send", [item("to", "eve@example.org", "untrusted")]) == {"untrusted_argument", "unanchored"}

test_worked_out_quantities_pass if {
	codes("send", [to_user, item("on", 12.5, "unseen")]) == set()
	codes("send", [to_user, item("on", "2024-05-30 10:20", "unseen")]) == set()
	codes("send", [to_user, item("kind", "long", "unseen")]) == set()
}

test_worked_out_is_not_read_outside if codes("send", [to_user, item("on", 5000, "untrusted")]) == {"untrusted_argument"}

test_a_date_that_is_no_date if {
	codes("send", [to_user, item("on", "eve@example.org", "unseen")]) == {"unseen_argument"}
	codes("send", [to_user, item("kind", "secret", "unseen")]) == {"unseen_argument"}
	codes("send", [to_user, item("on", {"a": 1}, "unseen")]) == {"unseen_argument"}
}

test_worked_out_alone_has_no_anchor if codes("send", [item("on", 12.5, "unseen")]) == {"unanchored"}

body(more) := {"name": "body", "leaf": object.union(leaf("body", "call me at home", "untrusted"), more)}

test_dictated_messages if {
	codes("send", [to_user, body({"dictated": true})]) == {"dictated_text"}
	codes("send", [to_user, body({})]) == set()
	codes_with("send", [to_user, body({"dictated": true})], {"asked": true}, {"dictated": "allow"}) == set()
}

test_a_title_is_no_message if {
	title := {"name": "title", "leaf": object.union(leaf("title", "lunch at noon today", "untrusted"), {"dictated": true})}
	codes("send", [to_user, title]) == set()
}

test_dictated_texts_that_nobody_gets if codes("save", [to_user, body({"dictated": true})]) == set()

test_tools_are_asked_for if {
	codes_with("send", [to_user], {"asked": false}, {}) == {"unasked"}
	codes_with("send", [to_user], {}, {}) == {"unasked"}
	codes_with("send", [to_user], {"asked": false}, {"asked": "off"}) == set()
	codes_with("save", [to_user], {"asked": false}, {}) == set()
}

link(integrity) := body({"mentions": [{"kind": "url", "value": "https://x.example", "integrity": integrity}]})

test_links if {
	codes("send", [to_user, link("untrusted")]) == {"untrusted_link"}
	codes("send", [to_user, link("unseen")]) == {"untrusted_link"}
	codes("send", [to_user, link("user")]) == set()
	codes("save", [to_user, link("untrusted")]) == {"untrusted_link"}
}

test_mail_addresses_in_texts if {
	codes("send", [to_user, body({"mentions": [{"kind": "email", "value": "a@b.example", "integrity": "unseen"}]})]) == set()
}

test_unlabelled if codes_with("send", [to_user], {"asked": true, "values": {"to": []}}, {}) == {"unlabelled_argument", "unanchored"}

test_empty_needs_no_label if {
	question := {"asked": true, "arguments": {"to": []}, "values": {"body": [leaf("body", "hi", "user")], "to": []}}
	codes_with("send", [], question, {}) == set()
}

test_relaxed if {
	codes_with("send", [item("to", "x", "untrusted")], {"asked": true}, {"sensitive": "off", "anchor": "off"}) == set()
	codes_with("send", [to_user, item("kind", "odd", "unseen")], {"asked": true}, {"unseen": "allow"}) == set()
}

test_clean_says_the_same if {
	flow.clean with input as {"tool": {"name": "read"}} with data.site as {"catalogue": {"tools": tools}}
	not flow.clean with input as {"tool": {"name": "send"}} with data.site as {"catalogue": {"tools": tools}}
}
