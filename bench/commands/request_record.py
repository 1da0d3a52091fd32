"""What emulated equipment received, as a file: the word of the equipment's side on what a client sent it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from bench.assembly.emulation import EmulatedEquipment
from instruments.emulators.dnp3_outstation import Commanded
from instruments.emulators.modbus_server import Received
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.errors import ConfigError

READS = frozenset({3, 4})
FRAGMENTS = {1: "read", 2: "write"}
"""Functions of DNP3 that are no command of an output."""
Write = Callable[[dict[str, Any]], None]


@contextmanager
def recording(equipment: EmulatedEquipment, path: Path | None) -> Iterator[None]:
    """Write a JSON line for each request to a device, except to the meters of a fleet; without a path nothing.

    `time_s` (of the system's monotonic clock), `endpoint`, `protocol`, `operation` (read, write, select, message),
    `address` (unit and register, or outstation and point; empty for SCPI), `values`, `refused` (the exception code or
    the status of a command, or null). What is no command of an outstation's output has its objects as hex. Raises
    ConfigError for a file that cannot be made.
    """
    if path is None:
        yield
        return
    try:
        file = path.open("x", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot record to {path}: {error.strerror}") from error
    lock = Lock()

    def write(entry: dict[str, Any]) -> None:
        with lock:
            file.write(json.dumps({"time_s": round(time.monotonic(), 4), **entry}) + "\n")
            file.flush()

    with file:
        listening = [*_on_modbus(equipment, write), *_on_dnp3(equipment, write), *_on_scpi(equipment, write)]
        try:
            yield
        finally:
            with equipment.host.lock:
                for stop in listening:
                    stop()


def _on_modbus(equipment: EmulatedEquipment, write: Write) -> Iterator[Callable[[], None]]:
    for name, server in equipment.servers.items():
        server.heard = partial(_take_request, name, write)
        yield partial(setattr, server, "heard", lambda _received: None)


def _on_dnp3(equipment: EmulatedEquipment, write: Write) -> Iterator[Callable[[], None]]:
    for name, served in equipment.outstations.items():
        outstation = served.outstation
        served.heard = partial(_take_command, name, outstation.address, write)
        outstation.heard = partial(_take_fragment, name, outstation.address, write)
        yield partial(setattr, served, "heard", lambda _commanded: None)
        yield partial(setattr, outstation, "heard", lambda _fragment: None)


def _on_scpi(equipment: EmulatedEquipment, write: Write) -> Iterator[Callable[[], None]]:
    for name, device in equipment.devices.items():
        if isinstance(device, ScpiEmulator):
            device.scpi.heard = partial(_take_message, name, write)
            yield partial(setattr, device.scpi, "heard", lambda _message: None)


def _take_request(endpoint: str, write: Write, received: Received) -> None:
    operation = "read" if received.function in READS else "write"
    address = f"{received.unit}:{received.address}"
    write(_entry(endpoint, "modbus", operation, address, list(received.values)) | {"refused": received.refused})


def _take_command(endpoint: str, outstation: int, write: Write, commanded: Commanded) -> None:
    operation = "select" if commanded.is_select else "write"
    entry = _entry(endpoint, "dnp3", operation, f"{outstation}:{commanded.ref}", [commanded.order])
    write(entry | {"refused": commanded.status or None})


def _take_fragment(endpoint: str, outstation: int, write: Write, fragment: bytes) -> None:
    operation = FRAGMENTS.get(fragment[1]) if len(fragment) > 1 else None
    if operation:
        write(_entry(endpoint, "dnp3", operation, str(outstation), [fragment[2:].hex()]) | {"refused": None})


def _take_message(endpoint: str, write: Write, message: str) -> None:
    write(_entry(endpoint, "scpi", "message", "", [message]) | {"refused": None})


def _entry(endpoint: str, protocol: str, operation: str, address: str, values: list[Any]) -> dict[str, Any]:
    shown = {"endpoint": endpoint, "protocol": protocol, "operation": operation, "address": address}
    return {**shown, "values": values}
