# METADATA
# title: Is there some use left?
# description: |
#   Quotas and repeats are counted outside; null means that the agreement sets none.
package isthmus.usage

import rego.v1

left if {
	input.usage == null
} else if {
	input.usage.quota_left == true
	input.usage.repeats_left == true
}
