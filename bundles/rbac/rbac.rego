# METADATA
# title: Role-based access control
# description: |
#   `input` is `{"user", "action", "resource"}`. A user holds the roles bound to them and all that those inherit; a role grants actions on
#   resources, which are slash paths with `*` for one segment and `**` for any number.
package rbac

# METADATA
# title: Allow
# entrypoint: true
default allow := false

allow if count(grounds) > 0

# METADATA
# title: Held
# description: The roles of the user, inherited ones included. A circle of inheritance does no harm.
held := graph.reachable(inheritance, bound)

bound := {role | some role in data.rbac.bindings[input.user]}

inheritance[name] := object.get(role, "inherits", []) if some name, role in data.rbac.roles

# METADATA
# title: Grounds
# description: Which role grants what was asked for, and by which of its grants.
# entrypoint: true
grounds contains {"role": role, "grant": i} if {
	some role in held
	some i, grant in data.rbac.roles[role].grants
	some action in grant.actions
	matches_action(action)
	some resource in grant.resources
	glob.match(resource, ["/"], input.resource)
}

matches_action("*")

matches_action(action) if action == input.action
