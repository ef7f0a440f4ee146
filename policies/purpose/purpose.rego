# METADATA
# title: Is the data asked for a purpose of the country's list that was agreed?
# description: |
#   Purposes form a tree: an agreement that names a purpose covers every narrower one. Where the
#   country lists none, the agreement's own words count.
package isthmus.purpose

import rego.v1

holds if {
	is_string(input.purpose)
	data.national.purposes[input.purpose]
	is_array(input.agreement.purposes)
	input.purpose in input.agreement.purposes
} else if {
	listed
	agreed
}

deny contains "purpose.not_listed" if not listed

deny contains "purpose.not_agreed" if not agreed

listed if {
	data.national.purposes[input.purpose]
} else if data.national.purposes == {}

agreed if {
	is_string(input.purpose)
	is_array(input.agreement.purposes)
	input.purpose in input.agreement.purposes
} else if {
	is_array(input.agreement.purposes)
	line := data.national.purposes[input.purpose].line
	some name in input.agreement.purposes
	line[name]
}

# METADATA
# title: This purpose is one of these
# description: An object of codes, narrower ones written out beforehand; null does not limit.
within(codes) if codes == null

within(codes) if codes[input.purpose]
