package isthmus.legal_basis_test

import data.isthmus.legal_basis
import rego.v1

test_an_agreed_basis if {
	legal_basis.agreed with input as {"legal_basis": "law", "agreement": {"legal_bases": ["law"]}}
}

test_a_foreign_basis if {
	not legal_basis.agreed with input as {"legal_basis": "contract", "agreement": {"legal_bases": ["law"]}}
}

test_consent_is_possible_for_a_record if {
	legal_basis.possible with input as {"legal_basis": "consent", "service": {"form": "record"}}
}

test_consent_is_not_possible_for_a_pass_through if {
	not legal_basis.possible with input as {"legal_basis": "consent", "service": {"form": "pass_through"}}
}

test_a_law_is_possible_for_a_pass_through if {
	legal_basis.possible with input as {"legal_basis": "law", "service": {"form": "pass_through"}}
}

test_an_unknown_form_is_never_possible if {
	not legal_basis.possible with input as {"legal_basis": "law", "service": {"form": "stream"}}
}
