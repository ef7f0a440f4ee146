# METADATA
# title: Does the purpose stand on a ground that was agreed, and can this service honour it?
# description: |
#   A pass-through service forwards an opaque answer, so it cannot keep to what a person allowed:
#   consent is no ground for it.
package isthmus.legal_basis

import rego.v1

agreed if {
	is_string(input.legal_basis)
	is_array(input.agreement.legal_bases)
	input.legal_basis in input.agreement.legal_bases
}

possible if input.service.form == "record"

possible if {
	input.service.form == "pass_through"
	is_string(input.legal_basis)
	input.legal_basis != "consent"
}
