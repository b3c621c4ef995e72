# METADATA
# title: Argument provenance
# description: |
#   Arguments that decide who or what a call affects must come from the user or from a field that no outsider can write; otherwise a person
#   is asked. `input.action.values` says of every leaf where its value was seen. A value without a label counts as untrusted.
#   `data.site.flow` may relax single points: `{"unseen": "allow"}` lets values pass that were seen nowhere (computed ones),
#   `{"links": "allow"}` links in prose, `{"dictated": "allow"}` messages that content from outside words, `{"asked": "off"}` tools that the
#   user's words do not ask for, `{"anchor": "off"}` calls with nothing that the user said, `{"sensitive": "off"}` all other values.
package ai.flow

import data.ai.catalogue

# Asked positively everywhere: whatever has no integrity, or an unknown one, is not trusted.
trusted(item) if item.integrity in {"user", "trusted", "default"}

absent(leaf) if leaf.value == null

# METADATA
# title: Clean
# description: Every sensitive argument comes from the user or a trusted field; so does every link in a text.
clean if catalogue.reads

clean if {
	catalogue.writes
	count(untolerated) == 0
	count(unlabelled) == 0
	count(links) == 0
	count(dictated) == 0
	anchored
	asked
}

setting(name) := value if {
	value := data.site.flow[name]
} else := defaults[name]

defaults := {
	"sensitive": "on",
	"unseen": "approve",
	"links": "approve",
	"dictated": "approve",
	"asked": "on",
	"anchor": "on",
}

# Leaves of sensitive arguments that are not to be trusted.
suspects contains {"argument": name, "leaf": leaf, "code": code} if {
	catalogue.writes
	setting("sensitive") != "off"
	some name in catalogue.sensitive
	some leaf in input.action.values[name]
	not trusted(leaf)
	not absent(leaf)
	code := code_of(leaf)
}

code_of(leaf) := "unseen_argument" if {
	leaf.integrity == "unseen"
	not is_boolean(leaf.value)
} else := "untrusted_argument"

# An argument that has a value has labels, or it is not known where it comes from.
unlabelled contains name if {
	catalogue.writes
	some name in catalogue.sensitive
	not labelled(name)
}

labelled(name) if {
	is_array(input.action.values[name])
	count(input.action.values[name]) > 0
}

labelled(name) if empty(input.action.arguments[name])

empty(value) if value == []

empty(value) if value == {}

untolerated contains suspect if {
	some suspect in suspects
	not tolerated(suspect)
}

approvals contains reason if {
	some suspect in untolerated
	reason := {"code": suspect.code, "message": message(suspect), "path": suspect.leaf.path}
}

tolerated(suspect) if {
	suspect.code == "unseen_argument"
	setting("unseen") == "allow"
}

# Quantities, dates and choices may be worked out. Anything else in such an argument is not what it was described as.
tolerated(suspect) if {
	suspect.code == "unseen_argument"
	described := catalogue.entry.arguments[suspect.argument]
	described.computed == true
	plain(suspect.leaf.value, described)
}

plain(value, _) if is_number(value)

plain(value, _) if {
	is_string(value)
	regex.match(`^[0-9][0-9 T:./+Z-]{0,39}$`, value)
}

plain(value, described) if value in described.values

message(suspect) := concat("", [
	"`", trim_left(suspect.leaf.path, "/"), "` was read in content from outside, not given by the user",
]) if suspect.code == "untrusted_argument"

message(suspect) := concat("", [
	"`", trim_left(suspect.leaf.path, "/"), "` was given neither by the user nor by a trusted result",
]) if suspect.code == "unseen_argument"

approvals contains reason if {
	some name in unlabelled
	reason := {
		"code": "unlabelled_argument",
		"message": concat("", ["it is not known where `", name, "` comes from"]),
		"path": catalogue.pointer(name),
	}
}

# A text that is passed on must not point where nobody trusted pointed: links carry data out and people in.
# A mail address in a text leads nowhere by itself.
harmless(mention) if mention.kind == "email"

links contains {"leaf": leaf, "mention": mention} if {
	catalogue.writes
	setting("links") != "allow"
	some leaves in input.action.values
	some leaf in leaves
	some mention in leaf.mentions
	not harmless(mention)
	not trusted(mention)
}

approvals contains reason if {
	some link in links
	reason := {
		"code": "untrusted_link",
		"message": concat("", ["the text links to `", link.mention.value, "`, which the user did not give"]),
		"path": link.leaf.path,
	}
}

# Who words a message decides what it does. Passing a whole text on is the user's business; a part of it, taken out as a message, is what an
# outsider dictates.
dictated contains leaf if {
	catalogue.writes
	setting("dictated") != "allow"
	count(catalogue.entry.readers) > 0
	some name, leaves in input.action.values
	not heading(name)
	some leaf in leaves
	leaf.dictated == true
}

heading(name) if catalogue.entry.arguments[name].message == false

approvals contains reason if {
	some leaf in dictated
	reason := {
		"code": "dictated_text",
		"message": concat("", ["`", trim_left(leaf.path, "/"), "` repeats words from the middle of content from outside"]),
		"path": leaf.path,
	}
}

# METADATA
# title: Asked
# description: |
#   The user said one of the verbs that the catalogue gives the tool, or it gives none: deleting, sending and inviting are asked for.
asked if input.action.asked == true

asked if not catalogue.entry.verbs

asked if setting("asked") == "off"

approvals contains {"code": "unasked", "message": "the user did not ask for anything like it"} if {
	catalogue.writes
	not asked
}

# METADATA
# title: Anchored
# description: Something in the call was said by the user, or by a field that no outsider can write.
anchored if {
	some leaves in input.action.values
	some leaf in leaves
	leaf.integrity in {"user", "trusted"}
}

anchored if setting("anchor") == "off"

approvals contains reason if {
	catalogue.writes
	not anchored
	reason := {"code": "unanchored", "message": "nothing in this call was said by the user"}
}
