package p

import future.keywords.and
import future.keywords.or

# several values end the path
a1 := 1 if { y = [input.x, hex.decode("zz")]; input.b in {false, true} }

# the other document comes first, as it is asked for more often
a2 := 1 if { hex.decode("zz") == "q"; input.x == 1; input.b in {false, true} }
a2 := 2 if { input.x == 2 }

a3 := 1 if { hex.decode("zz") == "q"; input.b in {false, true}; input.x == 1 }
a3 := 2 if { input.x == 2 }
a3 := 3 if { input.b == 2 }

# scalars and collections
a4 := 1 if { hex.decode("zz") == "q"; input.x == 1 }
a5 := 1 if { hex.decode("zz") == "q"; 1 in input.x }
a6 := 1 if { hex.decode("zz") == "q"; input.x[_] == 1 }
a7 := 1 if { hex.decode("zz") == "q"; input.x == [1, 2] }
a8 := 1 if { hex.decode("zz") == "q"; input.x = [y, 2] }
a9 := 1 if { hex.decode("zz") == "q"; input.x in [[1, 2], "a"] }
b1 := 1 if { hex.decode("zz") == "q"; input.x in [{"a": 1}, "a"] }
b2 := 1 if { hex.decode("zz") == "q"; input.x in {1, "a"}; input.b == 1 }
b3 := 1 if { hex.decode("zz") == "q"; input.b == 1; input.x in {1, "a"} }
b4 := 1 if { input.x in {1, {"c": input.b}, hex.decode("zz")} }
b5 := 1 if { input.x in {1, [input.b], hex.decode("zz")} }
b6 := 1 if { input.x in {1, input.b, hex.decode("zz")} }
b7 := 1 if { input.x in [1, {"c": input.b}, hex.decode("zz")] }
b8 := 1 if { input.x in {"a": {"c": input.b}, "b": hex.decode("zz"), "c": 1} }

# or, and
c1 := 1 if { hex.decode("zz") == "q"; input.x == 1 or input.b == 1 }
c2 := 1 if { hex.decode("zz") == "q"; input.x == 1 and input.b == 1 }
c3 := 1 if { hex.decode("zz") == "q"; {input.x or input.b == true} and input.c }
c4 := 1 if { hex.decode("zz") == "q"; input.x == 1 or count(input.b) == 1 }

# globs
d1 := 1 if { hex.decode("zz") == "q"; glob.match("a.*", ["."], input.x) }
d2 := 1 if { hex.decode("zz") == "q"; glob.match("a.*", [], input.x) }
d3 := 1 if { hex.decode("zz") == "q"; glob.match("a*", ["."], input.x) }
d4 := 1 if { hex.decode("zz") == "q"; glob.match("*:b", [":"], input.x) }

# variables
e1 := 1 if { x := input.x; hex.decode("zz") == "q"; x == 1 }
e2 := 1 if { v := 1; hex.decode("zz") == "q"; input.x == v }
e4 := 1 if { v := input.b; hex.decode("zz") == "q"; v in input.x }
e5 := 1 if { hex.decode("zz") == "q"; x := input.x; y := x; y == 1 }
e6 := 1 if { hex.decode("zz") == "q"; input.x } else := 2 if { hex.decode("z") == "q"; input.b == 1 } else := 3 if input.c
e7 := 1 if { hex.decode("zz") == "q"; data.base.a == input.x }
e8 := 1 if { hex.decode("zz") == "q"; data.base.a == 2 }
e9 := 1 if { hex.decode("zz") == "q"; not input.x == 1 }

# functions
f(x) := 1 if { hex.decode("zz") == "q"; x == 1 }
f(x) := 2 if { hex.decode("zz") == "q"; "a" in x }
f(x) := 3 if { hex.decode("zz") == "q"; x in {true, "b"} }
g1 := f(input.x)
h(x, y) := 1 if { hex.decode("zz") == "q"; y in {1, 2}; x == 1 }
h(x, y) := 2 if { x == 2; y == 7 }
h2(x, y) := 1 if { hex.decode("zz") == "q"; y in {1, 2}; x == 1 }
h2(x, y) := 2 if { y == 7 }
g2 := h(input.x, input.b)
g3 := h2(input.x, input.b)
