"""Which addresses a webhook may reach: pure judgement, made at connect time for every address.

The table follows the special-purpose registries of IANA (RFC 6890 and its updates) and the ranges that the
microsoft-antissrf library blocks; IPv6 is allowed only inside the global unicast block 2000::/3.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_PORT = 65535

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Where the last 32 bits are an IPv4 address: NAT64 (RFC 6052) and the old IPv4-compatible form."""

_SPECIAL: tuple[Network, ...] = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)

_METADATA: frozenset[Address] = frozenset(
    ip_address(address)
    for address in (
        "169.254.42.42",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:42::42",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)


class Verdict(StrEnum):
    """Why an address may or may not be reached."""

    PUBLIC = "public"
    ALLOWED = "allowed"
    METADATA = "metadata"
    SPECIAL = "special"
    PLAIN_HTTP = "plain_http"

    @property
    def passes(self) -> bool:
        """Whether the connection may be made."""
        return self in {Verdict.PUBLIC, Verdict.ALLOWED}


@dataclass(frozen=True)
class AllowRule:
    """One internal receiver that may be reached: every address of a network, on one port."""

    network: Network
    port: int

    def covers(self, address: Address, port: int) -> bool:
        """Whether the rule names this address and port."""
        return port == self.port and address.version == self.network.version and address in self.network


def parse_rule(text: str) -> AllowRule:
    """Read ``CIDR:port``, e.g. ``10.1.0.0/16:443`` or ``[fd00::/8]:443``.

    Raises ValueError naming the rule when it is not of that form.
    """
    block, _, port = text.rpartition(":")
    problem = f"{text!r} is not CIDR:port, e.g. 10.1.0.0/16:443 or [fd00::/8]:443"
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT):
        raise ValueError(problem)
    try:
        network = ip_network(block.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ValueError(problem) from error
    return AllowRule(network, int(port))


def unwrap(address: Address) -> Address:
    """Give the IPv4 address inside an IPv4-mapped IPv6 one, else the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _leads_to(address: Address) -> set[Address]:
    """Give an address and the IPv4 addresses that it is a way to, through NAT64, 6to4 or Teredo."""
    found: set[Address] = {address}
    if isinstance(address, IPv6Address):
        found |= {inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None}
        found |= set(address.teredo or ())
        if any(address in block for block in _NAT64):
            found.add(IPv4Address(int(address) & 0xFFFF_FFFF))
    return found


def _is_public(address: Address) -> bool:
    """Whether an unwrapped address is an ordinary one of the public internet."""
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in block for block in _SPECIAL if block.version == address.version)


def judge(host: str, port: int, rules: tuple[AllowRule, ...], *, encrypted: bool) -> Verdict:
    """Judge one resolved address just before a socket is made for it.

    ``host`` is a numeric address. Metadata services are never reached, not even through the allow-list;
    unencrypted HTTP only reaches what the allow-list names. Raises ValueError when ``host`` is not numeric.
    """
    address = unwrap(ip_address(host))
    if not _METADATA.isdisjoint(_leads_to(address)):
        return Verdict.METADATA
    if any(rule.covers(address, port) for rule in rules):
        return Verdict.ALLOWED
    if not _is_public(address):
        return Verdict.SPECIAL
    return Verdict.PUBLIC if encrypted else Verdict.PLAIN_HTTP
