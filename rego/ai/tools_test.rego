package ai.tools_test

import data.ai.tools

catalogue := {
	"read_file": {"kind": "read", "paths": ["path"], "options": ["head"]},
	"write_file": {"kind": "write", "paths": ["path"], "options": ["content"]},
	"move_file": {"kind": "write", "paths": ["source", "destination"], "options": [], "approval": true},
	"odd": {"kind": "reads", "paths": [], "options": []},
}

call(name, arguments) := {"tool": {"name": name}, "action": {"arguments": arguments}}

test_read_tool if {
	tools.reads with input as call("read_file", {}) with data.site.tools as catalogue
	not tools.writes with input as call("read_file", {}) with data.site.tools as catalogue
}

test_write_tool if {
	tools.writes with input as call("write_file", {}) with data.site.tools as catalogue
	not tools.reads with input as call("write_file", {}) with data.site.tools as catalogue
}

test_a_kind_nobody_knows_is_held_to_write if {
	tools.writes with input as call("odd", {}) with data.site.tools as catalogue
}

test_unknown_tool[name] if {
	some name in ["delete_everything", "__proto__", "constructor", "", "READ_FILE"]
	codes == {"unknown_tool"} with input as call(name, {}) with data.site.tools as catalogue
	not tools.well_formed with input as call(name, {}) with data.site.tools as catalogue
}

test_tool_without_a_name if {
	codes == {"unknown_tool"} with input as {} with data.site.tools as catalogue
}

test_described_arguments if {
	request := call("read_file", {"path": "a", "head": 3})
	tools.well_formed with input as request with data.site.tools as catalogue
	count(codes) == 0 with input as request with data.site.tools as catalogue
}

test_an_argument_nobody_described if {
	request := call("read_file", {"path": "a", "to/file": "b"})
	not tools.well_formed with input as request with data.site.tools as catalogue
	tools.denials == {{
		"code": "unknown_argument",
		"message": "the catalogue does not describe the argument `to/file`",
		"path": "/to~1file",
	}} with input as request with data.site.tools as catalogue
}

test_arguments_that_are_no_object[note] if {
	some note, arguments in {"list": ["a"], "string": "a", "null": null}
	request := call("read_file", arguments)
	not tools.well_formed with input as request with data.site.tools as catalogue
	"malformed_arguments" in codes with input as request with data.site.tools as catalogue
}

test_approval if {
	count(tools.approvals) == 1 with input as call("move_file", {}) with data.site.tools as catalogue
	count(tools.approvals) == 0 with input as call("write_file", {}) with data.site.tools as catalogue
}

codes contains reason.code if some reason in tools.denials
