package partial

import rego.v1

names contains name if some name in input.names

by_name[name] := i if some i, name in input.names

tree[x].kind := "leaf" if some x in input.leaves

tree.root.children contains x if some x in input.leaves

known if names[input.name]

place := by_name.bob
