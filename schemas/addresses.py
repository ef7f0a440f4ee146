"""Network addresses, as far as everybody needs the same word about them."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether an address is on loopback. A name is not: it may come to mean another machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
