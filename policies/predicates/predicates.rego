# METADATA
# title: Were these very questions agreed, constants included?
# description: |
#   One foreign predicate refuses the whole exchange, so that searching for a threshold is refused
#   and logged as such, rather than left unanswered.
package isthmus.predicates

import rego.v1

granted := [asked |
	is_array(input.predicates)
	is_array(input.agreement.predicates)
	some asked in input.predicates
	is_string(asked.field)
	asked in input.agreement.predicates
	data.isthmus.consent.covers(asked.field)
]

agreed if {
	input.predicates == []
} else if {
	is_array(input.predicates)
	count(granted) == count(input.predicates)
}
