package ai.duties_test

import data.ai.duties

site := {"duties": [{"name": "paying", "tools": ["create_payee", "pay"]}]}

question(tool, calls) := {
	"tool": {"name": tool},
	"subject": {"type": "user", "id": "ann"},
	"agent": {"id": "bot"},
	"session": {"calls": calls},
}

codes(document) := found if {
	found := {reason.code | some reason in duties.denials} with input as document with data.site as site
}

done(tool, status) := {"id": "c1", "tool": tool, "status": status}

test_both_halves if {
	codes(question("pay", [done("create_payee", "committed")])) == {"duty_conflict"}
	codes(question("create_payee", [done("pay", "reserved")])) == {"duty_conflict"}
}

test_one_half if {
	codes(question("pay", [done("pay", "committed")])) == set()
	codes(question("pay", [done("create_payee", "refused")])) == set()
	codes(question("read", [done("pay", "committed")])) == set()
}

shared := {"catalogue": {"duties": {"paying": {"tools": ["create_payee", "pay"], "per": "subject"}}}}

before(tool, used) := object.union(question(tool, []), {"session": {"duties": {"paying": {"used": used}}}})

elsewhere(document) := found if {
	found := {reason.code | some reason in duties.denials} with input as document with data.site as shared
}

test_the_other_half_in_another_task if {
	elsewhere(before("pay", ["create_payee"])) == {"duty_conflict"}
	elsewhere(before("pay", ["create_payee", "pay"])) == {"duty_conflict"}
	elsewhere(before("pay", ["pay"])) == set()
	elsewhere(before("pay", [])) == set()
	elsewhere(question("read", [])) == set()
	not duties.clean with input as before("pay", ["create_payee"]) with data.site as shared
	duties.clean with input as before("pay", ["pay"]) with data.site as shared
}

test_an_unknown_past_elsewhere if {
	elsewhere(question("pay", [])) == {"duty_conflict"}
	elsewhere(before("pay", "create_payee")) == {"duty_conflict"}
	elsewhere(before("pay", null)) == {"duty_conflict"}
}

test_unknown_past if {
	codes(object.remove(question("pay", []), ["session"])) == {"duty_conflict"}
	duties.clean with input as question("pay", []) with data.site as site
	not duties.clean with input as {"tool": {"name": "pay"}} with data.site as site
	duties.clean with input as {} with data.site as {}
}

holds(approver, approvals) if {
	duties.approval_holds with input as object.union(question("pay", []), {"context": {"approval": {"approver": approver}}})
		with data.site as {"approvals": approvals}
}

test_four_eyes if {
	holds("bea", {"four_eyes": true})
	not holds("ann", {"four_eyes": true})
	not holds("bot", {"four_eyes": true})
	holds("ann", {})
}

test_listed_approvers if {
	holds("bea", {"approvers": ["bea"]})
	not holds("cem", {"approvers": ["bea"]})
	not duties.approval_holds with input as question("pay", []) with data.site as {"approvals": {"four_eyes": true}}
}

handed_on(approver) := object.union(question("pay", []), {
	"delegation": [{"from": "ann", "to": "planner"}, {"from": "planner", "to": "bot"}],
	"context": {"approval": {"approver": approver}},
})

test_nobody_of_the_chain_approves if {
	duties.approval_holds with input as handed_on("bea") with data.site as {"approvals": {"four_eyes": true}}
	not duties.approval_holds with input as handed_on("planner") with data.site as {"approvals": {"four_eyes": true}}
}
