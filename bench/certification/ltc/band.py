"""Band centre and bandwidth: just below the band it raises, just above it lowers, and inside it does nothing."""

from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import Threshold, find_threshold
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import BandCase, TapChangerFigures, case_named
from bench.certification.ltc.preparation import apply_voltage, bring_to, prepare, voltage_probing

SIDES = {"lower": (-1, 1), "upper": (1, -1)}
"""Edges of a band: on which side of the centre they are, and which contact closes beyond them."""


def band_edges(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Find both edges of a band, and hold them, the centre and the width between them against the settings."""
    case = case_named(figures.band.clause, figures.band.cases, name)
    prepare(rig, figures, band_centre=case.centre_v, bandwidth=case.width_v, delay=figures.probing.delay_s)
    about, tolerance_v = About(rig, figures.band.clause), figures.tolerance.level_v.value
    edges = {}
    for edge, (side, direction) in SIDES.items():
        target = case.centre_v + side * case.width_v / 2.0
        found = edges[edge] = _edge(rig, figures, case, side, direction)
        yield about.level(f"{edge} edge of the band {case.name}{found.told}", target, tolerance_v, found.level)
        yield about.count(f"closures of the other contact beyond the {edge} edge", 0, found.wrong)
    low, high = edges["lower"].level, edges["upper"].level
    uncertainty = (low.uncertainty + high.uncertainty) / 2.0
    centre = Reading((low.value + high.value) / 2.0, uncertainty)
    yield about.level(f"centre of the band {case.name}", case.centre_v, tolerance_v, centre)
    yield from _nothing_inside(rig, figures, case)


def _edge(rig: ControlRig, figures: TapChangerFigures, case: BandCase, side: int, direction: int) -> Threshold:
    """Find an edge from inside; what is searched begins nearer to the centre for a band that is narrow."""
    half_v, search_v = case.width_v / 2.0, figures.probing.search_v
    still = case.centre_v + side * max(0.0, half_v - search_v)
    acting = case.centre_v + side * (half_v + search_v)
    rig.sense(case.centre_v)
    bring_to(rig, figures, 0)
    probing = voltage_probing(rig, figures, case.centre_v)
    return find_threshold(rig, apply_voltage(rig), still, acting, direction, probing)


def _nothing_inside(rig: ControlRig, figures: TapChangerFigures, case: BandCase) -> Iterator[Finding]:
    """Stay at the centre and just inside of both edges, each for several delays."""
    about, delay_s = About(rig, figures.band.clause), figures.probing.delay_s
    near_v = case.width_v / 2.0 - figures.tolerance.level_v.value - rig.accuracy.share * case.centre_v
    for where, voltage_v in (
        ("at the centre", case.centre_v),
        ("just inside the lower edge", case.centre_v - near_v),
        ("just inside the upper edge", case.centre_v + near_v),
    ):
        rig.sense(voltage_v)
        closed = rig.hold(figures.band.inside_delays * delay_s, figures.probing.watch_s)
        yield about.count(f"closures {where} of the band {case.name}", 0, len(closed))
