"""Which addresses may be connected to, and that no other is."""

import socket
from ipaddress import ip_network

import pytest

from adapters.mail.name_lookup import NameNotFound, system_lookup
from adapters.mail.network import AddressNotPermitted, CheckedAddress, NetworkPolicy
from tests.mail.dialled import connect

PUBLIC = [
    *("1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450::6d", "::ffff:1.1.1.1", "64:ff9b::101:101"),
]
INSIDE = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%1"],
    "unique-local": ["fc00::1", "fd12:3456::1"],
    "platform of a cloud": ["168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"],
    "site-local": ["fec0::1"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "unspecified": ["0.0.0.0", "::"],  # noqa: S104
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "4000::1", "100::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "2001:2::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
    "IPv4-compatible": ["::127.0.0.1", "::10.0.0.1"],
    "IPv4-translated": ["::ffff:0:127.0.0.1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:101:101::1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1"],
    "Teredo": ["2001:0:7f00:1::", "2001::1"],
    "no address": ["", "localhost", "127.1", "0x7f.1", "0177.0.0.1", "2130706433"],
}
ALL_INSIDE = [(kind, each) for kind, addresses in INSIDE.items() for each in addresses]


def leading_to(*addresses: str) -> NetworkPolicy:
    return NetworkPolicy(lookup=lambda _, __: [*addresses])


@pytest.mark.rule("C1")
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_permitted(address: str) -> None:
    assert NetworkPolicy().permitted(address)


@pytest.mark.rule("C1")
@pytest.mark.parametrize(("kind", "address"), ALL_INSIDE)
def test_the_inside_of_a_network_is_not_permitted_in_any_writing(kind: str, address: str) -> None:
    assert not NetworkPolicy().permitted(address), kind


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00::7"])
def test_the_operator_may_allow_a_network(address: str) -> None:
    policy = NetworkPolicy([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    assert policy.permitted(address)
    assert not policy.permitted("10.2.0.1")


@pytest.mark.rule("C1")
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.1", "2130706433", "::1"])
def test_a_name_for_this_machine_is_refused_as_the_system_reads_it(name: str) -> None:
    with pytest.raises(AddressNotPermitted, match="not permitted here"):
        NetworkPolicy().resolve(name, 993)


def test_of_several_addresses_the_permitted_ones_are_tried() -> None:
    found = leading_to("10.0.0.1", "9.9.9.9", "::1", "2620:fe::fe").resolve("mail.example", 993)
    assert found == [
        CheckedAddress(socket.AF_INET, "9.9.9.9", 993),
        CheckedAddress(socket.AF_INET6, "2620:fe::fe", 993),
    ]


def test_a_refusal_tells_no_address_of_the_inside() -> None:
    with pytest.raises(AddressNotPermitted) as refused:
        leading_to("10.0.0.1").resolve("db.internal", 993)
    assert "10.0.0.1" not in str(refused.value)


@pytest.mark.rule("C1")
def test_the_address_connected_to_is_the_one_that_was_checked() -> None:
    """A name server that answers otherwise a moment later gains nothing by it."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    policy = NetworkPolicy([ip_network("127.0.0.1/32")], lookup=lambda _, __: next(answers))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with connect(policy, "rebound.example", port, 5) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
        with pytest.raises(AddressNotPermitted):
            connect(policy, "rebound.example", port, 5)


def test_where_one_address_refuses_the_next_is_tried() -> None:
    policy = NetworkPolicy(
        [ip_network("127.0.0.0/8")], lookup=lambda _, __: ["127.0.0.1", "127.0.0.2"]
    )
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        with connect(policy, "both.example", port, 2) as connection:
            assert connection.getpeername()[0] == "127.0.0.2"


@pytest.mark.parametrize("name", ["", "x" * 70, "a\0b", "no-such-name.invalid", "é" * 300])
def test_a_name_that_is_none_is_not_found(name: str) -> None:
    with pytest.raises(NameNotFound):
        system_lookup(name, 20)
