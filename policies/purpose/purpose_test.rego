package isthmus.purpose_test

import data.isthmus.purpose
import rego.v1

test_an_agreed_purpose if {
	purpose.agreed with input as {"purpose": "a", "agreement": {"purposes": ["a", "b"]}}
}

test_a_foreign_purpose if {
	not purpose.agreed with input as {"purpose": "c", "agreement": {"purposes": ["a", "b"]}}
}

test_no_purpose if {
	not purpose.agreed with input as {"purpose": null, "agreement": {"purposes": [null]}}
}

test_no_agreement if {
	not purpose.agreed with input as {"purpose": "a", "agreement": null}
}
