# METADATA
# title: Working hours
# description: |
#   `data.site.hours` is `{"zone": "Europe/Berlin", "days": ["Monday", ...], "opens": [8, 0], "closes": [18, 0]}`: hour and minute of the
#   wall clock in that zone, closing time excluded, both on the same day. The time is `input.context.time` (RFC 3339), which the
#   enforcement point writes.
package ai.hours

# METADATA
# title: Open
# description: The request was made within working hours.
open if {
	now := time.parse_rfc3339_ns(input.context.time)
	hours := data.site.hours
	time.weekday([now, hours.zone]) in hours.days
	clock := time.clock([now, hours.zone])

	# Arrays compare element by element: [8, 30, 0] is after [8, 0].
	clock >= hours.opens
	clock < hours.closes
}

# METADATA
# title: Denials
# scope: document
# custom:
#   effect: deny
denials contains {"code": "outside_working_hours", "message": message} if not open

message := "this tool may only be used in working hours"
