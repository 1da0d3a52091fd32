"""Addresses of the bench file: `modbus+tcp://HOST:PORT/UNIT`, the same with `tls`, and VISA socket names."""

import ipaddress
import re
from dataclasses import dataclass, replace

from instruments.errors import ConfigError

_HOST = r"(?P<host>[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z_-]{1,63}){0,8})"
_MODBUS = re.compile(rf"modbus\+(?P<layer>tcp|tls)://{_HOST}:(?P<port>[0-9]{{1,5}})/(?P<unit>[0-9]{{1,3}})")
_SOCKET = re.compile(rf"TCPIP[0-9]{{0,3}}::{_HOST}::(?P<port>[0-9]{{1,5}})::SOCKET", re.IGNORECASE)
MAX_PORT, MAX_UNIT = 65535, 255


@dataclass(frozen=True)
class Resource:
    """Where a device answers; `unit` is None behind VISA. `secure`: Modbus over TLS."""

    host: str
    port: int
    unit: int | None = None
    secure: bool = False

    @property
    def protocol(self) -> str:
        """The protocol spoken there."""
        if self.unit is None:
            return "scpi"
        return "modbus+tls" if self.secure else "modbus"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it; a name other than `localhost` may be any machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def at_port(self, port: int) -> "Resource":
        """Return the same resource at another port."""
        return replace(self, port=port)

    def __str__(self) -> str:
        if self.unit is None:
            return f"TCPIP0::{self.host}::{self.port}::SOCKET"
        return f"modbus+{'tls' if self.secure else 'tcp'}://{self.host}:{self.port}/{self.unit}"


def parse_resource(text: str) -> Resource:
    """Read an address; raises ConfigError saying what forms there are."""
    found = _MODBUS.fullmatch(text) or _SOCKET.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"cannot read the resource {text[:80]!r}: write modbus+tcp://HOST:PORT/UNIT, modbus+tls://HOST:PORT/UNIT "
            "or TCPIP0::HOST::PORT::SOCKET"
        )
    parts = found.groupdict()
    resource = Resource(parts["host"], int(parts["port"]), _number(parts.get("unit")), parts.get("layer") == "tls")
    if resource.port > MAX_PORT or (resource.unit or 0) > MAX_UNIT:
        raise ConfigError(f"the resource {text!r} has a port above {MAX_PORT} or a unit above {MAX_UNIT}")
    return resource


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
