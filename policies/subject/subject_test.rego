package isthmus.subject_test

import data.isthmus.subject
import rego.v1

test_before_the_fetch if subject.available with input as {"subject": {"restricted": null}}

test_not_restricted if subject.available with input as {"subject": {"restricted": false}}

test_restricted if not subject.available with input as {"subject": {"restricted": true}}

test_unsaid if not subject.available with input as {"subject": {}}

test_a_pass_through_about_nobody if {
	subject.available with input as {"service": {"form": "pass_through"}, "subject": null}
}

test_a_record_is_about_somebody if {
	not subject.available with input as {"service": {"form": "record"}, "subject": null}
}
