"""Coming into service: for how long it may be waited for."""

from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from reports.verdict import Verdict

ENTER_SERVICE_S = 900.0
"""How long a device may take to be in service: the default delay and ramp of IEEE 1547-2018, 300 s each, and half."""


def await_service(rig: Rig, share_pu: float) -> None:
    """Let time pass until the analyzer sees the device deliver a share; raises NotPassed for one that does not come."""
    deadline_s = rig.clock.now_s + ENTER_SERVICE_S
    while rig.hold(1.0, 1.0)[-1].p_pu < share_pu:
        if rig.clock.now_s > deadline_s:
            raise NotPassed(f"{rig.device} did not enter service in {ENTER_SERVICE_S:g} s", Verdict.NOT_RUN)
