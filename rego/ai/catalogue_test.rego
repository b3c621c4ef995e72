package ai.catalogue_test

import data.ai.catalogue

tools := {
	"send": {
		"read_only": false,
		"arguments": {"to": {"sensitive": true, "required": true}, "a/b~c": {}, "file": {"path": true}},
		"results": {"trusted": ["/id"]},
	},
	"look": {"read_only": true, "arguments": {}},
	"odd": {"read_only": "yes", "arguments": {}},
}

site := {"catalogue": {"tools": tools}}

question(tool, arguments) := {"tool": {"name": tool}, "action": {"arguments": arguments}}

found(tool, arguments) := reasons if {
	reasons := {[reason.code, object.get(reason, "path", "")] | some reason in catalogue.denials}
		with input as question(tool, arguments)
		with data.site as site
}

test_described if {
	found("send", {"to": "a"}) == set()
	found("look", {}) == set()
	catalogue.well_formed with input as question("send", {"to": "a"}) with data.site as site
}

test_unknown if {
	found("sned", {}) == {["unknown_tool", ""]}
	found("__proto__", {}) == {["unknown_tool", ""]}
	found("send", {"to": "a", "cc": "b"}) == {["unknown_argument", "/cc"]}
	found("look", {"x/y~z": 1}) == {["unknown_argument", "/x~1y~0z"]}
	not catalogue.well_formed with input as question("look", {"x": 1}) with data.site as site
}

test_missing if found("send", {"a/b~c": 1}) == {["missing_argument", "/to"]}

test_malformed if {
	found("look", null) == {["malformed_arguments", ""]}
	not catalogue.well_formed with input as question("look", "text") with data.site as site
}

test_writing_unless_it_reads if {
	catalogue.reads with input as question("look", {}) with data.site as site
	catalogue.writes with input as question("odd", {}) with data.site as site
	not catalogue.writes with input as question("nothing", {}) with data.site as site
}

test_sensitive_and_paths if {
	names := catalogue.sensitive with input as question("send", {"to": "a", "file": "b"}) with data.site as site
	names == {"to"}
	paths := catalogue.path_arguments with input as question("send", {"to": "a", "file": "b"}) with data.site as site
	paths == {"file"}
}

test_labels_of_results if {
	labels := catalogue.result_labels with input as question("send", {}) with data.site as site
	labels == {"": "untrusted", "/id": "trusted"}
}
