# METADATA
# title: If this purpose sleeps until a disaster is declared, is it awake?
# description: |
#   The country lists the purposes. Both members agreed on them beforehand; they count only while a
#   declared emergency names them, in its areas, on the emergency's legal basis.
package isthmus.emergency

import rego.v1

# METADATA
# title: The purpose is one for every day
unconcerned if not for_emergencies

for_emergencies if data.national.emergency.purposes[input.purpose]

declared if {
	opened
	is_number(input.time)
	is_number(input.emergency.valid_from)
	is_number(input.emergency.valid_until)
	input.emergency.valid_from <= input.time
	input.time < input.emergency.valid_until
	input.emergency.valid_until - input.emergency.valid_from <= data.national.emergency.max_s
}

# METADATA
# title: The emergency names this purpose, or a broader one
opened if {
	is_array(input.emergency.purposes)
	input.purpose in input.emergency.purposes
} else if {
	is_array(input.emergency.purposes)
	some code in input.emergency.purposes
	data.national.purposes[input.purpose].line[code]
}

on_its_basis if input.legal_basis == data.national.emergency.legal_basis

# An emergency without areas is the whole country's.
in_its_areas if input.emergency.areas == []

in_its_areas if data.isthmus.area.provisional

in_its_areas if {
	is_array(input.emergency.areas)
	some area in input.emergency.areas
	data.isthmus.area.covers(area, input.subject.area)
}

deny contains "emergency.not_declared" if {
	not unconcerned
	not declared
}

deny contains "emergency.wrong_basis" if {
	not unconcerned
	not on_its_basis
}

deny contains ["area.outside", "subject.unavailable"][_] if {
	not unconcerned
	declared
	not in_its_areas
}
