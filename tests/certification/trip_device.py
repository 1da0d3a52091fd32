"""A device under test that does nothing but trip, as it was told or as a test has it, and the rig around it.

It is exact: it stops at the very moment, its instruments have no noise. It knows nothing of the bench's criteria.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from rigs import PHASES, RATED_V, RATED_VA, in_pu, rig_around, seen_by_analyzer

from bench.certification.rig import InstrumentClass, Rig
from bench.clock import Clock
from instruments.errors import InstrumentError
from instruments.readings import AcMeasurement, EnterServiceSettings, Nameplate, Trip, TripKind, TripStage

DEFAULTS: dict[TripKind, Trip] = {
    "over_voltage": Trip(TripStage(1.10, 13.0), TripStage(1.20, 0.16)),
    "under_voltage": Trip(TripStage(0.88, 21.0), TripStage(0.50, 2.0)),
    "over_frequency": Trip(TripStage(61.2, 300.0), TripStage(62.0, 0.16)),
    "under_frequency": Trip(TripStage(58.5, 300.0), TripStage(56.5, 0.16)),
}


@dataclass
class TripDevice:
    """`late` is its share of a clearing time, `off` how much farther out its levels are, per unit and Hz.

    `blind` are phases whose voltage it does not see; outside of `rides` it ceases to energize at once; `latches` tells
    whether it stays out after a trip; `idle_q_pu` is what it draws then; `deaf` refuses settings.
    """

    late: float = 1.0
    off: float = 0.0
    blind: frozenset[int] = frozenset()
    rides: tuple[float, float] = (-inf, inf)
    latches: bool = True
    idle_q_pu: float = 0.0
    deaf: bool = False
    stuck_at_pu: float | None = None
    trips: dict[TripKind, Trip] = field(default_factory=lambda: dict(DEFAULTS))

    def __post_init__(self) -> None:
        self.volts: list[float] = [1.0] * PHASES
        self.hertz, self.offered_pu = 60.0, 1.0
        self.beyond_s: dict[tuple[TripKind, int], float] = {}
        self.out, self.good_s, self.delay_s = False, 0.0, 300.0

    def read_trip(self, kind: TripKind) -> Trip:
        return self.trips[kind]

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        if self.deaf:
            raise InstrumentError(f"the {kind} trip stays as it is")
        self.trips[kind] = trip

    def disable_frequency_droop(self) -> None:
        """It has none."""

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        self.delay_s = settings.delay_s

    def supply(self, level_pu: float) -> None:
        self.offered_pu = level_pu

    def set_voltage(self, voltage_v: Sequence[float], frequency_hz: float, _angle_deg: object = None) -> None:
        self.volts, self.hertz = list(in_pu(voltage_v)), frequency_hz
        if self.stuck_at_pu is not None:
            self.volts = [min(v, self.stuck_at_pu) for v in self.volts]

    def advance(self, dt_s: float) -> None:
        for kind, trip in self.trips.items():
            for number, stage in enumerate((trip.inner, trip.outer)):
                self._count(kind, number, stage, dt_s)
        self._come_back(dt_s)

    def _count(self, kind: TripKind, number: int, stage: TripStage, dt_s: float) -> None:
        seen = [v for line, v in enumerate(self.volts) if line not in self.blind] if "voltage" in kind else [self.hertz]
        is_beyond = max(seen) > stage.level + self.off if "over" in kind else min(seen) < stage.level - self.off
        self.beyond_s[kind, number] = self.beyond_s.get((kind, number), 0.0) + dt_s if is_beyond else 0.0
        if self.beyond_s[kind, number] >= stage.time_s * self.late - 1e-9 and is_beyond:
            self.out, self.good_s = self.latches, 0.0

    def _come_back(self, dt_s: float) -> None:
        good = all(0.917 <= v <= 1.05 for v in self.volts) and 59.5 <= self.hertz <= 60.1
        self.good_s = self.good_s + dt_s if good else 0.0
        self.out = self.out and self.good_s < self.delay_s

    @property
    def serves(self) -> bool:
        return not self.out and all(self.rides[0] <= v <= self.rides[1] for v in self.volts)

    def measure(self) -> AcMeasurement:
        p_pu, q_pu = (self.offered_pu, 0.0) if self.serves else (0.0, self.idle_q_pu)
        return seen_by_analyzer(self.volts, p_pu, q_pu, self.hertz)


def rig_of(
    device: TripDevice, abnormal: str = "III", voltage_pu: float = 0.0, clock: Clock | None = None, va: float = RATED_VA
) -> Rig:
    """Put a device on its rig; `voltage_pu` is the analyzer's uncertainty of voltage."""
    return rig_around(
        device,
        Nameplate(va, va, 0.44 * va, 0.44 * va, 0.0, RATED_V, "B", abnormal),
        InstrumentClass(voltage_pu, 0.0),
        PHASES,
        clock=clock or Clock(),
    )
