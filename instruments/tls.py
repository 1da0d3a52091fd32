"""Who is believed, and what one shows of oneself, on a Modbus/TLS link.

After the MODBUS/TCP Security Protocol Specification V2.1: TLS 1.2 or later, port 802, both sides with certificates.
Certificates and keys are PEM files. There is no way to switch the check of the far end off.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from instruments.errors import ConfigError


@dataclass(frozen=True)
class OwnCertificate:
    """A certificate with its chain, and the key: in a file of its own, or in the same. `password` opens the key."""

    certificate: Path
    key: Path | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TlsClient:
    """What a client demands: a certificate that `ca` signed, for `server_name` or else for the host of the address.

    `own` is what it shows to a server that asks.
    """

    ca: Path
    own: OwnCertificate | None = None
    server_name: str | None = None


@dataclass(frozen=True)
class TlsServer:
    """What a server shows, and with `client_ca`, who has to have signed the certificate of each client."""

    own: OwnCertificate
    client_ca: Path | None = None


def client_context(settings: TlsClient) -> ssl.SSLContext:
    """Return a context that checks chain, dates and name; raises ConfigError naming a file that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _believe(context, settings.ca)
    if settings.own is not None:
        _show(context, settings.own)
    return context


def server_context(settings: TlsServer) -> ssl.SSLContext:
    """Return a server's context; raises ConfigError naming a file that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(context, settings.own)
    if settings.client_ca is not None:
        _believe(context, settings.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _believe(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read certificates from {ca}: {_told(error)}") from error


def _show(context: ssl.SSLContext, own: OwnCertificate) -> None:
    def password() -> str:  # without one, OpenSSL would ask at the terminal and wait
        return own.password or ""

    try:
        context.load_cert_chain(own.certificate, own.key, password)
    except (OSError, ValueError) as error:
        files = own.certificate if own.key is None else f"{own.certificate} and {own.key}"
        raise ConfigError(f"cannot use certificate and key of {files}: {_told(error)}") from error


def _told(error: Exception) -> str:
    """Word what OpenSSL says, which for a file that is no PEM at all is nothing."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "it holds no such thing in PEM form, or its key opens with another password"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
