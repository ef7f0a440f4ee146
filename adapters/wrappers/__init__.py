"""What surrounds every adapter, so that no author can forget it.

Each wrapper is an `Adapter` around an `Adapter` and does one thing. `adapters.opening` composes
them in one expression, outermost first.
"""
