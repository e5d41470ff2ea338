"""Certificates of a sandbox: its own authority, and what a server can do wrong with one."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
HOST = "localhost"
ADDRESS = "127.0.0.1"


class Certificate(StrEnum):
    """Which certificate a server shows."""

    TRUSTED = "trusted"
    """A new one, signed by the sandbox's authority."""
    UNTRUSTED = "untrusted"
    """Self-signed."""
    EXPIRED = "expired"
    OTHER_NAME = "other_name"
    """For a server with another name."""


class Authority:
    """Signs the certificates of one sandbox. Its own key never leaves memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Sendledger sandbox")
        self.file = folder / "ca.pem"
        """The certificate that a client has to trust."""
        self.file.write_bytes(self._own_certificate().public_bytes(Encoding.PEM))

    def issue(self, kind: Certificate = Certificate.TRUSTED) -> Path:
        """A file with a new certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        by_itself = kind is Certificate.UNTRUSTED
        name = "elsewhere.test" if kind is Certificate.OTHER_NAME else HOST
        ends = -DAY if kind is Certificate.EXPIRED else 30 * DAY
        builder = _builder(name, key.public_key(), _name(name) if by_itself else self._name, ends)
        certificate = (
            builder.add_extension(_alternative_names(name), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    key.public_key() if by_itself else self._key.public_key()
                ),
                critical=False,
            )
            .sign(key if by_itself else self._key, hashes.SHA256())
        )
        file = self._folder / f"{certificate.serial_number:x}.pem"
        file.touch(mode=0o600)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
        return file

    def _own_certificate(self) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        public = self._key.public_key()
        return (
            _builder("Sendledger sandbox", public, self._name, 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _builder(
    subject: str, public: ec.EllipticCurvePublicKey, issuer: x509.Name, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + ends)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative_names(name: str) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == HOST:
        names.append(x509.IPAddress(ip_address(ADDRESS)))
    return x509.SubjectAlternativeName(names)
