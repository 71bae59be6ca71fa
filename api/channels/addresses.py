"""What can be said of an HTTP address before anything is connected: pure."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from api import egress
from api.egress import AllowRule

HTTPS_PORT = 443
HTTP_PORT = 80


def http_fault(url: str, rules: tuple[AllowRule, ...]) -> str | None:
    """Say what is wrong with a receiver's address; None when it can be tried.

    Names are judged when they are connected to; a numeric address is judged here too.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be an address"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an http or https address with a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password: deliveries are signed instead"
    if parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        return "must be an address without fragment, in ASCII"
    return _guarded(parts, port, rules)


def _guarded(parts: SplitResult, port: int | None, rules: tuple[AllowRule, ...]) -> str | None:
    """Say whether the guard refuses a numeric address; None for a name."""
    encrypted = parts.scheme == "https"
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return None
    number = port if port is not None else (HTTPS_PORT if encrypted else HTTP_PORT)
    verdict = egress.judge(parts.hostname or "", number, rules, encrypted=encrypted)
    if verdict.passes:
        return None
    return f"is refused ({verdict}); internal receivers are allowed by the setting egress_allow"
