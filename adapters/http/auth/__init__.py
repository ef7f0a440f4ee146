"""How a source is shown who asks: one module for each family of the nine kinds of `auth:`.

`contract` says what all have in common, `form` reads the file. Credentials stand in values whose
text form never shows them, and in no log and no cause.
"""
