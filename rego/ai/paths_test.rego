package ai.paths_test

import data.ai.paths

catalogue := {
	"read_file": {"kind": "read", "paths": ["path"], "options": []},
	"read_multiple_files": {"kind": "read", "paths": ["paths"], "options": []},
	"move_file": {"kind": "write", "paths": ["source", "destination"], "options": []},
	"list_allowed_directories": {"kind": "read", "paths": [], "options": []},
}

call(name, arguments, reports) := {
	"task": {"folder": "/tasks/task-1"},
	"tool": {"name": name},
	"action": {"arguments": arguments, "properties": {"paths": reports}},
}

read(given, real) := call("read_file", {"path": given}, [{"pointer": "/path", "given": given, "real": real}])

test_inside_the_folder[real] if {
	some real in ["/tasks/task-1", "/tasks/task-1/a.txt", "/tasks/task-1/a/b/c"]
	request := read("a.txt", real)
	paths.contained with input as request with data.site.tools as catalogue
	count(codes) == 0 with input as request with data.site.tools as catalogue
}

test_outside_the_folder[real] if {
	some real in [
		"/etc/passwd",
		"/",
		"/tasks",
		"/tasks/task-10/a.txt",
		"/tasks/task-1.txt",
		"tasks/task-1/a.txt",
		"",
	]
	request := read("a.txt", real)
	not paths.contained with input as request with data.site.tools as catalogue
	paths.denials == {{
		"code": "path_outside_folder",
		"message": "the path leads out of the task's folder",
		"path": "/path",
	}} with input as request with data.site.tools as catalogue
}

# The text of the argument does not matter, where it leads does.
test_a_link_inside_that_leads_out if {
	not paths.contained with input as read("/tasks/task-1/link", "/etc/passwd") with data.site.tools as catalogue
}

test_dots_that_lead_back_in if {
	paths.contained with input as read("/tasks/task-1/x/../a", "/tasks/task-1/a") with data.site.tools as catalogue
}

test_a_real_path_has_no_dots if {
	request := read("a", "/tasks/task-1/../task-2/a")
	not paths.contained with input as request with data.site.tools as catalogue
	codes == {"path_unresolved"} with input as request with data.site.tools as catalogue
}

test_unresolved[note] if {
	some note, reports in {
		"nothing reported": [],
		"no real path": [{"pointer": "/path", "given": "a"}],
		"real path is null": [{"pointer": "/path", "given": "a", "real": null}],
		"about another argument": [{"pointer": "/other", "given": "a", "real": "/tasks/task-1/a"}],
		"about another text": [{"pointer": "/path", "given": "b", "real": "/tasks/task-1/b"}],
		"no list": "a",
	}
	request := call("read_file", {"path": "a"}, reports)
	not paths.contained with input as request with data.site.tools as catalogue
	codes == {"path_unresolved"} with input as request with data.site.tools as catalogue
}

test_an_argument_that_is_no_path[note] if {
	some note, given in {"number": 7, "null": null, "object": {"a": "b"}, "list in a list": [["a"]]}
	request := call("read_file", {"path": given}, [{"pointer": "/path", "given": "a", "real": "/tasks/task-1/a"}])
	not paths.contained with input as request with data.site.tools as catalogue
	codes == {"path_unresolved"} with input as request with data.site.tools as catalogue
}

test_two_reports_about_one_argument_must_both_be_inside if {
	request := call("read_file", {"path": "a"}, [
		{"pointer": "/path", "given": "a", "real": "/tasks/task-1/a"},
		{"pointer": "/path", "given": "a", "real": "/etc/passwd"},
	])
	not paths.contained with input as request with data.site.tools as catalogue
}

test_each_of_a_list if {
	good := [
		{"pointer": "/paths/0", "given": "a", "real": "/tasks/task-1/a"},
		{"pointer": "/paths/1", "given": "b", "real": "/tasks/task-1/b"},
	]
	bad := json.patch(good, [{"op": "replace", "path": "/1/real", "value": "/etc/b"}])
	arguments := {"paths": ["a", "b"]}
	paths.contained with input as call("read_multiple_files", arguments, good)
		with data.site.tools as catalogue
	not paths.contained with input as call("read_multiple_files", arguments, bad)
		with data.site.tools as catalogue
	not paths.contained with input as call("read_multiple_files", arguments, [good[0]])
		with data.site.tools as catalogue
	reason_at.path_outside_folder == {"/paths/1"} with input as call("read_multiple_files", arguments, bad)
		with data.site.tools as catalogue
}

test_each_of_two_arguments if {
	request := call("move_file", {"source": "a", "destination": "/etc/a"}, [
		{"pointer": "/source", "given": "a", "real": "/tasks/task-1/a"},
		{"pointer": "/destination", "given": "/etc/a", "real": "/etc/a"},
	])
	reason_at.path_outside_folder == {"/destination"} with input as request with data.site.tools as catalogue
}

test_a_tool_without_paths if {
	paths.contained with input as call("list_allowed_directories", {}, []) with data.site.tools as catalogue
}

test_without_a_folder_nothing_is_inside[note] if {
	some note, task in {"no folder": {}, "empty": {"folder": ""}, "no string": {"folder": ["/"]}}
	request := object.union(read("a", "/etc/passwd"), {"task": null})
	bare := json.patch(request, [{"op": "replace", "path": "/task", "value": task}])
	not paths.contained with input as bare with data.site.tools as catalogue
	"no_task_folder" in codes with input as bare with data.site.tools as catalogue
}

test_folder_with_a_slash_at_its_end if {
	paths.inside("/tasks/task-1/a", "/tasks/task-1/")
	not paths.inside("/tasks/task-10/a", "/tasks/task-1/")
	paths.inside("/a", "/")
}

codes contains reason.code if some reason in paths.denials

reason_at[reason.code] contains reason.path if some reason in paths.denials
