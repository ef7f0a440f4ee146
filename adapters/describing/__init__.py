"""A source file told to people who read no YAML: its owner, and whoever answers for data protection.

`facts` gathers what a file promises, `wording` puts its rules into words, `markdown`, `html` and
`drawing` write it down. Only the file, the canonical schemas and the fixtures are read: no system is
asked, no secret resolved, and no value of a person stands in a page.
"""
