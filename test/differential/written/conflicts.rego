# For every rule: two answers or more, for some inputs. Which of them OPA calls the conflict depends on the order in which its index tries rules.
package p

import future.keywords.or

a1 := 1 if input.x == 1

a1 := 2

a1 := 3 if input.b

a2 := 1 if input.b == 1

a2 := 2 if input.x == 1

a2 := 3 if input.x == 1

a2 := 4 if input.c

a3 := 1 if input.x

a3 := 2 if {
	input.x == 1
	input.b == 1
}

a3 := 3 if input.b

a3 := 4 if input.x == "a"

a4 := 1 if input.x == "a"

else := 2 if input.b == 1

a4 := 3 if input.b == 1

else := 4

a4 := 5 if input.c

b1 := 1 if input.x in {1, "a"}

b1 := 2 if {
	input.x == 1
	input.b == 1
}

b1 := 3 if input.x in {1, "a", "a.b"}

b1 := 4 if input.b == 1

b2 := 1 if input.x == [1, 2]

b2 := 2 if input.x = [_, 2]

b2 := 3 if input.x = [1, _]

b2 := 4 if input.x[_] == 1

b3 := 1 if {
	is_string(input.x)
	glob.match("*:b", [":"], input.x)
}

b3 := 2 if input.x == "x:b"

b3 := 3 if input.x

b3 := 4 if is_string(input.x)

b4 := 1 if input.b == 1 or input.x == 1

b4 := 2 if input.x == 1

b4 := 3 if input.b == 1

c1(x) := 1 if x == 1

c1(_) := 2

c1(x) := 3 if {
	x == 1
	input.b == 1
}

c2 := c1(input.x)

c3[input.x] := 1 if input.b == 1

c3[input.x] := 2

c3[input.x] := 3 if input.b

c4 := 1 if {
	print(input.x)
	input.b == 1
}

c4 := 2 if input.x == 1

c4 := 3 if data.base.a == 1
