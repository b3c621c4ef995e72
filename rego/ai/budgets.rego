# METADATA
# title: Budgets
# description: |
#   `data.site.budgets` is `{"calls": N, "tools": {name: N}, "amounts": {budget: "N"}}`, each per task. What was decided and not reported yet
#   counts as spent. Which argument counts against which budget is in the catalogue (`"amount": budget`). Beyond a limit of calls is a deny;
#   beyond an amount a person is asked. Budgets that outlast a task stand in the catalogue (`budgets`): named, per subject, agent, task or chain,
#   over calls or amounts, in windows; the enforcement point keeps account and gives `input.session.budgets`.
package ai.budgets

import data.ai.catalogue

spent(name) := to_number(input.session.counters.amounts[name])

spent(name) := 0 if {
	is_object(input.session.counters.amounts)
	not input.session.counters.amounts[name]
}

# METADATA
# title: Asked
# description: What this call would add to a budget. An amount that is no number leaves it undefined.
asked(name) := sum([amount |
	some argument, described in catalogue.entry.arguments
	described.amount == name
	amount := input.action.arguments[argument]
	is_number(amount)
])

# A negative amount must not win budget back.
within(name, limit) if {
	not uncountable(name)
	spent(name) + asked(name) <= to_number(limit)
}

# An amount that is no number cannot be counted.
uncountable(name) if {
	some argument, described in catalogue.entry.arguments
	described.amount == name
	value := input.action.arguments[argument]
	value != null
	not is_number(value)
}

uncountable(name) if {
	some argument, described in catalogue.entry.arguments
	described.amount == name
	input.action.arguments[argument] < 0
}

charged contains described.amount if {
	some argument, described in catalogue.entry.arguments
	argument in object.keys(input.action.arguments)
	input.action.arguments[argument] != null
	described.amount
}

# METADATA
# title: Clean
# description: No budget of amounts is exceeded.
clean if {
	count(exceeded) == 0
	count(overdrawn) == 0
}

exceeded[name] := limit if {
	some name in charged
	limit := data.site.budgets.amounts[name]
	not within(name, limit)
}

approvals contains reason if {
	some name, limit in exceeded
	reason := {
		"code": "budget_exceeded",
		"message": sprintf("the budget `%s` of %v would be exceeded", [name, limit]),
	}
}

# Asked positively: a session that is missing or malformed is below no limit.
calls_below(limit) if {
	is_number(input.session.counters.tool_calls)
	input.session.counters.tool_calls < to_number(limit)
}

tool_calls_below(limit) if {
	is_number(calls_of(input.tool.name))
	calls_of(input.tool.name) < to_number(limit)
}

calls_of(tool) := input.session.counters.by_tool[tool]

calls_of(tool) := 0 if {
	is_object(input.session.counters.by_tool)
	not tool in object.keys(input.session.counters.by_tool)
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "call_limit_exceeded", "message": "the task has used up its calls"} if {
	limit := data.site.budgets.calls
	not calls_below(limit)
}

denials contains reason if {
	limit := data.site.budgets.tools[input.tool.name]
	not tool_calls_below(limit)
	reason := {
		"code": "call_limit_exceeded",
		"message": concat("", ["the task has used up its calls of `", input.tool.name, "`"]),
	}
}

# --- the catalogue's named budgets: per subject, agent, task or chain, in windows -----------------------------------------------------

# METADATA
# title: Concerned
# description: Named budgets that this call counts against, with what the catalogue says of them.
concerned[name] := entry if {
	some name, entry in data.site.catalogue.budgets
	meant(entry)
	counts(entry)
}

meant(entry) if not entry.tools

meant(entry) if input.tool.name in entry.tools

# Calls always count, amounts where the call has one.
counts(entry) if not entry.amount

counts(entry) if entry.amount in charged

# Asked positively: a budget whose state the enforcement point did not give, or gave malformed, is exceeded.
kept(name, entry) if {
	state := input.session.budgets[name]
	asked_now := to_number(state.asked)
	asked_now >= 0
	to_number(state.used) + asked_now <= to_number(entry.limit)
	not unreadable(entry)
}

unreadable(entry) if uncountable(entry.amount)

overdrawn[name] := entry if {
	some name, entry in concerned
	not kept(name, entry)
}

asks(entry) if entry.beyond == "approve"

# METADATA
# title: Left
# description: What is left of each budget once this call is made, for the decision document.
left contains {"name": name, "remaining": format(remaining), "limit": format(to_number(entry.limit))} if {
	some name, entry in concerned
	kept(name, entry)
	state := input.session.budgets[name]
	remaining := (to_number(entry.limit) - to_number(state.used)) - to_number(state.asked)
}

format(number) := json.marshal(number)

over(name, entry) := concat("", ["the budget `", name, "` of ", format(to_number(entry.limit)), " per ", entry.per, " would be exceeded"])

denials contains {"code": "budget_exceeded", "message": over(name, entry)} if {
	some name, entry in overdrawn
	not asks(entry)
}

approvals contains {"code": "budget_exceeded", "message": over(name, entry)} if {
	some name, entry in overdrawn
	asks(entry)
}
