"""Addresses of the bench file: `modbus+tcp://HOST:PORT/UNIT`, the same with `tls`, DNP3, and VISA socket names.

`dnp3+tcp://HOST:PORT/OUTSTATION?master=1` gives the link addresses of both ends; without `master` the bench is 1.
"""

import ipaddress
import re
from dataclasses import dataclass, replace

from instruments.dnp3_points import MAX_ADDRESS
from instruments.errors import ConfigError

_HOST = r"(?P<host>[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z_-]{1,63}){0,8})"
_MODBUS = re.compile(rf"modbus\+(?P<layer>tcp|tls)://{_HOST}:(?P<port>[0-9]{{1,5}})/(?P<unit>[0-9]{{1,3}})")
_DNP3 = re.compile(
    rf"dnp3\+tcp://{_HOST}:(?P<port>[0-9]{{1,5}})/(?P<unit>[0-9]{{1,5}})(?:\?master=(?P<master>[0-9]{{1,5}}))?"
)
_SOCKET = re.compile(rf"TCPIP[0-9]{{0,3}}::{_HOST}::(?P<port>[0-9]{{1,5}})::SOCKET", re.IGNORECASE)
MAX_PORT, MAX_UNIT = 65535, 255
DNP3_MASTER = 1
"""Link address of the bench where the resource gives none."""


@dataclass(frozen=True)
class Resource:
    """Where a device answers; `unit` is None behind VISA. `secure`: Modbus over TLS.

    With a `master`, the link address of the bench, it is a DNP3 outstation and `unit` its own link address.
    """

    host: str
    port: int
    unit: int | None = None
    secure: bool = False
    master: int | None = None

    @property
    def protocol(self) -> str:
        """The protocol spoken there."""
        if self.unit is None:
            return "scpi"
        if self.master is not None:
            return "dnp3"
        return "modbus+tls" if self.secure else "modbus"

    @property
    def is_modbus(self) -> bool:
        """Whether a Modbus unit answers there."""
        return self.protocol.startswith("modbus")

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
        if self.master is not None:
            return f"dnp3+tcp://{self.host}:{self.port}/{self.unit}?master={self.master}"
        return f"modbus+{'tls' if self.secure else 'tcp'}://{self.host}:{self.port}/{self.unit}"


def parse_resource(text: str) -> Resource:
    """Read an address; raises ConfigError saying what forms there are."""
    if dnp3 := _DNP3.fullmatch(text):
        return _dnp3(text, dnp3)
    found = _MODBUS.fullmatch(text) or _SOCKET.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"cannot read the resource {text[:80]!r}: write modbus+tcp://HOST:PORT/UNIT, modbus+tls://HOST:PORT/UNIT, "
            "dnp3+tcp://HOST:PORT/OUTSTATION?master=1 or TCPIP0::HOST::PORT::SOCKET"
        )
    parts = found.groupdict()
    resource = Resource(parts["host"], int(parts["port"]), _number(parts.get("unit")), parts.get("layer") == "tls")
    if resource.port > MAX_PORT or (resource.unit or 0) > MAX_UNIT:
        raise ConfigError(f"the resource {text!r} has a port above {MAX_PORT} or a unit above {MAX_UNIT}")
    return resource


def _dnp3(text: str, found: re.Match[str]) -> Resource:
    port, outstation, master = int(found["port"]), int(found["unit"]), int(found["master"] or DNP3_MASTER)
    if port > MAX_PORT or max(outstation, master) > MAX_ADDRESS:
        raise ConfigError(f"the resource {text!r} has a port above {MAX_PORT} or a link address above {MAX_ADDRESS}")
    if outstation == master:
        raise ConfigError(f"the resource {text!r} gives outstation and master the same link address")
    return Resource(found["host"], port, outstation, master=master)


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
