# METADATA
# title: Separation of duties
# description: |
#   Nobody does both halves of what takes two. `data.site.duties` is a list of `{"name": text, "tools": [names]}`: a task that has used one of
#   the tools uses none of the others. `data.site.catalogue.duties` says the same over all tasks of a person, an AI agent or a chain of tasks:
#   `{name: {"tools": [names], "per": "subject" | "agent" | "chain", "window_s": seconds}}`. `data.site.approvals` is `{"four_eyes": true, "approvers": [names]}`: who asks does not approve, and
#   only those listed do. An approval that does not hold is as good as none.
package ai.duties

import data.ai.delegation

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if {
	some duty in conflicts
	reason := {
		"code": "duty_conflict",
		"message": concat("", ["this task has done another part of `", duty.name, "`, which takes two"]),
	}
}

conflicts contains duty if {
	some duty in data.site.duties
	input.tool.name in duty.tools
	some call in input.session.calls
	call.status in {"reserved", "committed", "unreported"}
	call.tool in duty.tools
	call.tool != input.tool.name
}

denials contains reason if {
	some name in conflicts_elsewhere
	reason := {
		"code": "duty_conflict",
		"message": concat("", ["another part of `", name, "`, which takes two, was done before"]),
	}
}

# Asked positively: a duty whose past the enforcement point did not give, or gave malformed, conflicts.
conflicts_elsewhere contains name if {
	some name, duty in data.site.catalogue.duties
	input.tool.name in duty.tools
	not only_this(name)
}

only_this(name) if {
	is_array(input.session.duties[name].used)
	every tool in input.session.duties[name].used {
		tool == input.tool.name
	}
}

# METADATA
# title: Clean
# description: No duty conflicts. Where duties are separated, the session must be there to tell.
clean if {
	clean_in_task
	count(conflicts_elsewhere) == 0
}

clean_in_task if not data.site.duties

clean_in_task if {
	past_known
	count(conflicts) == 0
}

denials contains {"code": "duty_conflict", "message": "it is not known what this task has done"} if {
	data.site.duties
	not past_known
}

past_known if is_array(input.session.calls)

# METADATA
# title: Approval holds
# description: The approval in the request is by somebody who may give it.
approval_holds if {
	other_person
	permitted_approver
}

other_person if not data.site.approvals.four_eyes

other_person if {
	is_string(input.context.approval.approver)
	not input.context.approval.approver in delegation.parties
}

permitted_approver if not data.site.approvals.approvers

permitted_approver if input.context.approval.approver in data.site.approvals.approvers
