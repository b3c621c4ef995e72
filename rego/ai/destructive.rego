# METADATA
# title: Destructive actions
# description: |
#   What cannot be undone needs a person's approval, unless the user named what is to be destroyed: every sensitive argument is in the user's
#   own words, and so is a verb for it where the catalogue gives verbs. `data.site.destructive` may be `"approve"` (always ask) or `"allow"`. A catalogue entry with `"approval": true` always asks.
package ai.destructive

import data.ai.catalogue
import data.ai.flow

default mode := "named"

mode := data.site.destructive

named if {
	flow.asked
	count(catalogue.sensitive) > 0
	every name in catalogue.sensitive {
		by_user(name)
	}
}

by_user(name) if {
	count(input.action.values[name]) > 0
	every leaf in input.action.values[name] {
		leaf.integrity in {"user", "default"}
	}
}

accepted if mode == "allow"

accepted if {
	mode == "named"
	named
}

# METADATA
# title: Clean
# description: Nothing here asks for a person.
clean if {
	not destroys
	not demanded
	not repeated
}

# What the user named was named for one time.
repeated if {
	catalogue.entry.destructive == true
	mode != "allow"
	some call in input.session.calls
	call.digest == input.action.digest
	call.status in {"reserved", "committed", "unreported"}
}

approvals contains {"code": "repeated", "message": "the same has been done in this task already"} if repeated

demanded if catalogue.entry.approval == true

destroys if {
	catalogue.entry.destructive == true
	not accepted
}

approvals contains {"code": "destructive", "message": "this cannot be undone"} if destroys

approvals contains {"code": "approval_required", "message": "a person must approve each call of this tool"} if {
	catalogue.entry.approval == true
}
