# METADATA
# title: Tools
# description: |
#   The catalogue of tools, `data.site.tools[name]`:
#   `{"kind": "read" | "write", "paths": [...], "options": [...], "approval": bool}`. `paths` names the arguments that are paths (a string or
#   a list of them), `options` the other ones. A tool or an argument that is not in the catalogue is denied: an argument nobody described
#   could be a path nobody checked. Resources are read like files by a tool: `"resources/read": {"kind": "read", "paths": ["uri"], "options": []}`,
#   prompts by `"prompts/get"` with the options `name` and `arguments`; without such an entry they are denied.
package ai.tools

import data.ai.resources

# METADATA
# title: Entry
# description: What the catalogue says of the tool that is called.
entry := data.site.tools[input.tool.name] if not resources.confused

known if is_object(entry)

reads if entry.kind == "read"

# Whatever is not said to only read is held to write.
writes if {
	known
	not reads
}

# METADATA
# title: Well formed
# description: The tool is known, and so is each of its arguments.
well_formed if {
	known
	is_object(input.action.arguments)
	count(unknown_arguments) == 0
}

unknown_arguments contains name if {
	some name, _ in input.action.arguments
	not name in described
}

described := {name | some name in entry.paths} | {name | some name in entry.options}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if {
	not known
	reason := {"code": "unknown_tool", "message": "the tool is not in the catalogue"}
}

denials contains reason if {
	known
	not is_object(input.action.arguments)
	reason := {"code": "malformed_arguments", "message": "the arguments are not an object"}
}

denials contains reason if {
	known
	some name in unknown_arguments
	reason := {
		"code": "unknown_argument",
		"message": concat("", ["the catalogue does not describe the argument `", name, "`"]),
		"path": concat("", ["/", escaped(name)]),
	}
}

# RFC 6901, section 3.
escaped(name) := replace(replace(name, "~", "~0"), "/", "~1")

approvals contains reason if {
	entry.approval == true
	reason := {"code": "approval_required", "message": "a person must approve each call of this tool"}
}
