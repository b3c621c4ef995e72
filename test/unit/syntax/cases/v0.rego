package v0
import future.keywords.in
import future.keywords.every
p[x] { x := 1 }
q[x] = y { x := 1; y := 2 }
r { true } { false }
s = 1 { true } else = 2 { false }
f(x) = y { y := x }
t { some x in [1]; every y in [1] { y } }
u.v.w = 3
p["a"]
