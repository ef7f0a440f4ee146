# METADATA
# title: The decision about one exchange
# description: |
#   Asks every question and allows only if each has a good answer. A question whose answer is
#   missing or undefined counts as a bad one, so a rule that was never loaded denies.
package isthmus.exchange

import rego.v1

# METADATA
# title: The whole decision
# description: The only value that the gateway reads.
# entrypoint: true
decision := {
	"allow": allow,
	"reasons": sort(deny),
	"fields": granted_fields,
	"predicates": granted_predicates,
	"obligations": due,
	"policy_version": policy_version,
}

default allow := false

allow if {
	count(deny) == 0
	data.isthmus.agreement.holds
	data.isthmus.purpose.holds
	data.isthmus.legal_basis.holds
}

default granted_fields := []

granted_fields := data.isthmus.fields.granted if allow

default granted_predicates := []

granted_predicates := data.isthmus.predicates.granted if allow

default due := {}

due := data.isthmus.obligations.due if allow

default policy_version := ""

policy_version := data.release.policy_version

# Without this data no rule of the owner would speak; without the country's, no legal basis is listed.
deny contains "policy.incomplete" if not data.provider.services

deny contains reason if {
	not data.isthmus.agreement.holds
	some reason in data.isthmus.agreement.deny
}

deny contains reason if {
	not data.isthmus.purpose.holds
	some reason in data.isthmus.purpose.deny
}

deny contains reason if {
	not data.isthmus.legal_basis.holds
	some reason in data.isthmus.legal_basis.deny
}

deny contains "consent.required" if not data.isthmus.consent.presented

deny contains "consent.not_covering" if not data.isthmus.consent.covering

deny contains "service.method_not_agreed" if {
	not data.isthmus.service.is_record
	not data.isthmus.service.method_agreed
}

deny contains "service.path_not_agreed" if {
	not data.isthmus.service.is_record
	not data.isthmus.service.path_agreed
}

deny contains "fields.none_granted" if not data.isthmus.fields.enough_granted

deny contains "predicate.not_agreed" if not data.isthmus.predicates.agreed

deny contains "subject.unavailable" if not data.isthmus.subject.available

# A consent that does not cover looks like a person who is not there.
deny contains "subject.unavailable" if not data.isthmus.consent.covering

deny contains "usage.exhausted" if not data.isthmus.usage.left

deny contains "represents.not_permitted" if not data.isthmus.represented.permitted

deny contains reason if {
	not data.isthmus.special_category.untouched
	some reason in data.isthmus.special_category.deny
}

deny contains reason if {
	not data.isthmus.provider_rules.silent
	some reason in data.isthmus.provider_rules.deny
}

deny contains reason if {
	not data.isthmus.emergency.unconcerned
	some reason in data.isthmus.emergency.deny
}
