"""What settings of a SunSpec device are examined for: adoption of curves, reversion of commands; over the driver."""

from collections.abc import Callable, Iterator, Mapping

from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from bench.certification.sunspec.image import Address, read_image
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve
from instruments.transports.modbus_frames import ModbusFrames, write_request
from reports.verdict import Verdict

GOOD = VoltVarCurve((0.93, 0.97, 1.03, 1.07), (0.30, 0.0, 0.0, -0.30), 6.0)
BAD = {
    "voltages that fall": VoltVarCurve((0.93, 1.03, 0.97, 1.07), (0.30, 0.0, 0.0, -0.30), 6.0),
    "vars that rise": VoltVarCurve((0.93, 0.97, 1.03, 1.07), (0.30, 0.0, 0.0, 0.30), 6.0),
    "too few points": VoltVarCurve((0.93, 1.07), (0.30, -0.30), 6.0),
}
REVERSION_S, HALF_S = 20.0, 10.0
LIMIT_PU = 0.5
MARGIN_PU = 0.075
TIMER_S = 2.0
"""How far a timer may be from the bench's, s: one that counts whole seconds, and an exchange."""
PCT = 100.0
FAILED = 2
Setting = Callable[[Rig, Address], Iterator[str]]


def adopted_curve(rig: Rig, _at: Address) -> Iterator[str]:
    """Have a curve adopted; the driver compares what is then in force."""
    try:
        rig.functions.set_volt_var(GOOD)
    except InstrumentError as error:
        yield str(error)


def refused_curve(rig: Rig, at: Address) -> Iterator[str]:
    """Ask for curves that are none: each has to be refused, and what was in force stays so."""
    before = rig.functions.read_volt_var()
    for what, curve in BAD.items():
        try:
            rig.functions.set_volt_var(curve)
        except InstrumentError:
            if rig.functions.read_volt_var() != before:
                yield f"a refused curve with {what} has changed the one in force"
        else:
            yield f"a curve with {what} is adopted"
    yield from _numbers_of_curves(rig, at)


def _numbers_of_curves(rig: Rig, at: Address) -> Iterator[str]:
    """Request curves that there are not: refused at once, or with the result that it has failed."""
    model = read_image(at).model(705)
    if model is None:
        return
    before, count = rig.functions.read_volt_var(), model.raw("NCrv")
    for number in (0, int(count or 0) + 1):
        with ModbusFrames(at.host, at.port) as frames:
            place = model.address + model.plan.points["AdptCrvReq"].offset
            refused = frames.ask(at.unit, write_request(place, (number,))).exception is not None
        rig.hold(1.0, 1.0)
        shown = read_image(at).model(705)
        if not refused and (shown is None or shown.raw("AdptCrvRslt") != FAILED):
            yield f"curve {number} of {count} was requested, and the result is not that it failed"
        if rig.functions.read_volt_var() != before:
            yield f"the request of curve {number} of {count} has changed the one in force"


def reverted_command(rig: Rig, at: Address) -> Iterator[str]:
    """Limit active power for a while: the analyzer has to see it go, and come back when the time is over."""
    _limit(rig, REVERSION_S)
    rig.hold(HALF_S, 0.5)
    yield from _timer(at, REVERSION_S - HALF_S)
    yield from _still_limited(rig, HALF_S - 1.0, "before its time is over")
    yield from _back(rig, "after its time was over")
    yield from _timer(at, 0.0)


def replaced_reversion(rig: Rig, at: Address) -> Iterator[str]:
    """Give the limit a new time before the old one is over: it reverts at the new one, and not at the old."""
    _limit(rig, REVERSION_S)
    rig.hold(HALF_S, 0.5)
    rig.functions.limit_power_pct(LIMIT_PU * PCT, 2.0 * REVERSION_S)
    yield from _still_limited(rig, REVERSION_S, "at a time that had been replaced")
    yield from _timer(at, REVERSION_S)
    rig.hold(REVERSION_S, 0.5)
    yield from _back(rig, "after the time that took its place")


def cancelled_reversion(rig: Rig, at: Address) -> Iterator[str]:
    """Take the limit's time away: it stays until it is ended, and then it does not come back."""
    _limit(rig, REVERSION_S)
    rig.hold(HALF_S, 0.5)
    rig.functions.limit_power_pct(LIMIT_PU * PCT, 0.0)
    yield from _timer(at, 0.0)
    yield from _still_limited(rig, 2.0 * REVERSION_S, "although its reversion was cancelled")
    rig.functions.disable_functions()
    yield from _back(rig, "after it was ended")


def _limit(rig: Rig, reversion_s: float) -> None:
    """Limit what is delivered; raises NotPassed, NOT_RUN, where that is too little: no limit would be seen to end."""
    before = rig.hold(2.0, 0.5)[-1]
    if before.p_pu < 1.0 - MARGIN_PU:
        reason = f"{rig.device} delivers {before.p_pu:.3f} pu before the command, and a limit shows at rated power only"
        raise NotPassed(reason, Verdict.NOT_RUN)
    rig.functions.limit_power_pct(LIMIT_PU * PCT, reversion_s)


def _still_limited(rig: Rig, duration_s: float, when: str) -> Iterator[str]:
    last = rig.hold(duration_s, 0.5)[-1]
    if last.p_pu > LIMIT_PU + MARGIN_PU:
        yield f"a limit of {LIMIT_PU:g} is not kept {when}: {last.p_pu:.3f} pu"


def _back(rig: Rig, when: str) -> Iterator[str]:
    last = rig.hold(REVERSION_S, 0.5)[-1]
    if last.p_pu < 1.0 - MARGIN_PU:
        yield f"the limit did not end: {last.p_pu:.3f} pu {when}"


def _timer(at: Address, left_s: float) -> Iterator[str]:
    """Compare the timer that the device shows, where it shows one."""
    model = read_image(at).model(704)
    shown = model.raw("WMaxLimPctRvrtRem") if model else None
    if isinstance(shown, int) and abs(shown - left_s) > TIMER_S:
        yield f"the device shows {shown} s until it reverts, the bench has {left_s:g} s"


DELIVERING = frozenset({"reversion", "replaced reversion", "cancelled reversion"})
"""What the analyzer judges, so that the device has to be in service and at the end of its ramp."""
SETTINGS: Mapping[str, Setting] = {
    "curve adoption": adopted_curve,
    "refusal of curves": refused_curve,
    "reversion": reverted_command,
    "replaced reversion": replaced_reversion,
    "cancelled reversion": cancelled_reversion,
}
