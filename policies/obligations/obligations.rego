# METADATA
# title: What has to be done with the answer?
# description: |
#   Duties of the country, of a special category, of the data's owner and of an emergency. Where two
#   say a number, the smaller holds; where two different masks meet, the field is redacted.
package isthmus.obligations

import rego.v1

due := data.national.duties if {
	data.isthmus.special_category.untouched
	data.isthmus.provider_rules.silent
	data.isthmus.emergency.unconcerned
} else := object.union_n([masking, limit, keeping, notifying, double_audit])

# METADATA
# title: The special categories that this answer touches
categories contains category if some category in data.isthmus.special_category.whole

categories contains category if {
	not data.isthmus.special_category.untouched
	some name in data.isthmus.fields.granted
	some category in data.isthmus.special_category.of_field(name)
}

categories contains category if {
	is_array(input.predicates)
	some asked in input.predicates
	some category in data.isthmus.special_category.of_field(asked.field)
}

# METADATA
# title: The masks that meet on a granted field
# description: The owner's and the country's. A role or a purpose may be excepted by name.
masks_on[name] contains rule.mask if {
	some rule in data.isthmus.provider_rules.mine.masks
	not excepted(rule)
	some name, _ in rule.fields
	name in data.isthmus.fields.granted
}

masks_on[name] contains rule.mask if {
	some category in categories
	rule := data.national.categories[category].mask
	not excepted(rule)
	some name in data.isthmus.fields.granted
	concerns(category, name)
}

concerns(category, _) if category in data.isthmus.special_category.whole

concerns(category, name) if category in data.isthmus.special_category.of_field(name)

excepted(rule) if rule.except_roles[input.user.role]

excepted(rule) if rule.except_purposes[input.purpose]

one_of(masks) := mask if {
	count(masks) == 1
	some mask in masks
}

one_of(masks) := {"how": "redact"} if count(masks) > 1

masks := {name: one_of(met) | some name, met in masks_on}

default masking := {}

masking := {"mask": masks} if masks != {}

limits contains data.national.duties.max_records

limits contains data.isthmus.provider_rules.mine.max_records if is_number(data.isthmus.provider_rules.mine.max_records)

default limit := {}

limit := {"max_records": min(limits)} if count(limits) > 0

retention contains data.national.duties.retention.days

retention contains data.isthmus.provider_rules.mine.retention_days if is_number(data.isthmus.provider_rules.mine.retention_days)

retention contains days if {
	some category in categories
	days := data.national.categories[category].retention_days
	is_number(days)
}

default keeping := {}

keeping := {"retention": {"days": min(retention)}} if count(retention) > 0

notify if not data.isthmus.emergency.unconcerned

notify if data.isthmus.provider_rules.mine.notify_subject == true

notify if {
	some category in categories
	data.national.categories[category].notify_subject == true
}

default notifying := {}

notifying := {"notify_subject": true} if notify

default double_audit := {}

double_audit := {"double_audit": true} if not data.isthmus.emergency.unconcerned
