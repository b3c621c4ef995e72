# METADATA
# title: Resources and prompts
# description: |
#   Reading a resource (`resources/read`) and getting a prompt (`prompts/get`) of an MCP server are actions of their own, decided like calls of
#   tools that only read. `input.action.name` is the method and so is `input.tool.name`; `input.action.arguments` is `{"uri"}` or `{"name",
#   "arguments"}`. `data.site.catalogue.reads[server]` is `{"resources": [URIs], "prompts": [names]}`; a URI may end in `*`. A `file:` URI must
#   lead into the task's folder like any path, one of the web to a public, listed host like any URL. What is not listed is denied.
package ai.resources

methods := {"resources/read", "prompts/get"}

# METADATA
# title: Asked
# description: The action is one of these methods, and nothing says that it is something else.
asked if {
	input.action.name in methods
	input.tool.name == input.action.name
}

# METADATA
# title: Confused
# description: A tool that is called like a method, or a method in the name of a tool.
confused if {
	input.action.name in methods
	not asked
}

confused if {
	input.tool.name in methods
	not asked
}

# METADATA
# title: Entry
# description: What stands in place of a tool's entry in the catalogue.
entry := {"read_only": true, "arguments": arguments} if {
	asked
	listed
}

arguments := {"uri": {"required": true, "path": is_file, "url": is_web}} if input.action.name == "resources/read"

arguments := {"name": {"required": true}, "arguments": {}} if input.action.name == "prompts/get"

default is_file := false

is_file if startswith(lower(input.action.arguments.uri), "file:")

default is_web := false

is_web if regex.match(`^(?i:https?):`, input.action.arguments.uri)

# METADATA
# title: Listed
# description: The catalogue lists the resource or the prompt for this server.
listed if {
	input.action.name == "prompts/get"
	is_string(input.action.arguments.name)
	input.action.arguments.name in lists.prompts
}

listed if {
	input.action.name == "resources/read"
	is_string(input.action.arguments.uri)
	some pattern in lists.resources
	fits(pattern, input.action.arguments.uri)
}

lists := data.site.catalogue.reads[input.tool.server]

fits(uri, uri) if not endswith(uri, "*")

fits(pattern, uri) if {
	endswith(pattern, "*")
	startswith(uri, trim_suffix(pattern, "*"))
	plain(uri)
}

# Whoever reads a URI may resolve dots and decode what is encoded: what leads back out of a prefix has to be seen.
plain(uri) if {
	regex.match(`^[a-z][a-z0-9+.-]*:[^\\\x00-\x20\x7f]*$`, uri)
	not regex.match(`(?i)(^|[/:?#&=;])(\.|%2e){1,2}([/?#&;]|$)`, uri)
	not regex.match(`(?i)%(2f|5c|25|00|0a|0d)`, uri)
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "not_listed", "message": "the catalogue lists no such resource or prompt of this server"} if {
	asked
	not listed
}

denials contains {"code": "unknown_tool", "message": "a tool must not be called like a method of the protocol"} if confused
