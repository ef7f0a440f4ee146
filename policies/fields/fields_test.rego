package isthmus.fields_test

import data.isthmus.fields
import rego.v1

asking(names) := {
	"service": {"form": "record"},
	"legal_basis": "law",
	"fields": names,
	"predicates": [],
	"agreement": {"fields": ["a", "b"]},
}

granted(names) := answer if {
	asked := asking(names)
	answer := fields.granted with input as asked
}

enough(names) if {
	asked := asking(names)
	fields.enough_granted with input as asked
}

test_what_was_asked_and_agreed_is_granted if granted(["b", "c"]) == ["b"]

test_nothing_is_granted_unasked if granted([]) == []

test_a_text_is_no_list_of_fields if granted("a") == []

test_some_is_enough if enough(["b", "c"])

test_none_is_not_enough if not enough(["c"])

test_asking_nothing_is_not_enough if not enough([])

test_predicates_alone_are_enough if {
	fields.enough_granted with input as {"service": {"form": "record"}, "fields": [], "predicates": [{"field": "a"}]}
}

test_a_pass_through_takes_no_fields if {
	not fields.enough_granted with input as {"service": {"form": "pass_through"}, "fields": ["a"], "predicates": []}
}

test_a_pass_through_without_fields_is_enough if {
	fields.enough_granted with input as {"service": {"form": "pass_through"}, "fields": [], "predicates": []}
}

test_consent_narrows_the_fields if {
	answer := fields.granted with input as {
		"legal_basis": "consent",
		"fields": ["a", "b"],
		"agreement": {"fields": ["a", "b"]},
		"consent": {"fields": ["b"]},
	}
	answer == ["b"]
}
