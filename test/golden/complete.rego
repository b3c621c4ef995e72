package complete

import rego.v1

default allow := false

allow if input.user == "admin"

allow if {
	some role in input.roles
	role == data.roles.power
}

level := 1 if {
	input.level == "low"
} else := 2 if {
	input.level == "high"
} else := 3
