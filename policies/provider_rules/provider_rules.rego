# METADATA
# title: What does the data's owner say beyond country and agreement?
# description: |
#   Rules of one service, by its identifier. They refuse, leave fields out and add duties; nothing
#   here can allow. A service without rules denies nothing.
package isthmus.provider_rules

import rego.v1

# METADATA
# title: The owner's rules for this service
# description: Undefined where there are none.
mine := data.provider.services[input.service.id]

# METADATA
# title: The owner has no rules for this service
silent if not mine

bars(name) if mine.denied_fields[name]

purpose_permitted if not purpose_denied

purpose_denied if mine.denied_purposes[input.purpose]

predicates_permitted if not predicate_denied

predicate_denied if {
	is_array(input.predicates)
	some asked in input.predicates
	bars(asked.field)
}

role_permitted if mine.roles == null

role_permitted if mine.roles[input.user.role]

assured if mine.assurance == null

assured if mine.assurance[input.user.assurance]

officer_area_known if mine.officer_area == false

officer_area_known if is_string(input.user.area)

officer_area_covers if mine.officer_area == false

officer_area_covers if data.isthmus.area.provisional

officer_area_covers if data.isthmus.area.covers(input.user.area, input.subject.area)

area_permitted if mine.areas == null

area_permitted if data.isthmus.area.provisional

area_permitted if {
	is_object(mine.areas)
	some area, _ in mine.areas
	data.isthmus.area.covers(area, input.subject.area)
}

party_permitted if mine.represented_parties == null

party_permitted if input.represents == null

party_permitted if mine.represented_parties[input.represents]

deny contains "purpose.denied_by_provider" if {
	not silent
	not purpose_permitted
}

deny contains "predicate.denied_by_provider" if {
	not silent
	not predicates_permitted
}

deny contains "user.role_not_permitted" if {
	not silent
	not role_permitted
}

deny contains "user.assurance_too_low" if {
	not silent
	not assured
}

deny contains "user.area_missing" if {
	not silent
	not officer_area_known
}

# Where a person lives is nobody's business who may not ask about them.
deny contains ["area.outside", "subject.unavailable"][_] if {
	not silent
	not officer_area_covers
}

deny contains ["area.outside", "subject.unavailable"][_] if {
	not silent
	not area_permitted
}

deny contains "represents.not_permitted" if {
	not silent
	not party_permitted
}
