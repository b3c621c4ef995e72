# METADATA
# title: Calls of AI agents
# description: |
#   One decision for one tool call, from the catalogue, from where its arguments come from and from what the task has done so far. Who acts is
#   checked where `data.site.identity` is `{"required": true}`. A person's approval (`input.context.approval`, written by the enforcement
#   point) answers demands for approval, never denials, and only for exactly this action.
package ai.calls

import data.ai.budgets
import data.ai.catalogue
import data.ai.combining
import data.ai.destructive
import data.ai.flow
import data.ai.identity
import data.ai.pinning
import data.ai.scope
import data.ai.sinks
import data.ai.urls

# METADATA
# title: Decision
# description: '`{"effect": "allow" | "deny" | "approve", "reasons": [{"code", "message", "path"?}], "obligations": []}`.'
decision := combining.deny_overrides(denials, open_approvals, grants)

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if some reason in catalogue.denials

denials contains reason if some reason in pinning.denials

denials contains reason if some reason in urls.denials

denials contains reason if some reason in budgets.denials

denials contains reason if {
	data.site.identity.required == true
	some reason in identity.denials
}

approvals contains reason if some reason in flow.approvals

approvals contains reason if some reason in sinks.approvals

approvals contains reason if some reason in scope.approvals

approvals contains reason if some reason in budgets.approvals

approvals contains reason if some reason in destructive.approvals

approved if {
	is_string(input.action.digest)
	input.context.approval.digest == input.action.digest
}

open_approvals contains reason if {
	not approved
	some reason in approvals
}

# Everything that an allow rests on stands here once more: a denial that failed to show up allows nothing.
grants contains {"code": "permitted", "message": "every requirement for this call is met"} if {
	catalogue.well_formed
	pinning.unchanged
	count(denials) == 0
	accounted
}

# Either a person was asked, or is asked now, or there is nothing to ask.
accounted if approved

accounted if count(open_approvals) > 0

accounted if {
	flow.clean
	sinks.clean
	scope.within
	budgets.clean
	destructive.clean
}
