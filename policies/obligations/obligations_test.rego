package isthmus.obligations_test

import data.isthmus.obligations
import rego.v1

category(mask, days, notify) := {
	"legal_bases": null, "purposes": null, "roles": null,
	"mask": mask, "retention_days": days, "notify_subject": notify,
}

mask(how) := {"mask": {"how": how}, "except_purposes": {}, "except_roles": {"doctor": true}}

national(duties) := {
	"purposes": {},
	"special": {"fields": {"diagnosis": {"health": {"*": true}}}, "services": {}, "relations": {"child": {"children": true}}},
	"categories": {"health": category(mask("year_only"), 30, true), "children": category(null, 10, false)},
	"emergency": {"purposes": {"flood": true}},
	"duties": duties,
}

rules := {
	"denied_fields": {}, "max_records": 5, "retention_days": 20, "notify_subject": false,
	"masks": [object.union(mask("hash"), {"fields": {"diagnosis": true, "income": true}})],
}

asked := {
	"legal_basis": "public_task",
	"purpose": "review",
	"user": {"role": "clerk"},
	"service": {"id": "a/b/c/d/e", "form": "record"},
	"subject": {"relation": "self"},
	"fields": ["income"],
	"predicates": [],
	"agreement": {"fields": ["income", "diagnosis"]},
}

due(changes, duties, services) := duty if {
	whole := object.union(asked, changes)
	country := national(duties)
	duty := obligations.due with input as whole with data.national as country with data.provider as {"services": services}
}

of_owner := {"a/b/c/d/e": rules}

test_none_as_a_rule if due({}, {}, {}) == {}

test_the_countrys_own if due({}, {"retention": {"days": 90}}, {}) == {"retention": {"days": 90}}

test_a_category if {
	due({"fields": ["diagnosis"]}, {}, {}) == {
		"mask": {"diagnosis": {"how": "year_only"}},
		"retention": {"days": 30},
		"notify_subject": true,
	}
}

test_a_question_about_a_category if {
	due({"predicates": [{"field": "diagnosis"}]}, {}, {}).notify_subject
}

test_a_role_without_the_mask if {
	not due({"fields": ["diagnosis"], "user": {"role": "doctor"}}, {}, {}).mask
}

test_the_smaller_number_holds if {
	duty := due({"subject": {"relation": "child"}}, {"retention": {"days": 15}, "max_records": 3}, of_owner)
	duty.retention == {"days": 10}
	duty.max_records == 3
}

test_two_masks_redact if {
	duty := due({"fields": ["diagnosis", "income"]}, {}, of_owner)
	duty.mask == {"diagnosis": {"how": "redact"}, "income": {"how": "hash"}}
}

test_an_unknown_user_is_no_exception if {
	due({"user": null}, {}, of_owner).mask == {"income": {"how": "hash"}}
}

test_an_emergency_is_audited_twice_and_told if {
	due({"purpose": "flood"}, {}, {}) == {"double_audit": true, "notify_subject": true}
}
