"""What is set, stepped and demanded when one stage of a trip is tested: IEEE 1547.1-2020 5.4.2, 5.4.3, 5.5.1.

Pure functions of the figures. The other stages are brought out of the way; stages of one trip stay in their order, the
outer one farther from nominal and not slower, as IEEE 1547-2018 has them and equipment wants them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.certification.figures import SuiteFigures
from bench.certification.figures_trips import TRIP_KINDS, StageFigures, TripFigures, TripSetting
from bench.measurement import Limits
from instruments.readings import Trip, TripKind, TripStage


@dataclass(frozen=True)
class TripPlan:
    """One stage at one setting.

    `inside` and `beyond` are where the stimulus is put, once also `just_beyond` where `beyond` is farther than levels
    are known; `sure` is by how much a measured one has to be beyond the level, or inside; all per unit or Hz. `limits`
    are those of the clearing time, s; without a lower one it may come at once.
    """

    stage: StageFigures
    setting: TripSetting
    kind: TripKind
    inside: float
    beyond: float
    just_beyond: float | None
    sure: float
    tolerance_s: float
    limits: Limits
    in_force: Mapping[TripKind, Trip]

    @property
    def rising(self) -> bool:
        """Whether it is there for what is too high."""
        return self.kind.startswith("over")

    @property
    def by_voltage(self) -> bool:
        """Whether it is there for voltage, not frequency."""
        return self.kind.endswith("voltage")

    def is_beyond(self, measured: float, uncertainty: float) -> bool:
        """Tell whether a measured stimulus is beyond the level for sure."""
        return self._outwards(measured) >= self.sure + uncertainty

    def is_inside(self, measured: float, uncertainty: float) -> bool:
        """Tell whether a measured stimulus is inside the level for sure."""
        return -self._outwards(measured) >= self.sure + uncertainty

    def _outwards(self, measured: float) -> float:
        return (measured - self.setting.level) * (1.0 if self.rising else -1.0)


def trip_plan(figures: SuiteFigures, stage: StageFigures, setting: TripSetting, abnormal: str) -> TripPlan:
    """Return the plan of a stage at a setting, for equipment of an abnormal category."""
    trips, accuracy, kind = figures.trips, figures.accuracy, TRIP_KINDS[stage.name[:2]]
    by_voltage, out = kind.endswith("voltage"), 1.0 if kind.startswith("over") else -1.0
    sure = accuracy.voltage_pu.value if by_voltage else accuracy.frequency_hz.value
    margin = trips.margin.value * sure
    beyond = margin if by_voltage else trips.beyond_frequency.value * setting.level
    tolerance_s = accuracy.widening.value * time_accuracy_s(figures, setting.time_s)
    # A short time leaves equipment few cycles to measure frequency in: IEEE 1547-2018 Table 3 lets it be 0.1 Hz off.
    short = setting.time_s < trips.timing.short_until_s.value
    return TripPlan(
        stage=stage,
        setting=setting,
        kind=kind,
        inside=setting.level - out * margin,
        beyond=setting.level + out * beyond,
        just_beyond=None if by_voltage or short else setting.level + out * margin,
        sure=sure,
        tolerance_s=tolerance_s,
        limits=clearing_limits(figures, setting.time_s),
        in_force=settings_in_force(trips, stage, setting, abnormal),
    )


def time_accuracy_s(figures: SuiteFigures, time_s: float) -> float:
    """Return how well equipment has to know a time (IEEE 1547-2018 Table 3): cycles of a short one, else a share."""
    timing = figures.trips.timing
    if time_s < timing.short_until_s.value:
        return timing.short_s.value
    return figures.accuracy.duration_pu.value * time_s


def clearing_limits(figures: SuiteFigures, time_s: float) -> Limits:
    """Return when a trip may come: in its clearing time, and not so early that it would be another one.

    A clearing time holds all from the fault to the open switch, so equipment decides earlier, by what its switch takes.
    """
    tolerance_s = figures.accuracy.widening.value * time_accuracy_s(figures, time_s)
    earliest_s = time_s - tolerance_s - figures.trips.opening_s.value
    return Limits(earliest_s if earliest_s > 0.0 else None, time_s + tolerance_s)


def settings_in_force(
    trips: TripFigures, stage: StageFigures, setting: TripSetting, abnormal: str
) -> dict[TripKind, Trip]:
    """Return what is set of all trips while one stage is tested."""
    in_force = trips.widest_trips(abnormal)
    kind, tested = TRIP_KINDS[stage.name[:2]], TripStage(setting.level, setting.time_s)
    farther = max if kind.startswith("over") else min
    nearer = min if kind.startswith("over") else max
    inner, outer = in_force[kind].inner, in_force[kind].outer
    if stage.name.endswith("1"):
        out_of_the_way = TripStage(farther(outer.level, tested.level), min(outer.time_s, tested.time_s))
        return in_force | {kind: Trip(tested, out_of_the_way)}
    out_of_the_way = TripStage(nearer(inner.level, tested.level), max(inner.time_s, tested.time_s))
    return in_force | {kind: Trip(out_of_the_way, tested)}
