# METADATA
# title: Is there an agreement, and does it hold now?
# description: |
#   Both members signed it, for this client and this service, and now lies within its validity.
#   `holds` asks everything in one body, which costs a third; what exactly is wrong is asked only then.
package isthmus.agreement

import rego.v1

holds if {
	input.agreement.status == "active"
	is_string(input.client.id)
	input.agreement.client == input.client.id
	is_string(input.service.id)
	is_string(input.agreement.provider)
	input.agreement.service == input.service.id
	startswith(input.service.id, concat("", [input.agreement.provider, "/"]))
	is_number(input.time)
	is_number(input.agreement.valid_from)
	is_number(input.agreement.valid_until)
	input.agreement.valid_from <= input.time
	input.time < input.agreement.valid_until
}

deny contains "agreement.missing" if not present

deny contains "agreement.inactive" if not active

deny contains "agreement.wrong_client" if not names_client

deny contains "agreement.wrong_service" if not names_service

deny contains "agreement.not_yet_valid" if not has_begun

deny contains "agreement.expired" if not has_not_ended

present if is_object(input.agreement)

active if input.agreement.status == "active"

names_client if {
	is_string(input.client.id)
	input.agreement.client == input.client.id
}

names_service if {
	is_string(input.service.id)
	is_string(input.agreement.provider)
	input.agreement.service == input.service.id
	startswith(input.service.id, concat("", [input.agreement.provider, "/"]))
}

has_begun if {
	is_number(input.time)
	is_number(input.agreement.valid_from)
	input.agreement.valid_from <= input.time
}

has_not_ended if {
	is_number(input.time)
	is_number(input.agreement.valid_until)
	input.time < input.agreement.valid_until
}
