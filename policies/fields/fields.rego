# METADATA
# title: Which of the asked fields may leave?
# description: |
#   Those that were agreed and, where consent is the ground, allowed. Asking for more is no offence:
#   the rest is left out. Granting nothing at all of what was asked is a refusal.
package isthmus.fields

import rego.v1

granted := [name |
	is_array(input.fields)
	is_array(input.agreement.fields)
	some name in input.fields
	is_string(name)
	name in input.agreement.fields
	data.isthmus.consent.covers(name)
]

enough_granted if {
	input.service.form == "record"
	count(granted) > 0
}

enough_granted if {
	input.service.form == "record"
	is_array(input.predicates)
	count(input.predicates) > 0
}

# A pass-through answer is opaque: it cannot be filtered, so nothing may be asked of it by field.
enough_granted if {
	input.service.form == "pass_through"
	input.fields == []
	input.predicates == []
}
