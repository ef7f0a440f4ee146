package isthmus.area_test

import data.isthmus.area
import rego.v1

test_an_area_covers_itself if data.isthmus.area.covers("LM-03", "LM-03")

test_an_area_covers_its_parts if data.isthmus.area.covers("LM-03", "LM-03-12")

test_other_marks_between_parts if data.isthmus.area.covers("LM", "LM/north.12")

test_a_longer_name_is_another_area if not data.isthmus.area.covers("LM-03", "LM-031")

test_a_part_does_not_cover_the_whole if not data.isthmus.area.covers("LM-03-12", "LM-03")

test_no_area_covers_nothing if not data.isthmus.area.covers("", "-")

test_an_unknown_area_is_not_covered if not data.isthmus.area.covers("LM", null)

test_nothing_covers_nothing if not data.isthmus.area.covers(null, null)

test_before_the_fetch if {
	area.provisional with input as {"service": {"form": "record"}, "subject": {"restricted": null, "area": null}}
}

test_after_the_fetch if {
	not area.provisional with input as {"service": {"form": "record"}, "subject": {"restricted": false, "area": null}}
}

test_a_pass_through_has_no_fetch if {
	not area.provisional with input as {"service": {"form": "pass_through"}, "subject": {"restricted": null, "area": null}}
}
