"""Looking at the policy and at what it decided (docs/explain.md): for officers, auditors and the curious.

`question` builds facts by hand, `explaining` says why they are decided so; `past` reads decisions out of
encrypted cases, `replay` and `simulation` decide them again; `matrix` and `flows` say who may see what and
who asked for it, `pages` and `drawing` draw the two. Nothing here fetches or discloses, and cases are
opened only after an entry that says so.
"""
