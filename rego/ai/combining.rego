# METADATA
# title: Combining
# description: From reasons for and against to one decision document. Nothing in favour means deny.
package ai.combining

# METADATA
# title: Deny overrides
# description: |
#   Any denial denies; otherwise, with at least one grant, any demand for approval asks for it; otherwise a grant allows.
#   Takes three sets of reasons.
deny_overrides(denials, _, _) := document("deny", denials) if count(denials) > 0

deny_overrides(denials, approvals, grants) := document("approve", approvals) if {
	count(denials) == 0
	count(grants) > 0
	count(approvals) > 0
}

deny_overrides(denials, approvals, grants) := document("allow", grants) if {
	count(denials) == 0
	count(grants) > 0
	count(approvals) == 0
}

deny_overrides(denials, _, grants) := document("deny", {{
	"code": "default_deny",
	"message": "nothing permits this action",
}}) if {
	count(denials) == 0
	count(grants) == 0
}

# METADATA
# title: Document
# description: A decision document; reasons in their order of codes, so that the same request always gets the same text.
document(effect, reasons) := {
	"effect": effect,
	"reasons": [reason | some reason in reasons],
	"obligations": [],
}
