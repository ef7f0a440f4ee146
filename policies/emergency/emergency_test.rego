package isthmus.emergency_test

import data.isthmus.emergency
import rego.v1

national := {
	"purposes": {"flood.cash": {"line": {"flood.cash": true, "flood": true}}},
	"emergency": {"purposes": {"flood": true, "flood.cash": true}, "legal_basis": "vital_interest", "max_s": 100},
}

asked := {
	"time": 50,
	"purpose": "flood.cash",
	"legal_basis": "vital_interest",
	"service": {"form": "record"},
	"subject": {"restricted": null, "area": null},
	"emergency": {"purposes": ["flood"], "areas": ["LM-03"], "valid_from": 10, "valid_until": 100},
}

denied(changes) := codes if {
	whole := object.union(asked, changes)
	codes := emergency.deny with input as whole with data.national as national
}

test_declared_for_a_broader_purpose if denied({}) == set()

test_not_declared if denied({"emergency": null}) == {"emergency.not_declared"}

test_over if denied({"time": 100}) == {"emergency.not_declared"}

test_too_long if denied({"emergency": {"valid_until": 111}}) == {"emergency.not_declared"}

test_on_another_ground if denied({"legal_basis": "public_task"}) == {"emergency.wrong_basis"}

test_a_person_in_the_area if denied({"subject": {"restricted": false, "area": "LM-03-1"}}) == set()

test_a_person_elsewhere if {
	denied({"subject": {"restricted": false, "area": "LM-04"}}) == {"area.outside", "subject.unavailable"}
}

test_a_person_whose_area_is_unknown if {
	denied({"subject": {"restricted": false}}) == {"area.outside", "subject.unavailable"}
}

test_everywhere if denied({"subject": {"restricted": false}, "emergency": {"areas": []}}) == set()

test_an_everyday_purpose if denied({"purpose": "review", "emergency": null}) == set()
