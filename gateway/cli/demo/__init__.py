"""`isthmus demo`: a small federated country on one machine, and a story told with it.

`country` says who is in it, `processes` starts and stops them, `story` asks, `report` counts.
Lumeria itself (`examples/lumeria`) is started as separate programs and never imported.
"""
