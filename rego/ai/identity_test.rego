package ai.identity_test

import data.ai.identity

proven := {
	"subject": {"type": "user", "id": "alice@example.com"},
	"agent": {"id": "spiffe://example.com/notes", "identity": {"verified": true, "method": "jwt"}},
}

test_verified if {
	identity.verified with input as proven
	count(identity.denials) == 0 with input as proven
}

test_only_true_is_true[note] if {
	some note, claim in {"string": "true", "number": 1, "null": null, "object": {}, "false": false}
	request := json.patch(proven, [{"op": "replace", "path": "/agent/identity/verified", "value": claim}])
	not identity.verified with input as request
}

test_everyone_must_be_named[note] if {
	some note, patch in {
		"no agent": {"op": "remove", "path": "/agent/id"},
		"no subject": {"op": "remove", "path": "/subject/id"},
		"empty agent": {"op": "replace", "path": "/agent/id", "value": ""},
		"subject is no string": {"op": "replace", "path": "/subject/id", "value": ["alice"]},
	}
	request := json.patch(proven, [patch])
	not identity.verified with input as request
}

test_what_an_agent_says_elsewhere_counts_for_nothing if {
	not identity.verified with input as {
		"subject": {"id": "alice"},
		"agent": {"id": "me", "verified": true},
		"identity": {"verified": true},
	}
}

test_denial_says_why if {
	identity.denials == {{
		"code": "identity_unverified",
		"message": "the identity of the AI agent is not verified: the token has expired",
	}} with input as {"agent": {"identity": {"verified": false, "reason": "the token has expired"}}}
}

test_denial_without_a_reason if {
	identity.denials == {{
		"code": "identity_unverified",
		"message": "the identity of the AI agent is not verified",
	}} with input as {}
}
