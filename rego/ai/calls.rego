# METADATA
# title: Calls of AI agents
# description: |
#   One decision for one tool call, from the catalogue, from where its arguments come from and from what the task has done so far. Who acts is
#   checked where `data.site.identity` is `{"required": true}`; roles, hours and networks where `data.site.roles`, `.hours`, `.networks` are
#   given (hours and networks for tools that write); paths where the catalogue marks arguments with `"path": true`. A person's approval (`input.context.approval`, written by the enforcement
#   point) answers demands for approval, never denials, and only for exactly this action.
package ai.calls

import data.ai.budgets
import data.ai.catalogue
import data.ai.combining
import data.ai.delegation
import data.ai.destructive
import data.ai.duties
import data.ai.flow
import data.ai.hours
import data.ai.identity
import data.ai.networks
import data.ai.paths
import data.ai.pinning
import data.ai.programs
import data.ai.resources
import data.ai.roles
import data.ai.scope
import data.ai.sinks
import data.ai.urls

# METADATA
# title: Decision
# description: '`{"effect": "allow" | "deny" | "approve", "reasons": [{"code", "message", "path"?}], "obligations": []}`.'
decision := object.union(combining.deny_overrides(denials, open_approvals, grants), extras)

extras["budget"] := [budget | some budget in budgets.left] if count(budgets.left) > 0

extras["labels"] := {"result": catalogue.result_labels} if count(catalogue.trusted_results) > 0

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if some reason in catalogue.denials

denials contains reason if some reason in resources.denials

denials contains reason if some reason in pinning.denials

denials contains reason if some reason in urls.denials

denials contains reason if some reason in programs.denials

denials contains reason if some reason in duties.denials

denials contains reason if some reason in delegation.denials

denials contains reason if {
	count(catalogue.path_arguments) > 0
	some reason in paths.denials
}

denials contains reason if {
	data.site.roles
	some reason in roles.denials
}

denials contains reason if {
	data.site.hours
	catalogue.writes
	some reason in hours.denials
}

denials contains reason if {
	data.site.networks
	catalogue.writes
	some reason in networks.denials
}

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

approvals contains reason if some reason in urls.approvals

approvals contains reason if some reason in programs.approvals

approved if {
	is_string(input.action.digest)
	input.context.approval.digest == input.action.digest
	duties.approval_holds
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
	duties.clean
	delegation.clean
	allowed_by_site
	accounted
}

allowed_by_site if {
	roles_hold
	surroundings_hold
	paths_hold
}

roles_hold if not data.site.roles

roles_hold if roles.permitted

surroundings_hold if catalogue.reads

surroundings_hold if {
	catalogue.writes
	hours_hold
	networks_hold
}

hours_hold if not data.site.hours

hours_hold if hours.open

networks_hold if not data.site.networks

networks_hold if networks.trusted

paths_hold if count(catalogue.path_arguments) == 0

paths_hold if paths.contained

# Either a person was asked, or is asked now, or there is nothing to ask.
accounted if approved

accounted if count(open_approvals) > 0

accounted if {
	flow.clean
	sinks.clean
	scope.within
	budgets.clean
	destructive.clean
	urls.clean
	programs.clean
}
