package ai.sinks_test

import data.ai.sinks

tools := {
	"send": {"read_only": false, "readers": ["to"], "arguments": {"to": {}, "body": {"text": true}}},
	"publish": {"read_only": false, "open": true, "arguments": {"body": {"text": true}}},
	"save": {"read_only": false, "arguments": {"body": {"text": true}}},
	"fetch": {"read_only": true, "arguments": {"address": {"url": true}, "note": {}}},
}

leaf(name, value, integrity, labels) := {
	"path": concat("", ["/", name]),
	"value": value,
	"integrity": integrity,
	"confidentiality": labels,
	"encoded": [],
}

question(tool, values) := {
	"tool": {"name": tool},
	"action": {"arguments": {name: values[name].value | some name in object.keys(values)}, "values": {name: [item] |
		some name, item in values
	}},
}

codes(document, readers) := found if {
	found := {reason.code | some reason in sinks.approvals} with input as document
		with data.site as {"catalogue": {"tools": tools}, "readers": readers}
}

mail := leaf("body", "the code is 463820", "untrusted", ["mail"])

message(to) := question("send", {"to": to, "body": mail})

test_private_content_to_whom_the_user_named if codes(message(leaf("to", "ann@example.com", "user", [])), {}) == set()

test_private_content_to_a_stranger if {
	codes(message(leaf("to", "eve@example.org", "untrusted", [])), {}) == {"private_to_sink"}
	codes(message(leaf("to", "bo@example.com", "trusted", [])), {}) == {"private_to_sink"}
}

test_listed_readers if codes(message(leaf("to", "bo@example.com", "trusted", [])), {"mail": ["bo@example.com"]}) == set()

test_everybody_may_read if codes(message(leaf("to", "eve@example.org", "untrusted", [])), {"mail": ["*"]}) == set()

test_nobody_gets_it if codes(message(leaf("to", null, "unseen", [])), {}) == set()

test_open_tools if {
	codes(question("publish", {"body": mail}), {}) == {"private_to_sink"}
	codes(question("publish", {"body": mail}), {"mail": ["*"]}) == set()
	codes(question("publish", {"body": leaf("body", "hello", "unseen", [])}), {}) == set()
}

test_what_stays_inside if codes(question("save", {"body": mail}), {}) == set()

test_addresses_that_are_fetched if {
	carrying := leaf("address", "https://x.example/463820", "unseen", ["mail"])
	codes(question("fetch", {"address": carrying}), {}) == {"private_to_sink"}
	codes(question("fetch", {"address": carrying}), {"mail": ["*"]}) == set()
	codes(question("fetch", {"address": leaf("address", "https://x.example/", "user", [])}), {}) == set()
	codes(question("fetch", {"note": leaf("note", "463820", "user", ["mail"])}), {}) == set()
}

test_hidden_in_an_encoding if {
	encoded := object.union(leaf("body", "NDYzODIw", "unseen", []), {"encoded": ["base64"]})
	codes(question("send", {"to": leaf("to", "ann@example.com", "user", []), "body": encoded}), {}) == {"encoded_private"}
	codes(question("save", {"body": encoded}), {}) == set()
}

test_clean_says_the_same if {
	sinks.clean with input as question("save", {"body": mail}) with data.site as {"catalogue": {"tools": tools}}
	not sinks.clean with input as question("publish", {"body": mail}) with data.site as {"catalogue": {"tools": tools}}
	sinks.clean with input as message(leaf("to", "ann@example.com", "user", []))
		with data.site as {"catalogue": {"tools": tools}}
}
