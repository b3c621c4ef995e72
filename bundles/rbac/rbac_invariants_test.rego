# METADATA
# title: What role-based access control must never do
package rbac_invariants

model := {
	"bindings": {"ann": ["lead"], "bob": ["writer"], "eve": []},
	"roles": {
		"lead": {"inherits": ["writer"], "grants": [{"actions": ["*"], "resources": ["teams/*"]}]},
		"writer": {"inherits": ["reader", "lead"], "grants": [{"actions": ["write"], "resources": ["docs/*"]}]},
		"reader": {"grants": [{"actions": ["read"], "resources": ["docs/**"]}]},
		"root": {"grants": [{"actions": ["*"], "resources": ["**"]}]},
	},
}

allowed if data.rbac.allow with data.rbac.bindings as model.bindings with data.rbac.roles as model.roles

# METADATA
# title: Nobody without a role may do anything
invariant_bound if input.user in {"ann", "bob"}

assume_bound if allowed

# METADATA
# title: Nothing outside what somebody's roles name
invariant_resources if {
	is_string(input.resource)
	regex.match(`^(docs/|teams/[^/]*$)`, input.resource)
}

assume_resources if allowed

# METADATA
# title: Below documents only reading
invariant_write_depth if input.action == "read"

assume_write_depth if {
	allowed
	regex.match(`^docs/.*/`, input.resource)
}

# METADATA
# title: Only actions that some role grants on documents
invariant_actions if input.action in {"read", "write"}

assume_actions if {
	allowed
	startswith(input.resource, "docs/")
}

# METADATA
# title: A decision is true or false
invariant_total if {
	decision := data.rbac.allow with data.rbac.bindings as model.bindings with data.rbac.roles as model.roles
	is_boolean(decision)
}
