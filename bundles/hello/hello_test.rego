package hello_test

import data.hello

greetings := {"de": "Hallo", "en": "Hello"}

test_greets_the_world_without_a_name if {
	hello.message == "Hello, world" with data.hello.greetings as greetings with input as {}
}

test_greets_in_the_language_asked_for if {
	hello.message == "Hallo, Ada" with data.hello.greetings as greetings
		with input as {"name": "Ada", "language": "de"}
}

test_unknown_language_falls_back_to_english if {
	hello.message == "Hello, Ada" with data.hello.greetings as greetings
		with input as {"name": "Ada", "language": "tlh"}
}

test_a_name_that_is_no_string_is_not_used if {
	hello.message == "Hello, world" with data.hello.greetings as greetings with input as {"name": 7}
}
