package ai.urls_test

import data.ai.urls

test_public_hosts_are_allowed[url] if {
	some url in ["https://example.com/a?b=c#d", "http://example.com:8080", "example.com/x", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/"]
	urls.allowed(url)
}

test_local_and_ambiguous_ones_are_not[url] if {
	some url in [
		"http://127.0.0.1/", "http://localhost:3000/", "http://LOCALHOST./", "http://10.1.2.3/", "http://192.168.0.1",
		"http://169.254.169.254/latest/meta-data", "http://metadata.google.internal/", "http://[::1]/", "http://[fd00::1]/",
		"http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/",
		"http://intranet/", "http://good.com@127.0.0.1/", "http://good.com\\@evil.com/", "file:///etc/passwd", "gopher://x.org/",
		"http://[0:0:0:0:0:ffff:7f00:1]/", "http://[::7f00:1]/", "http://[::127.0.0.1]/", "http://[0064:ff9b::7f00:1]/",
		"http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::1]/", "http://[fec0::1]/",
		"http://[::ffff:0:7f00:1]/", "http://127.0.0.1../", "http://localhost../", "http://.localhost/", "http://a..b.com/",
		"javascript:alert(1)", "http://exa mple.com/", "http://example.com/\nx", "", "http://",
	]
	not urls.allowed(url)
}

test_listed_hosts[url] if {
	some url, expected in {
		"https://api.example.com/": true,
		"https://deep.api.example.com/": true,
		"https://docs.example.org/": true,
		"https://example.com.evil.org/": false,
		"https://evilexample.com/": false,
	}
	hosts := ["*.example.com", "docs.example.org"]
	answers := {true | urls.allowed(url) with data.site.urls.hosts as hosts}
	answers == {true | expected}
}

test_denies_what_is_not_allowed if {
	found := urls.denials with input as {
		"tool": {"name": "get"},
		"action": {"arguments": {"url": "http://10.0.0.1/"}, "values": {"url": [{"path": "/url", "value": "http://10.0.0.1/"}]}},
	}
		with data.site.catalogue as {"tools": {"get": {"read_only": true, "arguments": {"url": {"url": true}}}}}
	{reason.code | some reason in found} == {"url_not_allowed"}
}

# --- through the catalogue ------------------------------------------------------------------------------------------------------------

tools := {"fetch": {"read_only": true, "arguments": {"url": {"url": true}, "depth": {}}}}

question(url, integrity) := {
	"tool": {"name": "fetch"},
	"action": {"arguments": {"url": url}, "values": {"url": [{"path": "/url", "value": url, "integrity": integrity}]}},
}

found(url, integrity, settings) := [denied, asked] if {
	site := object.union({"catalogue": {"tools": tools}}, settings)
	denied := {reason.code | some reason in urls.denials} with input as question(url, integrity) with data.site as site
	asked := {reason.code | some reason in urls.approvals} with input as question(url, integrity) with data.site as site
}

nothing := [set(), set()]

refused := [{"url_not_allowed"}, set()]

questioned := [set(), {"url_private"}]

test_public if {
	found("https://example.com/a", "untrusted", {}) == nothing
	found(null, "untrusted", {}) == nothing
}

test_a_private_address_that_the_user_gave_is_asked_about if {
	every url in ["http://10.1.2.3:8080/", "http://localhost:3000", "http://printer/", "http://nas.local/", "http://[fd00::1]/", "http://[::1]/"] {
		found(url, "user", {}) == questioned
		found(url, "untrusted", {}) == refused
		found(url, "trusted", {}) == refused
	}
}

test_metadata_and_hidden_spellings_are_refused_whoever_gave_them if {
	every url in [
		"http://169.254.169.254/", "http://metadata.google.internal/", "http://[fe80::1]/", "http://100.100.100.200/",
		"http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[64:ff9b::a00:1]/",
		"http://user@10.0.0.1/", "file:///etc/passwd", "http://instance-data/",
		"http://[0064:ff9b::a00:1]/", "http://[2002:a00:1::]/", "http://[::10.0.0.1]/", "http://localhost../",
	] {
		found(url, "user", {}) == refused
	}
}

test_hosts_that_the_site_lists if {
	only := {"urls": {"hosts": ["example.com", "*.example.org"], "schemes": ["https"]}}
	found("https://example.com/", "untrusted", only) == nothing
	found("https://a.example.org/", "untrusted", only) == nothing
	found("https://example.org.evil.net/", "user", only) == refused
	found("http://example.com/", "user", only) == refused
	found("https://10.0.0.1/", "user", only) == refused
}

test_clean_says_the_same if {
	urls.clean with input as question("https://example.com/", "user") with data.site as {"catalogue": {"tools": tools}}
	not urls.clean with input as question("http://localhost/", "user") with data.site as {"catalogue": {"tools": tools}}
}
