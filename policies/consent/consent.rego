# METADATA
# title: Where consent is the ground, did this person allow this?
# description: |
#   The gateway verifies the token and its status; policy compares what it covers. A consent speaks
#   for the person who gave it, not for relatives reached from them. On any other ground nothing
#   needs to be presented.
package isthmus.consent

import rego.v1

needed if input.legal_basis == "consent"

not_needed if {
	is_string(input.legal_basis)
	input.legal_basis != "consent"
}

presented if {
	not_needed
} else if is_object(input.consent)

# Nothing was presented: `consent.required` says so, and nothing is said about the person.
covering if {
	input.consent == null
} else if {
	not_needed
} else if {
	input.consent.verified == true
	input.consent.client == input.client.id
	input.consent.provider == input.agreement.provider
	input.consent.purpose == input.purpose
	input.subject.relation == "self"
	is_number(input.time)
	is_number(input.consent.valid_from)
	is_number(input.consent.valid_until)
	input.consent.valid_from <= input.time
	input.time < input.consent.valid_until
}

# METADATA
# title: The field may be used on this ground
covers(name) if {
	not_needed
} else if {
	needed
	is_array(input.consent.fields)
	name in input.consent.fields
}
