# METADATA
# title: Networks
# description: |
#   `data.site.networks` lists the trusted networks in CIDR notation. `input.context.network.ip` is the address that the enforcement point
#   saw, never one that the caller wrote.
package ai.networks

# METADATA
# title: Trusted
# description: The request comes from a trusted network.
trusted if {
	some network in data.site.networks
	net.cidr_contains(network, input.context.network.ip)
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "untrusted_network", "message": message} if not trusted

message := "this tool may only be used from a trusted network"
