"""Configuration: IEEE 1547.1-2020 clause 6.5, Table 42. Ratings are configured to less than they are, and back.

What the device holds is read back. What it delivers is measured where power shows a rating: active and apparent power
and vars, with storage also what it absorbs, each with its rating commanded. Holding a number is not obeying it. Of
active power at another power factor than 1 it is only read back what is held.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from bench.certification.criteria import Criterion, Reading
from bench.certification.figures import SuiteFigures
from bench.certification.findings import Finding
from bench.certification.mapped import require_mapped
from bench.certification.not_passed import NotPassed
from bench.certification.owed_power import absorbs
from bench.certification.refusals import DeviceError
from bench.certification.rig import Rig, Sample
from bench.certification.statements import Statements
from bench.measurement import Limits
from instruments.der_labels import CONFIGURED
from reports.verdict import Verdict

LOOK_S, COARSE_S = 2.0, 1.0
FULL = 1.0


def configure_ratings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Configure ratings to their share and back, those together that have to fit; at every exit they are put back.

    Raises NotPassed where no more comes than what a rating is configured to: nobody can tell then whether it is obeyed.
    """
    section, shown, unseen = figures.configuration, shows(rig), list[str]()
    stated = _configurable(rig, [label for group in section.groups for label in group])
    if not stated:
        require_mapped(rig, *(label + CONFIGURED for group in section.groups for label in group))
    try:
        for group in section.groups:
            ratings = {label: stated[label] for label in group if label in stated}
            group_of = _Group(rig, figures, ratings, {label: shown[label] for label in ratings if label in shown})
            unseen += yield from group_of.run()
    finally:
        for label, rating in stated.items():
            _configured(rig, label, rating)
    if unseen:
        told = f"{rig.device} gives too little to show whether it obeys what is configured of {', '.join(unseen)}"
        raise NotPassed(told, Verdict.NOT_RUN)


@dataclass(frozen=True)
class Shown:
    """How power shows a rating: what brings the device there, what is measured, and the rating itself, per unit."""

    name: str
    begin: Callable[[], None]
    measure: Callable[[Sequence[Sample]], Reading]
    rated_pu: float


def shows(rig: Rig) -> dict[str, Shown]:
    """Return what shows each rating, by its label; of equipment that cannot absorb active power nothing shows that."""
    plate = rig.nameplate
    injected_pu, absorbed_pu = plate.q_max_injected_var / plate.va_max_va, plate.q_max_absorbed_var / plate.va_max_va
    power_pu, charge_pu = plate.p_max_w / plate.va_max_va, plate.charge_max_w / plate.va_max_va

    def give(q_pu: float) -> None:
        rig.functions.set_reactive_power(q_pu)

    def absorb(q_pu: float) -> None:
        rig.absorb(plate.charge_max_w / plate.p_max_w)
        if q_pu:
            give(q_pu)

    apparent = partial(_apparent, rig)
    active, absorbed = partial(_times, 1.0, rig.active_power), partial(_times, -1.0, rig.active_power)
    vars_out, vars_in = partial(_times, 1.0, rig.reactive_power), partial(_times, -1.0, rig.reactive_power)
    both = partial(absorb, injected_pu)
    found = {
        "NP_P_MAX": Shown("active power delivered", lambda: None, active, power_pu),
        "NP_VA_MAX": Shown("apparent power", partial(give, injected_pu), apparent, FULL),
        "NP_Q_MAX_INJ": Shown("vars injected", partial(give, injected_pu), vars_out, injected_pu),
        "NP_Q_MAX_ABS": Shown("vars absorbed", partial(give, -absorbed_pu), vars_in, absorbed_pu),
    }
    if absorbs(rig):
        found["NP_P_MAX_CHARGE"] = Shown("active power absorbed", partial(absorb, 0.0), absorbed, charge_pu)
        name = "apparent power while it absorbs"
        found["NP_APPARENT_POWER_CHARGE_MAX"] = Shown(name, both, apparent, FULL)
    return found


@dataclass(frozen=True)
class _Group:
    """Ratings that are configured to less one after the other, and back in the opposite order, and what shows them.

    So none is ever more than one that limits it.
    """

    rig: Rig
    figures: SuiteFigures
    ratings: Mapping[str, float]
    shown: Mapping[str, Shown]

    def run(self) -> Generator[Finding, None, list[str]]:
        """Look at each where it is configured to less, and at all when all are back; return what cannot be seen."""
        share, before = self.figures.configuration.share_pu.value, self._before()
        for label in self.ratings:
            self._begin(label)
            yield self._held(label, share)
            yield from self._obeyed(label, share, before)
        for label in reversed(list(self.ratings)):
            yield self._held(label, FULL)
        for label in before:
            self._begin(label)
            yield from self._obeyed(label, FULL, before)
        self.rig.functions.disable_reactive_commands()
        return [label for label in self.shown if label not in before]

    def _before(self) -> dict[str, float]:
        """Measure what comes of each rating before anything is configured, which may be less than it is.

        What is no more than the rating is to be configured to is left out.
        """
        before, share = dict[str, float](), self.figures.configuration.share_pu.value
        for label, shown in self.shown.items():
            self._begin(label)
            before[label] = self._settled(shown).value
        return {label: found for label, found in before.items() if found > share * self.shown[label].rated_pu}

    def _begin(self, label: str) -> None:
        """Command the rating itself: before it is configured to less, since a command beyond that may be refused."""
        if label in self.shown:
            self.rig.functions.disable_reactive_commands()
            self.shown[label].begin()

    def _settled(self, shown: Shown) -> Reading:
        self.rig.hold(self.figures.configuration.within_s.value, COARSE_S)
        return shown.measure(self.rig.hold(LOOK_S, LOOK_S / 4.0))

    def _held(self, label: str, share: float) -> Finding:
        """Configure a rating to a share of itself, and read what is held."""
        rating, rounding = self.ratings[label], self.figures.nameplate.rounding_pu
        held = _configured(self.rig, label, share * rating) / rating
        return self._say.same(f"{label} configured to {share:g} of itself", held, share, rounding, "pu")

    def _obeyed(self, label: str, share: float, before: Mapping[str, float]) -> Iterator[Finding]:
        """Measure what shows a rating, where anything does, once its configuration has to be obeyed.

        What came before counts where it was less than the rating, and so does more of it, up to that.
        """
        if label not in before:
            return
        shown = self.shown[label]
        found, most_pu = self._settled(shown), share * shown.rated_pu
        owed_pu = min(most_pu, before[label])
        accuracy = self.figures.accuracy.widening.value * self.figures.accuracy.power_pu.value
        criterion = Criterion(owed_pu, Limits(owed_pu - accuracy, most_pu + accuracy), found.uncertainty)
        what = f"{shown.name}, {label} configured to {share:g}"
        yield self._say.held(what, found, criterion, "pu")

    @property
    def _say(self) -> Statements:
        return Statements(self.rig, self.figures.configuration.clause)


def _configurable(rig: Rig, items: Sequence[str]) -> dict[str, float]:
    """Return the ratings of what it can do and can be configured to less of; it need not be configurable (10.4)."""
    told, held = rig.functions.read_as_set(), rig.functions.read_configuration()
    ratings = {label: told.get(label) for label in items if label in held}
    return {label: value for label, value in ratings.items() if isinstance(value, float | int) and value > 0.0}


def _configured(rig: Rig, label: str, value: float) -> float:
    """Configure a rating; return what is held then: a refusal shows in that."""
    with suppress(DeviceError):
        rig.functions.configure(label, value)
    return rig.functions.read_configuration().get(label, math.nan)


def _times(sign: float, measured: Callable[[Sequence[Sample]], Reading], samples: Sequence[Sample]) -> Reading:
    found = measured(samples)
    return Reading(sign * found.value, found.uncertainty)


def _apparent(rig: Rig, samples: Sequence[Sample]) -> Reading:
    """Return the apparent power, which is uncertain by both parts: no more than the root of 2 times either."""
    return Reading(fmean(math.hypot(s.p_pu, s.q_pu) for s in samples), math.sqrt(2.0) * rig.instrument.power_pu)
