"""Settings of an emulated tap-changer control. Voltages are those of the PT secondary, 120 V base."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from instruments.errors import ConfigError

PCT = 100.0


class Direction(IntEnum):
    """Which way a tap goes."""

    RAISE = 1
    LOWER = -1


class Characteristic(StrEnum):
    """How the delay depends on the deviation: not at all, or inversely (the setting holds at the band's edge)."""

    DEFINITE = "definite"
    INVERSE = "inverse"


class ReverseMode(StrEnum):
    """What the control does while power flows towards its source.

    Co-generation goes on regulating forward, idle does nothing, neutral goes to position 0, and bidirectional regulates
    the voltage on the source's side, which it works out from its tap.
    """

    COGENERATION = "cogeneration"
    IDLE = "idle"
    NEUTRAL = "neutral"
    BIDIRECTIONAL = "bidirectional"


@dataclass(frozen=True)
class TapChangerSettings:
    """Settings of the control; raises ConfigError for a combination that cannot work.

    `bandwidth_v` is the whole band. The line-drop compensation gives the drop at the rated CT current.
    Above `block_raise_v` it does not raise, `runback_v` higher it lowers without delay; below `block_lower_v` it does
    not lower; below `dead_sensing_v` it takes its potential for lost and stays. These look at the sensed voltage, not
    at the compensated one: they protect the first customer. `inter_tap_delay_s` counts from closure to closure.
    Power is reversed when the current's part in phase with the voltage is below minus `reverse_threshold_a`;
    `reverse_centre_v` with the same bandwidth is the band on the source's side.
    """

    band_centre_v: float = 120.0
    bandwidth_v: float = 2.0
    delay_s: float = 30.0
    characteristic: Characteristic = Characteristic.DEFINITE
    inter_tap_delay_s: float = 5.0
    pulse_s: float = 2.0
    ldc_r_v: float = 0.0
    ldc_x_v: float = 0.0
    ct_rated_a: float = 5.0
    block_raise_v: float = 128.0
    block_lower_v: float = 114.0
    runback_v: float = 1.0
    dead_sensing_v: float = 30.0
    lowest_tap: int = -16
    highest_tap: int = 16
    reduction_pct: tuple[float, ...] = (2.0, 3.5, 5.0)
    reverse_mode: ReverseMode = ReverseMode.COGENERATION
    reverse_threshold_a: float = 0.05
    reverse_centre_v: float = 120.0

    def __post_init__(self) -> None:
        problems = "; ".join(self._problems())
        if problems:
            raise ConfigError(f"tap-changer control: {problems}")

    def _problems(self) -> Iterator[str]:
        if self.bandwidth_v <= 0 or self.delay_s < 0 or self.ct_rated_a <= 0 or self.runback_v < 0:
            yield "bandwidth_v and ct_rated_a must be > 0, delay_s and runback_v >= 0"
        if not 0 < self.pulse_s < self.inter_tap_delay_s:
            yield "inter_tap_delay_s must be longer than pulse_s, and pulse_s > 0"
        if not self.block_lower_v < self.block_raise_v:
            yield "block_lower_v must be below block_raise_v"
        if self.reverse_threshold_a < 0 or not all(0.0 <= pct < PCT for pct in self.reduction_pct):
            yield "reverse_threshold_a must be >= 0, and reductions at least 0 and below 100 %"
        if not self.lowest_tap <= 0 <= self.highest_tap:
            yield "lowest_tap .. highest_tap must hold the neutral position 0"
