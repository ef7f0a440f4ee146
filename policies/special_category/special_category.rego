# METADATA
# title: Is health, disability or a child concerned, and is that permitted here?
# description: |
#   The country lists what belongs to a special category: fields, whole services, relatives. A field
#   whose category is not permitted is left out. Where nothing else is left, or a question is about
#   it, or the service or the relative as a whole belongs to it, the exchange is refused.
package isthmus.special_category

import rego.v1

# METADATA
# title: Nothing of the question belongs to a special category
# description: Most questions; the rest of this package is then left alone.
untouched if {
	special := data.national.special
	special.services == {}
	count({relation | relation := input.subject.relation; special.relations[relation]}) == 0
	count({name |
		is_array(input.fields)
		some name in input.fields
		special.fields[name]
	}) == 0
	count({asked.field |
		is_array(input.predicates)
		some asked in input.predicates
		special.fields[asked.field]
	}) == 0
}

# METADATA
# title: The category may be seen on this ground, for this purpose, by this role
permitted(category) if {
	basis_permitted(category)
	purpose_permitted(category)
	role_permitted(category)
}

basis_permitted(category) if data.national.categories[category].legal_bases == null

basis_permitted(category) if data.national.categories[category].legal_bases[input.legal_basis]

purpose_permitted(category) if data.isthmus.purpose.within(data.national.categories[category].purposes)

role_permitted(category) if data.national.categories[category].roles == null

role_permitted(category) if data.national.categories[category].roles[input.user.role]

# METADATA
# title: The field belongs to a category that is not permitted
bars(name) if {
	some category, places in data.national.special.fields[name]
	here(places)
	not permitted(category)
}

# METADATA
# title: The categories of a field at this service
of_field(name) := {category |
	some category, places in data.national.special.fields[name]
	here(places)
}

# METADATA
# title: These places include this service
# description: By its identifier, by its code alone, or all services.
here(places) if places["*"]

here(places) if places[input.service.id]

here(places) if places[service_code]

service_code := split(input.service.id, "/")[4] if is_string(input.service.id)

# METADATA
# title: The categories without which there is no answer at all
whole contains category if some category, _ in data.national.special.relations[input.subject.relation]

whole contains category if some category, _ in data.national.special.services[input.service.id]

whole contains category if some category, _ in data.national.special.services[service_code]

essential contains category if some category in whole

essential contains category if {
	is_array(input.predicates)
	some asked in input.predicates
	some category in of_field(asked.field)
}

essential contains category if {
	data.isthmus.fields.granted == []
	some name in data.isthmus.fields.agreed
	some category in of_field(name)
}

deny contains "special_category.legal_basis" if {
	some category in essential
	not basis_permitted(category)
}

deny contains "special_category.purpose" if {
	some category in essential
	not purpose_permitted(category)
}

deny contains "special_category.role" if {
	some category in essential
	not role_permitted(category)
}
