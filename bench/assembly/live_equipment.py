"""Equipment that is alive: who makes it safe on every way out, and what is then left to be measured."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.accuracy import limits_of_error
from bench.assembly.admission import real_devices
from bench.assembly.guardian import Guardian
from bench.assembly.guardian_process import Ward
from bench.clock import Clock
from bench.config import EMULATED_TIMEOUT_S, BenchFile
from bench.lease import Lease
from bench.measurement import Measurement, worded
from bench.safety import ACTION_TIMEOUT_S, SafetyChain
from bench.truth.residual import FedTerminal, residual_voltage
from instruments.drivers.scpi_source import RESIDUAL_V
from instruments.errors import blaming
from reports.verdict import Verdict

SAFE_ORDER = (
    "inverter",
    "battery",
    "load_tap_changer",
    "capacitor_bank",
    "digital_io",
    "sensing_source",
    "pv_simulator",
    "battery_simulator",
    "grid_simulator",
)
"""Roles that are put into a safe state, in the order of registration: sources, registered last, go off first."""


class LiveEquipment:
    """The devices of a bench that can be made safe. Real equipment gets a guardian before anything is switched on."""

    def __init__(self, config: BenchFile, clock: Clock, keep: Callable[[Measurement], object]) -> None:
        """Take the bench file, the scenario's clock, and who keeps what is measured when everything is off."""
        self._config, self._clock, self._keep = config, clock, keep
        self._chain = SafetyChain(ACTION_TIMEOUT_S if real_devices(config) else EMULATED_TIMEOUT_S)
        self._guardian: Guardian | None = None
        self._fed: list[FedTerminal] = []
        self.residuals: list[Measurement] = []
        """What was left at terminals when their sources had been switched off, once that is done."""

    def register(self, drivers: Mapping[str, Any], folder: Path, lease: Lease) -> None:
        """Register what makes each device safe; real ones with a guardian, as what is emulated ends with the bench."""
        devices = self._config.devices
        energized = [name for role in SAFE_ORDER for name, device in devices.items() if device.role == role]
        real = [name for name in energized if name in real_devices(self._config)]
        if real:
            wards = [Ward(name, devices[name], devices[name].resource) for name in real]
            self._guardian = Guardian(wards[::-1], folder, lease)
        for name in energized:
            self._chain.register(name, drivers[name])

    def switch_on(self, terminal: FedTerminal) -> None:
        """Switch the source of a terminal on, which has its voltage already."""
        self._fed.append(terminal)
        with blaming(terminal.source_name):
            terminal.source.output_on()

    def require_guardian(self, _: object = None) -> None:
        """Raise BenchError where there is a guardian and it is gone: nobody would make safe after the bench."""
        if self._guardian is not None:
            self._guardian.require_alive()

    def wait(self, seconds: float) -> None:
        """Let time pass while equipment comes into service: it is alive by then, and needs its guardian."""
        time.sleep(seconds)
        self.require_guardian()

    def make_safe(self) -> dict[str, str]:
        """Make every device safe, and measure that it is; return those for which that is not proven, with why."""
        failures = self._chain.make_safe()
        return failures | self._not_dead(failures)

    def dismiss_guardian(self, failures: Mapping[str, str]) -> dict[str, str]:
        """Let the guardian go, or let it try what could not be proven; return the failures with what it says."""
        guardian, self._guardian = self._guardian, None
        if guardian is None:
            return {}
        if not failures:
            guardian.release()
            return {}
        found = guardian.act()
        return {name: f"{why}; its guardian: {found.get(name, 'no word')}" for name, why in failures.items()}

    def _not_dead(self, unsafe: Mapping[str, str]) -> dict[str, str]:
        """Measure what is left at terminals behind sources that are off; return the sources with what is too much."""
        fed, self._fed = self._fed, []
        left = [(terminal.source_name, self._residual(terminal)) for terminal in fed]
        return {source: _told(unsafe.get(source), found) for source, found in left if found.verdict is not Verdict.PASS}

    def _residual(self, terminal: FedTerminal) -> Measurement:
        limits = limits_of_error(self._config.devices[terminal.analyzer_name])
        left = residual_voltage(terminal, limits, RESIDUAL_V, self._clock.now_s)
        self.residuals.append(left)
        self._keep(left)
        return left


def _told(before: str | None, left: Measurement) -> str:
    reasons: Sequence[str] = [before, worded(left)] if before else [worded(left)]
    return "; ".join(reasons)
