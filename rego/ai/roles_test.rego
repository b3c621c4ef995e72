package ai.roles_test

import data.ai.roles

site := {"reader": {"tools": ["read_file"]}, "editor": {"tools": ["read_file", "write_file"]}}

ask(held, tool) := {
	"subject": {"id": "alice", "properties": {"roles": held}},
	"tool": {"name": tool},
}

test_role_permits if {
	roles.permitted with input as ask(["reader"], "read_file") with data.site.roles as site
}

test_one_of_several_roles_is_enough if {
	roles.permitted with input as ask(["stranger", "editor"], "write_file") with data.site.roles as site
}

test_another_role_does_not if {
	not roles.permitted with input as ask(["reader"], "write_file") with data.site.roles as site
}

test_no_roles_permit_nothing[note] if {
	some note, held in {"empty": [], "unknown": ["root"], "no list": "editor", "null": null}
	not roles.permitted with input as ask(held, "read_file") with data.site.roles as site
}

test_denial_names_person_and_tool if {
	roles.denials == {{
		"code": "tool_not_permitted",
		"message": "no role of `alice` permits the tool `write_file`",
	}} with input as ask(["reader"], "write_file") with data.site.roles as site
}

test_denial_without_person_or_tool if {
	roles.denials == {{
		"code": "tool_not_permitted",
		"message": "no role of the subject permits the tool `unknown`",
	}} with input as {} with data.site.roles as site
}

site_with_attributes := {"roles": {"clerk": {"tools": ["pay"], "when": {"department": ["finance"], "level": [2, 3]}}}}

person(properties) := {"tool": {"name": "pay"}, "subject": {"id": "ann", "properties": object.union({"roles": ["clerk"]}, properties)}}

test_attributes_of_the_person if {
	roles.permitted with input as person({"department": "finance", "level": 2}) with data.site as site_with_attributes
}

test_attributes_that_do_not_fit if {
	not roles.permitted with input as person({"department": "sales", "level": 2}) with data.site as site_with_attributes
	not roles.permitted with input as person({"department": "finance"}) with data.site as site_with_attributes
	not roles.permitted with input as person({}) with data.site as {"roles": {"clerk": {"tools": ["pay"], "when": "never"}}}
}
