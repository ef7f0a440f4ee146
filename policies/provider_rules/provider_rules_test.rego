package isthmus.provider_rules_test

import data.isthmus.provider_rules
import rego.v1

rules := {
	"denied_purposes": {"marketing": true},
	"denied_fields": {"phone": true},
	"masks": [],
	"roles": {"clerk": true},
	"assurance": {"high": true, "substantial": true},
	"officer_area": true,
	"areas": {"LM-03": true},
	"represented_parties": {"LM/GOV/EDU": true},
	"max_records": null,
	"retention_days": null,
	"notify_subject": false,
}

unlimited := {
	"denied_purposes": {},
	"denied_fields": {},
	"masks": [],
	"roles": null,
	"assurance": null,
	"officer_area": false,
	"areas": null,
	"represented_parties": null,
	"max_records": null,
	"retention_days": null,
	"notify_subject": false,
}

asked := {
	"purpose": "review",
	"represents": null,
	"user": {"role": "clerk", "area": "LM-03", "assurance": "high"},
	"service": {"id": "s", "form": "record"},
	"subject": {"restricted": null, "area": null},
	"fields": ["income"],
	"predicates": [],
}

denied_by(owners, changes) := codes if {
	whole := object.union(asked, changes)
	codes := provider_rules.deny with input as whole with data.provider as {"services": {"s": owners}}
}

denied(changes) := denied_by(rules, changes)

test_a_service_without_rules_denies_nothing if denied({"service": {"id": "t"}}) == set()

test_rules_without_limits_deny_nothing if denied_by(unlimited, {"user": null, "represents": "x"}) == set()

test_a_good_officer if denied({}) == set()

test_nobody if {
	denied({"user": null}) == {"user.role_not_permitted", "user.assurance_too_low", "user.area_missing"}
}

test_another_role if denied({"user": {"role": "visitor"}}) == {"user.role_not_permitted"}

test_weakly_identified if denied({"user": {"assurance": "low"}}) == {"user.assurance_too_low"}

test_a_denied_purpose if denied({"purpose": "marketing"}) == {"purpose.denied_by_provider"}

test_a_question_about_a_denied_field if {
	denied({"predicates": [{"field": "phone"}]}) == {"predicate.denied_by_provider"}
}

test_a_permitted_party if denied({"represents": "LM/GOV/EDU"}) == set()

test_another_party if denied({"represents": "LM/GOV/TAX"}) == {"represents.not_permitted"}

test_a_person_inside if denied({"subject": {"restricted": false, "area": "LM-03-1"}}) == set()

test_a_person_outside if {
	denied({"subject": {"restricted": false, "area": "LM-04"}}) == {"area.outside", "subject.unavailable"}
}

test_an_area_that_was_not_said if {
	denied({"subject": {"restricted": false, "area": null}}) == {"area.outside", "subject.unavailable"}
}

test_rules_that_miss_a_member_deny if "user.role_not_permitted" in denied_by({}, {})

test_a_denied_field if {
	data.isthmus.provider_rules.bars("phone") with input as asked with data.provider as {"services": {"s": rules}}
}
