"""Drafts of source files, for `isthmus source new`.

A kind looks at a system, or at its description, and tells what it found (`draft`: `Draft`). What
becomes of it, fields proposed to a canonical schema and the YAML with its comments, is the same
for every kind. Nothing that is drafted is ever served unseen: a person reads the file.
"""
