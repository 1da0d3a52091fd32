"""Figures of riding through: what the grid does, for how long, and what is asked of equipment meanwhile."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bench.certification.figure import Figure
from bench.config.section import Section

Abnormal = Literal["I", "II", "III"]
Demand = Literal["continuous", "mandatory", "permissive", "cessation"]
"""What a stage asks for: to deliver, to keep the current up, nothing but to stay, to cease and to stay."""


class Stage(Section):
    """Voltages that a stage may be held at, per unit, for how long, and what is asked; where from, and how certain."""

    v_pu: tuple[float, float]
    dwell_s: Annotated[float, Field(gt=0)]
    demand: Demand
    source: str
    confirmed: bool

    def level_pu(self, margin_pu: float) -> float:
        """Return the voltage to hold: the end towards rated voltage, drawn in by a margin; the middle if that is wider.

        Beyond that end, IEEE 1547-2018 would ask for a longer time than the stage lasts; farther from rated voltage it
        would ask for less than the stage does.
        """
        low, high = self.v_pu
        if high - low < 2.0 * margin_pu:
            return (low + high) / 2.0
        return high - margin_pu if high <= 1.0 else low + margin_pu


class Disturbances(Section):
    """Stages by their names, and the orders in which they follow one another without a pause."""

    stages: dict[str, Stage]
    orders: tuple[tuple[str, ...], ...]

    @model_validator(mode="after")
    def _is_playable(self) -> "Disturbances":
        """Every order begins undisturbed, so that there is a current to compare with."""
        for order in self.orders:
            if unknown := set(order) - set(self.stages):
                raise ValueError(f"no such stages: {', '.join(sorted(unknown))}")
            if self.stages[order[0]].demand != "continuous":
                raise ValueError(f"the order {' '.join(order)} does not begin in continuous operation")
        return self


class VoltageRideThrough(Section):
    """Disturbances of voltage by abnormal operating category, and the levels of power at which they are played."""

    clause: str
    levels_pu: tuple[float, ...]
    disturbances: dict[Abnormal, Disturbances]


class FrequencyRideThrough(Section):
    """A frequency that is gone to, held, and left again, so many times."""

    clause: str
    f_hz: Figure
    hold_s: Figure
    repetitions: Annotated[int, Field(ge=1)]


class FastFrequency(Section):
    """Rates of change of frequency by category, and the frequencies that are gone to one after the other."""

    clause: str
    rate_hz_per_s: dict[Abnormal, Figure]
    turns_hz: tuple[float, ...]
    repetitions: Annotated[int, Field(ge=1)]


class PhaseAngleChange(Section):
    """Changes of voltage angle, degrees: of each phase by itself and of all together, and for how long they stay.

    Rated power is offered; `delivered_pu` of it has to be there from `settles_s` after each change on.
    """

    clause: str
    before_s: Figure
    one_phase_deg: Figure
    one_phase_s: Figure
    all_phases_deg: Figure
    all_phases_s: Figure
    settles_s: Figure
    delivered_pu: Figure
    iterations: Annotated[int, Field(ge=1)]


class DroopFigures(Section):
    """Frequency-droop as it is set meanwhile: deadband, Hz, and change of frequency for rated power, per unit."""

    deadband_hz: Figure
    droop_pu: Figure

    def left_pu(self, power_pu: float, above_hz: float, nominal_hz: float) -> float:
        """Return what the droop leaves of a power so far above nominal frequency (IEEE 1547-2018 Table 23)."""
        beyond = max(0.0, above_hz - self.deadband_hz.value)
        return max(0.0, power_pu - beyond / (nominal_hz * self.droop_pu.value))


class RideThroughFigures(Section):
    """What is asked in every disturbance, and the disturbances.

    Shares are of the current, or power, of before. `margin` is what voltages are drawn in by, in minimum measurement
    accuracies; `residual_pu` the current that may flow while nothing is energized; `offered_pu` the active power that
    is offered while frequency is disturbed.
    """

    margin: Figure
    mandatory_share: Figure
    restored_share: Figure
    restore_s: Figure
    offered_pu: Figure
    cessation_s: Figure
    transient_s: Figure
    residual_pu: Figure
    droop: DroopFigures
    low_voltage: VoltageRideThrough
    high_voltage: VoltageRideThrough
    low_frequency: FrequencyRideThrough
    high_frequency: FrequencyRideThrough
    fast_frequency: FastFrequency
    phase_angle: PhaseAngleChange
