"""Being in service: what the analyzer has to see of it, and for how long it may be waited for."""

from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from reports.verdict import Verdict

ENTER_SERVICE_S = 900.0
"""How long a device may take to be in service: the default delay and ramp of IEEE 1547-2018, 300 s each, and half."""
IN_SERVICE_SHARE = 0.9
"""Of the power that is offered, and that the apparent rating leaves, what a device in service delivers at least."""
NOTHING_PU = 0.02
"""What a device that has ceased to energize may still show as active power, per unit; noise and its own supply."""


def await_service(rig: Rig) -> None:
    """Let time pass until the analyzer sees the device deliver; raises NotPassed for one that does not come."""
    deadline_s = rig.clock.now_s + ENTER_SERVICE_S
    while rig.hold(1.0, 1.0)[-1].p_pu < IN_SERVICE_SHARE:
        if rig.clock.now_s > deadline_s:
            raise NotPassed(f"{rig.device} did not enter service in {ENTER_SERVICE_S:g} s", Verdict.NOT_RUN)
