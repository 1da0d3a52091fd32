"""Where equipment meets the feeder: straight to its node, or through a grid simulator and a power analyzer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bench.accuracy import Exactness
from bench.feeder.model import Complexes, Indices
from bench.measurement import PowerReading, VarReading
from instruments.errors import blaming
from instruments.readings import AcMeasurement
from instruments.roles import GridSimulator, PowerAnalyzer

FREQUENCY_HZ = 60.0


def _nothing() -> Complexes:
    return np.zeros(0, dtype=np.complex128)


@dataclass(frozen=True)
class TerminalPlace:
    """Node positions of a terminal in the feeder's voltage vector; `across` two legs means a 240 V device."""

    nodes: Indices
    across: bool

    def phasors_v(self, voltage_v: Complexes) -> Complexes:
        """Return the voltages that the device sees, one for each of its phases."""
        own = voltage_v[self.nodes]
        return own[:1] - own[1:2] if self.across else own


class Terminal(Protocol):
    """One exchange a step: feed the device, let it settle, measure it. Power is kW and kvar on the feeder's side."""

    device: str
    q_kvar: float

    def feed(self, voltage_v: Complexes) -> None:
        """Put the feeder's voltage in front of the device."""
        ...

    def measure(self, time_s: float) -> tuple[float, float]:
        """Return what the device delivers into the feeder, kW and kvar."""
        ...

    @property
    def told_v(self) -> Complexes:
        """The voltages that the device was meant to see since the last `feed`, on its own side, shape (phases,)."""
        ...

    def reading(self) -> PowerReading | None:
        """Return the latest measurement of the device's power by another source than the device."""
        ...

    def vars(self) -> VarReading | None:
        """Return the latest measurement of its reactive power, with the voltage that it had."""
        ...


@dataclass
class DirectTerminal:
    """An emulated device wired straight to its feeder node; its power is what flows in that copper."""

    device: str
    place: TerminalPlace
    apply: Callable[[tuple[float, ...], tuple[float, ...]], None]
    power_w: Callable[[], tuple[float, float]]
    power_scale: float = 1.0
    voltage_ratio: float = 1.0
    q_kvar: float = field(default=0.0, init=False)
    told_v: Complexes = field(default_factory=_nothing, init=False)
    _latest: PowerReading | None = field(default=None, init=False)
    _voltage_v: float = field(default=0.0, init=False)

    def feed(self, voltage_v: Complexes) -> None:
        """Apply magnitudes (V) and angles (deg) of the node voltages."""
        self.told_v = self.place.phasors_v(voltage_v) / self.voltage_ratio
        angles, volts = tuple(np.degrees(np.angle(self.told_v)).tolist()), np.abs(self.told_v)
        self._voltage_v = float(volts.mean())
        self.apply(tuple(volts.tolist()), angles)

    def measure(self, time_s: float) -> tuple[float, float]:
        """Return the power in the copper; exact, because the node is the model's own."""
        p_w, q_var = self.power_w()
        p_kw, self.q_kvar = p_w * self.power_scale / 1000.0, q_var * self.power_scale / 1000.0
        self._latest = PowerReading(p_kw, 0.0, f"feeder node of {self.device}", time_s)
        return p_kw, self.q_kvar

    def reading(self) -> PowerReading | None:
        """Return the power at the node in the latest step."""
        return self._latest

    def vars(self) -> VarReading | None:
        """Return the reactive power at the node, and the voltage that it was fed with."""
        latest = self._latest
        if latest is None:
            return None
        return VarReading(self.q_kvar, 0.0, self._voltage_v, 0.0, latest.source, latest.time_s)


@dataclass
class MeasuredTerminal:
    """A device behind a source and an analyzer; what enters the feeder is what the analyzer measured.

    `uncertainty` is the analyzer's, on the device's side. Errors of the instruments name them.
    """

    device: str
    place: TerminalPlace
    source: GridSimulator
    source_name: str
    analyzer: PowerAnalyzer
    analyzer_name: str
    voltage_ratio: float
    power_scale: float
    uncertainty: Exactness
    q_kvar: float = field(default=0.0, init=False)
    told_v: Complexes = field(default_factory=_nothing, init=False)
    measured: AcMeasurement | None = field(default=None, init=False)
    """All that the analyzer said in the latest step, on the device's side."""
    _latest: PowerReading | None = field(default=None, init=False)
    _voltage_v: float = field(default=0.0, init=False)

    def feed(self, voltage_v: Complexes) -> None:
        """Set the source to the feeder's voltage, scaled; raises SafetyTrip outside the fences."""
        self.told_v = self.place.phasors_v(voltage_v) / self.voltage_ratio
        volts, angles = np.abs(self.told_v), np.degrees(np.angle(self.told_v))
        with blaming(self.source_name):
            self.source.set_voltage(tuple(volts.tolist()), FREQUENCY_HZ, tuple(angles.tolist()))

    def measure(self, time_s: float) -> tuple[float, float]:
        """Read the analyzer once."""
        with blaming(self.analyzer_name):
            measured = self.measured = self.analyzer.measure()
        scale = self.power_scale / 1000.0
        p_kw, self.q_kvar = measured.total_p_w * scale, measured.total_q_var * scale
        unsure_kw = scale * self.uncertainty.active_w(measured.p_w, measured.q_var)
        self._latest = PowerReading(p_kw, unsure_kw, self.analyzer_name, time_s)
        self._voltage_v = float(np.mean(measured.voltage_v))
        return p_kw, self.q_kvar

    def reading(self) -> PowerReading | None:
        """Return what the analyzer measured in the latest step."""
        return self._latest

    def vars(self) -> VarReading | None:
        """Return what the analyzer measured in the latest step."""
        latest, measured, volts = self._latest, self.measured, self._voltage_v
        if latest is None or measured is None:
            return None
        unsure_kvar = self.power_scale / 1000.0 * self.uncertainty.reactive_var(measured.p_w, measured.q_var)
        unsure_v = self.uncertainty.voltage_v(volts)
        return VarReading(self.q_kvar, unsure_kvar, volts, unsure_v, latest.source, latest.time_s)
