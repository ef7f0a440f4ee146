# METADATA
# title: Of a pass-through service, were this method and this path agreed?
# description: |
#   A path template is compared segment by segment; `{name}` stands for exactly one of them.
#   A record service has one path only, so there is nothing to ask.
package isthmus.service

import rego.v1

is_record if input.service.form == "record"

method_agreed if {
	input.service.form == "pass_through"
	is_string(input.service.method)
	is_array(input.agreement.methods)
	input.service.method in input.agreement.methods
}

path_agreed if {
	input.service.form == "pass_through"
	is_string(input.service.path)
	is_array(input.agreement.paths)
	some template in input.agreement.paths
	is_string(template)
	matches(split(template, "/"), split(input.service.path, "/"))
}

# METADATA
# title: Every segment of the path fits the template's
matches(template, path) if {
	count(template) == count(path)
	every position, segment in path {
		fits(template[position], segment)
	}
}

fits(expected, segment) if {
	not is_placeholder(expected)
	expected == segment
}

fits(expected, segment) if {
	is_placeholder(expected)
	not segment in {"", ".", ".."}
}

is_placeholder(expected) if {
	startswith(expected, "{")
	endswith(expected, "}")
}
