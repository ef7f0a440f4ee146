"""The virtual registry: one record about one person, put together from their owners on demand.

A *view* names the attributes and their sources; `plan` says what has to be asked, in which order;
`assemble` asks; `combine` says what came of it, attribute by attribute. Nothing is kept, nobody is
scored, and nothing is decided here: every ask is an exchange that its owner decides, signs and logs.

Essential reading, in order: `view`, `plan`, `record`, `combine`, `assemble`. Beside them `view_file`
reads views from YAML and `explain` shows a plan to people. DESIGN section 10.
"""
