package isthmus.usage_test

import data.isthmus.usage
import rego.v1

test_both_left if usage.left with input as {"usage": {"quota_left": true, "repeats_left": true}}

test_no_quota_left if not usage.left with input as {"usage": {"quota_left": false, "repeats_left": true}}

test_no_repeats_left if not usage.left with input as {"usage": {"quota_left": true, "repeats_left": false}}

test_nothing_counted if usage.left with input as {"usage": null}

test_usage_unsaid if not usage.left with input as {}
