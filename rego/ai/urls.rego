# METADATA
# title: URL containment
# description: |
#   Arguments that the catalogue marks with `"url": true` must not lead to private, local or metadata addresses, and where
#   `data.site.urls.hosts` is given, to no other host (`*.example.com` covers subdomains). What cannot be read as a URL is denied. A private or
#   local address that the user gave is asked about; the addresses where clouds keep credentials are always denied.
package ai.urls

import data.ai.catalogue

local_networks := [
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
	"192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
]

# Addresses that lead to others: IPv4 inside IPv6 (compatible, translated, NAT64), tunnels (Teredo, 6to4), and a range that was given up.
disguises := ["::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10"]

disguised(name) if {
	is_address(name)
	contains(name, ":")
	some network in disguises
	net.cidr_contains(network, name)
	not net.cidr_contains("::/127", name)
}

# IPv4 in IPv6 and in the notation of IPv4.
disguised(name) if contains(name, "::ffff:")

disguised(name) if startswith(name, "64:ff9b:")

default schemes := ["http", "https"]

schemes := data.site.urls.schemes

absent(leaf) if leaf.value == null

targets contains leaf if {
	some name, argument in catalogue.entry.arguments
	argument.url == true
	some leaf in input.action.values[name]
	not absent(leaf)
}

# METADATA
# title: Host
# description: The host of a URL in lower case, without port, brackets or a final dot; undefined for what is no plain URL.
host(url) := trim_suffix(trim(lower(parts[0][2]), "[]"), ".") if {
	parts := regex.find_all_string_submatch_n(pattern, url, 1)
	lower(parts[0][1]) in schemes
}

# No user information, no back slash, no white space or control character: readers disagree about those.
pattern := `^([A-Za-z][A-Za-z0-9+.-]*)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?(?:[/?#][^\\\x00-\x20\x7f]*)?$`

# `example.com/x` without a scheme is read as https.
absolute(url) := url if contains(url, "://")

absolute(url) := concat("", ["https://", url]) if not contains(url, "://")

allowed(url) if {
	name := host(absolute(url))
	not local(name)
	listed(name)
}

local(name) if {
	is_address(name)
	some network in local_networks
	net.cidr_contains(network, name)
}

local(name) if disguised(name)

# Nothing between two dots: resolvers disagree about what that is.
local(name) if {
	not contains(name, ":")
	"" in split(name, ".")
}

# Every other way to write an address: numbers, hex, octal.
local(name) if {
	not is_address(name)
	regex.match(`^(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*$`, name)
}

local(name) if {
	some suffix in ["localhost", "local", "internal", "home.arpa", "lan", "intranet", "localdomain"]
	some whole in [name == suffix, endswith(name, concat("", [".", suffix]))]
	whole
}

local(name) if {
	not contains(name, ".")
	not contains(name, ":")
}

is_address(name) if net.cidr_is_valid(concat("", [name, "/32"]))

is_address(name) if net.cidr_is_valid(concat("", [name, "/128"]))

listed(_) if not data.site.urls.hosts

listed(name) if name in data.site.urls.hosts

listed(name) if {
	some pattern in data.site.urls.hosts
	startswith(pattern, "*.")
	endswith(name, substring(pattern, 1, -1))
}

target_allowed(leaf) if allowed(leaf.value)

# What has no label was looked at by nobody.
unlabelled contains name if {
	some name, argument in catalogue.entry.arguments
	argument.url == true
	name in object.keys(input.action.arguments)
	input.action.arguments[name] != null
	not labelled(name)
}

labelled(name) if {
	is_array(input.action.values[name])
	count(input.action.values[name]) > 0
}

# METADATA
# title: Clean
# description: Nothing here asks for a person.
clean if count(asked) == 0

# The user may have a server at home. Nobody means the metadata service.
asked contains target if {
	some target in targets
	not target_allowed(target)
	target.integrity == "user"
	name := host(absolute(target.value))
	plain_local(name)
	not metadata(name)
	listed(name)
}

# Written as everybody writes it: other spellings of an address hide it.
plain_local(name) if {
	is_address(name)
	not disguised(name)
}

plain_local(name) if {
	not is_address(name)
	regex.match(`^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$`, name)
}

metadata(name) if {
	is_address(name)
	some network in ["169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32"]
	net.cidr_contains(network, name)
}

metadata(name) if regex.match(`(^|\.)(metadata|instance-data)(\.|$)`, name)

approvals contains reason if {
	some target in asked
	reason := {
		"code": "url_private",
		"message": "the URL leads to a private or local address, which the user gave",
		"path": object.get(target, "path", ""),
	}
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains reason if {
	some name in unlabelled
	reason := {
		"code": "url_not_allowed",
		"message": "it is not known where the URL leads",
		"path": catalogue.pointer(name),
	}
}

denials contains reason if {
	some target in targets
	not target_allowed(target)
	not target in asked
	reason := {
		"code": "url_not_allowed",
		"message": "the URL leads to a private or local address, or to one that is not listed",
		"path": object.get(target, "path", ""),
	}
}
