# METADATA
# title: Paths
# description: |
#   Every path argument must lead into the task's folder. A policy cannot follow symlinks, so the enforcement point resolves each path
#   argument and reports it under `input.action.properties.paths` as `{"pointer", "given", "real"}`: where the argument stands (JSON
#   pointer), what it says, and the absolute path with links and `..` resolved. `real` is absent when that could not be told.
#   `input.task.folder` is an absolute, resolved path as well.
package ai.paths

import data.ai.catalogue
import data.ai.tools

# METADATA
# title: Contained
# description: Each path argument of the call was resolved and leads into the task's folder.
contained if {
	is_object(input.action.arguments)
	folder
	count(unresolved) == 0
	count(outside) == 0
}

# METADATA
# title: Inside
# description: Whether a resolved path is the folder or lies below it.
inside(path, path)

inside(path, dir) if startswith(path, concat("", [trim_right(dir, "/"), "/"]))

folder := input.task.folder if {
	is_string(input.task.folder)
	input.task.folder != ""
}

names contains name if some name in tools.entry.paths

names contains name if some name in catalogue.path_arguments

# Pointers of all path arguments in the call, with what the argument says.
arguments[pointer] := value if {
	some name in names
	value := input.action.arguments[name]
	not is_array(value)
	pointer := concat("", ["/", name])
}

arguments[pointer] := value if {
	some name in names
	some i, value in input.action.arguments[name]
	is_array(input.action.arguments[name])
	pointer := concat("", ["/", name, "/", format_int(i, 10)])
}

# A report counts only when it is about the very text that the tool will get.
resolved[pointer] contains report.real if {
	some pointer, value in arguments
	some report in input.action.properties.paths
	report.pointer == pointer
	report.given == value
	is_string(report.real)
	not ".." in split(report.real, "/")
}

unresolved contains pointer if {
	some pointer, _ in arguments
	not resolved[pointer]
}

outside contains pointer if {
	some pointer, reals in resolved
	some real in reals
	not inside(real, folder)
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "no_task_folder", "message": "the task has no folder"} if not folder

denials contains reason if {
	some pointer in unresolved
	reason := {
		"code": "path_unresolved",
		"message": "it cannot be told where the path leads",
		"path": pointer,
	}
}

denials contains reason if {
	some pointer in outside
	reason := {
		"code": "path_outside_folder",
		"message": "the path leads out of the task's folder",
		"path": pointer,
	}
}
