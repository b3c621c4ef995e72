# METADATA
# title: AuthZEN's interop scenario, a todo application
# description: |
#   Everybody reads. Admins and editors create. Editors update and delete what they own, an evil genius updates anything, an admin deletes
#   anything. Answers as decision documents, so that reasons travel in the reply's context.
package todo

import rego.v1

user := data.users[input.subject.id]

has(role) if role in user.roles

owner if input.resource.properties.ownerID == user.email

may contains action if {
	user
	some action in {"can_read_user", "can_read_todos"}
}

may contains "can_create_todo" if has({"admin", "editor"}[_])

may contains action if {
	has("editor")
	owner
	some action in {"can_update_todo", "can_delete_todo"}
}

may contains "can_update_todo" if has("evil_genius")

may contains "can_delete_todo" if has("admin")

default decision := {"effect": "deny", "reasons": [{
	"code": "tool_not_permitted",
	"message": "no role of yours permits this",
}]}

decision := {"effect": "allow", "reasons": [{"code": "permitted", "message": "a role of yours permits this"}]} if {
	input.action.name in may
}
