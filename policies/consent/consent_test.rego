package isthmus.consent_test

import data.isthmus.consent
import rego.v1

given := {
	"time": 15,
	"legal_basis": "consent",
	"client": {"id": "c"},
	"agreement": {"provider": "p"},
	"purpose": "a",
	"subject": {"relation": "self"},
	"consent": {
		"verified": true,
		"client": "c",
		"provider": "p",
		"purpose": "a",
		"fields": ["income_band"],
		"valid_from": 10,
		"valid_until": 20,
	},
}

covering(changes) if {
	asked := object.union(given, changes)
	consent.covering with input as asked
}

test_a_verified_consent_covers if covering({})

test_an_unverified_consent_does_not if not covering({"consent": {"verified": false}})

test_a_consent_for_another_client_does_not if not covering({"client": {"id": "d"}})

test_a_consent_for_another_purpose_does_not if not covering({"purpose": "b"})

test_a_consent_to_another_provider_does_not if not covering({"agreement": {"provider": "q"}})

test_a_consent_does_not_speak_for_a_child if not covering({"subject": {"relation": "child"}})

test_an_expired_consent_does_not if not covering({"time": 20})

test_a_consent_of_the_future_does_not if not covering({"time": 9})

test_another_ground_needs_none if {
	consent.presented with input as {"legal_basis": "law", "consent": null}
}

test_consent_has_to_be_presented if {
	not consent.presented with input as {"legal_basis": "consent", "consent": null}
}

test_it_covers_its_fields if {
	data.isthmus.consent.covers("income_band") with input as given
}

test_it_covers_no_other_field if {
	not data.isthmus.consent.covers("employer") with input as given
}
