"""Nameplate: IEEE 1547.1-2020 clause 6.4. What a device states of itself is whole, fits together, and is true.

That it is what the manufacturer's papers say is looked at before anything is switched on: the bench file has that.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from bench.certification.criteria import Reading, agrees, at_least, at_most
from bench.certification.figures import SuiteFigures
from bench.certification.figures_interoperability import NameplateFigures
from bench.certification.findings import Finding
from bench.certification.mapped import require_mapped
from bench.certification.rig import Rig
from bench.certification.statements import Statements
from instruments.der_labels import SUPPORTS

As = Mapping[str, float | str]
LOOK_S = 2.0
FACTOR_ROUNDING = 0.005
"""What is lost of a power factor that is told in hundredths, as it commonly is."""


def examine_nameplate(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Read every item, hold the items against each other and the category, and active power against the analyzer.

    Raises NotPassed in the end for what its point map lacks.
    """
    section, told = figures.nameplate, rig.functions.read_as_set()
    say = Statements(rig, section.clause)
    items, functions = _items(section, told), section.of(rig.nameplate.category).functions
    for label in _asked(rig, items):
        yield say.made(f"{label} in the nameplate", label in told)
    had, says = rig.functions.read_functions(), {SUPPORTS + name: name for name in functions}
    for name in (says[label] for label in _asked(rig, says)):
        yield say.made(f"function {name} in the nameplate", name in had)
    yield say.made("the same apparent power as at the start", _number(told, "NP_VA_MAX") == rig.nameplate.va_max_va)
    yield from _vars(rig, section, say)
    yield from _within_apparent_power(told, say)
    yield from _voltages(told, figures, say)
    yield _delivered(rig, figures, say)
    require_mapped(rig, *items, *says)


def _asked(rig: Rig, labels: Iterable[str]) -> list[str]:
    """Return those that the device can be asked for, by its point map."""
    return [label for label in labels if not rig.functions.unmapped(label)]


def _items(section: NameplateFigures, told: As) -> tuple[str, ...]:
    """Return what has to be stated; charging only by equipment that says that it can."""
    can_absorb = _number(told, "NP_P_MAX_CHARGE") > 0.0
    return (*section.items, *(section.storage_items if can_absorb else ()))


def _vars(rig: Rig, section: NameplateFigures, say: Statements) -> Iterator[Finding]:
    """Hold the vars that it is rated for against what its category demands."""
    demanded, plate = section.of(rig.nameplate.category), rig.nameplate
    for what, var, figure in (
        ("injected", plate.q_max_injected_var, demanded.injected_pu),
        ("absorbed", plate.q_max_absorbed_var, demanded.absorbed_pu),
    ):
        stated = Reading(var / plate.va_max_va)
        yield say.held(f"rated vars {what}", stated, at_least(figure.value - section.rounding_pu, stated), "pu")


def _within_apparent_power(told: As, say: Statements) -> Iterator[Finding]:
    """Work out the apparent power at each power factor that is specified, where both are stated."""
    rating_va = _number(told, "NP_VA_MAX")
    for power, factor in (("NP_P_MAX_OVER_PF", "NP_OVER_PF"), ("NP_P_MAX_UNDER_PF", "NP_UNDER_PF")):
        p_w, pf = _number(told, power), _number(told, factor)
        if math.isfinite(p_w) and pf > 0.0 and rating_va > 0.0:
            needed = Reading(p_w / pf / rating_va)
            yield say.held(
                f"apparent power of {power} at {factor}", needed, at_most(1.0, needed, FACTOR_ROUNDING), "pu"
            )


def _voltages(told: As, figures: SuiteFigures, say: Statements) -> Iterator[Finding]:
    """Hold the voltages that it is rated for against those of continuous operation."""
    nominal_v, rounding = _number(told, "NP_AC_V_NOM"), figures.nameplate.rounding_pu
    lowest, highest = (Reading(_number(told, label) / nominal_v) for label in ("NP_AC_V_MIN", "NP_AC_V_MAX"))
    least, most = figures.range_v_pu.lowest.value, figures.range_v_pu.highest.value
    if math.isfinite(lowest.value):
        yield say.held("lowest rated voltage", lowest, at_most(least, lowest, rounding), "pu")
    if math.isfinite(highest.value):
        yield say.held("highest rated voltage", highest, at_least(most - rounding, highest), "pu")


def _delivered(rig: Rig, figures: SuiteFigures, say: Statements) -> Finding:
    """Measure what comes when rated power is offered, and hold what it states against that."""
    delivered = rig.active_power(rig.hold(LOOK_S, 0.5))
    accuracy = figures.accuracy.widening.value * figures.accuracy.power_pu.value
    stated = Reading(rig.nameplate.p_max_w / rig.nameplate.va_max_va)
    return say.held("rated active power, against what is delivered", stated, agrees(delivered, accuracy), "pu")


def _number(told: As, label: str) -> float:
    value = told.get(label, math.nan)
    return value if isinstance(value, float | int) else math.nan
