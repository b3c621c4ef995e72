# METADATA
# title: Programs
# description: |
#   Arguments that the catalogue says are programs (`"program": "shell" | "sql" | "http"`) are judged by what they would do: the enforcement point
#   parses them into `input.action.parsed`. What does not parse is denied; where nobody could parse it, a person is asked. `data.site.programs`
#   is `{"shell": {"allow": [commands], "redirect": bool}, "sql": {"write": [tables], "read": [tables]}, "http": {"methods": [names]}}`; a
#   language without an entry is asked about where it writes and the user did not write the program.
package ai.programs

import data.ai.catalogue
import data.ai.urls

languages := {"shell", "sql", "http"}

language(argument) := split(argument.program, ":")[0]

# Arguments in this call that are programs in a language with parsers.
given[name] := language(argument) if {
	some name, argument in catalogue.entry.arguments
	language(argument) in languages
	name in object.keys(input.action.arguments)
	not absent(name)
}

absent(name) if input.action.arguments[name] == null

# METADATA
# title: Read
# description: The programs that were parsed, by argument.
read[name] := parsed if {
	some name, kind in given
	parsed := input.action.parsed[name]
	parsed.language == kind
	not parsed.error
}

failed contains name if {
	some name, _ in given
	input.action.parsed[name].error
}

unread contains name if {
	some name, _ in given
	not read[name]
	not name in failed
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if {
	some name in failed
	reason := {
		"code": "program_unparsed",
		"message": concat("", ["the ", given[name], " program in `", name, "` cannot be read"]),
		"path": catalogue.pointer(name),
	}
}

denials contains reason if {
	some name, what in forbidden
	reason := {
		"code": "program_not_allowed",
		"message": concat("", ["the program in `", name, "` would ", concat(", ", sort(what)), ", which is not allowed here"]),
		"path": catalogue.pointer(name),
	}
}

denials contains reason if {
	some name, parsed in read
	parsed.language == "http"
	not urls.allowed(parsed.url)
	reason := {
		"code": "url_not_allowed",
		"message": "the request goes to a private or local address, or to one that is not listed",
		"path": catalogue.pointer(name),
	}
}

shell := data.site.programs.shell

sql := data.site.programs.sql

http := data.site.programs.http

forbidden[name] contains concat("", ["run `", shown(command), "`"]) if {
	some name, parsed in read
	some command in parsed.commands
	shell.allow
	not runs(command)
}

forbidden[name] contains "write to a file" if {
	some name, parsed in read
	shell.allow
	not shell.redirect == true
	some redirect in parsed.redirects
	contains(redirect.operator, ">")
	not harmless(redirect)
}

forbidden[name] contains concat("", [statement.kind, " in `", table, "`"]) if {
	some name, parsed in read
	some statement in parsed.statements
	statement.writes == true
	sql.write
	some table in named(statement)
	not table in sql.write
}

forbidden[name] contains concat("", ["read `", table, "`"]) if {
	some name, parsed in read
	some statement in parsed.statements
	not statement.writes == true
	sql.read
	some table in statement.tables
	not table in sql.read
}

forbidden[name] contains concat("", ["use ", parsed.method]) if {
	some name, parsed in read
	parsed.language == "http"
	http.methods
	not parsed.method in http.methods
}

runs(command) if command.name in shell.allow

shown(command) := command.name if is_string(command.name)

shown(command) := "a computed command" if not is_string(command.name)

harmless(redirect) if {
	redirect.target == "/dev/null"
	not redirect.dynamic == true
}

harmless(redirect) if {
	endswith(redirect.operator, "&")
	redirect.target in {"1", "2"}
}

# A statement that writes and names no table that could be told writes to an unknown one.
named(statement) := {table | some table in statement.tables} if count(statement.tables) > 0

named(statement) := {"(unknown)"} if count(statement.tables) == 0

# --- asking -------------------------------------------------------------------------------------------------------------------------

# METADATA
# title: Clean
# description: Nothing here asks for a person.
clean if count(asking) == 0

asking[name] := "program_unparsed" if some name in unread

asking[name] := "program_writes" if {
	some name, parsed in read
	changes(parsed)
	not by_user(name)
}

changes(parsed) if {
	parsed.language == "shell"
	not shell.allow
}

changes(parsed) if {
	some statement in parsed.statements
	statement.writes == true
	not sql.write
}

# Everything in a table goes: that is asked about even where writing is allowed.
changes(parsed) if {
	some statement in parsed.statements
	statement.unbounded == true
}

changes(parsed) if {
	some statement in parsed.statements
	statement.kind in {"drop_table", "drop_schema", "drop_database", "truncate"}
}

changes(parsed) if {
	parsed.language == "http"
	not parsed.method in {"GET", "HEAD", "OPTIONS"}
	not http.methods
}

by_user(name) if {
	count(input.action.values[name]) > 0
	every leaf in input.action.values[name] {
		leaf.integrity == "user"
	}
}

messages := {
	"program_unparsed": "nobody here can read what the program does",
	"program_writes": "the program may change something, and the user did not write it",
}

approvals contains {"code": code, "message": messages[code], "path": catalogue.pointer(name)} if some name, code in asking
