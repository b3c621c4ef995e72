package negation

import rego.v1

ok if not input.blocked

fine if {
	not 1 in [x | some x in input.list; x > 1]
	every x in input.list { x > 0 }
	every k, v in input.map { k != v }
}
