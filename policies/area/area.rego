# METADATA
# title: Does one area cover another?
# description: |
#   Area codes grow from left to right, with `-`, `.` or `/` between their parts: `LM-03` covers
#   `LM-03` and `LM-03-12`, never `LM-031`.
package isthmus.area

import rego.v1

# METADATA
# title: The first area is the second, or a wider one
covers(wide, narrow) if {
	is_string(wide)
	wide == narrow
}

covers(wide, narrow) if {
	is_string(wide)
	wide != ""
	is_string(narrow)
	startswith(narrow, wide)
	substring(narrow, count(wide), 1) in {"-", ".", "/"}
}

# METADATA
# title: The person has not been looked up yet
# description: |
#   Policy is asked again after the fetch, and then `restricted` is true or false. A pass-through
#   service has no fetch, so nothing about the person is ever known there.
provisional if {
	input.service.form == "record"
	input.subject.restricted == null
	input.subject.area == null
}
