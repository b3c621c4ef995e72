package ai.destructive_test

import data.ai.destructive

tools := {
	"erase": {"read_only": false, "destructive": true, "verbs": ["delete"], "arguments": {"id": {"sensitive": true}}},
	"flush": {"read_only": false, "destructive": true, "arguments": {}},
	"reboot": {"read_only": false, "approval": true, "arguments": {}},
}

question(tool, integrity, asked) := {
	"tool": {"name": tool},
	"action": {
		"arguments": {"id": "a-1234"},
		"values": {"id": [{"path": "/id", "value": "a-1234", "integrity": integrity}]},
		"asked": asked,
		"digest": "sha256:1",
	},
}

codes(input_document, mode) := found if {
	found := {reason.code | some reason in destructive.approvals} with input as input_document
		with data.site as object.union({"catalogue": {"tools": tools}}, mode)
}

test_what_the_user_named_and_asked_for if codes(question("erase", "user", true), {}) == set()

test_named_in_passing if codes(question("erase", "user", false), {}) == {"destructive"}

test_named_by_others if {
	codes(question("erase", "trusted", true), {}) == {"destructive"}
	codes(question("erase", "untrusted", true), {}) == {"destructive"}
}

test_without_an_object_nothing_is_named if codes(question("flush", "user", true), {}) == {"destructive"}

test_modes if {
	codes(question("erase", "user", true), {"destructive": "approve"}) == {"destructive"}
	codes(question("erase", "untrusted", false), {"destructive": "allow"}) == set()
	codes(question("erase", "user", true), {"destructive": "perhaps"}) == {"destructive"}
}

test_tools_that_always_ask if codes(question("reboot", "user", true), {"destructive": "allow"}) == {"approval_required"}

before(status) := object.union(
	question("erase", "user", true),
	{"session": {"calls": [{"id": "c1", "digest": "sha256:1", "status": status}]}},
)

test_once if {
	codes(before("committed"), {}) == {"repeated"}
	codes(before("reserved"), {}) == {"repeated"}
	codes(before("released"), {}) == set()
	codes(before("refused"), {}) == set()
}

test_clean_says_the_same if {
	destructive.clean with input as question("erase", "user", true) with data.site as {"catalogue": {"tools": tools}}
	not destructive.clean with input as question("erase", "user", false)
		with data.site as {"catalogue": {"tools": tools}}
}
