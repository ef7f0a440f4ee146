# METADATA
# title: Which of the asked fields may leave?
# description: |
#   Those that were agreed and, where consent is the ground, allowed; none that the country or the
#   owner keeps back. Asking for more is no offence: the rest is left out. Granting nothing at all of what was asked is a refusal.
package isthmus.fields

import rego.v1

granted := agreed if {
	data.isthmus.special_category.untouched
	data.isthmus.provider_rules.silent
} else := not_barred

not_barred := [name |
	some name in agreed
	not barred[name]
]

barred contains name if some name, _ in data.isthmus.provider_rules.mine.denied_fields

barred contains name if {
	not data.isthmus.special_category.untouched
	some name in agreed
	data.isthmus.special_category.bars(name)
}

# METADATA
# title: What was asked, was agreed and, where consent is the ground, allowed
agreed := in_agreement if {
	data.isthmus.consent.not_needed
} else := allowed

allowed := [name |
	some name in in_agreement
	data.isthmus.consent.covers(name)
]

in_agreement := [name |
	is_array(input.fields)
	is_array(input.agreement.fields)
	some name in input.fields
	is_string(name)
	name in input.agreement.fields
]

# A pass-through answer is opaque: it cannot be filtered, so nothing may be asked of it by field.
enough_granted if {
	input.service.form == "record"
	count(granted) > 0
} else if {
	input.service.form == "record"
	is_array(input.predicates)
	count(input.predicates) > 0
} else if {
	input.service.form == "pass_through"
	input.fields == []
	input.predicates == []
}
