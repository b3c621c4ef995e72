# METADATA
# title: Roles
# description: |
#   The person on whose behalf an AI agent acts must hold a role whose `tools` (`data.site.roles[role].tools`) name the tool.
package ai.roles

# METADATA
# title: Permitted
# description: One of the person's roles permits the tool.
permitted if {
	some role in input.subject.properties.roles
	input.tool.name in data.site.roles[role].tools
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
