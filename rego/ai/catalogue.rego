# METADATA
# title: Tool catalogue
# description: |
#   What people know about tools, `data.site.catalogue` (`reeve catalogue init` writes a first one). A tool or an argument that it does not
#   describe is denied: an argument nobody described could be one that nobody checked. Whatever is not said to only read is held to write.
package ai.catalogue

import data.ai.resources

# METADATA
# title: Entry
# description: What the catalogue says of the tool that is called, or of the resource or prompt that is asked for.
entry := data.site.catalogue.tools[input.tool.name] if {
	not resources.asked
	not resources.confused
}

entry := resources.entry if resources.asked

known if is_object(entry)

reads if entry.read_only == true

writes if {
	known
	not reads
}

# METADATA
# title: Well formed
# description: The tool is known, so is each of its arguments, and those that it requires are there.
well_formed if {
	known
	is_object(input.action.arguments)
	count(unknown_arguments) == 0
	count(missing_arguments) == 0
}

unknown_arguments contains name if {
	some name, _ in input.action.arguments
	not entry.arguments[name]
}

missing_arguments contains name if {
	some name, argument in entry.arguments
	argument.required == true
	not name in object.keys(input.action.arguments)
}

# METADATA
# title: Sensitive
# description: Names of the arguments in this call that decide who or what is affected. Those that just repeat the schema's default are left out.
sensitive contains name if {
	some name, argument in entry.arguments
	argument.sensitive == true
	name in object.keys(input.action.arguments)
}

# METADATA
# title: Path arguments
# description: Names of the arguments in this call that are paths.
path_arguments contains name if {
	some name, argument in entry.arguments
	argument.path == true
	name in object.keys(input.action.arguments)
}

# METADATA
# title: Result labels
# description: Integrity of what the call returns, by path. What no path names is untrusted.
result_labels[""] := "untrusted" if not "" in trusted_results

result_labels[path] := "trusted" if some path in trusted_results

trusted_results contains path if some path in entry.results.trusted

# METADATA
# title: Pointer
# description: JSON pointer of an argument (RFC 6901, section 3).
pointer(name) := concat("", ["/", replace(replace(name, "~", "~0"), "/", "~1")])

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "unknown_tool", "message": "the tool is not in the catalogue"} if {
	not known
	not resources.asked
}

denials contains {"code": "malformed_arguments", "message": "the arguments are not an object"} if {
	known
	not is_object(input.action.arguments)
}

denials contains reason if {
	known
	some name in unknown_arguments
	reason := {
		"code": "unknown_argument",
		"message": concat("", ["the catalogue does not describe the argument `", name, "`"]),
		"path": pointer(name),
	}
}

denials contains reason if {
	known
	some name in missing_arguments
	reason := {
		"code": "missing_argument",
		"message": concat("", ["the tool requires the argument `", name, "`"]),
		"path": pointer(name),
	}
}
