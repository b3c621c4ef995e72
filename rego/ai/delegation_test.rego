package ai.delegation_test

import data.ai.delegation

hop(from, to) := {"from": from, "to": to, "verified": true}

question(hops) := {
	"subject": {"type": "user", "id": "ann"},
	"agent": {"id": "bot"},
	"task": {"id": "t1"},
	"tool": {"name": "pay_invoice"},
	"delegation": hops,
	"context": {"time": "2026-03-01T10:00:00Z"},
}

codes(document, site) := found if {
	found := {reason.code | some reason in delegation.denials} with input as document with data.site as site
}

checked := {"delegation": {"max_depth": 2}}

chain := [hop("ann", "planner"), hop("planner", "bot")]

test_a_chain_that_holds if {
	codes(question(chain), checked) == set()
	delegation.clean with input as question(chain) with data.site as checked
}

test_unverified if {
	codes(question([hop("ann", "planner"), object.union(hop("planner", "bot"), {"verified": false})]), checked) == {"delegation_unverified"}
	codes(object.union(question([]), {"delegation": "ann>bot"}), checked) == {"delegation_unverified", "delegation_broken"}
}

test_broken if {
	codes(question([hop("eve", "bot")]), checked) == {"delegation_broken"}
	codes(question([hop("ann", "other")]), checked) == {"delegation_broken"}
	codes(question([hop("ann", "planner"), hop("painter", "bot")]), checked) == {"delegation_broken"}
}

test_too_deep if {
	codes(question([hop("ann", "a"), hop("a", "b"), hop("b", "bot")]), checked) == {"delegation_too_deep"}
}

test_missing if {
	codes(question([]), checked) == set()
	codes(question([]), {"delegation": {"required": true}}) == {"delegation_missing"}
}

scoped(names) := [object.union(hop("ann", "bot"), {"scope": names})]

test_scope if {
	codes(question(scoped(["pay_invoice"])), checked) == set()
	codes(question(scoped(["pay_*"])), checked) == set()
	codes(question(scoped(["read_*"])), checked) == {"delegation_scope"}
}

until(time) := [object.union(hop("ann", "bot"), {"exp": time})]

test_expired if {
	codes(question(until("2026-03-01T11:00:00Z")), checked) == set()
	codes(question(until("2026-03-01T09:00:00Z")), checked) == {"delegation_unverified"}
}

test_revoked if {
	codes(question(chain), {"revoked": {"agents": ["bot"]}}) == {"revoked"}
	codes(question(chain), {"revoked": {"subjects": ["ann"]}}) == {"revoked"}
	codes(question(chain), {"revoked": {"tasks": ["t1"]}}) == {"revoked"}
	codes(question(chain), {"revoked": {"agents": ["other"]}}) == set()
	not delegation.clean with input as question(chain) with data.site as {"revoked": {"agents": ["bot"]}}
}

test_unchecked if {
	codes(question([hop("eve", "other")]), {}) == set()
	delegation.clean with input as question([hop("eve", "other")]) with data.site as {}
}

test_revoked_in_the_chain if {
	codes(question(chain), {"revoked": {"agents": ["planner"]}}) == {"revoked"}
	codes(question([hop("ann", "bea"), hop("bea", "bot")]), {"revoked": {"subjects": ["bea"]}}) == {"revoked"}
}
