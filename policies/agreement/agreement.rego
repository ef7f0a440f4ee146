# METADATA
# title: Is there an agreement, and does it hold now?
# description: |
#   Both members signed it, for this client and this service, and now lies within its validity.
package isthmus.agreement

import rego.v1

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
