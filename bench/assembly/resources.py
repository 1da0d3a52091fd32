"""Addresses of the bench file: `modbus+tcp://HOST:PORT/UNIT` and VISA socket names."""

import re
from dataclasses import dataclass, replace

from instruments.errors import ConfigError

_MODBUS = re.compile(r"modbus\+tcp://(?P<host>[^:/]+):(?P<port>\d+)/(?P<unit>\d+)")
_SOCKET = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET", re.IGNORECASE)


@dataclass(frozen=True)
class Resource:
    """Where a device answers; `unit` is None behind VISA."""

    host: str
    port: int
    unit: int | None = None

    @property
    def protocol(self) -> str:
        """The protocol spoken there."""
        return "scpi" if self.unit is None else "modbus"

    def at_port(self, port: int) -> "Resource":
        """Return the same resource at another port."""
        return replace(self, port=port)

    def __str__(self) -> str:
        if self.unit is None:
            return f"TCPIP0::{self.host}::{self.port}::SOCKET"
        return f"modbus+tcp://{self.host}:{self.port}/{self.unit}"


def parse_resource(text: str) -> Resource:
    """Read an address; raises ConfigError saying what forms there are."""
    if found := _MODBUS.fullmatch(text):
        return Resource(found["host"], int(found["port"]), int(found["unit"]))
    if found := _SOCKET.fullmatch(text):
        return Resource(found["host"], int(found["port"]))
    raise ConfigError(
        f"cannot read the resource {text!r}: write modbus+tcp://HOST:PORT/UNIT or TCPIP0::HOST::PORT::SOCKET"
    )
