# above the package
package layout   # behind the package

# METADATA
# title: a rule
# description: |
#   several
#   lines
# scope: rule
# custom:
#   level: 3
#   dates: [2020-01-02]
allow   if {
  input.user ==   "ann"   # behind
  # between


  some role in input.roles
     with input.x as 1
     with data.y as {"a":1,
       "b": 2}
}

import data.b
import data.a # behind an import
import data.a.c as d
import data["café"]

one := 1
two := 2

three := [ 1, 2,
  3, # c3
  4
]

f(x,
  y) := z if { z := x+y*2 } else := 0 if { x ; y
} 
else = 7

obj := {"a": 1, # why
  "b": {
  "c": {1,2,
  3}}, "d": [x | x := [1,2][_]; x>1],
  "e": {k: v |
     some k, v in input.m
     v != (k|{1})
  }}

s contains x if x := "日本"
s contains "\u00e9 \t"
s contains `raw
  string`

r[x].y[z] := true if { x := 1 ; z := [2] }
q[x] := y if { y := input[x] }

msg := $"hello {input.name} and { count(
  input.list) } \{"
default deny := false
default g(_) := {"x": set()}
neg := -input.x - -1
call if f(1,
  2) == 3
nested if every x in [1,2] { x > 0; not x == 3
}
longer if { not f(1, 2); ((1+2)*3) == 9; {1,2}|{3} == {1,2,3} }
chained if { true } { false }
u.v.w if data["a-b"].not["if"].c[input["x y"]][_]
# the end
