package comprehension

import rego.v1

doubled := [y | some x in input.list; y := x * 2]

groups := {k: vs | some k, _ in input.map; vs := {v | some v in input.map[k]}}

paths := [p | walk(input, [p, 1])]
