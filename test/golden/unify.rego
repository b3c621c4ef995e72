package unify

import rego.v1

pair := [x, y] if [x, {"k": [y, 1]}] = [input.a, {"k": input.b}]

swapped := [x, y] if [x, 3] = [y, x]

fields contains v if {"id": _, "value": v} = input.items[_]
