package isthmus.service_test

import data.isthmus.service
import rego.v1

path_agreed(path) if {
	asked := {
		"service": {"form": "pass_through", "method": "GET", "path": path},
		"agreement": {"methods": ["GET"], "paths": ["/persons/{national_id}/card", "/codes"]},
	}
	service.path_agreed with input as asked
}

test_a_placeholder_is_one_segment if path_agreed("/persons/123/card")

test_a_fixed_path if path_agreed("/codes")

test_an_encoded_slash_stays_one_segment if path_agreed("/persons/1%2F2/card")

test_a_placeholder_is_not_two_segments if not path_agreed("/persons/1/2/card")

test_a_placeholder_is_not_nothing if not path_agreed("/persons//card")

test_a_placeholder_is_no_traversal if not path_agreed("/persons/../card")

test_a_longer_path if not path_agreed("/persons/123/card/history")

test_a_shorter_path if not path_agreed("/persons/123")

test_a_trailing_slash_is_another_path if not path_agreed("/codes/")

test_no_path if not path_agreed(null)

test_an_agreed_method if {
	service.method_agreed with input as {
		"service": {"form": "pass_through", "method": "GET"},
		"agreement": {"methods": ["GET"]},
	}
}

test_a_foreign_method if {
	not service.method_agreed with input as {
		"service": {"form": "pass_through", "method": "POST"},
		"agreement": {"methods": ["GET"]},
	}
}

test_a_record_service_has_neither if {
	service.is_record with input as {"service": {"form": "record"}}
}

test_a_pass_through_is_no_record if {
	not service.is_record with input as {"service": {"form": "pass_through"}}
}
