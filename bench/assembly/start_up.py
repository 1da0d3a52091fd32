"""Waits until real equipment is where a scenario begins: inverters in service, banks discharged.

An inverter that has just been given a voltage counts its enter-service delay and ramps up, minutes by the defaults of
IEEE 1547-2018 (4.10.3), and a bank that has just been opened is not closed before it has discharged. What is emulated
in the bench's own process begins there.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.config import BenchFile
from instruments.errors import InstrumentError, blaming

LOOK_S = 1.0
"""Time between two looks at equipment that is not ready, s."""


@dataclass(frozen=True)
class WallTime:
    """Passes outside of the scenario's clock, which does not run yet; tests give one of their own."""

    now_s: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


def start_up(config: BenchFile, drivers: Mapping[str, Any], wall: WallTime | None = None) -> None:
    """Permit real inverters service, and wait until all real equipment is ready.

    Raises InstrumentError naming what is not within its `start_up_s`, and TransportError.
    """
    wall = wall or WallTime()
    began_s, waiting = wall.now_s(), _permitted(config, drivers)
    while waiting := {name: why for name in waiting if (why := _not_ready(config, drivers, name))}:
        waited_s = wall.now_s() - began_s
        late = [f"{name} {why}" for name, why in waiting.items() if waited_s >= config.devices[name].start_up_s]
        if late:
            raise InstrumentError(f"not ready after {waited_s:.0f} s: {'; '.join(late)}")
        wall.wait(LOOK_S)


def _permitted(config: BenchFile, drivers: Mapping[str, Any]) -> dict[str, str]:
    """Name what has to be waited for."""
    real = [name for name, device in config.devices.items() if device.emulate is None]
    for name in real:
        if config.devices[name].role == "inverter":
            with blaming(name):
                drivers[name].enter_service()
    return dict.fromkeys(real, "")


def _not_ready(config: BenchFile, drivers: Mapping[str, Any], name: str) -> str:
    """Say why a device is not ready; nothing where it is."""
    looks = {"inverter": _out_of_service, "capacitor_bank": _discharging}
    look = looks.get(config.devices[name].role)
    if look is None:
        return ""
    with blaming(name):
        return look(drivers[name])


def _out_of_service(inverter: Any) -> str:
    reading = inverter.read_ac()
    return "" if reading.connected and reading.running else "has not come into service"


def _discharging(bank: Any) -> str:
    left_s = bank.read_status().discharge_left_s
    return f"is locked out for another {left_s:.0f} s" if left_s > 0.0 else ""
