# METADATA
# title: Delegation and revocation
# description: |
#   Who acts for whom, hop by hop (`input.delegation`, written by the enforcement point from tokens that it verified), and who may not act any
#   more. `data.site.delegation` is `{"max_depth": N, "required": bool}`: each hop is verified, starts where the last one ended, leads from the
#   subject to the AI agent, is not expired and covers the tool where it has a scope. `data.site.revoked` is `{"agents": [ids], "subjects":
#   [ids], "tasks": [ids]}`: the switch that stops one at once, wherever in the chain it stands.
package ai.delegation

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "revoked", "message": concat("", ["this ", kind, " may not act any more"])} if some kind in revoked

denials contains {"code": "delegation_unverified", "message": "a hop of the delegation is not verified"} if {
	checked
	some hop in hops
	not sound(hop)
}

denials contains {"code": "delegation_broken", "message": "the delegation does not lead from the person to this AI agent"} if {
	checked
	count(hops) > 0
	not connected
}

denials contains {"code": "delegation_too_deep", "message": "the delegation has too many hops"} if {
	checked
	not shallow
}

denials contains {"code": "delegation_missing", "message": "the AI agent shows no delegation"} if {
	data.site.delegation.required == true
	count(hops) == 0
}

denials contains {"code": "delegation_scope", "message": "a hop of the delegation does not cover this tool"} if {
	checked
	some hop in hops
	hop.scope
	not covers(hop)
}

# METADATA
# title: Parties
# description: Everybody by whom the request came here. Who may not act, or not approve, may not do so through another either.
parties contains input.agent.id

parties contains input.subject.id

parties contains hop.from if some hop in hops

parties contains hop.to if some hop in hops

# METADATA
# title: Clean
# description: Nobody is revoked, and the delegation holds.
clean if {
	count(revoked) == 0
	holds
}

holds if not checked

holds if {
	count(denials) == 0
	shallow
	every hop in hops {
		sound(hop)
	}
}

checked if data.site.delegation

default hops := []

hops := input.delegation if is_array(input.delegation)

# Malformed is as good as unverified.
hops := [{"verified": false}] if {
	input.delegation
	not is_array(input.delegation)
}

sound(hop) if {
	hop.verified == true
	unexpired(hop)
}

unexpired(hop) if not hop.exp

unexpired(hop) if time.parse_rfc3339_ns(hop.exp) > time.parse_rfc3339_ns(input.context.time)

connected if {
	hops[0].from == input.subject.id
	hops[count(hops) - 1].to == input.agent.id
	every i, hop in hops {
		follows(i, hop)
	}
}

follows(0, _)

follows(i, hop) if hops[i - 1].to == hop.from

shallow if not data.site.delegation.max_depth

shallow if count(hops) <= data.site.delegation.max_depth

covers(hop) if input.tool.name in hop.scope

covers(hop) if {
	some pattern in hop.scope
	endswith(pattern, "*")
	startswith(input.tool.name, trim_suffix(pattern, "*"))
}

revoked contains "AI agent" if {
	some id in parties
	id in data.site.revoked.agents
}

revoked contains "person" if {
	some id in parties
	id in data.site.revoked.subjects
}

revoked contains "task" if input.task.id in data.site.revoked.tasks
