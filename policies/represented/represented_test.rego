package isthmus.represented_test

import data.isthmus.represented
import rego.v1

lists := {"represented_parties": {"LM/GOV/MSW": {"LM/GOV/EDU": true}}}

permitted(party, national) if {
	asked := {"represents": party, "client": {"instance": "LM", "class": "GOV", "member": "MSW"}}
	represented.permitted with input as asked with data.national as national
}

test_nobody_is_represented if permitted(null, lists)

test_a_listed_party if permitted("LM/GOV/EDU", lists)

test_another_party if not permitted("LM/GOV/TAX", lists)

test_itself if permitted("LM/GOV/MSW", lists)

test_without_a_list_anybody if permitted("LM/GOV/TAX", {"represented_parties": null})

test_a_party_that_is_no_text if not permitted(["LM/GOV/EDU"], lists)
