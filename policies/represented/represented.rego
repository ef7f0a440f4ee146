# METADATA
# title: May the client act for the party that it names?
# description: |
#   Naming a party gives no right. Where the country lists who may act for whom, others are refused.
package isthmus.represented

import rego.v1

permitted if {
	input.represents == null
} else if {
	data.national.represented_parties == null
} else if {
	is_string(input.represents)
	input.represents == client_member
} else if data.national.represented_parties[client_member][input.represents]

client_member := concat("/", [input.client.instance, input.client.class, input.client.member]) if {
	is_string(input.client.instance)
	is_string(input.client.class)
	is_string(input.client.member)
}
