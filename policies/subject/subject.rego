# METADATA
# title: May anything be said about this person?
# description: |
#   `restricted` comes from the source: null before the fetch, and policy is asked again with its
#   value before anything leaves. A restricted person looks like one who is not there.
package isthmus.subject

import rego.v1

# Some pass-through requests are about nobody in particular.
available if {
	input.subject.restricted == null
} else if {
	input.subject.restricted == false
} else if {
	input.service.form == "pass_through"
	input.subject == null
}
