"""Coming into service: for how long it may be waited for, and when all of its power is there."""

from bench.certification.figures_service import ServiceFigures
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from reports.verdict import Verdict

ENTER_SERVICE_S = 900.0
"""How long a device may take to be in service: the default delay and ramp of IEEE 1547-2018, 300 s each, and half."""
RISE_S = 30.0
"""Over how long power is seen to rise no more: by the longest ramp, 1000 s, it rises by 3 % meanwhile."""


def await_service(rig: Rig, figures: ServiceFigures) -> None:
    """Let time pass until the analyzer sees the device in service, at the end of its ramp (IEEE 1547-2018 4.10.3).

    Raises NotPassed for one that does not come, or that rises and rises: what is measured on a ramp is the ramp.
    """
    deadline_s, share_pu = rig.clock.now_s + ENTER_SERVICE_S, figures.delivers_share.value
    while (before_pu := rig.hold(1.0, 1.0)[-1].p_pu) < share_pu:
        _require_time(rig, deadline_s)
    while (now_pu := rig.hold(RISE_S, RISE_S)[-1].p_pu) - before_pu > figures.nothing_pu.value:
        _require_time(rig, deadline_s)
        before_pu = now_pu


def _require_time(rig: Rig, deadline_s: float) -> None:
    if rig.clock.now_s > deadline_s:
        raise NotPassed(f"{rig.device} did not enter service in {ENTER_SERVICE_S:g} s", Verdict.NOT_RUN)
