"""Where equipment meets the feeder: straight to its node, or through a grid simulator and a power analyzer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bench.feeder.model import Complexes, Indices
from bench.measurement import PowerReading, VarReading
from instruments.roles import GridSimulator, PowerAnalyzer

FREQUENCY_HZ = 60.0


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
    _latest: PowerReading | None = field(default=None, init=False)
    _voltage_v: float = field(default=0.0, init=False)

    def feed(self, voltage_v: Complexes) -> None:
        """Apply magnitudes (V) and angles (deg) of the node voltages."""
        phasors = self.place.phasors_v(voltage_v)
        angles, volts = tuple(np.degrees(np.angle(phasors)).tolist()), np.abs(phasors) / self.voltage_ratio
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

    `uncertainty_kw` is the analyzer's, on the feeder's side, of active and of reactive power; `voltage_share` its
    uncertainty of voltage, per unit of reading.
    """

    device: str
    place: TerminalPlace
    source: GridSimulator
    analyzer: PowerAnalyzer
    analyzer_name: str
    voltage_ratio: float
    power_scale: float
    uncertainty_kw: float
    voltage_share: float = 0.0
    q_kvar: float = field(default=0.0, init=False)
    _latest: PowerReading | None = field(default=None, init=False)
    _voltage_v: float = field(default=0.0, init=False)

    def feed(self, voltage_v: Complexes) -> None:
        """Set the source to the feeder's voltage, scaled; raises SafetyTrip outside the fences."""
        phasors = self.place.phasors_v(voltage_v)
        volts = np.abs(phasors) / self.voltage_ratio
        self.source.set_voltage(tuple(volts.tolist()), FREQUENCY_HZ, tuple(np.degrees(np.angle(phasors)).tolist()))

    def measure(self, time_s: float) -> tuple[float, float]:
        """Read the analyzer once."""
        measured = self.analyzer.measure()
        scale = self.power_scale / 1000.0
        p_kw, self.q_kvar = measured.total_p_w * scale, measured.total_q_var * scale
        self._latest = PowerReading(p_kw, self.uncertainty_kw, self.analyzer_name, time_s)
        self._voltage_v = float(np.mean(measured.voltage_v))
        return p_kw, self.q_kvar

    def reading(self) -> PowerReading | None:
        """Return what the analyzer measured in the latest step."""
        return self._latest

    def vars(self) -> VarReading | None:
        """Return what the analyzer measured in the latest step."""
        latest, volts = self._latest, self._voltage_v
        if latest is None:
            return None
        unsure_v = self.voltage_share * volts
        return VarReading(self.q_kvar, self.uncertainty_kw, volts, unsure_v, latest.source, latest.time_s)
