"""Power that flows towards the source: what each mode of the control makes of it."""

from collections.abc import Callable, Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import find_threshold
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.ltc.preparation import apply_voltage, bring_to, patient_s, prepare, rest_s, voltage_probing
from bench.certification.ltc.quiet import OUTSIDE, nothing_for, operates, outside_v
from instruments.errors import ConfigError

REVERSED_DEG = 180.0
Procedure = Callable[[ControlRig, TapChangerFigures], Iterator[Finding]]


def reverse_power(rig: ControlRig, figures: TapChangerFigures, mode: str) -> Iterator[Finding]:
    """Carry out what a mode is tested by; raises ConfigError for a mode that the suite does not know."""
    if mode not in MODES:
        raise ConfigError(f"clause {figures.reverse.clause} has no mode {mode!r}; known: {', '.join(MODES)}")
    section = figures.reverse
    prepare(rig, figures, delay=figures.probing.delay_s, reverse_mode=mode, reverse_threshold=section.threshold_a)
    yield from _forward_below_threshold(rig, figures)
    yield from MODES[mode](rig, figures)


def _forward_below_threshold(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Less reverse current than the threshold is none: it regulates forward."""
    section = figures.reverse
    yield from _regulates_forward(rig, figures, section.below_a, "below the threshold of reverse power")


def _cogeneration(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    yield from _regulates_forward(rig, figures, figures.reverse.current_a, "with reverse power")


def _regulates_forward(rig: ControlRig, figures: TapChangerFigures, current_a: float, when: str) -> Iterator[Finding]:
    clause, delay_s = figures.reverse.clause, figures.probing.delay_s
    for side, (_, direction) in OUTSIDE.items():
        rig.sense(outside_v(figures, side), current_a, REVERSED_DEG)
        yield operates(rig, figures, clause, f"{side} the band {when}", direction, delay_s)
        _rest(rig, figures, current_a)


def _idle(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    clause, delay_s = figures.reverse.clause, figures.probing.delay_s
    for side in OUTSIDE:
        rig.sense(outside_v(figures, side), figures.reverse.current_a, REVERSED_DEG)
        yield nothing_for(rig, figures, clause, f"with reverse power, {side} the band", delay_s)


def _neutral(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """It has to come to neutral from both sides, whatever voltage is, and stay there."""
    section, delay_s = figures.reverse, figures.probing.delay_s
    about = About(rig, section.clause)
    for begun, side in ((section.taps, "below"), (-section.taps, "above")):
        rig.sense(figures.number("band_centre"))
        bring_to(rig, figures, begun)
        rig.hold(rest_s(figures), figures.probing.watch_s)
        rig.sense(outside_v(figures, side), section.current_a, REVERSED_DEG)
        moves_s = patient_s(figures, delay_s + section.taps * figures.number("inter_tap_delay"))
        closed = rig.hold(moves_s, figures.probing.watch_s)
        yield about.count(f"closures from tap {begun} to neutral", section.taps, len(closed))
        yield about.count(f"taps from neutral, begun at {begun}", 0, abs(rig.position), "taps")
        yield nothing_for(rig, figures, section.clause, "in neutral with reverse power", delay_s)


def _bidirectional(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """It has to keep the voltage on the source's side, which follows from its tap, and to lower where that is low."""
    section = figures.reverse
    rig.write("reverse_centre", section.centre_v)
    for tap in (0, section.taps):
        ratio = 1.0 + section.step_pu.value * tap
        centre_v, half_v = section.centre_v * ratio, figures.number("bandwidth") / 2.0 * ratio
        for edge, (side, direction) in {"lower": (-1, -1), "upper": (1, 1)}.items():
            rig.sense(centre_v, section.current_a, REVERSED_DEG)
            bring_to(rig, figures, tap)
            yield from _edge(
                rig, figures, f"{edge} edge of the reverse band at tap {tap}", (centre_v, side * half_v), direction, tap
            )


def _edge(
    rig: ControlRig,
    figures: TapChangerFigures,
    what: str,
    band_v: tuple[float, float],
    direction: int,
    tap: int,
) -> Iterator[Finding]:
    """Find an edge at one tap: it goes back there before each probe."""
    section, (centre_v, half_v) = figures.reverse, band_v
    edge_v, search_v = centre_v + half_v, figures.probing.search_v * (1.0 if half_v > 0 else -1.0)

    def at_tap(voltage_v: float) -> Reading:
        bring_to(rig, figures, tap)
        return apply_voltage(rig, section.current_a, REVERSED_DEG)(voltage_v)

    probing = voltage_probing(rig, figures, centre_v, section.current_a, REVERSED_DEG)
    found = find_threshold(rig, at_tap, edge_v - search_v, edge_v + search_v, direction, probing)
    about = About(rig, section.clause)
    yield about.level(f"{what}{found.told}", edge_v, figures.tolerance.level_v.value, found.level)
    yield about.count(f"closures of the other contact at the {what}", 0, found.wrong)


def _rest(rig: ControlRig, figures: TapChangerFigures, current_a: float) -> None:
    rig.sense(figures.number("band_centre"), current_a, REVERSED_DEG)
    rig.hold(rest_s(figures), figures.probing.watch_s)


MODES: dict[str, Procedure] = {
    "cogeneration": _cogeneration,
    "idle": _idle,
    "neutral": _neutral,
    "bidirectional": _bidirectional,
}
"""Modes of reverse power, by the labels that point maps have for them, and what each is tested by."""
