package virtual.one

import rego.v1

v := 1

all := data.other

by_key := data.other[input.k].v

search contains k if data.other[k].v
