# METADATA
# title: The fixture of AuthZEN's certification scenario
# description: Two users, two records, three actions; properties of the request count before those on file.
package authzen

import rego.v1

default decision := false

decision if {
	permitted[input.action.name]
}

role := object.get(input.subject, ["properties", "role"], object.get(subject_on_file, ["role"], ""))

status := object.get(input.resource, ["properties", "status"], object.get(resource_on_file, ["status"], ""))

subject_on_file := object.get(data.directory, [input.subject.type, input.subject.id], {})

resource_on_file := object.get(data.directory, [input.resource.type, input.resource.id], {})

known if {
	data.directory[input.subject.type][input.subject.id]
	data.directory[input.resource.type][input.resource.id]
}

permitted.read if known

permitted.write if {
	known
	subject_on_file.writer
	status != "archived"
}

permitted.write if {
	known
	role == "admin"
	status == "archived"
}

permitted["delete"] if {
	known
	subject_on_file.writer
	input.action.properties.soft == true
}

subjects contains id if some id, _ in data.directory[input.subject.type]

resources contains id if some id, _ in data.directory[input.resource.type]

actions := {"read", "write", "delete"}
