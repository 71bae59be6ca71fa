"""Which addresses a webhook may reach."""

import pytest

from api.egress import Verdict, judge, parse_rule


def words(text: str) -> list[str]:
    """Give the words of a text."""
    return text.split()


REFUSED = words("""
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3 169.254.1.1
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
    192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
    2002:7f00:1::1 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 ff0e::1
""")
METADATA = words("""
    169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 168.63.129.16 192.0.0.192
    ::ffff:169.254.169.254 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 169.254.42.42 fd00:42::42
    64:ff9b::a9fe:a9fe ::a9fe:a9fe 2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:5601:5601
""")
PUBLIC = words("""
    1.1.1.1 8.8.8.8 9.9.9.9 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 172.15.255.255
    172.32.0.1 192.0.1.1 192.167.1.1 198.17.1.1 198.20.0.1 203.0.112.1 223.255.255.254 2606:4700:4700::1111
    2a00:1450::1 2001:4860:4860::8888 ::ffff:8.8.8.8
""")


@pytest.mark.parametrize("address", REFUSED)
def test_a_special_address_is_refused(address: str) -> None:
    """Nothing of the special-purpose registries is reached."""
    assert judge(address, 443, (), encrypted=True) is Verdict.SPECIAL


@pytest.mark.parametrize("address", METADATA)
def test_a_metadata_address_is_refused_even_when_allowed(address: str) -> None:
    """No allow-list opens a cloud's metadata service."""
    rules = (parse_rule("0.0.0.0/0:80"), parse_rule("[::/0]:80"))
    assert judge(address, 80, rules, encrypted=False) is Verdict.METADATA


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes_over_tls_only(address: str) -> None:
    """No good address is blocked; unencrypted, none is reached."""
    assert judge(address, 443, (), encrypted=True) is Verdict.PUBLIC
    assert judge(address, 80, (), encrypted=False) is Verdict.PLAIN_HTTP


def test_an_allowed_receiver_is_one_network_on_one_port() -> None:
    """The allow-list opens exactly what it names."""
    rules = (parse_rule("10.1.0.0/16:8443"), parse_rule("[fd00::/8]:9000"))
    assert judge("10.1.2.3", 8443, rules, encrypted=False) is Verdict.ALLOWED
    assert judge("fd00::5", 9000, rules, encrypted=True) is Verdict.ALLOWED
    assert judge("::ffff:10.1.2.3", 8443, rules, encrypted=True) is Verdict.ALLOWED
    assert judge("10.1.2.3", 443, rules, encrypted=True) is Verdict.SPECIAL
    assert judge("10.2.0.1", 8443, rules, encrypted=True) is Verdict.SPECIAL


@pytest.mark.parametrize(
    "text",
    ["", "10.0.0.0/8", "10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.1/8:80", "host:80", ":80"],
)
def test_a_rule_of_another_form_is_refused_by_name(text: str) -> None:
    """The message quotes the rule and says what is allowed."""
    with pytest.raises(ValueError, match="CIDR:port"):
        parse_rule(text)


def test_a_single_address_is_a_network() -> None:
    """A rule may name one machine."""
    assert parse_rule("127.0.0.1:9000").covers(parse_rule("127.0.0.1:1").network[0], 9000)
