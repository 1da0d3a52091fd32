"""A certificate authority for a test: certificates that are right, and such as are wrong in one way."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from instruments.tls import OwnCertificate

NOW = datetime.now(UTC)
PASSWORD = "not a secret"  # noqa: S105  of a key that lives as long as its test


@dataclass(frozen=True)
class Party:
    """Somebody with a certificate, as files."""

    certificate: Path
    key: Path

    @property
    def own(self) -> OwnCertificate:
        return OwnCertificate(self.certificate, self.key, PASSWORD)


class Authority:
    """Signs certificates below a folder; `ca` is its own."""

    def __init__(self, folder: Path, name: str = "laboratory") -> None:
        self._folder = folder
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        built = _builder(name, name, self._key.public_key(), NOW + timedelta(days=9))
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = built.sign(self._key, SHA256())
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, *hosts: str, until: datetime = NOW + timedelta(days=1), self_signed: bool = False
    ) -> Party:
        """Issue a certificate for host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = _builder(name, name if self_signed else self._name, key.public_key(), until)
        if hosts:
            built = built.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        signed = built.sign(key if self_signed else self._key, SHA256())
        party = Party(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        party.certificate.write_bytes(signed.public_bytes(Encoding.PEM))
        locked = BestAvailableEncryption(PASSWORD.encode())
        party.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
        return party


def _builder(name: str, issuer: str, key: ec.EllipticCurvePublicKey, until: datetime) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=_named(issuer),
        subject_name=_named(name),
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW - timedelta(days=30),
        not_valid_after=until,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
