package other.one

v := 1

f(x) := x
