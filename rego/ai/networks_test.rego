package ai.networks_test

import data.ai.networks

site := ["10.0.0.0/8", "192.168.7.0/24", "2001:db8::/32"]

from(ip) := {"context": {"network": {"ip": ip}}}

test_trusted[ip] if {
	some ip in ["10.0.0.0", "10.255.255.255", "192.168.7.9", "2001:db8::1"]
	networks.trusted with input as from(ip) with data.site.networks as site
	count(networks.denials) == 0 with input as from(ip) with data.site.networks as site
}

test_untrusted[ip] if {
	some ip in ["11.0.0.1", "192.168.8.1", "8.8.8.8", "2001:db9::1", "::1"]
	not networks.trusted with input as from(ip) with data.site.networks as site
	networks.denials == {{
		"code": "untrusted_network",
		"message": "this tool may only be used from a trusted network",
	}} with input as from(ip) with data.site.networks as site
}

test_an_address_that_is_none_is_untrusted[note] if {
	some note, ip in {"words": "home", "empty": "", "number": 10, "null": null, "list": ["10.0.0.1"]}
	not networks.trusted with input as from(ip) with data.site.networks as site
	count(networks.denials) == 1 with input as from(ip) with data.site.networks as site
}

test_without_an_address_or_networks_nothing_is_trusted if {
	not networks.trusted with input as {} with data.site.networks as site
	not networks.trusted with input as from("10.0.0.1") with data.site as {}
	not networks.trusted with input as from("10.0.0.1") with data.site.networks as []
}
