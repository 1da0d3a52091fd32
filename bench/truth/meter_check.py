"""Holds every meter against the plant over a whole scenario: what its energy registers count, and what its clock shows.

A meter's error that is too small for one reading shows in its energy: what flowed is integrated in the plant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.feeder.model import Floats
from bench.measurement import Limits, Measurement
from bench.plant.plant import PlantState
from instruments.errors import InstrumentError, TransportError
from instruments.readings import MeterReading
from reports.verdict import Verdict

METER_ENERGY_CLAUSE = "meter: its registers count the energy that flowed"
CLOCK_CLAUSE = "meter: its clock is right"

ENERGY_SHARE, ENERGY_WH = 0.008, 4.0
"""How far counted energy may lie from what flowed: a share of all that flowed either way, and a few counts, Wh."""
CLOCK_S = 10.0
"""How far a meter's clock may be off, s."""
HOUR_S = 3600.0


Answer = TypeVar("Answer")


class TimedMeter(Protocol):
    """What a meter is asked for."""

    def read_meter(self) -> MeterReading:
        """Read its registers."""
        ...

    def read_clock_s(self) -> float | None:
        """Read its time; None where it has none."""
        ...


@dataclass(frozen=True)
class MeteredPlaces:
    """Meters, and where they sit among places of one kind, with what flows there, W, > 0 towards the customer."""

    names: Sequence[str]
    places: NDArray[np.intp]
    power_w: Callable[[], Floats]


@dataclass
class _Flow:
    """What flowed at some places since the first step, Wh, and the power of the latest step, W."""

    power_w: Floats
    net_wh: Floats = field(init=False)
    all_wh: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.net_wh, self.all_wh = np.zeros((2, len(self.power_w)))

    def take(self, power_w: Floats, dt_s: float) -> None:
        """Let time pass on the way from one power to the next (trapezoid)."""
        energy_wh = (self.power_w + power_w) / 2.0 * dt_s / HOUR_S
        self.net_wh += energy_wh
        self.all_wh += np.abs(energy_wh)
        self.power_w = power_w


class MeterCheck:
    """Reads every meter at the first step and at the end; `class_pu` is the accuracy class of them, of reading."""

    def __init__(
        self,
        groups: Sequence[MeteredPlaces],
        drivers: Mapping[str, TimedMeter],
        class_pu: float,
        clock_at_start_s: float,
    ) -> None:
        """Take as `clock_at_start_s` what a right clock shows when the scenario begins."""
        self._groups, self._drivers = groups, drivers
        self._class_pu, self._clock_at_start_s = class_pu, clock_at_start_s
        self._flows: list[_Flow] = []
        self._before_wh: dict[str, float | None] = {}
        self._time_s = 0.0

    def take(self, state: PlantState) -> None:
        """Take a step of the plant."""
        powers = [group.power_w()[group.places] for group in self._groups]
        if not self._flows:
            self._flows = [_Flow(power_w) for power_w in powers]
            self._before_wh = {name: self._counted_wh(name) for group in self._groups for name in group.names}
        else:
            for flow, power_w in zip(self._flows, powers, strict=True):
                flow.take(power_w, state.time_s - self._time_s)
        self._time_s = state.time_s

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure the energy that each meter counted, and how far each clock is off.

        Return what does not pass, and of those that do the one that is nearest to its limits.
        """
        energies = [
            m for group, flow in zip(self._groups, self._flows, strict=True) for m in self._energies(group, flow)
        ]
        clocks = [self._clock(name, now_s) for group in self._groups for name in group.names]
        return [*_telling(energies), *_telling(clocks)]

    def _energies(self, group: MeteredPlaces, flow: _Flow) -> list[Measurement]:
        flowed = zip(group.names, flow.net_wh.tolist(), flow.all_wh.tolist(), strict=True)
        return [self._energy(name, net_wh, all_wh) for name, net_wh, all_wh in flowed]

    def _energy(self, name: str, net_wh: float, all_wh: float) -> Measurement:
        before_wh, after_wh = self._before_wh.get(name), self._counted_wh(name)
        return Measurement(
            quantity=f"energy that {name} has counted",
            value=None if before_wh is None or after_wh is None else after_wh - before_wh,
            unit="Wh",
            uncertainty=self._class_pu * all_wh,
            time_s=self._time_s,
            source=name,
            limits=Limits.around(net_wh, ENERGY_SHARE * all_wh + ENERGY_WH),
            clause=METER_ENERGY_CLAUSE,
        )

    def _clock(self, name: str, now_s: float) -> Measurement:
        told_s = _asked(self._drivers[name].read_clock_s)
        ahead_s = None if told_s is None else told_s - self._clock_at_start_s - now_s
        quantity, limits = f"how far the clock of {name} is ahead", Limits.around(0.0, CLOCK_S)
        return Measurement(quantity, ahead_s, "s", 1.0, now_s, name, limits, clause=CLOCK_CLAUSE)

    def _counted_wh(self, name: str) -> float | None:
        reading = _asked(self._drivers[name].read_meter)
        return None if reading is None else reading.import_wh - reading.export_wh


def _telling(found: Sequence[Measurement]) -> list[Measurement]:
    passing = [m for m in found if m.verdict is Verdict.PASS]
    nearest = max(passing, key=_used_share, default=None)
    others = [m for m in found if m.verdict is not Verdict.PASS]
    if nearest is None:
        return others
    return [*others, replace(nearest, quantity=f"{nearest.quantity}, of {len(passing)} the nearest to its limits")]


def _used_share(measurement: Measurement) -> float:
    """Return how much of the room between its limits a measurement takes; 1 at one of them."""
    lower, upper = measurement.limits.lower or 0.0, measurement.limits.upper or 0.0
    return abs((measurement.value or 0.0) - (lower + upper) / 2.0) / ((upper - lower) / 2.0)


def _asked(question: Callable[[], Answer]) -> Answer | None:
    """Ask a meter; None where it does not answer."""
    try:
        return question()
    except (TransportError, InstrumentError):
        return None
