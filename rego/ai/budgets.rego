# METADATA
# title: Budgets
# description: |
#   `data.site.budgets` is `{"calls": N, "tools": {name: N}, "amounts": {budget: "N"}}`, each per task. What was decided and not reported yet
#   counts as spent. Which argument counts against which budget is in the catalogue (`"amount": budget`). Beyond a limit of calls is a deny;
#   beyond an amount a person is asked.
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
clean if count(exceeded) == 0

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
calls_below(limit) if input.session.counters.tool_calls < limit

tool_calls_below(limit) if calls_of(input.tool.name) < limit

calls_of(tool) := input.session.counters.by_tool[tool]

calls_of(tool) := 0 if {
	is_object(input.session.counters.by_tool)
	not input.session.counters.by_tool[tool]
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
