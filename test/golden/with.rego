package withs

import rego.v1

f(x) := x + data.offset

user := input.user

by_value := x if x := f(1) with f as 5

by_function := x if x := f(1) with f as g

g(x) := x * 10

nested := x if x := f(1) with data.offset as 3

single if user == "a" with input.user as "a"

searched contains [u, v] if {
	some u in ["a", "b"]
	v := data.lists[u][_] with data.lists.a as [1, 2] with input.user as u
}

masked := x if x := data.withs.user with data.withs.user as "m"
