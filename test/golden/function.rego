package function

import rego.v1

default size(_) := "unknown"

size([x, y]) := x * y

size({"side": x}) := x * x

same(x, x)

answer := [size(input.shape), same(1, input.n)]
