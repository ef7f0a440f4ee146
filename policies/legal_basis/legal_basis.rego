# METADATA
# title: Does the purpose stand on a ground that was agreed, and can this service honour it?
# description: |
#   The country lists the grounds, and may keep one to some purposes. A pass-through service forwards
#   an opaque answer, so it cannot keep to what a person allowed: consent is no ground for it.
package isthmus.legal_basis

import rego.v1

holds if {
	input.service.form == "record"
	is_string(input.legal_basis)
	data.national.legal_bases[input.legal_basis].purposes == null
	is_array(input.agreement.legal_bases)
	input.legal_basis in input.agreement.legal_bases
} else if {
	agreed
	possible
	carries_purpose
}

deny contains "legal_basis.not_listed" if not listed

deny contains "legal_basis.not_for_purpose" if {
	listed
	not carries_purpose
}

deny contains "legal_basis.not_agreed" if not agreed

deny contains "legal_basis.not_possible" if not possible

agreed if {
	is_string(input.legal_basis)
	is_array(input.agreement.legal_bases)
	input.legal_basis in input.agreement.legal_bases
}

listed if data.national.legal_bases[input.legal_basis]

# METADATA
# title: The country takes this ground for this purpose
# description: Null takes it for every purpose; narrower ones are written out beforehand.
carries_purpose if {
	data.national.legal_bases[input.legal_basis].purposes == null
} else if data.national.legal_bases[input.legal_basis].purposes[input.purpose]

possible if {
	input.service.form == "record"
} else if {
	input.service.form == "pass_through"
	is_string(input.legal_basis)
	input.legal_basis != "consent"
}
