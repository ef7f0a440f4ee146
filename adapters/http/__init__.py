"""HTTP as every kind over HTTP speaks it: one host, bounded, without surprises.

`form` reads `connection:`, `client` sends. What an answer means is the kind's affair.
"""
