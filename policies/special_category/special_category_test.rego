package isthmus.special_category_test

import data.isthmus.special_category
import rego.v1

national := {
	"purposes": {},
	"special": {
		"fields": {"diagnosis": {"health": {"*": true}}, "impairment": {"disability": {"band": true}}},
		"services": {"clinic": {"health": true}},
		"relations": {"child": {"children": true}},
	},
	"categories": {
		"health": {"legal_bases": {"public_task": true}, "purposes": {"review": true}, "roles": {"doctor": true}},
		"disability": {"legal_bases": null, "purposes": null, "roles": null},
		"children": {"legal_bases": {"public_task": true}, "purposes": null, "roles": null},
	},
}

asked := {
	"legal_basis": "public_task",
	"purpose": "review",
	"user": {"role": "doctor"},
	"service": {"id": "LM/GOV/MOH/records/band", "form": "record"},
	"subject": {"relation": "self"},
	"fields": ["income"],
	"predicates": [],
	"agreement": {"fields": ["income", "diagnosis", "impairment"]},
}

changed(changes) := object.union(asked, changes)

denied(changes) := codes if {
	whole := changed(changes)
	codes := special_category.deny with input as whole
		with data.national as national
		with data.provider as {"services": {}}
}

untouched(changes) if {
	whole := changed(changes)
	special_category.untouched with input as whole
		with data.national as national
		with data.national.special.services as {}
}

bars(changes, name) if {
	whole := changed(changes)
	data.isthmus.special_category.bars(name) with input as whole with data.national as national
}

test_an_ordinary_question_is_untouched if untouched({})

test_a_health_field_touches if not untouched({"fields": ["diagnosis"]})

test_a_question_about_health_touches if not untouched({"predicates": [{"field": "diagnosis"}]})

test_a_child_touches if not untouched({"subject": {"relation": "child"}})

test_a_doctor_sees_health if not bars({}, "diagnosis")

test_another_role_does_not if bars({"user": {"role": "clerk"}}, "diagnosis")

test_nobody_in_particular_does_not if bars({"user": null}, "diagnosis")

test_another_purpose_does_not if bars({"purpose": "marketing"}, "diagnosis")

test_another_ground_does_not if bars({"legal_basis": "contract"}, "diagnosis")

test_a_category_without_limits_bars_nothing if not bars({"user": null}, "impairment")

test_what_is_left_out_is_no_refusal if denied({"user": null, "fields": ["income", "diagnosis"]}) == set()

test_nothing_else_left_is_a_refusal if denied({"user": null, "fields": ["diagnosis"]}) == {"special_category.role"}

test_a_question_is_a_refusal if {
	denied({"user": null, "predicates": [{"field": "diagnosis"}]}) == {"special_category.role"}
}

test_a_child_on_another_ground if {
	denied({"legal_basis": "contract", "subject": {"relation": "child"}}) == {"special_category.legal_basis"}
}

test_a_whole_service if {
	denied({"service": {"id": "LM/GOV/MOH/records/clinic"}, "purpose": "marketing"}) == {"special_category.purpose"}
}

test_places_by_code if not untouched({"fields": ["impairment"]})

test_another_service_is_not_concerned if {
	whole := changed({"service": {"id": "LM/GOV/MOH/records/other"}})
	names := data.isthmus.special_category.of_field("impairment") with input as whole with data.national as national
	names == set()
}
