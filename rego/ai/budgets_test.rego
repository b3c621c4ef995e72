package ai.budgets_test

import data.ai.budgets

tools := {
	"pay": {"read_only": false, "arguments": {"amount": {"amount": "money"}, "fee": {"amount": "money"}}},
	"send": {"read_only": false, "arguments": {}},
}

named := {
	"day": {"per": "subject", "amount": "money", "limit": "100", "window_s": 86400},
	"mails": {"per": "agent", "tools": ["send"], "limit": 3, "beyond": "approve"},
}

question(tool, arguments, states) := {
	"tool": {"name": tool},
	"action": {"arguments": arguments},
	"session": {"counters": {"tool_calls": 5, "by_tool": {"send": 2}, "amounts": {"money": "40"}}, "budgets": states},
}

codes(document, site) := [denied, asked] if {
	denied := {reason.code | some reason in budgets.denials} with input as document with data.site as site
	asked := {reason.code | some reason in budgets.approvals} with input as document with data.site as site
}

with_named := {"catalogue": {"tools": tools, "budgets": named}}

with_task(limits) := {"catalogue": {"tools": tools}, "budgets": limits}

state(used, asked) := {"used": used, "asked": asked}

test_named_budgets if {
	codes(question("pay", {"amount": 20}, {"day": state("80", "20")}), with_named) == [set(), set()]
	codes(question("pay", {"amount": 20}, {"day": state("80.01", "20")}), with_named) == [{"budget_exceeded"}, set()]
	codes(question("send", {}, {"mails": state("3", "1")}), with_named) == [set(), {"budget_exceeded"}]
	codes(question("send", {}, {"mails": state("2", "1")}), with_named) == [set(), set()]
}

test_a_budget_without_a_state_is_exceeded if {
	codes(question("pay", {"amount": 20}, {}), with_named) == [{"budget_exceeded"}, set()]
	codes(question("pay", {"amount": 20}, {"day": {"used": "much", "asked": "1"}}), with_named) == [{"budget_exceeded"}, set()]
	codes(question("pay", {"amount": 20}, {"day": state("10", "-20")}), with_named) == [{"budget_exceeded"}, set()]
	codes(question("pay", {"amount": "20"}, {"day": state("10", "20")}), with_named) == [{"budget_exceeded"}, set()]
}

test_a_call_without_an_amount_costs_nothing if {
	codes(question("pay", {}, {}), with_named) == [set(), set()]
	codes(question("pay", {"amount": null}, {}), with_named) == [set(), set()]
}

test_what_is_left if {
	left := budgets.left with input as question("pay", {"amount": 20}, {"day": state("70", "20")}) with data.site as with_named
	left == {{"name": "day", "remaining": "10", "limit": "100"}}
}

test_amounts_of_the_task if {
	money := with_task({"amounts": {"money": "100"}})
	codes(question("pay", {"amount": 60}, {}), money) == [set(), set()]
	codes(question("pay", {"amount": 50, "fee": 11}, {}), money) == [set(), {"budget_exceeded"}]
	codes(question("pay", {"amount": -1}, {}), money) == [set(), {"budget_exceeded"}]
	codes(question("pay", {"amount": "60"}, {}), money) == [set(), {"budget_exceeded"}]
}

test_calls_of_the_task if {
	codes(question("send", {}, {}), with_task({"calls": 6})) == [set(), set()]
	codes(question("send", {}, {}), with_task({"calls": 5})) == [{"call_limit_exceeded"}, set()]
	codes(question("send", {}, {}), with_task({"tools": {"send": 2}})) == [{"call_limit_exceeded"}, set()]
	codes(question("pay", {}, {}), with_task({"tools": {"pay": 1}})) == [set(), set()]
	codes({"tool": {"name": "send"}}, with_task({"calls": 6})) == [{"call_limit_exceeded"}, set()]
}

test_clean_says_the_same if {
	budgets.clean with input as question("pay", {"amount": 20}, {"day": state("10", "20")}) with data.site as with_named
	not budgets.clean with input as question("pay", {"amount": 20}, {}) with data.site as with_named
	not budgets.clean with input as question("pay", {"amount": 61}, {})
		with data.site as with_task({"amounts": {"money": "100"}})
}

# Limits of amounts are texts; nobody should lose a limit of calls for writing it in the same way.
test_limits_of_calls_may_be_texts if {
	codes(question("send", {}, {}), with_task({"calls": "6"})) == [set(), set()]
	codes(question("send", {}, {}), with_task({"calls": "5"})) == [{"call_limit_exceeded"}, set()]
	codes(question("send", {}, {}), with_task({"tools": {"send": "2"}})) == [{"call_limit_exceeded"}, set()]
	codes(question("send", {}, {}), with_task({"calls": "many"})) == [{"call_limit_exceeded"}, set()]
}
