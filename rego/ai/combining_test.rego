package ai.combining_test

import data.ai.combining

no := {"code": "no", "message": "no"}

ask := {"code": "ask", "message": "ask"}

yes := {"code": "yes", "message": "yes"}

test_nothing_at_all_denies if {
	decision := combining.deny_overrides(set(), set(), set())
	decision.effect == "deny"
	decision.reasons[0].code == "default_deny"
}

test_one_denial_outweighs_everything if {
	combining.deny_overrides({no}, {ask}, {yes}) == combining.document("deny", {no})
}

test_approval_alone_permits_nothing if {
	combining.deny_overrides(set(), {ask}, set()).effect == "deny"
}

test_approval_comes_before_a_grant if {
	combining.deny_overrides(set(), {ask}, {yes}) == combining.document("approve", {ask})
}

test_a_grant_allows if {
	combining.deny_overrides(set(), set(), {yes}) == combining.document("allow", {yes})
}

# Whatever there is of reasons, there is exactly one decision: no gap, no conflict.
test_every_combination_has_one_effect if {
	every denials in {set(), {no}} {
		every approvals in {set(), {ask}} {
			every grants in {set(), {yes}} {
				combining.deny_overrides(denials, approvals, grants).effect in {"allow", "approve", "deny"}
			}
		}
	}
}

test_reasons_come_in_order if {
	combining.document("deny", {yes, ask, no}).reasons == [ask, no, yes]
}
