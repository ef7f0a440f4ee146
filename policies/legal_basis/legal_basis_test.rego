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

national := {"legal_bases": {"law": {"purposes": null}, "life": {"purposes": {"rescue": true}}}}

denied(basis, purpose) := codes if {
	asked := {
		"legal_basis": basis,
		"purpose": purpose,
		"service": {"form": "record"},
		"agreement": {"legal_bases": ["law", "life", "whim"]},
	}
	codes := legal_basis.deny with input as asked with data.national as national
}

test_a_basis_for_every_purpose if denied("law", "review") == set()

test_a_basis_for_its_purpose if denied("life", "rescue") == set()

test_a_basis_for_another_purpose if denied("life", "review") == {"legal_basis.not_for_purpose"}

test_an_unlisted_basis if denied("whim", "review") == {"legal_basis.not_listed"}
