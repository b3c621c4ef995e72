# METADATA
# title: Identity
# description: |
#   Who acts must be proven. The enforcement point verifies the token and writes `input.agent.identity`; what an AI agent says about itself
#   never ends up there.
package ai.identity

# METADATA
# title: Verified
# description: The AI agent's identity was verified, and the agent and the person it acts for are named.
verified if {
	input.agent.identity.verified == true
	named(input.agent.id)
	named(input.subject.id)
}

named(id) if {
	is_string(id)
	id != ""
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "identity_unverified", "message": message} if not verified

default message := "the identity of the AI agent is not verified"

message := concat(": ", ["the identity of the AI agent is not verified", input.agent.identity.reason])
