"""What a point map lacks nobody asked the device for: that is NOT_RUN, by the name of the point, and no failure."""

from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from reports.verdict import Verdict


def require_mapped(rig: Rig, *names: str) -> None:
    """Raise NotPassed where the device joins by a map that lacks points, by their names or by labels of settings."""
    if lacks := rig.functions.unmapped(*names):
        raise NotPassed(f"the point map of {rig.device} lacks {', '.join(lacks)}", Verdict.NOT_RUN)
