"""Configuration: IEEE 1547.1-2020 clause 6.5, Table 42. Ratings are configured to less than they are, and back.

What the device holds is read back; active power is measured as well, because holding a number is not obeying it.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

from bench.certification.criteria import Reading, agrees
from bench.certification.figures import SuiteFigures
from bench.certification.findings import Finding
from bench.certification.refusals import DeviceError
from bench.certification.rig import Rig
from bench.certification.statements import Statements

ACTIVE_POWER = "NP_P_MAX"
LOOK_S = 2.0


def configure_ratings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Configure each rating to its share and back; on every way out they are tried to be put back."""
    section = figures.configuration
    say, rounding = Statements(rig, section.clause), figures.nameplate.rounding_pu
    stated = _configurable(rig, section.items)
    try:
        for share in (section.share_pu.value, 1.0):
            for label, rating in stated.items():
                held = _configured(rig, label, share * rating) / rating
                yield say.same(f"{label} configured to {share:g} of itself", held, share, rounding, "pu")
            if ACTIVE_POWER in stated:
                yield _obeyed(rig, figures, share, say)
    finally:
        for label, rating in stated.items():
            _configured(rig, label, rating)


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


def _obeyed(rig: Rig, figures: SuiteFigures, share: float, say: Statements) -> Finding:
    """Measure active power once the configuration has to be obeyed: rated power is on offer all the time."""
    rig.hold(figures.configuration.within_s.value, 0.5)
    delivered = rig.active_power(rig.hold(LOOK_S, 0.5))
    wanted = Reading(share * rig.nameplate.p_max_w / rig.nameplate.va_max_va)
    accuracy = figures.accuracy.widening.value * figures.accuracy.power_pu.value
    criterion = agrees(Reading(wanted.value, delivered.uncertainty), accuracy)
    return say.held(f"active power delivered, {ACTIVE_POWER} configured to {share:g}", delivered, criterion, "pu")
