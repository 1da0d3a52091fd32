"""A record that the analyzer makes by itself while something happens: looks at its own interval, with its own stamps.

Times between two samples of it are the analyzer's word alone: no round trip, and no clock of the bench, is in them.
"""

import math
from collections.abc import Sequence

from bench.certification.rig import STAMPS_APART_S, STAMPS_APART_SHARE, Rig, Sample
from instruments.errors import InstrumentError
from instruments.readings import CaptureLimits

SAME_S = 1e-6
"""Times that are nearer to each other are the same moment, s."""


class Capture:
    """Begins with being made; `read` ends it. Raises what drivers raise, InstrumentError for samples without stamps."""

    def __init__(self, rig: Rig, interval_s: float, duration_s: float) -> None:
        """Have the analyzer record for a time, s; both are within its limits."""
        self._rig, self._mark, self._begun_s = rig, len(rig.samples), rig.clock.now_s
        rig.analyzer.arm_capture(interval_s, math.ceil(duration_s / interval_s) + 1)

    def read(self) -> list[Sample]:
        """Return what was recorded; it takes the place of the looks of that time in the rig's samples.

        On the bench's clock the record begins when it was armed, which nothing but the order of the samples rests on.
        """
        rig, measured = self._rig, self._rig.analyzer.read_capture()
        stamps = [one.time_s for one in measured if one.time_s is not None]
        if not stamps or len(stamps) != len(measured):
            raise InstrumentError(f"{rig.analyzer_name} gave a record without time stamps")
        span_s, passed_s = stamps[-1] - stamps[0], rig.clock.now_s - self._begun_s
        if span_s > passed_s + STAMPS_APART_S + STAMPS_APART_SHARE * passed_s:
            raise InstrumentError(f"{rig.analyzer_name} gave a record of {span_s:g} s after {passed_s:g} s")
        samples = [
            rig.in_per_unit(one, self._begun_s + stamp - stamps[0]) for one, stamp in zip(measured, stamps, strict=True)
        ]
        rig.samples[self._mark :] = [*samples, *after(rig.samples[self._mark :], samples)]
        return samples


def after(looks: Sequence[Sample], record: Sequence[Sample]) -> list[Sample]:
    """Return the looks from after the end of a record on."""
    return [look for look in looks if look.time_s > record[-1].time_s + SAME_S]


def interval_for(limits: CaptureLimits | None, duration_s: float, wanted_s: float, longest_s: float) -> float | None:
    """Return at which interval to record for a time, s: as wanted, or as short as the analyzer can.

    None where it cannot record at all, or not for so long at `longest_s` or less.
    """
    if limits is None:
        return None
    interval_s = max(limits.interval_s, wanted_s, duration_s / (limits.points - 1))
    return interval_s if interval_s <= longest_s else None
