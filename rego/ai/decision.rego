# METADATA
# title: Decisions about what AI agents do
# description: |
#   One decision for one tool call. The request document (`input`) names who acts for whom, the tool with its exact arguments and the
#   context; `data.site` holds what differs from site to site: tools, roles, working hours, trusted networks.
#   Every requirement is stated positively (`identity.verified`, `hours.open`), so that whatever is missing, malformed or failing denies.
# authors:
#   - Reeve
package ai

import data.ai.combining
import data.ai.hours
import data.ai.identity
import data.ai.networks
import data.ai.paths
import data.ai.roles
import data.ai.tools

# METADATA
# title: Decision
# description: |
#   `{"effect": "allow" | "deny" | "approve", "reasons": [{"code", "message", "path"?}], "obligations": []}`.
#   Reason codes are stable, messages are for people.
# entrypoint: true
decision := combining.deny_overrides(denials, approvals, grants)

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if some reason in identity.denials

denials contains reason if some reason in tools.denials

denials contains reason if {
	tools.known
	some reason in roles.denials
}

denials contains reason if {
	tools.known
	some reason in paths.denials
}

denials contains reason if {
	tools.writes
	some reason in hours.denials
}

denials contains reason if {
	tools.writes
	some reason in networks.denials
}

approvals contains reason if some reason in tools.approvals

# Everything that an allow rests on stands here once more, as conditions that must hold: a denial that failed to show up allows nothing.
grants contains {"code": "permitted", "message": "every requirement for this tool is met"} if {
	identity.verified
	tools.well_formed
	roles.permitted
	paths.contained
	context_suffices
}

context_suffices if tools.reads

context_suffices if {
	tools.writes
	hours.open
	networks.trusted
}
