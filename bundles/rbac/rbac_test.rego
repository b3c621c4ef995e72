package rbac_test

import data.rbac

bindings := {"alice": ["admin"], "bob": ["auditor"], "carol": ["engineer"]}

roles := {
	"admin": {"grants": [{"actions": ["*"], "resources": ["**"]}]},
	"auditor": {"grants": [{"actions": ["read"], "resources": ["logs/**"]}]},
	"engineer": {
		"inherits": ["viewer"],
		"grants": [{"actions": ["write"], "resources": ["services/*"]}],
	},
	"viewer": {
		"inherits": ["engineer"],
		"grants": [{"actions": ["read"], "resources": ["services/**"]}],
	},
}

# OPA compiles whatever depends on an entrypoint as one more entrypoint, which a function cannot be: hence a table, not a helper.
test_allow[note] if {
	some note, case in {
		"an admin may do anything": ["alice", "delete", "services/billing/keys", true],
		"a grant reaches below": ["bob", "read", "logs/2026/11", true],
		"a grant is for its actions only": ["bob", "write", "logs/2026/11", false],
		"one star is one segment": ["carol", "write", "services/billing", true],
		"one star is not two segments": ["carol", "write", "services/billing/keys", false],
		"roles are inherited, in a circle too": ["carol", "read", "services/billing/keys", true],
		"a stranger may do nothing": ["mallory", "read", "services/billing", false],
	}
	[user, action, resource, expected] := case
	allowed := rbac.allow with input as {"user": user, "action": action, "resource": resource}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
	allowed == expected
}

test_held_roles if {
	rbac.held == {"engineer", "viewer"} with input as {"user": "carol"}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
}

test_nothing_is_allowed_without_input if {
	not rbac.allow with input as {} with data.rbac.bindings as bindings with data.rbac.roles as roles
}

test_grounds_name_role_and_grant if {
	grounds := rbac.grounds with input as {"user": "bob", "action": "read", "resource": "logs/today"}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
	grounds == {{"role": "auditor", "grant": 0}}
}
