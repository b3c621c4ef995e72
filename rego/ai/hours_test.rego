package ai.hours_test

import data.ai.hours

site := {
	"zone": "Europe/Berlin",
	"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
	"opens": [8, 0],
	"closes": [18, 30],
}

at(text) := {"context": {"time": text}}

# Berlin is two hours ahead of UTC in summer, one in winter.
test_open[text] if {
	some text in [
		"2026-07-01T06:00:00Z",
		"2026-07-01T16:29:59.999Z",
		"2026-01-07T07:00:00Z",
		"2026-01-07T12:00:00+05:00",
	]
	hours.open with input as at(text) with data.site.hours as site
	count(hours.denials) == 0 with input as at(text) with data.site.hours as site
}

test_closed[text] if {
	some text in [
		"2026-07-01T05:59:59Z",
		"2026-07-01T16:30:00Z",
		"2026-01-07T06:59:59Z",
		"2026-07-01T23:00:00Z",
		"2026-07-04T10:00:00Z",
		"2026-07-05T10:00:00Z",
	]
	not hours.open with input as at(text) with data.site.hours as site
	hours.denials == {{
		"code": "outside_working_hours",
		"message": "this tool may only be used in working hours",
	}} with input as at(text) with data.site.hours as site
}

# Sunday evening in UTC is Monday morning in Tokyo.
test_the_day_is_that_of_the_zone if {
	tokyo := object.union(site, {"zone": "Asia/Tokyo"})
	hours.open with input as at("2026-07-05T23:30:00Z") with data.site.hours as tokyo
	not hours.open with input as at("2026-07-05T23:30:00Z") with data.site.hours as site
}

test_a_time_that_is_none_is_closed[note] if {
	some note, time in {"words": "at noon", "empty": "", "number": 12, "null": null, "no zone": "2026-07-01T10:00:00"}
	not hours.open with input as at(time) with data.site.hours as site
	count(hours.denials) == 1 with input as at(time) with data.site.hours as site
}

test_without_a_time_or_hours_it_is_closed if {
	not hours.open with input as {} with data.site.hours as site
	not hours.open with input as at("2026-07-01T10:00:00Z") with data.site as {}
}

test_a_zone_that_is_none_is_closed if {
	not hours.open with input as at("2026-07-01T10:00:00Z")
		with data.site.hours as object.union(site, {"zone": "Middle/Earth"})
}
