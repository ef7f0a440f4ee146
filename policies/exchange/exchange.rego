# METADATA
# title: The decision about one exchange
# description: |
#   Asks every question and allows only if each has a good answer. A question whose answer is
#   missing or undefined counts as a bad one, so a rule that was never loaded denies.
package isthmus.exchange

import data.isthmus.agreement
import data.isthmus.consent
import data.isthmus.fields
import data.isthmus.legal_basis
import data.isthmus.predicates
import data.isthmus.purpose
import data.isthmus.service
import data.isthmus.subject
import data.isthmus.usage
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
	"obligations": {},
	"policy_version": policy_version,
}

default allow := false

allow if count(deny) == 0

default granted_fields := []

granted_fields := fields.granted if allow

default granted_predicates := []

granted_predicates := predicates.granted if allow

default policy_version := ""

policy_version := data.release.policy_version

deny contains "agreement.missing" if not agreement.present

deny contains "agreement.inactive" if not agreement.active

deny contains "agreement.wrong_client" if not agreement.names_client

deny contains "agreement.wrong_service" if not agreement.names_service

deny contains "agreement.not_yet_valid" if not agreement.has_begun

deny contains "agreement.expired" if not agreement.has_not_ended

deny contains "purpose.not_agreed" if not purpose.agreed

deny contains "legal_basis.not_agreed" if not legal_basis.agreed

deny contains "legal_basis.not_possible" if not legal_basis.possible

deny contains "consent.required" if not consent.presented

deny contains "consent.not_covering" if not consent.covering

deny contains "service.method_not_agreed" if not service.method_agreed

deny contains "service.path_not_agreed" if not service.path_agreed

deny contains "fields.none_granted" if not fields.enough_granted

deny contains "predicate.not_agreed" if not predicates.agreed

deny contains "subject.unavailable" if not subject.available

# A consent that does not cover looks like a person who is not there.
deny contains "subject.unavailable" if not consent.covering

deny contains "usage.exhausted" if not usage.left
