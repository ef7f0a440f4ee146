# METADATA
# title: Is the data asked for a purpose that was agreed?
# description: Purposes are codes; exactly those of the agreement's terms count.
package isthmus.purpose

import rego.v1

agreed if {
	is_string(input.purpose)
	is_array(input.agreement.purposes)
	input.purpose in input.agreement.purposes
}
