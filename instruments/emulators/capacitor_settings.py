"""Settings of an emulated capacitor control. Voltages are those of the PT secondary, 120 V base."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from instruments.emulators.timing import DAY_S
from instruments.errors import ConfigError

ALL_WEEK = 0b111_1111


class Strategy(StrEnum):
    """By what the control switches in automatic."""

    VOLTAGE = "voltage"
    VAR = "var"
    TIME = "time"
    TEMPERATURE = "temperature"


@dataclass(frozen=True)
class CapacitorSettings:
    """Settings of the control; raises ConfigError for a combination that cannot work.

    Reactive power is that of the feeder at the control, primary side, > 0 where the load takes vars: one phase is
    sensed and stands for all. Times of day count from midnight. The override closes below `override_low_v` and opens
    above `override_high_v`, whatever the strategy says. `discharge_s` is the time to 50 V of IEEE Std 18.
    Below `dead_sensing_v` the potential is taken for lost and nothing is switched automatically. `weekdays` has a bit
    for each day on which the schedule closes, bit 0 for Monday; a span over midnight is of the day on which it begins.
    """

    strategy: Strategy = Strategy.VAR
    close_below_v: float = 118.0
    open_above_v: float = 124.0
    close_above_kvar: float = 300.0
    open_below_kvar: float = -300.0
    close_at_s: float = 8 * 3600.0
    open_at_s: float = 20 * 3600.0
    weekdays: int = ALL_WEEK
    close_above_c: float = 32.0
    open_below_c: float = 27.0
    close_delay_s: float = 60.0
    open_delay_s: float = 60.0
    override_low_v: float = 110.0
    override_high_v: float = 130.0
    override_delay_s: float = 5.0
    neutral_limit_a: float = 0.5
    discharge_s: float = 300.0
    daily_limit: int = 10
    pulse_s: float = 2.0
    dead_sensing_v: float = 30.0
    pt_ratio: float = 60.0
    ct_ratio: float = 60.0
    phases: int = 3

    def __post_init__(self) -> None:
        problems = "; ".join(self._problems())
        if problems:
            raise ConfigError(f"capacitor control: {problems}")

    def _problems(self) -> Iterator[str]:
        if not self.override_low_v < self.close_below_v < self.open_above_v < self.override_high_v:
            yield "override_low_v, close_below_v, open_above_v, override_high_v must rise in this order"
        if not self.open_below_kvar < self.close_above_kvar:
            yield "open_below_kvar must be below close_above_kvar"
        if not self.open_below_c < self.close_above_c:
            yield "open_below_c must be below close_above_c"
        if not 0 < self.pulse_s < min(self.close_delay_s, self.open_delay_s, self.override_delay_s):
            yield "the delays must be longer than pulse_s, and pulse_s > 0"
        if self.discharge_s < 0 or self.daily_limit < 1 or self.neutral_limit_a <= 0:
            yield "discharge_s must be >= 0, daily_limit >= 1, neutral_limit_a > 0"
        if not (0 <= self.close_at_s < DAY_S and 0 <= self.open_at_s < DAY_S and 0 <= self.weekdays <= ALL_WEEK):
            yield "close_at_s and open_at_s must be times of a day, weekdays one of its 128 sets"
        if self.pt_ratio <= 0 or self.ct_ratio <= 0 or self.phases not in (1, 2, 3):
            yield "pt_ratio and ct_ratio must be > 0, phases 1 to 3"
