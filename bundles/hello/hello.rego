# METADATA
# title: Hello
# description: The smallest bundle that has everything - a rule over `input` and `data`, a default, and a test.
package hello

default language := "en"

language := input.language if input.language in object.keys(data.hello.greetings)

# METADATA
# title: Message
# description: A greeting in the language asked for, in English when that one is not known.
# entrypoint: true
message := concat(", ", [data.hello.greetings[language], name])

default name := "world"

name := input.name if is_string(input.name)
