"""Addresses of the bench file: Modbus on TCP, in TLS or on a serial line, DNP3 on TCP, and VISA socket names.

`modbus+tcp://HOST:PORT/UNIT`, the same with `tls`, and `modbus+rtu:///dev/ttyUSB0?baud=9600/UNIT`, where `&parity=N`
and `&stop=2` may follow the baud rate; without them a line has even parity and one stop bit, as the standard has it.
An emulated device at a port is served on a pseudo-terminal, to which a link of the port's name is made. It may also be
at `pty`: on any free pseudo-terminal of its own, or at `pty:NAME`, which it shares with all others at that name.
`dnp3+tcp://HOST:PORT/OUTSTATION?master=1` gives the link addresses of both ends; without `master` the bench is 1.
`yokogawa+tcp://HOST:10001` is the LAN port of a WT3000, where messages go in frames after a login.
`TCPIP0::HOST::INSTR` is an instrument on VXI-11, whose port mapper tells the port unless it stands behind the host.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from instruments.dnp3_points import MAX_ADDRESS
from instruments.errors import ConfigError
from instruments.transports.serial_line import BAUD_RATES, PARITIES, STOP_BITS, SerialLine

_HOST = r"(?P<host>[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z_-]{1,63}){0,8})"
_MODBUS = re.compile(rf"modbus\+(?P<layer>tcp|tls)://{_HOST}:(?P<port>[0-9]{{1,5}})/(?P<unit>[0-9]{{1,3}})")
_DNP3 = re.compile(
    rf"dnp3\+tcp://{_HOST}:(?P<port>[0-9]{{1,5}})/(?P<unit>[0-9]{{1,5}})(?:\?master=(?P<master>[0-9]{{1,5}}))?"
)
_SOCKET = re.compile(rf"TCPIP[0-9]{{0,3}}::{_HOST}::(?P<port>[0-9]{{1,5}})::SOCKET", re.IGNORECASE)
_VXI11 = re.compile(rf"TCPIP[0-9]{{0,3}}::{_HOST}(?:,(?P<port>[0-9]{{1,5}}))?(?:::inst0)?::INSTR", re.IGNORECASE)
_FRAMED = re.compile(rf"yokogawa\+tcp://{_HOST}:(?P<port>[0-9]{{1,5}})")
_RTU = re.compile(
    r"modbus\+rtu://(?P<path>/[\w./:+-]{1,200}|pty(?::[a-z0-9_]{1,40})?)\?(?P<options>[^/]{0,80})/(?P<unit>[0-9]{1,3})",
    re.ASCII,
)
_OPTIONS = {"baud": tuple(map(str, BAUD_RATES)), "parity": PARITIES, "stop": tuple(map(str, STOP_BITS))}
MAX_PORT, MAX_UNIT = 65535, 255
DNP3_MASTER = 1
"""Link address of the bench where the resource gives none."""
PORT_MAPPER = 111
"""Where VXI-11 asks for the port of an instrument."""
MAX_RTU_UNIT = 247
_RTU_FORM = "modbus+rtu:///dev/PORT?baud=9600/UNIT"
PTY = "pty"
"""In place of a port: any free pseudo-terminal, for an emulated device."""


@dataclass(frozen=True)
class Resource:
    """Where a device answers; `unit` is None behind VISA. `secure`: Modbus over TLS. With a `line` there is no host.

    With a `master`, the link address of the bench, it is a DNP3 outstation and `unit` its own link address. `framed`:
    behind no VISA name, but in the frames of Yokogawa's LAN port. `vxi11`: remote procedure calls, no plain socket.
    """

    host: str
    port: int
    unit: int | None = None
    secure: bool = False
    line: SerialLine | None = None
    master: int | None = None
    framed: bool = False
    vxi11: bool = False

    @property
    def place(self) -> str:
        """Where that is without the unit: host and port, or the serial port."""
        return self.line.path if self.line else f"{self.host}:{self.port}"

    @property
    def protocol(self) -> str:
        """The protocol spoken there."""
        if self.unit is None:
            return "scpi"
        if self.master is not None:
            return "dnp3"
        if self.line:
            return "modbus+rtu"
        return "modbus+tls" if self.secure else "modbus"

    @property
    def is_modbus(self) -> bool:
        """Whether a Modbus unit answers there."""
        return self.protocol.startswith("modbus")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it; a name other than `localhost` may be any machine."""
        if self.line:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def at_port(self, port: int) -> "Resource":
        """Return the same resource at another port."""
        return replace(self, port=port)

    def at_line(self, path: str) -> "Resource":
        """Return the same resource at another serial port; raises ConfigError for one on a network."""
        if self.line is None:
            raise ConfigError(f"{self} is on no serial line")
        return replace(self, line=replace(self.line, path=path))

    @property
    def anywhere(self) -> "Resource":
        """The same resource at any free port, or on any free pseudo-terminal."""
        return self.at_line(PTY) if self.line else self.at_port(0)

    @property
    def lease_key(self) -> str:
        """What one run at a time may have: a serial port whole, by its own name, for requests on it take turns."""
        return f"modbus+rtu://{os.path.realpath(self.line.path)}" if self.line else str(self)

    def __str__(self) -> str:
        if self.line:
            line = self.line
            return f"modbus+rtu://{line.path}?baud={line.baud}&parity={line.parity}&stop={line.stop}/{self.unit}"
        if self.framed:
            return f"yokogawa+tcp://{self.host}:{self.port}"
        if self.vxi11:
            port = "" if self.port == PORT_MAPPER else f",{self.port}"
            return f"TCPIP0::{self.host}{port}::INSTR"
        if self.unit is None:
            return f"TCPIP0::{self.host}::{self.port}::SOCKET"
        if self.master is not None:
            return f"dnp3+tcp://{self.host}:{self.port}/{self.unit}?master={self.master}"
        return f"modbus+{'tls' if self.secure else 'tcp'}://{self.host}:{self.port}/{self.unit}"


def parse_resource(text: str) -> Resource:
    """Read an address; raises ConfigError saying what forms there are."""
    if dnp3 := _DNP3.fullmatch(text):
        return _dnp3(text, dnp3)
    if text.startswith("modbus+rtu:"):
        return _serial(text)
    found = _MODBUS.fullmatch(text) or _SOCKET.fullmatch(text) or _FRAMED.fullmatch(text) or _VXI11.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"cannot read the resource {text[:80]!r}: write modbus+tcp://HOST:PORT/UNIT, modbus+tls://HOST:PORT/UNIT, "
            f"{_RTU_FORM}, dnp3+tcp://HOST:PORT/OUTSTATION?master=1, TCPIP0::HOST::PORT::SOCKET, "
            "TCPIP0::HOST::INSTR or yokogawa+tcp://HOST:PORT"
        )
    parts = found.groupdict()
    port = int(parts["port"] or PORT_MAPPER)
    resource = Resource(parts["host"], port, _number(parts.get("unit")), parts.get("layer") == "tls")
    resource = replace(resource, framed=found.re is _FRAMED, vxi11=found.re is _VXI11)
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


def _serial(text: str) -> Resource:
    found = _RTU.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"cannot read the resource {text[:80]!r}: a device on a serial line is at {_RTU_FORM}, an emulated one "
            "also at modbus+rtu://pty?baud=9600/UNIT"
        )
    unit = int(found["unit"])
    if not 1 <= unit <= MAX_RTU_UNIT:
        raise ConfigError(f"the resource {text!r} has a unit outside 1 to {MAX_RTU_UNIT}, as a serial line has them")
    told = _line_options(text, found["options"])
    line = SerialLine(found["path"], int(told["baud"]), told.get("parity", "E"), int(told.get("stop", "1")))
    return Resource("", 0, unit, line=line)


def _line_options(text: str, options: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for option in options.split("&"):
        key, _, value = option.partition("=")
        if key not in _OPTIONS:
            near = get_close_matches(key, _OPTIONS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ConfigError(f"the resource {text!r} has no option {key!r}; {hint}known: {', '.join(_OPTIONS)}")
        if key in told:
            raise ConfigError(f"the resource {text!r} says {key} twice")
        if value not in _OPTIONS[key]:
            raise ConfigError(f"the resource {text!r}: {key} is one of {', '.join(_OPTIONS[key])}, not {value!r}")
        told[key] = value
    if "baud" not in told:
        raise ConfigError(f"the resource {text!r} does not say its baud rate: ?baud=9600, for example")
    return told


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
