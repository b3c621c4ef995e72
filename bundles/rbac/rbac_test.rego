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

allowed(user, action, resource) if {
	rbac.allow with input as {"user": user, "action": action, "resource": resource}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
}

test_admin_may_do_anything if allowed("alice", "delete", "services/billing/keys")

test_grant_reaches_below if allowed("bob", "read", "logs/2026/11")

test_grant_is_for_its_actions_only if not allowed("bob", "write", "logs/2026/11")

test_one_star_is_one_segment if {
	allowed("carol", "write", "services/billing")
	not allowed("carol", "write", "services/billing/keys")
}

test_roles_are_inherited_in_a_circle if {
	allowed("carol", "read", "services/billing/keys")
	rbac.held == {"engineer", "viewer"} with input as {"user": "carol"}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
}

test_stranger_may_nothing if not allowed("mallory", "read", "services/billing")

test_nothing_is_allowed_without_input if {
	not rbac.allow with input as {} with data.rbac.bindings as bindings with data.rbac.roles as roles
}

test_grounds_name_role_and_grant if {
	grounds := rbac.grounds with input as {"user": "bob", "action": "read", "resource": "logs/today"}
		with data.rbac.bindings as bindings
		with data.rbac.roles as roles
	grounds == {{"role": "auditor", "grant": 0}}
}
