"""The federation: the signed directory of one instance, published and read (DESIGN section 6).

A thin TUF tree, six roles whatever the number of members, over a content-addressed tree of small
signed files. Read it in this order: `documents` (what is signed), `signed` (how), `tree` (how it is
found), `registrar` (who publishes), `reader` (who checks), `snapshot` (what an exchange asks).

TUF is imported only by `publication`, `registrar`, `refresh` and `fetch`; the hot path sees `snapshot` alone.
"""
