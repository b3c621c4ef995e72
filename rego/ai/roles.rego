# METADATA
# title: Roles
# description: |
#   The person on whose behalf an AI agent acts must hold a role whose `tools` (`data.site.roles[role].tools`) name the tool. A role may ask for
#   attributes as well: with `"when": {"department": ["finance"]}` it counts only for a person whose attribute has one of the values.
package ai.roles

# METADATA
# title: Permitted
# description: One of the person's roles permits the tool.
permitted if {
	some role in input.subject.properties.roles
	input.tool.name in data.site.roles[role].tools
	applies(data.site.roles[role])
}

applies(role) if not role.when

applies(role) if {
	is_object(role.when)
	every name, values in role.when {
		input.subject.properties[name] in values
	}
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if {
	not permitted
	reason := {
		"code": "tool_not_permitted",
		"message": concat("", ["no role of ", subject, " permits the tool `", tool, "`"]),
	}
}

default subject := "the subject"

subject := concat("", ["`", input.subject.id, "`"])

default tool := "unknown"

tool := input.tool.name if is_string(input.tool.name)
