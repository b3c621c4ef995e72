# METADATA
# title: Tool pinning
# description: |
#   A tool whose definition is not the one that was reviewed is denied, and so is one whose name another server shows too. Hashes come from
#   the enforcement point (`input.tool.definition`, `.set`), pins from the catalogue (`definition` of a tool, `sets` of a server).
#   `data.site.pinning` is `{"required": true}` where the enforcement point always knows definitions.
package ai.pinning

import data.ai.catalogue
import data.ai.resources

pinned if catalogue.entry.definition

required if data.site.pinning.required == true

same_definition if input.tool.definition == catalogue.entry.definition

same_server if catalogue.entry.server == input.tool.server

same_set(pin) if input.tool.set == pin

unchanged if same_definition

# Resources and prompts have no definition that a model reads.
unchanged if resources.asked

unchanged if {
	not required
	not input.tool.definition
}

unchanged if {
	not required
	not pinned
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "tool_changed", "message": "the tool's definition is not the one that was reviewed"} if {
	catalogue.known
	not unchanged
}

denials contains {"code": "tool_set_changed", "message": "the server shows other tools than those that were reviewed"} if {
	pin := data.site.catalogue.sets[input.tool.server]
	data.site.pinning.set == true
	not resources.asked
	not same_set(pin)
}

denials contains {"code": "tool_shadowed", "message": "another server shows a tool of the same name"} if {
	input.tool.shadowed == true
}

denials contains {"code": "tool_shadowed", "message": "the catalogue knows this tool from another server"} if {
	catalogue.entry.server
	not same_server
}
