package isthmus.exchange_test

import data.isthmus.exchange
import rego.v1

agreement := {
	"id": "msw-tax",
	"version": 1,
	"client": "LM/GOV/MSW/cash-transfer",
	"provider": "LM/GOV/TAX/income",
	"status": "active",
	"valid_from": 1000,
	"valid_until": 2000,
	"absence": "hidden",
	"service": "LM/GOV/TAX/income/band",
	"purposes": ["eligibility"],
	"legal_bases": ["public_task", "consent"],
	"fields": ["income_band", "employer"],
	"predicates": [{"field": "income", "op": "lt", "value": 500}],
	"methods": [],
	"paths": [],
}

question := {
	"time": 1500,
	"exchange": {"unsafe": false, "retry": false},
	"client": {"id": "LM/GOV/MSW/cash-transfer"},
	"represents": null,
	"user": null,
	"service": {"id": "LM/GOV/TAX/income/band", "form": "record", "method": null, "path": null},
	"purpose": "eligibility",
	"legal_basis": "public_task",
	"agreement": agreement,
	"consent": null,
	"subject": {"type": "national_id", "relation": "self", "restricted": null, "area": null},
	"fields": ["income_band"],
	"predicates": [],
	"usage": {"quota_left": true, "repeats_left": true},
	"emergency": null,
}

national := {
	"purposes": {},
	"legal_bases": {"public_task": {"purposes": null}, "consent": {"purposes": null}},
	"special": {"fields": {}, "services": {}, "relations": {}},
	"categories": {},
	"emergency": {"purposes": {}, "legal_basis": null, "max_s": 0},
	"represented_parties": null,
	"duties": {},
}

refused(reasons) := {
	"allow": false,
	"reasons": reasons,
	"fields": [],
	"predicates": [],
	"obligations": {},
	"policy_version": "test",
}

decide(asked) := answer if {
	answer := exchange.decision with input as asked
		with data.release as {"policy_version": "test"}
		with data.national as national
		with data.provider as {"services": {}}
}

changed(changes) := object.union(question, changes)

test_an_agreed_question_is_allowed if {
	decide(question) == {
		"allow": true,
		"reasons": [],
		"fields": ["income_band"],
		"predicates": [],
		"obligations": {},
		"policy_version": "test",
	}
}

test_only_agreed_fields_leave if {
	asked := changed({"fields": ["income_band", "tax_number", "employer"]})
	decide(asked).fields == ["income_band", "employer"]
}

test_an_agreed_predicate_is_answered if {
	asked := changed({"fields": [], "predicates": agreement.predicates})
	answer := decide(asked)
	answer.allow
	answer.predicates == agreement.predicates
}

test_another_constant_is_refused if {
	asked := changed({"predicates": [{"field": "income", "op": "lt", "value": 501}]})
	decide(asked) == refused(["predicate.not_agreed"])
}

test_another_purpose_is_refused if {
	decide(changed({"purpose": "marketing"})) == refused(["purpose.not_agreed"])
}

test_consent_without_a_token_is_refused if {
	decide(changed({"legal_basis": "consent"})) == refused(["consent.required", "fields.none_granted"])
}

test_a_restricted_person_is_unavailable if {
	asked := changed({"subject": {"restricted": true}})
	decide(asked) == refused(["subject.unavailable"])
}

test_an_empty_question_fails_every_test_there_is if {
	decide({}) == refused([
		"agreement.expired",
		"agreement.inactive",
		"agreement.missing",
		"agreement.not_yet_valid",
		"agreement.wrong_client",
		"agreement.wrong_service",
		"consent.not_covering",
		"consent.required",
		"fields.none_granted",
		"legal_basis.not_agreed",
		"legal_basis.not_listed",
		"legal_basis.not_possible",
		"predicate.not_agreed",
		"purpose.not_agreed",
		"service.method_not_agreed",
		"service.path_not_agreed",
		"subject.unavailable",
		"usage.exhausted",
	])
}

test_without_the_countrys_data_nothing_is_allowed if {
	answer := exchange.decision with input as question
		with data.release as {"policy_version": "test"}
		with data.national as {}
		with data.provider as {"services": {}}
	not answer.allow
	"legal_basis.not_listed" in answer.reasons
}

test_without_the_owners_data_nothing_is_allowed if {
	answer := exchange.decision with input as question
		with data.release as {"policy_version": "test"}
		with data.national as national
		with data.provider as {}
	answer.reasons == ["policy.incomplete"]
}

test_without_a_release_the_version_is_empty if {
	answer := exchange.decision with input as question with data.release as {} with data.national as national
	answer.policy_version == ""
}
