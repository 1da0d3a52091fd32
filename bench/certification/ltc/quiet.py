"""What several clauses look for: that nothing closes, that one operation comes, that an order is refused."""

from collections.abc import Callable, Iterator

from bench.certification.control_looks import Closure
from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.findings import Finding
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.ltc.preparation import patient_s, rest_s
from bench.certification.refusals import is_refused

OUTSIDE = {"below": (-1, 1), "above": (1, -1)}
"""Sides of a band, and which contact closes there."""


def outside_v(figures: TapChangerFigures, side: str) -> float:
    """Return a voltage outside of the suite's own band, well beyond the accuracy of levels."""
    away_v = figures.number("bandwidth") / 2.0 + figures.delay.beyond_v
    return figures.number("band_centre") + OUTSIDE[side][0] * away_v


def nothing_for(rig: ControlRig, figures: TapChangerFigures, clause: str, where: str, delay_s: float) -> Finding:
    """Count what closes in several delays, where nothing has to."""
    closed = rig.hold(figures.quiet_delays * delay_s, figures.probing.watch_s)
    return About(rig, clause).count(f"closures {where}", 0, len(closed))


def operates(
    rig: ControlRig, figures: TapChangerFigures, clause: str, what: str, direction: int, delay_s: float
) -> Finding:
    """See the right contact close, and no other, when its delay is over; how long that takes is for other clauses."""
    closure = rig.await_closure(patient_s(figures, delay_s), figures.probing.watch_s)
    return About(rig, clause).count(f"closures of the right contact {what}", 1, int(_is(closure, direction)))


def at_once(
    rig: ControlRig, figures: TapChangerFigures, clause: str, what: str, direction: int, work: Callable[[], object]
) -> Iterator[Finding]:
    """Do something upon which one operation has to follow without delay, and no other until that one is over."""
    about, limit_s = About(rig, clause), figures.at_once_s.value
    rig.clock.catch_up()  # what came before took its time
    begun_s = rig.clock.now_s
    work()
    closure = rig.await_closure(limit_s + figures.probing.patience_s, figures.probing.look_s)
    if closure is None:
        yield about.late(f"time until {what}, which did not come", limit_s, limit_s + figures.probing.patience_s)
        return
    yield about.within(f"time until {what}", limit_s, about.elapsed(begun_s, closure))
    yield about.count(f"closures of the right contact: {what}", 1, int(_is(closure, direction)))


def refused(rig: ControlRig, clause: str, what: str, order: Callable[[], object]) -> Finding:
    """Give an order that the control has to refuse, or not to follow: then it does not read back."""
    refusals = int(is_refused(order))
    return About(rig, clause, said=True).count(f"refusals of {what}", 1, refusals, "refusals")


def ignored(
    rig: ControlRig, figures: TapChangerFigures, clause: str, what: str, order: Callable[[], object]
) -> Finding:
    """Give an order that must come to nothing, whether the control refuses it or only passes it over."""
    is_refused(order)
    closed = rig.hold(figures.at_once_s.value + figures.probing.patience_s, figures.probing.watch_s)
    return About(rig, clause).count(f"closures {what}", 0, len(closed))


def settle(rig: ControlRig, figures: TapChangerFigures, voltage_v: float) -> None:
    """Go to a voltage at which the control rests, and let an operation that has begun be over."""
    rig.sense(voltage_v)
    rig.hold(rest_s(figures), figures.probing.watch_s)


def _is(closure: Closure | None, direction: int) -> bool:
    return closure is not None and closure.direction == direction
