package ai.pinning_test

import data.ai.pinning

site := {"catalogue": {
	"sets": {"bank": "sha256:set"},
	"tools": {
		"pay": {"read_only": false, "server": "bank", "definition": "sha256:pay", "arguments": {}},
		"look": {"read_only": true, "arguments": {}},
	},
}}

shown(tool, more) := {"tool": object.union({"name": tool, "server": "bank"}, more)}

codes(document, settings) := found if {
	found := {reason.code | some reason in pinning.denials} with input as document
		with data.site as object.union(site, settings)
}

test_the_reviewed_definition if codes(shown("pay", {"definition": "sha256:pay"}), {}) == set()

test_another_definition if codes(shown("pay", {"definition": "sha256:new"}), {}) == {"tool_changed"}

test_no_definition if {
	codes(shown("pay", {}), {}) == set()
	codes(shown("pay", {}), {"pinning": {"required": true}}) == {"tool_changed"}
}

test_no_pin if {
	codes(shown("look", {"definition": "sha256:any"}), {}) == set()
	codes(shown("look", {"definition": "sha256:any"}), {"pinning": {"required": true}}) == {"tool_changed"}
}

test_shadows if {
	codes(shown("pay", {"definition": "sha256:pay", "shadowed": true}), {}) == {"tool_shadowed"}
	codes({"tool": {"name": "pay", "server": "evil", "definition": "sha256:pay"}}, {}) == {"tool_shadowed"}
}

test_sets if {
	whole := {"pinning": {"set": true}}
	codes(shown("pay", {"definition": "sha256:pay", "set": "sha256:set"}), whole) == set()
	codes(shown("pay", {"definition": "sha256:pay", "set": "sha256:more"}), whole) == {"tool_set_changed"}
	codes(shown("pay", {"definition": "sha256:pay", "set": "sha256:more"}), {}) == set()
}
