package ai.programs_test

import data.ai.programs

tools := {"run": {"read_only": false, "arguments": {
	"command": {"program": "shell"},
	"sql": {"program": "sql:postgresql"},
	"request": {"program": "http"},
	"code": {"program": "code"},
}}}

question(name, parsed, integrity) := {
	"tool": {"name": "run"},
	"action": {
		"arguments": {name: "text"},
		"values": {name: [{"path": concat("", ["/", name]), "value": "text", "integrity": integrity}]},
		"parsed": {name: parsed},
	},
}

found(document, settings) := object.union(denied(document, settings), asked(document, settings))

denied(document, settings) := {reason.code: "deny" | some reason in codes_of_denials(document, settings)}

asked(document, settings) := {reason.code: "approve" | some reason in codes_of_approvals(document, settings)}

codes_of_denials(document, settings) := reasons if {
	reasons := programs.denials with input as document
		with data.site as {"catalogue": {"tools": tools}, "programs": settings}
}

codes_of_approvals(document, settings) := reasons if {
	reasons := programs.approvals with input as document
		with data.site as {"catalogue": {"tools": tools}, "programs": settings}
}

shell(commands, redirects) := {"language": "shell", "commands": commands, "redirects": redirects}

ls := {"name": "ls", "arguments": ["-l"], "dynamic": false}

rm := {"name": "rm", "arguments": ["-rf", "/"], "dynamic": false}

computed := {"name": null, "arguments": [], "dynamic": true}

test_what_does_not_parse_is_denied if {
	found(question("command", {"language": "shell", "error": "no"}, "user"), {}) == {"program_unparsed": "deny"}
}

test_what_nobody_parsed_is_asked_about if {
	unparsed := json.patch(question("command", {}, "user"), [{"op": "remove", "path": "/action/parsed"}])
	found(unparsed, {}) == {"program_unparsed": "approve"}
	other := question("command", {"language": "sql", "statements": []}, "user")
	found(other, {}) == {"program_unparsed": "approve"}
}

test_languages_without_parsers_are_no_business_of_this if {
	unparsed := json.patch(question("code", {}, "user"), [{"op": "remove", "path": "/action/parsed"}])
	found(unparsed, {}) == {}
}

allow := {"shell": {"allow": ["ls", "cat"]}}

test_commands_that_are_listed if {
	found(question("command", shell([ls], []), "untrusted"), allow) == {}
	found(question("command", shell([ls, rm], []), "user"), allow) == {"program_not_allowed": "deny"}
	found(question("command", shell([computed], []), "user"), allow) == {"program_not_allowed": "deny"}
}

test_redirections if {
	write := {"operator": ">", "target": "a.txt", "dynamic": false}
	found(question("command", shell([ls], [write]), "user"), allow) == {"program_not_allowed": "deny"}
	found(question("command", shell([ls], [write]), "user"), {"shell": {"allow": ["ls"], "redirect": true}}) == {}
	null_device := {"operator": "2>", "target": "/dev/null", "dynamic": false}
	found(question("command", shell([ls], [null_device]), "user"), allow) == {}
	read := {"operator": "<", "target": "a.txt", "dynamic": false}
	found(question("command", shell([ls], [read]), "user"), allow) == {}
	copied := {"operator": ">&", "target": "1", "dynamic": false}
	found(question("command", shell([ls], [copied]), "user"), allow) == {}
}

test_without_a_list_the_user_wrote_it_or_is_asked if {
	found(question("command", shell([rm], []), "user"), {}) == {}
	found(question("command", shell([rm], []), "untrusted"), {}) == {"program_writes": "approve"}
}

statement(kind, writes, tables, unbounded) := {"language": "sql", "statements": [{
	"kind": kind,
	"writes": writes,
	"tables": tables,
	"unbounded": unbounded,
}]}

test_sql_that_reads if {
	found(question("sql", statement("select", false, ["notes"], false), "untrusted"), {}) == {}
	only := {"sql": {"read": ["notes"]}}
	found(question("sql", statement("select", false, ["users"], false), "user"), only) == {"program_not_allowed": "deny"}
	found(question("sql", statement("select", false, ["notes"], false), "user"), only) == {}
}

test_sql_that_writes if {
	update := statement("update", true, ["notes"], false)
	found(question("sql", update, "user"), {}) == {}
	found(question("sql", update, "unseen"), {}) == {"program_writes": "approve"}
	found(question("sql", update, "unseen"), {"sql": {"write": ["notes"]}}) == {}
	found(question("sql", update, "user"), {"sql": {"write": []}}) == {"program_not_allowed": "deny"}
	nameless := statement("call", true, [], false)
	found(question("sql", nameless, "user"), {"sql": {"write": ["notes"]}}) == {"program_not_allowed": "deny"}
}

test_sql_that_empties if {
	may := {"sql": {"write": ["notes"]}}
	found(question("sql", statement("delete", true, ["notes"], true), "unseen"), may) == {"program_writes": "approve"}
	found(question("sql", statement("drop_table", true, ["notes"], false), "unseen"), may) == {"program_writes": "approve"}
}

request(method, url) := {"language": "http", "method": method, "url": url}

test_http if {
	found(question("request", request("GET", "https://example.com/"), "untrusted"), {}) == {}
	found(question("request", request("POST", "https://example.com/"), "untrusted"), {}) == {"program_writes": "approve"}
	found(question("request", request("GET", "http://169.254.169.254/"), "user"), {}) == {"url_not_allowed": "deny"}
	only := {"http": {"methods": ["GET"]}}
	found(question("request", request("PUT", "https://example.com/"), "user"), only) == {"program_not_allowed": "deny"}
}

test_absent if {
	document := json.patch(question("command", {}, "user"), [{"op": "replace", "path": "/action/arguments/command", "value": null}])
	found(document, {}) == {}
}

test_clean_says_the_same if {
	programs.clean with input as question("command", shell([rm], []), "user") with data.site as {"catalogue": {"tools": tools}}
	not programs.clean with input as question("command", shell([rm], []), "unseen")
		with data.site as {"catalogue": {"tools": tools}}
}
