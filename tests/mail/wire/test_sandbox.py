"""The sandbox keeps the contract of a mail provider, over real sockets and TLS."""

from tests.mail.mail_contract import InboxContract, TransportContract


class TestSandbox(TransportContract, InboxContract):
    pass
