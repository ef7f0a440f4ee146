"""The federation: the signed directory of one instance, published and read (DESIGN section 6).

A thin TUF tree, six roles whatever the number of members, over a content-addressed tree of small
signed files. Read it in this order: `documents` and `national` (what is said), `signed` (how it is
signed), `tree` (how it is found), `admission` (what makes it count), `registrar` over `publication`
(who publishes), `reader` over `verified_copy` and `refresh` (who believes), `snapshot` (what an
exchange asks).

TUF is imported only by `publication`, `registrar`, `refresh` and `fetch`; a hot path sees `reader`
and `snapshot` alone.
"""
