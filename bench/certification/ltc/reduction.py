"""Voltage reduction: each step moves the band down by its share, at once, and back again."""

from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import find_threshold
from bench.certification.findings import Finding
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.ltc.preparation import apply_voltage, bring_to, prepare, voltage_probing
from bench.certification.ltc.quiet import at_once, settle

PCT = 100.0


def voltage_reduction(rig: ControlRig, figures: TapChangerFigures, stage: int) -> Iterator[Finding]:
    """Put a stage into force in the middle of the band: it lowers at once; then find the upper edge, and go back."""
    section, centre_v = figures.reduction, figures.number("band_centre")
    pct = section.of_stage(stage)
    prepare(rig, figures, centre_v, **section.settings | {"delay": section.delay_s})
    what = f"it lowers upon stage {stage}, {pct:g} %"
    yield from at_once(rig, figures, section.clause, what, -1, lambda: rig.write("reduction_stage", stage))
    reduced_v = centre_v * (1.0 - pct / PCT)
    settle(rig, figures, reduced_v)
    rig.write("delay", figures.probing.delay_s)
    yield from _upper_edge(rig, figures, f"upper edge at stage {stage}, {pct:g} %", reduced_v)
    rig.write("reduction_stage", 0)
    settle(rig, figures, centre_v)
    yield from _upper_edge(rig, figures, f"upper edge when stage {stage} is over", centre_v)


def _upper_edge(rig: ControlRig, figures: TapChangerFigures, what: str, centre_v: float) -> Iterator[Finding]:
    bring_to(rig, figures, 0)
    search_v, edge_v = figures.probing.search_v, centre_v + figures.number("bandwidth") / 2.0
    probing = voltage_probing(rig, figures, centre_v)
    found = find_threshold(rig, apply_voltage(rig), edge_v - search_v, edge_v + search_v, -1, probing)
    about = About(rig, figures.reduction.clause)
    yield about.level(f"{what}{found.told}", edge_v, figures.tolerance.level_v.value, found.level)
    yield about.count(f"closures of the raise contact at the {what}", 0, found.wrong)
