"""Notices and slips: what a person is told before consenting, and the paper that says what was agreed."""
