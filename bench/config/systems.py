"""The part of the bench file about systems outside of the bench that take an actor's place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bench.config.equipment import TlsSection
from bench.config.section import Section
from instruments.errors import ConfigError

SystemName = Literal["dms", "der_automation", "draacs", "mdms"]
"""Whose place a system may take: those of the fault kinds' names that have no people and no meters of their own."""


class SystemSection(Section):
    """Where a system is met: `broker` is `mqtt://HOST:PORT`, or `mqtt+tls://HOST:PORT` with `tls`.

    `topic` is what all of its topics begin with. `wait_s`: how long it may take until it says hello.
    """

    broker: str
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]
    user: str | None = None
    password: Annotated[str | None, Field(repr=False)] = None
    tls: TlsSection | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 5.0
    wait_s: Annotated[float, Field(ge=0)] = 10.0


_BROKER = re.compile(r"mqtt(?P<layer>\+tls)?://(?P<host>[0-9A-Za-z][0-9A-Za-z._-]{0,252}):(?P<port>[0-9]{1,5})")
MAX_PORT = 65535
FILES = ("ca", "certificate", "key")


@dataclass(frozen=True)
class Broker:
    """Where a broker answers, and whether over TLS."""

    host: str
    port: int
    secure: bool = False


def parse_broker(text: str) -> Broker:
    """Read `mqtt://HOST:PORT` or `mqtt+tls://HOST:PORT`; raises ConfigError saying so."""
    found = _BROKER.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= MAX_PORT:
        raise ConfigError(f"cannot read the broker {text[:80]!r}: write mqtt://HOST:PORT or mqtt+tls://HOST:PORT")
    return Broker(found["host"], int(found["port"]), found["layer"] is not None)


def system_files(systems: Mapping[SystemName, SystemSection]) -> Iterator[tuple[str, Path | None]]:
    """Yield the files that TLS needs, each with its place in the bench file."""
    for name, section in systems.items():
        if section.tls is not None:
            yield from ((f"systems.{name}.tls.{key}", getattr(section.tls, key)) for key in FILES)


def wrong_systems(systems: Mapping[SystemName, SystemSection], clock_mode: str) -> Iterator[str]:
    """Tell what cannot be used as written, with its place in the bench file."""
    if systems and clock_mode != "wall":
        yield f"systems: what is outside lives in wall time, not in {clock_mode} time: {', '.join(systems)}"
    for name, section in systems.items():
        yield from (f"systems.{name}{fault}" for fault in _wrong(section))


def _wrong(section: SystemSection) -> Iterator[str]:
    try:
        secure = parse_broker(section.broker).secure
    except ConfigError as error:
        yield f".broker: {error}"
        return
    if secure != (section.tls is not None):
        yield ".tls: it belongs to a broker at mqtt+tls://, which cannot be used without it"
    if (section.user is None) != (section.password is None):
        yield ": `user` and `password` belong together"
