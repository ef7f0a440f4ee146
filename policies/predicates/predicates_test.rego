package isthmus.predicates_test

import data.isthmus.predicates
import rego.v1

agreed(asked) if {
	question := {
		"legal_basis": "law",
		"predicates": asked,
		"agreement": {"predicates": [{"field": "age", "op": "age_ge", "value": 65}]},
	}
	predicates.agreed with input as question
}

test_none_asked if agreed([])

test_the_very_predicate if agreed([{"field": "age", "op": "age_ge", "value": 65}])

test_another_constant if not agreed([{"field": "age", "op": "age_ge", "value": 64}])

test_another_operator if not agreed([{"field": "age", "op": "age_lt", "value": 65}])

test_a_constant_as_text if not agreed([{"field": "age", "op": "age_ge", "value": "65"}])

test_one_foreign_predicate_spoils_all if {
	not agreed([{"field": "age", "op": "age_ge", "value": 65}, {"field": "age", "op": "age_ge", "value": 66}])
}

test_predicates_that_are_no_list if not agreed({})
