"""What a feeder consists of, seen from outside the engine. Names are lower case; nodes are 'bus.node'."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class LoadInfo:
    """A load of the feeder with its nominal power."""

    name: str
    bus: str
    nodes: tuple[int, ...]
    kw: float
    kvar: float


@dataclass(frozen=True)
class Service:
    """A split-phase 120/240 V service: two legs of opposite polarity at one bus, with the load behind its meter."""

    name: str
    bus: str
    nodes: tuple[int, int]
    load: str
    distance_km: float


@dataclass(frozen=True)
class RegulatorSettings:
    """How the deck's own control regulates: on the secondary of a potential transformer.

    `ldc_r_v`, `ldc_x_v`: line-drop compensation, V on the secondary at the rated current of the current transformer,
    which is 5 A on its secondary.
    """

    set_point_v: float
    band_v: float
    delay_s: float
    pt_ratio: float
    ct_ratio: float
    ldc_r_v: float
    ldc_x_v: float


@dataclass(frozen=True)
class TapChangerInfo:
    """A transformer whose taps move; position 0 is neutral, one position is `step_pu`."""

    name: str
    bus: str
    nodes: tuple[int, ...]
    winding: int
    min_position: int
    max_position: int
    neutral_pu: float
    step_pu: float
    settings: RegulatorSettings | None

    def clamp(self, position: int) -> int:
        """Return the nearest position that the tap changer has."""
        return min(max(int(position), self.min_position), self.max_position)


@dataclass(frozen=True)
class VarControlSettings:
    """How the deck's own control switches a bank: on reactive power through a line terminal, P and Q into the line."""

    line: str
    terminal: int
    close_above_kvar: float
    open_below_kvar: float
    close_delay_s: float
    open_delay_s: float
    dead_time_s: float


@dataclass(frozen=True)
class CapacitorInfo:
    """A switched capacitor bank; a bank of several steps is switched as one."""

    name: str
    bus: str
    nodes: tuple[int, ...]
    kvar: float
    steps: int
    settings: VarControlSettings | None


@dataclass(frozen=True)
class InjectionSite:
    """A place where a device outside the engine puts power into the feeder.

    `kv` is line to line for two and three phases and for a leg-to-leg device (nodes 1 and 2, 0.24 kV), else line to
    neutral.
    """

    name: str
    bus: str
    nodes: tuple[int, ...]
    kv: float

    @property
    def leg_to_leg(self) -> bool:
        """True for a 240 V device across both legs of a split-phase service."""
        return self.nodes == (1, 2) and self.kv < 1.0

    @property
    def phase_v(self) -> float:
        """Rated voltage of one phase to ground; of a leg-to-leg device from leg to leg."""
        several = len(self.nodes) > 1 and not self.leg_to_leg
        return self.kv * 1000.0 / (3.0**0.5 if several else 1.0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of the feeder, never one that the engine failed to solve.

    `voltage_v` is to ground, in the feeder's node order. `head_p_kw` and `head_q_kvar` flow from the transmission
    source into the feeder. A snapshot that is not `good` repeats the last good state and says why in `reason`.
    """

    step: int
    time_s: float
    good: bool
    reason: str
    voltage_v: Complexes
    head_p_kw: float
    head_q_kvar: float
    taps: Mapping[str, int]
    capacitors: Mapping[str, bool]
