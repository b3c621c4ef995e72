# METADATA
# title: Confidentiality
# description: |
#   Private content (labels in `confidentiality`) may reach those whom the user named, and those that `data.site.readers[label]` lists.
#   Who will read what a call gives away is in the arguments that its catalogue entry lists under `readers`; a tool with `"open": true`
#   gives it to everybody. An address that is fetched (`"url": true`) must not carry private content either, reading tools included.
package ai.sinks

import data.ai.catalogue

is_sink if count(catalogue.entry.readers) > 0

is_sink if catalogue.entry.open == true

# Whoever fetches an address tells its host what is in it.
is_sink if count(addresses) > 0

addresses contains name if {
	some name, argument in catalogue.entry.arguments
	argument.url == true
	name in object.keys(input.action.arguments)
}

# Labels of private content in the call, with a place.
carried contains {"label": label, "path": object.get(leaf, "path", "")} if {
	some leaves in input.action.values
	some leaf in leaves
	some label in leaf.confidentiality
}

readers contains leaf if {
	some name in catalogue.entry.readers
	some leaf in input.action.values[name]
	not absent(leaf)
}

absent(leaf) if leaf.value == null

may_read(leaf, _) if leaf.integrity == "user"

may_read(leaf, label) if leaf.value in data.site.readers[label]

public(label) if "*" in data.site.readers[label]

may_read(_, label) if public(label)

# METADATA
# title: Clean
# description: Nothing private reaches somebody who may not read it.
clean if not is_sink

clean if {
	is_sink
	count(leaks) == 0
	count(hidden) == 0
}

leaks contains item if {
	is_sink
	some item in carried
	some reader in readers
	not may_read(reader, item.label)
}

leaks contains item if {
	catalogue.entry.open == true
	some item in carried
	not public(item.label)
}

leaks contains item if {
	some name in addresses
	some leaf in input.action.values[name]
	some label in leaf.confidentiality
	not public(label)
	item := {"label": label, "path": leaf.path}
}

approvals contains reason if {
	some item in leaks
	reason := {
		"code": "private_to_sink",
		"message": concat("", ["content labelled `", item.label, "` would reach somebody the user did not name"]),
		"path": item.path,
	}
}

# Whoever encodes private content before giving it away is hiding it.
hidden contains {"leaf": leaf, "encoding": encoding} if {
	is_sink
	some leaves in input.action.values
	some leaf in leaves
	some encoding in leaf.encoded
}

approvals contains reason if {
	some item in hidden
	reason := {
		"code": "encoded_private",
		"message": concat("", ["private content would leave encoded as ", item.encoding]),
		"path": item.leaf.path,
	}
}
