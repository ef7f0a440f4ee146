package isthmus.agreement_test

import data.isthmus.agreement
import rego.v1

test_an_absent_agreement_is_not_present if {
	not agreement.present with input as {"agreement": null}
}

test_a_suspended_agreement_is_not_active if {
	not agreement.active with input as {"agreement": {"status": "suspended"}}
}

test_its_client_is_named if {
	agreement.names_client with input as {"client": {"id": "LM/GOV/MSW/x"}, "agreement": {"client": "LM/GOV/MSW/x"}}
}

test_another_client_is_not_named if {
	not agreement.names_client with input as {"client": {"id": "LM/GOV/EDU/x"}, "agreement": {"client": "LM/GOV/MSW/x"}}
}

test_two_absent_clients_are_not_the_same if {
	not agreement.names_client with input as {"client": {"id": null}, "agreement": {"client": null}}
}

test_a_service_of_the_provider_is_named if {
	agreement.names_service with input as {"service": {"id": "a/b"}, "agreement": {"service": "a/b", "provider": "a"}}
}

test_a_service_of_somebody_else_is_not_named if {
	not agreement.names_service with input as {"service": {"id": "a/b"}, "agreement": {"service": "a/b", "provider": "c"}}
}

test_the_first_second_is_valid if {
	agreement.has_begun with input as {"time": 10, "agreement": {"valid_from": 10}}
}

test_the_last_second_is_not_valid if {
	not agreement.has_not_ended with input as {"time": 20, "agreement": {"valid_until": 20}}
}

test_a_time_as_text_is_no_time if {
	not agreement.has_not_ended with input as {"time": 10, "agreement": {"valid_until": "2030"}}
}

good := {
	"time": 15,
	"client": {"id": "c"},
	"service": {"id": "p/s"},
	"agreement": {
		"status": "active", "client": "c", "provider": "p", "service": "p/s",
		"valid_from": 10, "valid_until": 20,
	},
}

holds(changes) if {
	asked := object.union(good, changes)
	agreement.holds with input as asked
}

test_a_good_one_holds if {
	holds({})
	agreement.deny == set() with input as good
}

test_none_of_these_holds if {
	every change in [
		{"time": 9},
		{"time": 20},
		{"time": "15"},
		{"client": {"id": "d"}},
		{"service": {"id": "q/s"}},
		{"agreement": null},
		{"agreement": {"status": "revoked"}},
		{"agreement": {"provider": null}},
		{"agreement": {"valid_until": "2030"}},
	] {
		not holds(change)
	}
}
