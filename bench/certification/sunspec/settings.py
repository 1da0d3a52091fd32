"""What settings of a SunSpec device are examined for: adoption of curves, reversion of commands; over the driver."""

from collections.abc import Callable, Iterator, Mapping

from bench.certification.rig import Rig
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve

GOOD = VoltVarCurve((0.93, 0.97, 1.03, 1.07), (0.30, 0.0, 0.0, -0.30), 6.0)
BAD = {
    "voltages that fall": VoltVarCurve((0.93, 1.03, 0.97, 1.07), (0.30, 0.0, 0.0, -0.30), 6.0),
    "vars that rise": VoltVarCurve((0.93, 0.97, 1.03, 1.07), (0.30, 0.0, 0.0, 0.30), 6.0),
    "too few points": VoltVarCurve((0.93, 1.07), (0.30, -0.30), 6.0),
}
REVERSION_S, HALF_S = 20.0, 10.0
LIMIT_PU = 0.5
MARGIN_PU = 0.075
Setting = Callable[[Rig], Iterator[str]]


def adopted_curve(rig: Rig) -> Iterator[str]:
    """Have a curve adopted; the driver compares what is then in force."""
    try:
        rig.functions.set_volt_var(GOOD)
    except InstrumentError as error:
        yield str(error)


def refused_curve(rig: Rig) -> Iterator[str]:
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


def reverted_command(rig: Rig) -> Iterator[str]:
    """Limit active power for a while: the analyzer has to see it go, and come back when the time is over."""
    rig.functions.limit_power_pct(LIMIT_PU * 100.0, REVERSION_S)
    limited = rig.hold(REVERSION_S - 1.0, 0.5)[-1]
    if limited.p_pu > LIMIT_PU + MARGIN_PU:
        yield f"a limit of {LIMIT_PU:g} is not kept: {limited.p_pu:.3f} pu before its time is over"
    back = rig.hold(2.0 * REVERSION_S, 0.5)[-1]
    if back.p_pu < 1.0 - MARGIN_PU:
        yield f"the limit did not revert: {back.p_pu:.3f} pu after its time was over"


def cancelled_reversion(rig: Rig) -> Iterator[str]:
    """Give the limit a new time before the old one is over: it must not revert at the old one."""
    rig.functions.limit_power_pct(LIMIT_PU * 100.0, REVERSION_S)
    rig.hold(HALF_S, 0.5)
    rig.functions.limit_power_pct(LIMIT_PU * 100.0, 10.0 * REVERSION_S)
    later = rig.hold(REVERSION_S, 0.5)[-1]
    if later.p_pu > LIMIT_PU + MARGIN_PU:
        yield f"the limit reverted at a time that had been replaced: {later.p_pu:.3f} pu"


SETTINGS: Mapping[str, Setting] = {
    "curve adoption": adopted_curve,
    "refusal of curves": refused_curve,
    "reversion": reverted_command,
    "replaced reversion": cancelled_reversion,
}
