# METADATA
# title: x
package a.b["c-d"].e

import rego.v1
import data.x as y
import input.z
import future.keywords.not
import future.keywords.and
import future.keywords.or

default p := false
default f(_, _) := {"a": 1}

p if {
	x := 0.5
	not x with input as 2 with data.foo.bar as [1,2]
	not {x; y}
	$"a {x} b{1} \{ {f(x)} {{a | a := 1}}"
	$`raw {x} \n "q"
	line`
	x and y or {z; w}
	(x or y) and not z with input.x as 1
	(a + b) * -c == {1,1.0, {"a":1,"a":2, x: 3}}
	some i
	some j, k
	some k2, v2 in [1]
	every q, r in [1] { r == 1; q > 0 }
	every r in [1] { r == 1 } with input as 1
	walk(x, [_, y])
	{"a": 1}[x]
	[1,2][_] == f(x).y[0]
	"a" in ["a"]
	"a", "b" in {"a": "b"}
	x = {k: v | some k, v in y; k != v}
	y = [a | a = 1][0]
	z = {a | a = 1}
	set() == {1} | {2} & {3} - {4}
	not.x == 1
	input.not.if[x].in
}

f(a, _) := {"a": _} if true
f(a, b) := 1 if { a } else := 2 if { b } else := 3
q contains 1
q contains x if some x in [1]
r.b[x] := 2 if {x = 1}
r.b.c.d := 2 if {x = 1} { y = 2 }
g(x) if { x } { not x }
h[x] := 1 if x
h2[x] if x = 1
t.u.v := 1
a := 1
b = 2
c["x"] = 3
d("x") := 5
else_ := 1 if { false } else if { true } else = 3 if false
