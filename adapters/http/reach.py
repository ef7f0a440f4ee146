"""Which addresses the names of a source may lead to.

Why: `docs/decisions/2026-11-23-addresses-of-sources.md`. Pure; connecting is `adapters.http.network`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_IPV4_BEFORE_IPV6: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Prefixes of IPv6 before a whole IPv4 address: NAT64 (RFC 6052), IPv4-compatible (RFC 4291)."""
_NEVER_GLOBAL: Final = (
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("fec0::/10"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv4Network("168.63.129.16/32"),
)
"""Local by their definition, though `is_global` says otherwise: NAT64 of an organisation's own (RFC
8215), site-local (RFC 3879), SIIT (RFC 2765); and the address at which Azure serves its machines."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses a source may be called at: global ones, and those of the networks in `private`.

    An address that is written in the file itself is allowed too. Loopback is allowed only where the
    file says loopback; link-local (cloud metadata), multicast and unspecified addresses never.
    """

    private: tuple[Network, ...] = ()

    def allows(self, host: str, address: str) -> bool:
        """Whether `host`, as the file writes it, may be called at `address`."""
        number = _plain(ip_address(address.partition("%")[0]))
        if number.is_loopback:
            return is_loopback(host)
        if number.is_link_local or number.is_multicast or number.is_unspecified or _is_broadcast(number):
            return False
        reached = number.is_global and not any(number in network for network in _NEVER_GLOBAL)
        return reached or host == address or any(number in network for network in self.private)


def is_loopback(host: str) -> bool:
    """Whether a host is literally this machine, whatever names resolve to."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _plain(number: Address) -> Address:
    """The IPv4 address inside an IPv6 one, by whichever way of writing it."""
    if isinstance(number, IPv4Address):
        return number
    # `::` and `::1` are addresses of IPv6's own.
    if int(number) > 1 and any(number in prefix for prefix in _IPV4_BEFORE_IPV6):
        return IPv4Address(int(number) & 0xFFFF_FFFF)
    teredo = number.teredo
    return number.ipv4_mapped or number.sixtofour or (teredo[1] if teredo else number)


def _is_broadcast(number: Address) -> bool:
    return isinstance(number, IPv4Address) and int(number) == 0xFFFF_FFFF
