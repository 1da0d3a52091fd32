"""Makes of a device's TLS sections what its transport and its emulator need."""

import ssl

from bench.assembly.resources import Resource
from bench.config import Device
from bench.config.equipment import CertificateSection, TlsSection
from instruments.tls import OwnCertificate, TlsClient, TlsServer, server_context


def client_tls(device: Device, resource: Resource) -> TlsClient | None:
    """Return what a link to a resource demands of the far end; None for one that is not at `modbus+tls`."""
    if not resource.secure or device.tls is None:
        return None
    return tls_client(device.tls)


def tls_client(section: TlsSection) -> TlsClient:
    """Return what a `tls` section demands of the far end, and shows to it."""
    return TlsClient(section.ca, _own(section), section.server_name)


def served_tls(device: Device) -> ssl.SSLContext | None:
    """Return what an emulated device serves TLS with, None without; raises ConfigError for files that do not do."""
    section = device.emulate.tls if device.emulate else None
    own = _own(section) if section else None
    return server_context(TlsServer(own, section.client_ca)) if section and own else None


def _own(section: CertificateSection) -> OwnCertificate | None:
    if section.certificate is None:
        return None
    return OwnCertificate(section.certificate, section.key, section.key_password)
