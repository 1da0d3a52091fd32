"""What emulated power analyzers do, whatever language they speak: look at the copper of a node, with their own errors.

They are wired so that what the equipment delivers counts positive. The languages are subclasses, each with its own
table of commands; `analyzers` finds them by name.
"""

import cmath
import math
import random
from abc import abstractmethod
from dataclasses import dataclass

from instruments.emulators.electrical import DEAD_V, ElectricalNode
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Handler

OVER_RANGE = 1.3
"""Crest margin of a range: above this multiple of it the reading is an overflow."""


@dataclass(frozen=True)
class AnalyzerClass:
    """Largest gain errors as fractions of the reading, and the largest ranges."""

    voltage: float = 0.001
    current: float = 0.001
    power: float = 0.002
    range_v: float = 1000.0
    range_a: float = 200.0


@dataclass(frozen=True)
class Element:
    """One phase as this analyzer sees it: V, A, W, var; infinite where a range is exceeded."""

    u: float
    i: float
    p: float
    q: float


@dataclass(frozen=True)
class _Gains:
    """Gain of one element; 1 is without error."""

    u: float
    i: float
    power: float


class AnalyzerEmulator(ScpiEmulator):
    """Power analyzer whose gain errors are drawn once, from `seed`, within its accuracy class."""

    role = "power_analyzer"

    def __init__(self, name: str, node: ElectricalNode, accuracy: AnalyzerClass | None = None, seed: int = 0) -> None:
        self.node = node
        self.accuracy = accuracy or AnalyzerClass()
        self._gains = [_draw_gains(random.Random(f"{seed}/{phase}"), self.accuracy) for phase in range(node.phases)]  # noqa: S311
        super().__init__(name)

    @abstractmethod
    def _table(self) -> dict[str, Handler]:
        """Return the commands of the language."""

    def _reset(self) -> None:
        self._ranges_v = [self.accuracy.range_v] * self.node.phases
        self._ranges_a = [self.accuracy.range_a] * self.node.phases

    @property
    def frequency_hz(self) -> float:
        """Of the voltage; NaN of a dead node."""
        return self.node.frequency_hz if self.node.energized else math.nan

    def lag_deg(self, phase: int) -> float:
        """How far the voltage of a phase, from 0, lags that of the first, 0 to 360 deg; NaN of a dead phase."""
        node = self.node
        alive = min(node.voltage_v[0], node.voltage_v[phase]) >= DEAD_V
        return (node.angle_deg[0] - node.angle_deg[phase]) % 360.0 if alive else math.nan

    def elements(self) -> list[Element]:
        """Look at the copper through the leads, as they are wired, and the gains of each element."""
        voltages = [
            cmath.rect(v, math.radians(a)) for v, a in zip(self.node.voltage_v, self.node.angle_deg, strict=True)
        ]
        power = self.node.power()
        flows = (complex(p, q) for p, q in zip(power.p_w, power.q_var, strict=True))
        currents = self._leads([_current(s, v) for s, v in zip(flows, voltages, strict=True)])
        ranges = zip(self._ranges_v, self._ranges_a, strict=True)
        return [_element(*seen) for seen in zip(voltages, currents, self._gains, ranges, strict=True)]

    def _leads(self, currents: list[complex]) -> list[complex]:
        """Bring the currents to the elements; defects: two leads exchanged, one turned round, a gain that is off."""
        if self._has("swapped-phases"):
            currents[:2] = reversed(currents[:2])
        if self._has("reversed-current"):
            currents[0] = -currents[0]
        return [current * self._gain() for current in currents]


def _element(voltage: complex, current: complex, gains: _Gains, ranges: tuple[float, float]) -> Element:
    u, i = abs(voltage) * gains.u, abs(current) * gains.i
    if u > OVER_RANGE * ranges[0] or i > OVER_RANGE * ranges[1]:
        return Element(math.inf, math.inf, math.inf, math.inf)
    s = voltage * current.conjugate() * gains.power
    return Element(u, i, s.real, s.imag)


def _current(power: complex, voltage: complex) -> complex:
    return (power / voltage).conjugate() if abs(voltage) >= DEAD_V else 0j


def _draw_gains(source: random.Random, accuracy: AnalyzerClass) -> _Gains:
    errors = (source.uniform(-limit, limit) for limit in (accuracy.voltage, accuracy.current, accuracy.power))
    return _Gains(*(1.0 + error for error in errors))
