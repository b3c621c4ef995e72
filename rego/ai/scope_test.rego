package ai.scope_test

import data.ai.scope

site := {"catalogue": {"tools": {"send": {"read_only": false}, "look": {"read_only": true}}}}

codes(tool, task) := found if {
	found := {reason.code | some reason in scope.approvals} with input as {"tool": {"name": tool}, "task": task}
		with data.site as site
}

test_no_scope if codes("send", {"id": "t"}) == set()

test_in_scope if codes("send", {"tools": ["send"]}) == set()

test_out_of_scope if {
	codes("send", {"tools": ["pay"]}) == {"out_of_task_scope"}
	codes("send", {"tools": []}) == {"out_of_task_scope"}
}

test_reading_is_free if codes("look", {"tools": []}) == set()

test_unknown_tools_are_for_the_catalogue if codes("nothing", {"tools": []}) == set()
