"""What a battery is held to by what its maker, or it itself, states of it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Stated:
    """What is stated of a battery; NaN for what nobody states.

    `efficiency_pu` of a round trip, `response_s` to a set-point, `self_discharge_pct_per_day` of its capacity.
    """

    efficiency_pu: float = math.nan
    response_s: float = math.nan
    self_discharge_pct_per_day: float = math.nan

    @property
    def states_efficiency(self) -> bool:
        """Whether somebody states an efficiency."""
        return not math.isnan(self.efficiency_pu)


def stated_or(stated: float, otherwise: float) -> float:
    """Return what is stated, or what is taken where nothing is."""
    return otherwise if math.isnan(stated) else stated
