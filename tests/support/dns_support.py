"""A DNS server on this machine that answers what a test says, another thing each time if it is told so."""

import asyncio
import socket
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSHeader, DNSRecord
from dnslib.server import DNSLogger, DNSServer

HOST = "127.0.0.1"


@dataclass
class Zone:
    """What the server answers: for each name a queue of answers, the last of which stays."""

    answers: dict[str, deque[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(deque))
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def say(self, name: str, *addresses: str) -> None:
        """Add an answer for a name: its addresses, or ``=other`` for an alias."""
        self.answers[name].append(addresses)

    def resolve(self, request: DNSRecord, _handler: Any) -> DNSRecord:  # noqa: ANN401 - dnslib is untyped
        """Answer one question; dnslib names the method."""
        name, wanted = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        self.asked.append(name)
        reply = DNSRecord(DNSHeader(id=request.header.id, qr=1, aa=1, ra=1), q=request.q)
        if name not in self.answers:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        queue = self.answers[name]
        for address in queue.popleft() if len(queue) > 1 else queue[0]:
            self._add(reply, name, address, wanted)
        return reply

    def _add(self, reply: DNSRecord, name: str, address: str, wanted: str) -> None:
        """Add one record, following an alias."""
        if address.startswith("="):
            other = address[1:]
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(other), ttl=0))
            for further in self.answers[other][0]:
                self._add(reply, other, further, wanted)
        elif (":" in address) == (wanted == "AAAA"):
            data = AAAA(tuple(IPv6Address(address).packed)) if ":" in address else A(address)
            reply.add_answer(RR(name, getattr(QTYPE, wanted), rdata=data, ttl=0))


class DnsResolver(AbstractResolver):
    """Ask one DNS server over UDP, as the system's resolver would."""

    def __init__(self, port: int) -> None:
        """Keep where the server is."""
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the addresses of a name; raises OSError when it has none."""
        kinds = {socket.AF_INET: ("A",), socket.AF_INET6: ("AAAA",)}.get(family, ("A", "AAAA"))
        found = [address for kind in kinds for address in await self._ask(host, kind)]
        if not found:
            raise OSError(f"no address for {host}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def _ask(self, host: str, kind: str) -> list[str]:
        """Ask for one kind of record."""
        question = DNSRecord.question(host, kind)
        answer = DNSRecord.parse(await asyncio.to_thread(question.send, HOST, self._port, timeout=5))
        return [str(record.rdata) for record in answer.rr if QTYPE[record.rtype] == kind]

    async def close(self) -> None:
        """Nothing is kept open."""


@contextmanager
def dns_server() -> Iterator[Zone]:
    """Run a DNS server on a free port of this machine."""
    zone = Zone()
    server = DNSServer(zone, address=HOST, port=0, logger=DNSLogger("-request,-reply,-truncated,-error"))
    zone.port = server.server.server_address[1]
    server.start_thread()
    try:
        yield zone
    finally:
        server.stop()
        server.server.server_close()
