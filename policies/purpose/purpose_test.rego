package isthmus.purpose_test

import data.isthmus.purpose
import rego.v1

national := {"purposes": {
	"a": {"line": {"a": true}},
	"a.b": {"line": {"a.b": true, "a": true}},
	"c": {"line": {"c": true}},
}}

denied(asked, agreed) := codes if {
	codes := purpose.deny with input as {"purpose": asked, "agreement": {"purposes": agreed}} with data.national as national
}

test_an_agreed_purpose if denied("a", ["a", "c"]) == set()

test_a_narrower_purpose if denied("a.b", ["a"]) == set()

test_a_broader_purpose if denied("a", ["a.b"]) == {"purpose.not_agreed"}

test_a_foreign_purpose if denied("c", ["a"]) == {"purpose.not_agreed"}

test_an_unlisted_purpose if denied("x", ["x"]) == {"purpose.not_listed"}

test_purposes_that_are_no_list if denied("a", "a") == {"purpose.not_agreed"}

test_no_purpose if {
	not purpose.agreed with input as {"purpose": null, "agreement": {"purposes": [null]}} with data.national as national
}

test_no_agreement if {
	not purpose.agreed with input as {"purpose": "a", "agreement": null} with data.national as national
}

test_without_a_list_the_agreement_counts if {
	purpose.holds with input as {"purpose": "x", "agreement": {"purposes": ["x"]}} with data.national as {"purposes": {}}
}

test_it_holds_in_both_ways if {
	purpose.holds with input as {"purpose": "a", "agreement": {"purposes": ["a"]}} with data.national as national
	purpose.holds with input as {"purpose": "a.b", "agreement": {"purposes": ["a"]}} with data.national as national
}
