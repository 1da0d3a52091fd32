"""Functions of active power together: putting them into force, and judging what is owed in a state of the grid."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from bench.certification.active_power import NOMINAL_HZ, Accuracies, Droop, Owed
from bench.certification.criteria import Reading
from bench.certification.curves import Curve
from bench.certification.figures import AccuracyFigures, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.functions import function_named
from bench.certification.rig import Rig, Sample
from instruments.readings import FrequencyDroop

STAIR_S = 0.05
MOST_STAIRS = 20
"""A ramp of frequency is made of stairs: so long each, and no more than so many."""
COARSE_S = 1.0
"""Distance of two looks while the device is on its way to rest, s."""
REST_LOOKS = 10
REST_S = 5.0
"""What is judged: so many looks in so long at the end."""


def absorbs(rig: Rig) -> bool:
    """Whether the device says that it can absorb active power."""
    return rig.nameplate.charge_max_w > 0.0


def put_droop(rig: Rig, figures: SuiteFigures, name: str, highest: float = 1.0) -> Droop:
    """Have the device follow a named droop of its category; return what that asks of it.

    `highest` is the share of rated power that it has to give.
    """
    chosen = figures.frequency_droop.named(name).of(rig.nameplate.abnormal)
    lowest = -rig.nameplate.charge_max_w / rig.nameplate.p_max_w if absorbs(rig) else 0.0
    deadband_hz, droop = chosen.deadband_hz, chosen.droop
    setting = FrequencyDroop(deadband_hz, deadband_hz, droop, droop, chosen.response_s, lowest)
    rig.functions.set_frequency_droop(setting)
    return Droop(deadband_hz, droop, lowest, highest)


def put_volt_watt(rig: Rig, figures: SuiteFigures, name: str) -> Curve:
    """Have the device follow a named volt-watt characteristic of its category; return what that asks of it."""
    chosen = figures.volt_watt.named(name).of(rig.nameplate.category, 0.0, 0.0)
    function_named("volt-watt").put(rig.functions, chosen)
    return chosen.curve


def accuracies(figures: AccuracyFigures) -> Accuracies:
    """Return the widened accuracies of what active power depends on, and of itself."""
    widening = figures.widening.value
    measured = (figures.voltage_pu, figures.frequency_hz, figures.power_pu)
    return Accuracies(*(widening * figure.value for figure in measured))


def ramp(rig: Rig, from_hz: float, to_hz: float, rocof_hz_per_s: float, voltage_pu: float = 1.0) -> None:
    """Move frequency at a rate, at a voltage, in stairs."""
    duration_s = abs(to_hz - from_hz) / rocof_hz_per_s
    stairs = min(MOST_STAIRS, max(1, ceil(duration_s / STAIR_S)))
    for number in range(1, stairs + 1):
        rig.set_grid(voltage_pu, from_hz + (to_hz - from_hz) * number / stairs)
        if duration_s > 0.0:
            rig.hold(duration_s / stairs, duration_s / stairs)


@dataclass
class OwedPower:
    """The grid in front of a device, and the power from which its droop began; every state is held `settle_s`.

    It begins at rated voltage and frequency. `rocof_hz_per_s`: how fast frequency moves.
    """

    rig: Rig
    owed: Owed
    accuracy: Accuracies
    clause: str
    settle_s: float
    rocof_hz_per_s: float
    _frequency_hz: float = NOMINAL_HZ
    _before: Reading = field(default_factory=lambda: Reading(0.0))

    def go_to(self, voltage_pu: float, frequency_hz: float) -> list[Sample]:
        """Bring the grid into a state, wait, and return what was seen of the device at rest."""
        ramp(self.rig, self._frequency_hz, frequency_hz, self.rocof_hz_per_s, voltage_pu)
        self._frequency_hz = frequency_hz
        self.rig.hold(self.settle_s - REST_S, COARSE_S)
        return self.rig.hold(REST_S, REST_S / REST_LOOKS)

    def limit_to(self, level_pu: float) -> None:
        """Expect a limit of active power from now on."""
        self.owed = replace(self.owed, limit=level_pu)

    def begin_at(self, samples: Sequence[Sample]) -> None:
        """Take the power that was seen as that from which the droop will begin."""
        self._before = self.rig.active_power(samples)

    def judged(self, samples: Sequence[Sample], what: str) -> Finding:
        """Judge active power at rest; with frequency in its deadband, the droop will begin at what is measured now."""
        rig = self.rig
        voltage, frequency, power = rig.voltage(samples), rig.frequency(samples), rig.active_power(samples)
        if self.owed.droop.is_inside(frequency.value):
            self.begin_at(samples)
        criterion = self.owed.criterion(voltage, frequency, self._before, power, self.accuracy)
        time_s, source = samples[-1].time_s, rig.analyzer_name
        return Finding(what, frequency, power, criterion, time_s, source, self.clause, stimulus_unit="Hz")
