"""What the rules of an emulated capacitor control ask for.

In falling priority: voltage override, daily limit and block, strategy; neutral current and discharge, which stand above
them, are with the control. The block stops the strategy alone: the override protects, and a command of SCADA is
somebody else's decision.
"""

from dataclasses import dataclass

from instruments.emulators.capacitor_settings import CapacitorSettings, Strategy
from instruments.emulators.faults import FaultSet
from instruments.emulators.timing import DAY_S, WEEK_DAYS, DayClock

MIDNIGHT_S = 0.0


@dataclass(frozen=True)
class Demand:
    """An operation that a rule asks for, once it has stood for the delay."""

    rule: str
    closing: bool
    delay_s: float


@dataclass(frozen=True)
class Sensed:
    """What the rules look at: secondary V, kvar towards the load, degrees C, and what was done and allowed so far."""

    voltage_v: float
    feeder_kvar: float
    temperature_c: float
    operations_today: int
    automatic: bool
    blocked: bool


class CapacitorRules:
    """Rules with the control's settings, its clock, and the defects that it has."""

    def __init__(self, settings: CapacitorSettings, clock: DayClock, faults: FaultSet) -> None:
        self._settings, self._clock, self._faults = settings, clock, faults

    @property
    def moments_s(self) -> tuple[float, float, float]:
        """Times of day at which the clock alone can change what the rules ask for, s."""
        late_s = self._off("late-schedule")
        return MIDNIGHT_S, (self._settings.close_at_s + late_s) % DAY_S, (self._settings.open_at_s + late_s) % DAY_S

    def demand(self, sensed: Sensed) -> Demand | None:
        """Return the demand of the highest rule that has one, met or not."""
        if not sensed.automatic and not self._has("acts-in-manual"):
            return None
        if sensed.voltage_v < self._settings.dead_sensing_v and not self._has("acts-on-lost-potential"):
            return None
        if self._has("strategy-beats-override"):
            return self._by_strategy(sensed) or self._override(sensed)
        return self._override(sensed) or self._by_strategy(sensed)

    def _override(self, sensed: Sensed) -> Demand | None:
        settings, off_v = self._settings, self._off("override-thresholds-off")
        closing = _outside(-sensed.voltage_v, -settings.override_high_v - off_v, -settings.override_low_v + off_v)
        return None if closing is None else Demand("override", closing, settings.override_delay_s)

    def _by_strategy(self, sensed: Sensed) -> Demand | None:
        blocked = sensed.blocked and not self._has("ignores-the-var-block")
        if blocked or self._spent(sensed.operations_today):
            return None
        closing = self._wants_closed(sensed)
        if closing is None:
            return None
        settings = self._settings
        delay_s = settings.close_delay_s if closing else settings.open_delay_s
        return Demand(settings.strategy, closing, delay_s * self._off("wrong-delay", none=1.0))

    def _spent(self, operations_today: int) -> bool:
        return operations_today >= self._settings.daily_limit and not self._has("ignores-the-daily-limit")

    def _wants_closed(self, sensed: Sensed) -> bool | None:
        settings = self._settings
        match settings.strategy:
            case Strategy.VOLTAGE:
                off = self._off("voltage-thresholds-off")
                return _outside(-sensed.voltage_v, -settings.open_above_v - off, -settings.close_below_v + off)
            case Strategy.VAR:
                off, sign = self._off("var-thresholds-off"), -1.0 if self._has("vars-reversed") else 1.0
                lowest, highest = settings.open_below_kvar - off, settings.close_above_kvar + off
                return _outside(sign * sensed.feeder_kvar, lowest, highest)
            case Strategy.TEMPERATURE:
                off = self._off("temperature-thresholds-off")
                return _outside(sensed.temperature_c, settings.open_below_c - off, settings.close_above_c + off)
            case Strategy.TIME:
                return self._scheduled()

    def _scheduled(self) -> bool:
        """Whether the schedule has the bank closed now; a span over midnight is of the day on which it begins."""
        settings, late_s = self._settings, self._off("late-schedule")
        begin_s, end_s, now_s = settings.close_at_s + late_s, settings.open_at_s + late_s, self._clock.time_of_day_s
        if begin_s <= end_s:
            return begin_s <= now_s < end_s and self._is_day(0)
        return (now_s >= begin_s and self._is_day(0)) or (now_s < end_s and self._is_day(-1))

    def _is_day(self, days: int) -> bool:
        bit = 1 << (self._clock.weekday + days) % WEEK_DAYS
        return bool(self._settings.weekdays & bit) or self._has("ignores-weekdays")

    def _has(self, kind: str) -> bool:
        return self._faults.active(kind, self._clock.time_s) is not None

    def _off(self, kind: str, none: float = 0.0) -> float:
        """Return the value of a defect that is in force, or what stands for none."""
        fault = self._faults.active(kind, self._clock.time_s)
        return none if fault is None else fault.value


def _outside(value: float, lowest: float, highest: float) -> bool | None:
    """Return False below a dead band, True above it, None in it."""
    if value < lowest:
        return False
    return True if value > highest else None
