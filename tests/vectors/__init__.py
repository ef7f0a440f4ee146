"""Test vectors of the exchange protocol, for this implementation and for a second one."""
