"""Agreements that both members signed: proposed, accepted and revoked between gateways, kept, in force.

`documents` says what is signed, `signatures` who signed it, `store` keeps it; `officers` act for a member
hosted here, `delivery` carries their acts to the other member, `arrival` takes in the other's; `in_force`
is what exchanges ask. Follows DESIGN section 7 and `docs/protocol.md` section 9.
"""
